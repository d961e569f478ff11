"""What our engine would do with a model on this machine, without loading the weights: for `inthread doctor`."""

from pathlib import Path

from inference.errors import InferenceError, ModelUnusable
from inference.loading import preload
from inference.models.check import sha256_for_loading
from inference.models.locate import ModelFiles


def describe_engine(files: ModelFiles, kernels_dir: Path) -> str:
    """How weights would be kept, as measured now, and whether there are kernels. Takes seconds.

    Raises: InferenceError, when the model is of a kind that only transformers knows, or damaged.
    """
    preload(networks=False)
    from inference.torch_engine.kernels import load_kernels
    from inference.torch_engine.precision import choose_precision
    from inference.torch_engine.prepare import find_prepared
    from inference.torch_engine.source import open_source

    try:
        source = open_source(files, sha256_for_loading(files))
    except InferenceError:
        raise
    except Exception as error:
        raise ModelUnusable(f"{files.path} cannot be read ({type(error).__name__}): fetch it again") from error
    kernels = load_kernels(kernels_dir)
    prepared = find_prepared(source, kernels)
    stored = f"int8, prepared in {prepared.layout}" if prepared else str(choose_precision(source.config, kernels))
    return f"weights as {stored}; {'kernels compiled' if kernels else 'no kernels: install g++ for more speed'}"

"""What our engine would do with a model on this machine, without loading the weights: for `inthread doctor`."""

import shutil

from inference.errors import InferenceError, ModelUnusable
from inference.loading import preload
from inference.models.check import sha256_for_loading
from inference.models.locate import ModelFiles


def describe_engine(files: ModelFiles) -> str:
    """How weights would be kept, as measured now, and whether the kernel can be compiled. Takes seconds.

    Raises: InferenceError, when the model is of a kind that only transformers knows, or damaged.
    """
    preload(networks=False)
    from inference.torch_engine.precision import choose_precision
    from inference.torch_engine.prepare import find_prepared
    from inference.torch_engine.source import open_source

    try:
        source = open_source(files, sha256_for_loading(files))
    except InferenceError:
        raise
    except Exception as error:
        raise ModelUnusable(f"{files.path} cannot be read ({type(error).__name__}): fetch it again") from error
    stored = "int8, prepared" if find_prepared(source) else str(choose_precision(source.config))
    kernel = (
        "a compiler for the attention kernel" if shutil.which("g++") or shutil.which("c++") else "no compiler (g++)"
    )
    return f"weights as {stored}; {kernel}"

"""What torch leaves on the table, in C++: products of int8 weights, attention straight from the cache, whole layers."""

from inference.torch_engine.kernels.calls import HEAD_DIMS, Kernels, address, product
from inference.torch_engine.kernels.library import load_kernels
from inference.torch_engine.kernels.packing import pack, packed_rows

__all__ = ["HEAD_DIMS", "Kernels", "address", "load_kernels", "pack", "packed_rows", "product"]

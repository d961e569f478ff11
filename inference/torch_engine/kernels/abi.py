"""What the kernels are given: `abi.h` says the same, field by field.

Addresses, not tensors: whoever makes one of these keeps what it points to.
"""

import ctypes

_pointer, _size, _number, _real = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32, ctypes.c_float


class Product(ctypes.Structure):
    _fields_ = [
        ("weight", _pointer),
        *[(name, _pointer) for name in ("scale", "bias", "norm")],
        *[(name, _size) for name in ("inputs", "outputs")],
        ("epsilon", _real),
        ("gated", _number),
    ]


class Heads(ctypes.Structure):
    _fields_ = [
        *[(name, _size) for name in ("heads", "kv_heads", "head_dim")],
        *[(name, _pointer) for name in ("q_norm", "k_norm")],
        ("epsilon", _real),
    ]


class Layer(ctypes.Structure):
    _fields_ = [*[(name, Product) for name in ("qkv", "output", "gate_up", "down")], ("heads", Heads)]


class Cache(ctypes.Structure):
    _fields_ = [
        ("kind", _number),
        ("capacity", _size),
        *[(name, _pointer) for name in ("keys", "values", "k_scale", "v_scale")],
    ]


class Tokens(ctypes.Structure):
    _fields_ = [("count", _size), *[(name, _pointer) for name in ("rotation", "slots", "starts", "lengths")]]

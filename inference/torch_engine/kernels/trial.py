"""Whether the kernels compute here what they should: nobody has seen every processor, nor every compiler."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from inference.torch_engine.kernels import abi
from inference.torch_engine.kernels.calls import Kernels, product
from inference.torch_engine.kernels.packing import pack

ROWS = (1, 8, 11)  # of a product
PAST, NEW, HEADS, HEAD_DIM = 70, (1, 4, 30), 2, 64  # of attention: a reply's token, drafts, a prompt's


def is_right(kernels: Kernels) -> bool:
    """Against torch, some milliseconds: rows and outputs that fill blocks and that do not, few tokens and many."""
    generator = torch.Generator().manual_seed(1)
    return _multiplies(kernels, generator) and all(_attends(kernels, generator, tokens) for tokens in NEW)


def _multiplies(kernels: Kernels, generator: torch.Generator) -> bool:
    weight = torch.randint(-127, 128, (40, 64), generator=generator).to(torch.int8)
    x = torch.randn(max(ROWS), 64, generator=generator)
    expected, packed, scale = x @ weight.float().T, pack(weight), torch.ones(40)
    of = product(packed, scale)
    return all(torch.allclose(kernels.multiply(of, x[:rows]), expected[:rows], rtol=1e-3, atol=0.5) for rows in ROWS)


def _attends(kernels: Kernels, generator: torch.Generator, tokens: int) -> bool:
    keys, values = (_random(generator, HEADS, PAST + tokens, HEAD_DIM) for _ in range(2))
    q = _random(generator, tokens, HEADS, HEAD_DIM)
    starts, lengths = torch.zeros(tokens, dtype=torch.long), torch.arange(PAST + 1, PAST + tokens + 1)
    found = kernels.attend(
        abi.Heads(heads=HEADS, kv_heads=HEADS, head_dim=HEAD_DIM),
        abi.Cache(kind=0, capacity=PAST + tokens, keys=keys.data_ptr(), values=values.data_ptr()),
        abi.Tokens(count=tokens, starts=starts.data_ptr(), lengths=lengths.data_ptr()),
        q,
    )
    mask = torch.ones(tokens, PAST + tokens, dtype=torch.bool).tril(PAST)
    expected = scaled_dot_product_attention(q.transpose(0, 1), keys, values, attn_mask=mask).transpose(0, 1)
    return torch.allclose(found, expected, rtol=1e-3, atol=1e-3)


def _random(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator)

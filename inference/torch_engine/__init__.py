"""Our own engine: a decoder-only transformer on the CPU, with many replies in each step.

    weights ─ prepared ─► decoder.forward(token ids, positions, attend, wanted) ─► logits
                                          │ attend
    engine ─ scheduler ─ sequences ─ blocks (KV cache, prefixes) ─┘

`engine` fits the seam of `inference.engine`; `scheduler` decides what is computed in a step; `blocks` own the memory;
`decoder` is the arithmetic and knows no sequence; `linear` is how weights are stored and multiplied; `kernels` is what
is computed in C++, where a compiler is at hand.
"""

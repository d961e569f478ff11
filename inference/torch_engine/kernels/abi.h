// What the kernels are given by Python: abi.py says the same, field by field.
#pragma once

#include <cstdint>

// y = f(x) Wᵀ · scale + bias, see multiply.cpp. `norm` (K) or `gated` is what f does; `bias` (N) and `norm` may be null.
struct Product {
    const int8_t* weight;  // packed
    const float *scale, *bias, *norm;
    int64_t inputs, outputs;  // K, even, and N
    float epsilon;
    int32_t gated;
};

// What is between a layer's first product and its second. `q_norm` and `k_norm` (head_dim) may be null.
struct Heads {
    int64_t heads, kv_heads, head_dim;
    const float *q_norm, *k_norm;
    float epsilon;
};

struct Layer {
    Product qkv, output, gate_up, down;
    Heads heads;
};

// One layer of the KV cache: `keys` and `values` (kv_heads, capacity, head_dim), and scales (kv_heads, capacity) where it is
// int8, else null.
struct Cache {
    int32_t kind;  // 0 float32, 1 bfloat16, 2 int8
    int64_t capacity;
    void *keys, *values;
    float *k_scale, *v_scale;
};

// New tokens of a step, `count` of them, one behind the other.
struct Tokens {
    int64_t count;
    const float* rotation;  // (count, head_dim / 2, 2): cosine and sine of each pair of neighbours
    const int64_t *slots, *starts, *lengths;  // where each is written; it looks at [start, start + length) of the cache
};

extern "C" {
// x (T, K), or (T, 2 K) where it is gated, to y (T, N). `add`: onto what `y` holds, instead of in its place.
void inthread_multiply(const Product* product, const float* x, int64_t t, int add, float* y, int threads);
// qkv (T, (heads + 2 kv_heads) head_dim): keys and values to the cache, q (T, heads, head_dim).
void inthread_place(const Heads* heads, const Cache* cache, const Tokens* tokens, const float* qkv, float* q, int threads);
// q and out (T, heads, head_dim). 0 when it was done, 1 when the size of a head is not built in.
int inthread_attend(const Heads* heads, const Cache* cache, const Tokens* tokens, const float* q, float* out, int threads);
// hidden (T, H), in place. Returns what inthread_attend does.
int inthread_layer(const Layer* layer, const Cache* cache, const Tokens* tokens, float* hidden, int threads);
}

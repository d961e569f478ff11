// Between a layer's first product and its attention: norms and rotates queries and keys, and writes keys and values to
// the cache. In torch that is a dozen operations, which take as long as they read for a few tokens.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "abi.h"
#include "crew.h"

namespace {

constexpr int FEW = 8;  // tokens, for which a second thread is not worth calling

inline uint16_t to_bfloat16(float value) {  // to the nearest, ties to even, as torch does
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1), unsound = bits | 0x400000;  // what is no number stays none
    return static_cast<uint16_t>(((bits & 0x7fffffff) > 0x7f800000 ? unsound : rounded) >> 16);
}

// Pairs of neighbours, by the angle of each pair.
void rotate(const float* head, int64_t d, const float* rotation, float* out) {
#pragma omp simd
    for (int64_t i = 0; i < d / 2; ++i) {
        const float x = head[2 * i], y = head[2 * i + 1], cosine = rotation[2 * i], sine = rotation[2 * i + 1];
        out[2 * i] = x * cosine - y * sine;
        out[2 * i + 1] = x * sine + y * cosine;
    }
}

void turn(const float* head, int64_t d, const float* rotation, const float* norm, float epsilon, float* out) {
    if (!norm) return rotate(head, d, rotation, out);
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < d; ++i) squares += head[i] * head[i];
    const float factor = 1 / std::sqrt(squares / d + epsilon);
    float* const normed = crew::own_room<float, struct Normed>(d);
#pragma omp simd
    for (int64_t i = 0; i < d; ++i) normed[i] = head[i] * factor * norm[i];
    rotate(normed, d, rotation, out);
}

void store(int kind, const float* head, int64_t d, int64_t at, void* stored, float* scales) {
    if (kind == 0) {
        std::memcpy(static_cast<float*>(stored) + at * d, head, d * sizeof(float));
    } else if (kind == 1) {
        auto to = static_cast<uint16_t*>(stored) + at * d;
#pragma omp simd
        for (int64_t i = 0; i < d; ++i) to[i] = to_bfloat16(head[i]);
    } else {
        float peak = 1e-8f * 127;
        for (int64_t i = 0; i < d; ++i) peak = std::max(peak, std::fabs(head[i]));
        auto to = static_cast<int8_t*>(stored) + at * d;
        for (int64_t i = 0; i < d; ++i) to[i] = static_cast<int8_t>(std::lrint(head[i] / peak * 127));
        // What is no number must not look like one: it shows in the scale.
        float sum = 0;
        for (int64_t i = 0; i < d; ++i) sum += head[i];
        scales[at] = std::isfinite(sum) ? peak / 127 : sum;
    }
}

}  // namespace

void inthread_place(const Heads* heads, const Cache* cache, const Tokens* tokens, const float* qkv, float* q, int threads) {
    const int64_t query_heads = heads->heads, kv_heads = heads->kv_heads, d = heads->head_dim;
    const float epsilon = heads->epsilon;
    crew::share(tokens->count, tokens->count > FEW ? threads : 1, [=](int64_t t) {
        const float* row = qkv + t * (query_heads + 2 * kv_heads) * d;
        const float* angles = tokens->rotation + t * d;
        for (int64_t h = 0; h < query_heads; ++h) turn(row + h * d, d, angles, heads->q_norm, epsilon, q + (t * query_heads + h) * d);
        float* key = crew::own_room<float, struct Key>(d);
        for (int64_t h = 0; h < kv_heads; ++h) {
            const int64_t at = h * cache->capacity + tokens->slots[t];
            turn(row + (query_heads + h) * d, d, angles, heads->k_norm, epsilon, key);
            store(cache->kind, key, d, at, cache->keys, cache->k_scale);
            store(cache->kind, row + (query_heads + kv_heads + h) * d, d, at, cache->values, cache->v_scale);
        }
    });
}

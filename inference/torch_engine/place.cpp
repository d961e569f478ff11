// Between a layer's first product and its attention: norms and rotates queries and keys, and writes keys and values to
// the cache. In torch that is a dozen operations, which take as long as they read for a few tokens.
//
// Shapes: qkv (T, heads + 2 kv_heads, D) float32; rotation (T, D / 2, 2), cosine and sine of each pair of neighbours;
// slots (T), where in the cache a token belongs; keys and values (kv_heads, C, D) in the cache's type, with scales
// (kv_heads, C) where it is int8. The queries come out as (T, heads, D).

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

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
    float* const normed = crew::own_room<float, 5>(d);
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

// kind: 0 float32, 1 bfloat16, 2 int8. `q_norm` and `k_norm` (D) may be null.
extern "C" void inthread_place(int kind, const float* qkv, int64_t tokens, int64_t heads, int64_t kv_heads, int64_t d,
                               const float* rotation, const float* q_norm, const float* k_norm, float epsilon,
                               const int64_t* slots, int64_t capacity, void* keys, void* values, float* k_scale,
                               float* v_scale, float* q, int threads) {
    crew::share(tokens, tokens > FEW ? threads : 1, [=](int64_t t) {
        const float* row = qkv + t * (heads + 2 * kv_heads) * d;
        const float* angles = rotation + t * d;
        for (int64_t h = 0; h < heads; ++h) turn(row + h * d, d, angles, q_norm, epsilon, q + (t * heads + h) * d);
        float* key = crew::own_room<float, 4>(d);
        for (int64_t h = 0; h < kv_heads; ++h) {
            const int64_t at = h * capacity + slots[t];
            turn(row + (heads + h) * d, d, angles, k_norm, epsilon, key);
            store(kind, key, d, at, keys, k_scale);
            store(kind, row + (heads + kv_heads + h) * d, d, at, values, v_scale);
        }
    });
}

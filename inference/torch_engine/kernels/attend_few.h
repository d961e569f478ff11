// Attention of up to four rows that share their keys, straight from the KV cache: it is read once for all of them, as fast as
// memory gives it. What a row gets does not depend, in any bit, on which rows it shares the keys with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "crew.h"
#include "eight.h"
#include "query.h"
#include "unrolled.h"

namespace {

inline float sum_of(Eight values) {
    const Four halves = Four{values[0], values[1], values[2], values[3]} + Four{values[4], values[5], values[6], values[7]};
    return (halves[0] + halves[1]) + (halves[2] + halves[3]);
}

// Eight sums at a time: what a processor has to have under way, and has registers for beside what it adds to them.
constexpr int SUMS = 8;

// weights[r][i] = q[r] · k[i], for R queries and some keys at a time: a key is widened once for all queries.
template <typename T, int D, int R>
[[gnu::noinline]] void multiply_keys(const Query* queries, const T* k, int64_t length, float* weights) {
    constexpr int KEYS = SUMS / R;
    const float* q[R];
    each<R>([&](int r) { q[r] = queries[r].q; });
    for (int64_t i = 0; i < length; i += KEYS) {
        const T* keys[KEYS];
        each<KEYS>([&](int n) { keys[n] = k + std::min(i + n, length - 1) * D; });
        Eight sums[R][KEYS];
        each<R>([&](int r) { each<KEYS>([&](int n) { sums[r][n] = Eight{}; }); });
#pragma GCC unroll 1
        for (int d = 0; d < D; d += 8) {
            Eight query[R];
            each<R>([&](int r) { query[r] = eight(q[r] + d); });
            each<KEYS>([&](int n) {
                const Eight key = eight(keys[n] + d);
                each<R>([&](int r) { sums[r][n] += query[r] * key; });
            });
        }
        const int64_t here = std::min<int64_t>(KEYS, length - i);
        float scores[R][KEYS];
        each<R>([&](int r) { each<KEYS>([&](int n) { scores[r][n] = sum_of(sums[r][n]); }); });
        for (int r = 0; r < R; ++r) std::copy_n(scores[r], here, weights + r * length + i);
    }
}

// The largest part of `all` that is no more than `most`.
constexpr int largest_part(int all, int most) {
    while (all % most) --most;
    return most;
}

// out[r] = Σ weights[r][i] · v[i], some columns at a time.
template <typename T, int D, int R>
[[gnu::noinline]] void mix_values(const Query* queries, const T* v, int64_t length, const float* weights) {
    constexpr int WIDE = largest_part(D / 8, SUMS / R);
    for (int d = 0; d < D; d += 8 * WIDE) {
        Eight sums[R][WIDE];
        each<R>([&](int r) { each<WIDE>([&](int n) { sums[r][n] = Eight{}; }); });
        const T* value = v + d;
#pragma GCC unroll 1
        for (int64_t i = 0; i < length; ++i, value += D) {
            Eight values[WIDE];
            each<WIDE>([&](int n) { values[n] = eight(value + 8 * n); });
            each<R>([&](int r) {
                const float weight = weights[r * length + i];
                each<WIDE>([&](int n) { sums[r][n] += values[n] * weight; });
            });
        }
        each<R>([&](int r) {
            each<WIDE>([&](int n) { std::memcpy(queries[r].out + d + 8 * n, &sums[r][n], sizeof(Eight)); });
        });
    }
}

// Scaled scores to weights that add up to one; 0 for what a query must not see.
void weigh(float* weights, int64_t length, int64_t longest, const float* k_scale, const float* v_scale, float scale) {
    const float highest = scale_scores(weights, length, k_scale, scale, -INFINITY);
    const float share = 1 / exponentiate(weights, length, highest);
#pragma omp simd
    for (int64_t i = 0; i < length; ++i) weights[i] *= v_scale ? share * v_scale[i] : share;
    std::fill(weights + length, weights + longest, 0.0f);
}

template <typename T, int D, int R>
void attend_few(const Query* queries, const T* k, const T* v, const float* k_scale, const float* v_scale, float scale) {
    const int64_t longest = longest_of(queries, R);
    float* weights = crew::own_room<float, struct Weights>(R * longest);
    multiply_keys<T, D, R>(queries, k, longest, weights);
    for (int r = 0; r < R; ++r)
        weigh(weights + r * longest, queries[r].length, longest, k_scale, v_scale, scale);
    mix_values<T, D, R>(queries, v, longest, weights);
}

}  // namespace

// Attention of many rows that share their keys, as those of a prompt do: tile by tile of the cache, so that what is widened once
// for all rows stays in the first-level cache, and sums are never added up across a register. The softmax goes along
// (arXiv:2205.14135, section 3.1).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "crew.h"
#include "eight.h"
#include "exponential.h"
#include "query.h"
#include "unrolled.h"

namespace {

constexpr int TILE = 64;     // keys: 16 KB of float32 where a head has 64, as much again of values
constexpr int STRIPE = 16;   // keys whose scores are computed together
constexpr int TOGETHER = 6;  // rows; with two registers of sums for each, and three more: AVX2 has sixteen

// Row r of the result is column r of what goes in.
inline void transpose(Eight (&rows)[8]) {
    Eight pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; ++j) {
            fours[i + 2 * j] = __builtin_shufflevector(pairs[i + j], pairs[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            fours[i + 2 * j + 1] = __builtin_shufflevector(pairs[i + j], pairs[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int i = 0; i < 4; ++i) {
        rows[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        rows[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

// `count` keys of D (at most TILE) to stripes of (D, STRIPE) float32, with zeros behind the last.
template <typename T>
void widen_keys(const T* k, int count, int d, float* stripes) {
    for (int i = 0; i < count; i += 8)
        for (int x = 0; x < d; x += 8) {
            Eight block[8];
            for (int n = 0; n < 8; ++n) block[n] = i + n < count ? eight(k + (i + n) * d + x) : Eight{};
            transpose(block);
            float* to = stripes + (i / STRIPE * d + x) * STRIPE + i % STRIPE;
            for (int n = 0; n < 8; ++n) std::memcpy(to + n * STRIPE, &block[n], sizeof(Eight));
        }
    if (count % STRIPE && count % STRIPE <= 8)
        for (int x = 0; x < d; ++x) std::fill_n(stripes + (count / STRIPE * d + x) * STRIPE + 8, 8, 0.0f);
}

template <typename T>
void widen_values(const T* v, int values, float* to) {
    for (int i = 0; i < values; i += 8) {
        const Eight some = eight(v + i);
        std::memcpy(to + i, &some, sizeof some);
    }
}

// scores[r][i] = q[r] · key i. `q` as (D, R), keys as stripes, scores (R, TILE); `keys` is rounded up to stripes.
template <int R>
[[gnu::noinline]] void score_tile(const float* q, const float* stripes, int keys, int d, float* scores) {
    for (int i = 0; i < keys; i += STRIPE, stripes += d * STRIPE) {
        Eight low[R], high[R];
        each<R>([&](int r) { low[r] = high[r] = Eight{}; });
        const float *query = q, *key = stripes;
#pragma GCC unroll 1
        for (int x = 0; x < d; ++x, query += R, key += STRIPE) {
            const Eight first = eight(key), second = eight(key + 8);
            each<R>([&](int r) {
                low[r] += first * query[r];
                high[r] += second * query[r];
            });
        }
        each<R>([&](int r) {
            std::memcpy(scores + r * TILE + i, &low[r], sizeof(Eight));
            std::memcpy(scores + r * TILE + i + 8, &high[r], sizeof(Eight));
        });
    }
}

// sums[r] += Σ weights[r][i] · v[i] for W × 8 columns; weights (R, TILE), v and sums with rows of D.
template <int R, int W>
[[gnu::noinline]] void mix_columns(const float* weights, const float* v, int keys, int d, float* sums) {
    Eight sum[R][W];
    each<R>([&](int r) { each<W>([&](int n) { sum[r][n] = eight(sums + r * d + 8 * n); }); });
#pragma GCC unroll 1
    for (int i = 0; i < keys; ++i, v += d) {
        Eight value[W];
        each<W>([&](int n) { value[n] = eight(v + 8 * n); });
        each<R>([&](int r) { each<W>([&](int n) { sum[r][n] += value[n] * weights[r * TILE + i]; }); });
    }
    each<R>([&](int r) { each<W>([&](int n) { std::memcpy(sums + r * d + 8 * n, &sum[r][n], sizeof(Eight)); }); });
}

template <int R>
void mix_tile(const float* weights, const float* v, int keys, int d, float* sums) {
    int x = 0;
    for (; x + 16 <= d; x += 16) mix_columns<R, 2>(weights, v + x, keys, d, sums + x);
    if (x < d) mix_columns<R, 1>(weights, v + x, keys, d, sums + x);
}

// Of one row, over the tiles so far.
struct Softmax {
    float highest = -INFINITY, sum = 0;
};

// Scores of a tile to weights, relative to the highest so far; what was summed before is made to fit.
inline void weigh_tile(float* weights, int seen, int keys, const float* k_scale, const float* v_scale, float scale,
                       Softmax& softmax, float* sums, int d) {
    const float highest = scale_scores(weights, seen, k_scale, scale, softmax.highest);
    const float shrink = softmax.highest == highest ? 1.0f : exponential(softmax.highest - highest);
    const float sum = exponentiate(weights, seen, highest);
    if (v_scale)
        for (int i = 0; i < seen; ++i) weights[i] *= v_scale[i];
    std::fill(weights + seen, weights + keys, 0.0f);
    softmax = {highest, softmax.sum * shrink + sum};
    if (shrink != 1)
        for (int x = 0; x < d; ++x) sums[x] *= shrink;
}

template <int R>
void attend_tile(const Query* queries, const float* q, const float* stripes, const float* values, int64_t begin, int count,
                 const float* k_scale, const float* v_scale, float scale, Softmax* softmax, int d, float* sums) {
    float weights[R * TILE];
    int seen[R], keys = 0;
    for (int r = 0; r < R; ++r) {
        seen[r] = static_cast<int>(std::clamp<int64_t>(queries[r].length - begin, 0, count));
        keys = std::max(keys, seen[r]);
    }
    if (keys == 0) return;
    score_tile<R>(q, stripes, keys, d, weights);
    for (int r = 0; r < R; ++r)
        weigh_tile(weights + r * TILE, seen[r], keys, k_scale, v_scale, scale, softmax[r], sums + r * d, d);
    mix_tile<R>(weights, values, keys, d, sums);
}

// Calls `step.template operator()<R>(first)` for rows [first, first + R) of `rows`, in groups as alike as they can be.
template <class Step>
void in_groups(int rows, Step step) {
    const int groups = (rows + TOGETHER - 1) / TOGETHER;
    for (int group = 0, first = 0; group < groups; ++group) {
        const int size = (rows - first) / (groups - group);
        switch (size) {
            case 1: step.template operator()<1>(first); break;
            case 2: step.template operator()<2>(first); break;
            case 3: step.template operator()<3>(first); break;
            case 4: step.template operator()<4>(first); break;
            case 5: step.template operator()<5>(first); break;
            case 6: step.template operator()<6>(first); break;
        }
        first += size;
    }
}

template <typename T>
void attend_many(const Query* queries, int rows, const T* k, const T* v, const float* k_scale, const float* v_scale,
                 float scale, int d) {
    float* const q = crew::own_room<float, struct PackedQueries>(rows * d);
    float* const sums = crew::own_room<float, struct MixedSums>(rows * d);
    float* const stripes = crew::own_room<float, struct Stripes>(TILE * d);
    float* const values = crew::own_room<float, struct TileValues>(TILE * d);
    Softmax* const softmax = crew::own_room<Softmax, struct Softmaxes>(rows);
    std::fill_n(sums, rows * d, 0.0f);
    std::fill_n(softmax, rows, Softmax{});
    in_groups(rows, [=]<int R>(int first) {
        for (int r = 0; r < R; ++r)
            for (int x = 0; x < d; ++x) q[first * d + x * R + r] = queries[first + r].q[x];
    });
    const int64_t longest = longest_of(queries, rows);
    for (int64_t begin = 0; begin < longest; begin += TILE) {
        const int count = static_cast<int>(std::min<int64_t>(TILE, longest - begin));
        widen_keys(k + begin * d, count, d, stripes);
        widen_values(v + begin * d, count * d, values);
        const float *ks = k_scale ? k_scale + begin : nullptr, *vs = v_scale ? v_scale + begin : nullptr;
        in_groups(rows, [=]<int R>(int first) {
            attend_tile<R>(queries + first, q + first * d, stripes, values, begin, count, ks, vs, scale, softmax + first, d,
                           sums + first * d);
        });
    }
    for (int r = 0; r < rows; ++r)
        for (int x = 0; x < d; ++x) queries[r].out[x] = sums[r * d + x] / softmax[r].sum;
}

}  // namespace

// What both ways of attention have in common: a row that looks at its past, and what becomes of its scores.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "exponential.h"

// One row that looks at positions 0 … length - 1 of a run.
struct Query {
    const float* q;
    int64_t length;
    float* out;
};

inline int64_t longest_of(const Query* queries, int rows) {
    int64_t longest = 0;
    for (int r = 0; r < rows; ++r) longest = std::max(longest, queries[r].length);
    return longest;
}

// Scores times `scale`, and that of each key where keys have one; returns the highest, or `highest` where none is higher.
inline float scale_scores(float* scores, int64_t length, const float* k_scale, float scale, float highest) {
#pragma omp simd reduction(max : highest)
    for (int64_t i = 0; i < length; ++i) {
        scores[i] *= k_scale ? scale * k_scale[i] : scale;
        highest = scores[i] > highest ? scores[i] : highest;
    }
    return highest;
}

// Each score to e to the power of what it is above `highest`; returns their sum.
inline float exponentiate(float* scores, int64_t length, float highest) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < length; ++i) sum += scores[i] = exponential(scores[i] - highest);
    return sum;
}

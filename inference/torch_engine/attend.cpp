// Attention of a few new tokens to all that came before them, straight from the KV cache.
//
// torch's own kernels take 2 to 5 times as long for a few rows: they prepare a matrix product that is not one. Here the
// cache is read once for all that share it, as fast as the memory gives it. In GCC's vector types, so that the compiler
// makes of it what the processor has. Called from kernels.py through a plain C interface: no headers of torch.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "abi.h"
#include "crew.h"
#include "exponential.h"
#include "unrolled.h"

namespace {

typedef float Eight __attribute__((vector_size(32), aligned(4)));
typedef float Four __attribute__((vector_size(16), aligned(4)));

// Eight values at a time as float32, whatever they are stored as. By name where there is AVX2: of the conversions of GCC's
// vectors GCC 12 makes four instructions.
inline Eight eight(const float* at) { return *reinterpret_cast<const Eight*>(at); }
#if defined(__AVX2__)
inline Eight eight(const uint16_t* at) {  // bfloat16: the upper half of a float32
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
inline Eight eight(const int8_t* at) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
}
#else
inline Eight eight(const uint16_t* at) {
    typedef uint16_t Stored __attribute__((vector_size(16), aligned(2)));
    typedef uint32_t Wide __attribute__((vector_size(32)));
    const Wide wide = __builtin_convertvector(*reinterpret_cast<const Stored*>(at), Wide) << 16;
    Eight values;
    std::memcpy(&values, &wide, sizeof values);
    return values;
}
inline Eight eight(const int8_t* at) {
    typedef int8_t Stored __attribute__((vector_size(8), aligned(1)));
    typedef int32_t Wide __attribute__((vector_size(32)));
    typedef float Values __attribute__((vector_size(32)));
    return __builtin_convertvector(__builtin_convertvector(*reinterpret_cast<const Stored*>(at), Wide), Values);
}
#endif

inline float sum_of(Eight values) {
    const Four halves = Four{values[0], values[1], values[2], values[3]} + Four{values[4], values[5], values[6], values[7]};
    return (halves[0] + halves[1]) + (halves[2] + halves[3]);
}

// One row that looks at positions 0 … length - 1 of a run.
struct Query {
    const float* q;
    int64_t length;
    float* out;
};

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
    float highest = -INFINITY;
#pragma omp simd reduction(max : highest)
    for (int64_t i = 0; i < length; ++i) {
        weights[i] *= k_scale ? scale * k_scale[i] : scale;
        highest = weights[i] > highest ? weights[i] : highest;
    }
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < length; ++i) sum += weights[i] = exponential(weights[i] - highest);
    const float share = 1 / sum;
#pragma omp simd
    for (int64_t i = 0; i < length; ++i) weights[i] *= v_scale ? share * v_scale[i] : share;
    std::fill(weights + length, weights + longest, 0.0f);
}

template <typename T, int D, int R>
void attend_together(const Query* queries, const T* k, const T* v, const float* k_scale, const float* v_scale,
                     float scale) {
    int64_t longest = 0;
    for (int r = 0; r < R; ++r) longest = std::max(longest, queries[r].length);
    float* weights = crew::own_room<float, struct Weights>(R * longest);
    multiply_keys<T, D, R>(queries, k, longest, weights);
    for (int r = 0; r < R; ++r)
        weigh(weights + r * longest, queries[r].length, longest, k_scale, v_scale, scale);
    mix_values<T, D, R>(queries, v, longest, weights);
}

template <typename T, int D>
void attend(const Heads& of, const Cache& cache, const Tokens& tokens, const float* q, float* out, int threads) {
    // What shares its keys goes together: the heads of a group, and tokens of one sequence that follow each other.
    const int64_t heads = of.heads, group = heads / of.kv_heads;
    const int64_t most = std::max<int64_t>(1, 4 / group);
    const int64_t *start = tokens.starts, *length = tokens.lengths;
    std::vector<int64_t> begins;
    for (int64_t t = 0; t < tokens.count; ++t)
        if (begins.empty() || start[t] != start[begins.back()] || t - begins.back() == most) begins.push_back(t);
    begins.push_back(tokens.count);
    const int64_t* edges = begins.data();
    const int64_t bundles = static_cast<int64_t>(begins.size()) - 1;
    const float scale = 1 / std::sqrt(static_cast<float>(D));
    crew::share(bundles * of.kv_heads, threads, [=, &cache](int64_t chunk) {
        const int64_t h = chunk / bundles, bundle = chunk % bundles;  // a head's keys stay in the cache meanwhile
        const int64_t row = h * cache.capacity + start[edges[bundle]];
        const T *keys = static_cast<const T*>(cache.keys) + row * D, *values = static_cast<const T*>(cache.values) + row * D;
        const float *ks = cache.k_scale ? cache.k_scale + row : nullptr, *vs = cache.v_scale ? cache.v_scale + row : nullptr;
        Query queries[4];
        int waiting = 0;
        for (int64_t t = edges[bundle]; t < edges[bundle + 1]; ++t)
            for (int64_t g = 0; g < group; ++g) {
                const int64_t at = (t * heads + h * group + g) * D;
                queries[waiting++] = {q + at, length[t], out + at};
                if (waiting == 4) attend_together<T, D, 4>(queries, keys, values, ks, vs, scale), waiting = 0;
            }
        if (waiting >= 2) attend_together<T, D, 2>(queries + (waiting -= 2), keys, values, ks, vs, scale);
        if (waiting == 1) attend_together<T, D, 1>(queries, keys, values, ks, vs, scale);
    });
}

template <typename T>
int dispatch(const Heads& heads, const Cache& cache, const Tokens& tokens, const float* q, float* out, int threads) {
#define CASE(D)                                                    \
    case D:                                                        \
        attend<T, D>(heads, cache, tokens, q, out, threads);       \
        return 0;
    switch (heads.head_dim) {
        CASE(8) CASE(64) CASE(80) CASE(96) CASE(128)
    }
    return 1;
#undef CASE
}

}  // namespace

int inthread_attend(const Heads* heads, const Cache* cache, const Tokens* tokens, const float* q, float* out, int threads) {
    switch (cache->kind) {
        case 0: return dispatch<float>(*heads, *cache, *tokens, q, out, threads);
        case 1: return dispatch<uint16_t>(*heads, *cache, *tokens, q, out, threads);
        case 2: return dispatch<int8_t>(*heads, *cache, *tokens, q, out, threads);
    }
    return 1;
}

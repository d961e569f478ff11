// Attention of a few new tokens to all that came before them, straight from the KV cache.
//
// torch's own kernels take 3 to 6 times as long for one query row: they convert bfloat16 for a matrix product that is
// not one. Here the cache is read once, as fast as the memory gives it. Called from kernels.py through a plain C
// interface: no headers of torch, one second to compile.
//
// Shapes: q and out (T, H, D) float32; k and v (H_kv, C, D) in the cache's type, with scales (H_kv, C) where it is int8;
// token t of the step looks at positions [start[t], start[t] + length[t]) of the cache.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "crew.h"
#include "exponential.h"

namespace {

inline float to_float(uint16_t bits) {  // bfloat16: the upper half of a float32
    uint32_t wide = static_cast<uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &wide, sizeof value);
    return value;
}
inline float to_float(int8_t value) { return static_cast<float>(value); }
inline float to_float(float value) { return value; }

#if defined(__AVX2__) && defined(__FMA__)
// Eight values at a time, whatever they are stored as.
inline __m256 eight(const uint16_t* at) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
inline __m256 eight(const int8_t* at) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
}
inline __m256 eight(const float* at) { return _mm256_loadu_ps(at); }

// weights[i] = q · k[i]. Four keys at a time: one's sum is added up while the next is read.
template <typename T, int D>
void multiply_keys(const float* q, const T* k, int64_t length, float* weights) {
    __m256 query[D / 8];
    for (int d = 0; d < D / 8; ++d) query[d] = _mm256_loadu_ps(q + 8 * d);
    int64_t i = 0;
    for (; i + 4 <= length; i += 4) {
        const T* row = k + i * D;
        __m256 a = _mm256_setzero_ps(), b = a, c = a, e = a;
#pragma GCC unroll 16
        for (int d = 0; d < D / 8; ++d) {
            a = _mm256_fmadd_ps(query[d], eight(row + 8 * d), a);
            b = _mm256_fmadd_ps(query[d], eight(row + D + 8 * d), b);
            c = _mm256_fmadd_ps(query[d], eight(row + 2 * D + 8 * d), c);
            e = _mm256_fmadd_ps(query[d], eight(row + 3 * D + 8 * d), e);
        }
        const __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, e));
        _mm_storeu_ps(weights + i, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
    }
    for (; i < length; ++i) {
        float dot = 0;
        for (int d = 0; d < D; ++d) dot += q[d] * to_float(k[i * D + d]);
        weights[i] = dot;
    }
}

// mixed = Σ weights[i] · v[i].
template <typename T, int D>
void mix_values(const float* weights, const T* v, int64_t length, float* mixed) {
    __m256 sums[D / 8];
    for (int d = 0; d < D / 8; ++d) sums[d] = _mm256_setzero_ps();
    for (int64_t i = 0; i < length; ++i) {
        const __m256 weight = _mm256_broadcast_ss(weights + i);
#pragma GCC unroll 16
        for (int d = 0; d < D / 8; ++d) sums[d] = _mm256_fmadd_ps(weight, eight(v + i * D + 8 * d), sums[d]);
    }
    for (int d = 0; d < D / 8; ++d) _mm256_storeu_ps(mixed + 8 * d, sums[d]);
}
#else
template <typename T, int D>
void multiply_keys(const float* q, const T* k, int64_t length, float* weights) {
    for (int64_t i = 0; i < length; ++i) {
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (int d = 0; d < D; ++d) dot += q[d] * to_float(k[i * D + d]);
        weights[i] = dot;
    }
}

template <typename T, int D>
void mix_values(const float* weights, const T* v, int64_t length, float* mixed) {
    std::fill(mixed, mixed + D, 0.0f);
    for (int64_t i = 0; i < length; ++i)
#pragma omp simd
        for (int d = 0; d < D; ++d) mixed[d] += weights[i] * to_float(v[i * D + d]);
}
#endif

template <typename T, int D>
void attend_head(const float* q, const T* k, const T* v, const float* k_scale, const float* v_scale, int64_t length,
                 float scale, float* weights, float* out) {
    multiply_keys<T, D>(q, k, length, weights);
    float highest = -INFINITY;
#pragma omp simd reduction(max : highest)
    for (int64_t i = 0; i < length; ++i) {
        weights[i] *= k_scale ? scale * k_scale[i] : scale;
        highest = weights[i] > highest ? weights[i] : highest;
    }
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < length; ++i) {
        const float weight = exponential(weights[i] - highest);
        sum += weight;
        weights[i] = v_scale ? weight * v_scale[i] : weight;
    }
    mix_values<T, D>(weights, v, length, out);
    for (int d = 0; d < D; ++d) out[d] /= sum;
}

template <typename T, int D>
void attend(const float* q, const T* k, const T* v, const float* k_scale, const float* v_scale, const int64_t* start,
            const int64_t* length, int64_t tokens, int64_t heads, int64_t kv_heads, int64_t capacity, float scale,
            float* out, int threads) {
    const int64_t group = heads / kv_heads;
    crew::share(tokens * kv_heads, threads, [=](int64_t chunk) {
        const int64_t t = chunk / kv_heads, h = chunk % kv_heads;
        float* weights = crew::own_room<float, 3>(length[t]);
        const int64_t row = h * capacity + start[t];
        for (int64_t g = 0; g < group; ++g) {  // the heads of a group share the keys that are in the cache now
            const int64_t at = (t * heads + h * group + g) * D;
            attend_head<T, D>(q + at, k + row * D, v + row * D, k_scale ? k_scale + row : nullptr,
                              v_scale ? v_scale + row : nullptr, length[t], scale, weights, out + at);
        }
    });
}

template <typename T>
int dispatch(int64_t head_dim, const float* q, const void* k, const void* v, const float* k_scale, const float* v_scale,
             const int64_t* start, const int64_t* length, int64_t tokens, int64_t heads, int64_t kv_heads,
             int64_t capacity, float scale, float* out, int threads) {
    auto keys = static_cast<const T*>(k);
    auto values = static_cast<const T*>(v);
#define CASE(D)                                                                                                     \
    case D:                                                                                                         \
        attend<T, D>(q, keys, values, k_scale, v_scale, start, length, tokens, heads, kv_heads, capacity, scale,    \
                     out, threads);                                                               \
        return 0;
    switch (head_dim) {
        CASE(8) CASE(16) CASE(32) CASE(64) CASE(80) CASE(96) CASE(128)
    }
    return 1;
#undef CASE
}

}  // namespace

// kind: 0 float32, 1 bfloat16, 2 int8. 0 when it was done, 1 when the size of a head is not built in.
extern "C" int inthread_attend(int kind, int64_t head_dim, const float* q, const void* k, const void* v,
                               const float* k_scale, const float* v_scale, const int64_t* start, const int64_t* length,
                               int64_t tokens, int64_t heads, int64_t kv_heads, int64_t capacity, float scale,
                               float* out, int threads) {
    switch (kind) {
        case 0: return dispatch<float>(head_dim, q, k, v, nullptr, nullptr, start, length, tokens, heads, kv_heads, capacity, scale, out, threads);
        case 1: return dispatch<uint16_t>(head_dim, q, k, v, nullptr, nullptr, start, length, tokens, heads, kv_heads, capacity, scale, out, threads);
        case 2: return dispatch<int8_t>(head_dim, q, k, v, k_scale, v_scale, start, length, tokens, heads, kv_heads, capacity, scale, out, threads);
    }
    return 1;
}

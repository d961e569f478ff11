// Attention of a few new tokens to all that came before them, straight from the KV cache.
//
// torch's own kernels take 3 to 6 times as long for one query row: they convert bfloat16 for a matrix product that is
// not one. Here the cache is read once, as fast as the memory gives it. Called from kernels.py through a plain C
// interface: no headers of torch, one second to compile.
//
// Shapes: q and out (T, H, D) float32; k and v (H_kv, C, D) in the cache's type, with scales (H_kv, C) where it is int8;
// token t of the step looks at positions [start[t], start[t] + length[t]) of the cache. scratch: (threads, longest).

#include <cmath>
#include <cstdint>
#include <cstring>
#include <omp.h>

namespace {

inline float to_float(uint16_t bits) {  // bfloat16: the upper half of a float32
    uint32_t wide = static_cast<uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &wide, sizeof value);
    return value;
}
inline float to_float(int8_t value) { return static_cast<float>(value); }
inline float to_float(float value) { return value; }

template <typename T, int D>
void attend_head(const float* q, const T* k, const T* v, const float* k_scale, const float* v_scale, int64_t length,
                 float scale, float* weights, float* out) {
    float highest = -INFINITY;
    int64_t i = 0;
    for (; i + 4 <= length; i += 4) {  // four keys at a time: one's sum is added up while the next is read
        const T* row = k + i * D;
        float a = 0, b = 0, c = 0, e = 0;
#pragma omp simd reduction(+ : a, b, c, e)
        for (int d = 0; d < D; ++d) {
            a += q[d] * to_float(row[d]);
            b += q[d] * to_float(row[D + d]);
            c += q[d] * to_float(row[2 * D + d]);
            e += q[d] * to_float(row[3 * D + d]);
        }
        weights[i] = a;
        weights[i + 1] = b;
        weights[i + 2] = c;
        weights[i + 3] = e;
    }
    for (; i < length; ++i) {
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (int d = 0; d < D; ++d) dot += q[d] * to_float(k[i * D + d]);
        weights[i] = dot;
    }
#pragma omp simd reduction(max : highest)
    for (i = 0; i < length; ++i) {
        weights[i] *= k_scale ? scale * k_scale[i] : scale;
        highest = weights[i] > highest ? weights[i] : highest;
    }
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (i = 0; i < length; ++i) {
        weights[i] = expf(weights[i] - highest);
        sum += weights[i];
    }
    float mixed[D] = {0};
    for (i = 0; i < length; ++i) {
        const float weight = v_scale ? weights[i] * v_scale[i] : weights[i];
#pragma omp simd
        for (int d = 0; d < D; ++d) mixed[d] += weight * to_float(v[i * D + d]);
    }
    for (int d = 0; d < D; ++d) out[d] = mixed[d] / sum;
}

template <typename T, int D>
void attend(const float* q, const T* k, const T* v, const float* k_scale, const float* v_scale, const int64_t* start,
            const int64_t* length, int64_t tokens, int64_t heads, int64_t kv_heads, int64_t capacity, float scale,
            int64_t longest, float* scratch, float* out, int threads) {
    const int64_t group = heads / kv_heads;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1) collapse(2)
    for (int64_t t = 0; t < tokens; ++t)
        for (int64_t h = 0; h < kv_heads; ++h) {
            float* weights = scratch + omp_get_thread_num() * longest;
            const int64_t row = h * capacity + start[t];
            for (int64_t g = 0; g < group; ++g) {  // the heads of a group share the keys that are in the cache now
                const int64_t at = (t * heads + h * group + g) * D;
                attend_head<T, D>(q + at, k + row * D, v + row * D, k_scale ? k_scale + row : nullptr,
                                  v_scale ? v_scale + row : nullptr, length[t], scale, weights, out + at);
            }
        }
}

template <typename T>
int dispatch(int64_t head_dim, const float* q, const void* k, const void* v, const float* k_scale, const float* v_scale,
             const int64_t* start, const int64_t* length, int64_t tokens, int64_t heads, int64_t kv_heads,
             int64_t capacity, float scale, int64_t longest, float* scratch, float* out, int threads) {
    auto keys = static_cast<const T*>(k);
    auto values = static_cast<const T*>(v);
#define CASE(D)                                                                                                     \
    case D:                                                                                                         \
        attend<T, D>(q, keys, values, k_scale, v_scale, start, length, tokens, heads, kv_heads, capacity, scale,    \
                     longest, scratch, out, threads);                                                               \
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
                               int64_t longest, float* scratch, float* out, int threads) {
    switch (kind) {
        case 0: return dispatch<float>(head_dim, q, k, v, nullptr, nullptr, start, length, tokens, heads, kv_heads, capacity, scale, longest, scratch, out, threads);
        case 1: return dispatch<uint16_t>(head_dim, q, k, v, nullptr, nullptr, start, length, tokens, heads, kv_heads, capacity, scale, longest, scratch, out, threads);
        case 2: return dispatch<int8_t>(head_dim, q, k, v, k_scale, v_scale, start, length, tokens, heads, kv_heads, capacity, scale, longest, scratch, out, threads);
    }
    return 1;
}

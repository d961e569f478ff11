// Products of a few activations with int8 weights, for processors on which torch's own int8 is slow or not exact.
//
// y = f(x) Wᵀ · scale + bias, with W in 8 bits and f(x) rounded row by row to as many of 16 bits as cannot overflow:
// `vpmaddwd` adds two products of 16 bits exactly, where AVX2's product of bytes (`vpmaddubsw`) saturates. So nothing is
// lost to rounding activations, and a step is one pass over the weights for up to ROWS rows. torch converts the weights
// to float32 instead (an eighth of the speed here); OpenVINO and llama.cpp do half as many rows in the same time.
//
// W is packed as packing.py says. Called through a plain C interface: no headers of torch.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#if defined(__SSE__)
#include <immintrin.h>
#endif

#include "abi.h"
#include "crew.h"
#include "exponential.h"
#include "unrolled.h"

namespace {

constexpr int LANES = 16;      // outputs that lie side by side: blocks of W are [K / 2][LANES][2] bytes
constexpr int LEVELS = 127;    // of a weight
constexpr int BLOCKS_TOGETHER = 8;    // of W: a tenth of a millisecond at most before another thread may take the rest
constexpr int PREPARED_TOGETHER = 4;  // rows of x
constexpr int PANEL = 96;      // rows whose activations stay in the second-level cache while the weights go by

// ── what stands in front of a product ────────────────────────────────────────────────────────────────────────────────

// `norm` (K): x / sqrt(mean(x²) + epsilon) · norm. Else, where it is gated: silu(x[:K]) · x[K:]. Else x as it is.
void prepare(const Product& product, const float* x, float* row) {
    const int64_t k = product.inputs;
    const float* norm = product.norm;
    if (norm) {
        float squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int64_t i = 0; i < k; ++i) squares += x[i] * x[i];
        const float factor = 1.0f / std::sqrt(squares / k + product.epsilon);
#pragma omp simd
        for (int64_t i = 0; i < k; ++i) row[i] = x[i] * factor * norm[i];
    } else if (product.gated) {
#pragma omp simd
        for (int64_t i = 0; i < k; ++i) row[i] = x[i] / (1.0f + exponential(-x[i])) * x[k + i];
    } else {
        std::memcpy(row, x, k * sizeof(float));
    }
}

// Rounds a row to whole numbers so small that K products with weights fit 32 bits; returns what one of them is worth.
float quantize(const float* row, int64_t k, int16_t* levels) {
    float peak = 0;
#pragma omp simd reduction(max : peak)
    for (int64_t i = 0; i < k; ++i) peak = std::max(peak, std::fabs(row[i]));
    int32_t exponent = 0;  // of all ones: what is no number, or infinite; comparisons need not tell
    const auto bits = reinterpret_cast<const int32_t*>(row);
#pragma omp simd reduction(max : exponent)
    for (int64_t i = 0; i < k; ++i) exponent = std::max(exponent, bits[i] & 0x7f800000);
    if (exponent == 0x7f800000 || peak == 0) {
        std::fill(levels, levels + k, int16_t{0});
        return peak == 0 && exponent != 0x7f800000 ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    }
    const int64_t most = std::min<int64_t>(32767, std::numeric_limits<int32_t>::max() / (LEVELS * k));
    const float factor = most / peak;
#pragma omp simd
    for (int64_t i = 0; i < k; ++i) {
        const float scaled = row[i] * factor;
        levels[i] = static_cast<int16_t>(static_cast<int32_t>(scaled + (scaled < 0 ? -0.5f : 0.5f)));
    }
    return peak / most;
}

// ── the product ──────────────────────────────────────────────────────────────────────────────────────────────────────
// sums[r][n] = Σ a[r][i] · w[n][i] for one block of LANES outputs and R rows of `a`, K apart.

// Of weights that nobody has read yet: a few rows are done with them before memory brings the next ones by itself, and
// what it brings by itself ends with each page. A seventh of the time of one row, nothing of that of eight.
constexpr int AHEAD = 2048;
template <int R>
inline void fetch_ahead(const int8_t* w) {
#if defined(__SSE__)
    if constexpr (R <= 4) _mm_prefetch(reinterpret_cast<const char*>(w + AHEAD), _MM_HINT_T0);
#endif
}

inline int32_t two_levels(const int16_t* at) {
    int32_t pair;
    std::memcpy(&pair, at, sizeof pair);
    return pair;
}

// Each a function of its own: inlined where it is called, it finds too few registers. Long prompts took a quarter more time.
#if defined(__AVX512BW__)
constexpr int ROWS = 8;
template <int R>
[[gnu::noinline]] void multiply_block(const int8_t* w, const int16_t* a, int64_t k, int32_t (*sums)[LANES]) {
    __m512i sum[R];
    each<R>([&](int r) { sum[r] = _mm512_setzero_si512(); });
    for (int64_t i = 0; i < k; i += 2, w += 2 * LANES) {
        fetch_ahead<R>(w);
        const __m512i weights = _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)));
        each<R>([&](int r) {
            const __m512i pair = _mm512_set1_epi32(two_levels(a + r * k + i));
#if defined(__AVX512VNNI__)
            sum[r] = _mm512_dpwssd_epi32(sum[r], weights, pair);
#else
            sum[r] = _mm512_add_epi32(sum[r], _mm512_madd_epi16(weights, pair));
#endif
        });
    }
    each<R>([&](int r) { _mm512_storeu_si512(sums[r], sum[r]); });
}
#elif defined(__AVX2__)
constexpr int ROWS = 6;  // two registers of sums for each, and four more: AVX2 has sixteen
template <int R>
[[gnu::noinline]] void multiply_block(const int8_t* w, const int16_t* a, int64_t k, int32_t (*sums)[LANES]) {
    __m256i low[R], high[R];
    each<R>([&](int r) { low[r] = high[r] = _mm256_setzero_si256(); });
    for (int64_t i = 0; i < k; i += 2, w += 2 * LANES) {
        fetch_ahead<R>(w);
        const __m256i first = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w)));
        const __m256i second = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w + LANES)));
        each<R>([&](int r) {
            const __m256i pair = _mm256_set1_epi32(two_levels(a + r * k + i));
            low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(first, pair));
            high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(second, pair));
        });
    }
    each<R>([&](int r) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums[r]), low[r]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums[r] + LANES / 2), high[r]);
    });
}
#else
constexpr int ROWS = 4;
template <int R>
void multiply_block(const int8_t* w, const int16_t* a, int64_t k, int32_t (*sums)[LANES]) {
    int32_t sum[R][LANES] = {};
    for (int64_t i = 0; i < k; i += 2, w += 2 * LANES)
        for (int r = 0; r < R; ++r)
            for (int n = 0; n < LANES; ++n)
                sum[r][n] += a[r * k + i] * w[2 * n] + a[r * k + i + 1] * w[2 * n + 1];
    std::memcpy(sums, sum, sizeof sum);
}
#endif

void multiply_rows(int rows, const int8_t* w, const int16_t* a, int64_t k, int32_t (*sums)[LANES]) {
    switch (rows) {
        case 1: return multiply_block<1>(w, a, k, sums);
        case 2: return multiply_block<2>(w, a, k, sums);
        case 3: return multiply_block<3>(w, a, k, sums);
        case 4: return multiply_block<4>(w, a, k, sums);
#if defined(__AVX2__)
        case 5: return multiply_block<5>(w, a, k, sums);
        case 6: return multiply_block<6>(w, a, k, sums);
#endif
#if defined(__AVX512BW__)
        case 7: return multiply_block<7>(w, a, k, sums);
        case 8: return multiply_block<8>(w, a, k, sums);
#endif
    }
}

// Rows [begin, end) of a block of outputs.
void finish_block(const Product& product, int64_t block, int64_t begin, int64_t end, const int16_t* levels,
                  const float* worth, bool add, float* y) {
    const int64_t first = block * LANES, n = product.outputs, k = product.inputs;
    const float *scale = product.scale, *bias = product.bias;
    const int outputs = static_cast<int>(std::min<int64_t>(LANES, n - first));
    int32_t sums[ROWS][LANES];
    // Passes alike: of eight rows, six and two take longer than four and four.
    const int64_t passes = (end - begin + ROWS - 1) / ROWS, together = (end - begin + passes - 1) / passes;
    for (int64_t row = begin; row < end; row += together) {
        const int rows = static_cast<int>(std::min<int64_t>(together, end - row));
        multiply_rows(rows, product.weight + first * k, levels + row * k, k, sums);
        for (int r = 0; r < rows; ++r) {
            float* out = y + (row + r) * n + first;
            for (int i = 0; i < outputs; ++i) {
                float value = sums[r][i] * (scale[first + i] * worth[row + r]);
                if (bias) value += bias[first + i];
                out[i] = add ? out[i] + value : value;
            }
        }
    }
}

}  // namespace

void inthread_multiply(const Product* product, const float* x, int64_t t, int add, float* y, int threads) {
    const int64_t k = product->inputs;
    int16_t* const levels = crew::own_room<int16_t, struct Levels>(t * k);
    float* const worth = crew::own_room<float, struct Worth>(t);
    const int64_t groups = (t + PREPARED_TOGETHER - 1) / PREPARED_TOGETHER;
    crew::share(groups, threads, [=](int64_t group) {
        float* prepared = crew::own_room<float, struct Prepared>(k);
        const int64_t end = std::min(t, (group + 1) * PREPARED_TOGETHER);
        for (int64_t row = group * PREPARED_TOGETHER; row < end; ++row) {
            prepare(*product, x + row * (product->gated ? 2 * k : k), prepared);
            worth[row] = quantize(prepared, k, levels + row * k);
        }
    });
    const int64_t blocks = (product->outputs + LANES - 1) / LANES;
    const int64_t stretches = (blocks + BLOCKS_TOGETHER - 1) / BLOCKS_TOGETHER;
    const int64_t panels = (t + PANEL - 1) / PANEL;
    crew::share(panels * stretches, threads, [=](int64_t chunk) {
        const int64_t begin = chunk / stretches * PANEL, first = chunk % stretches * BLOCKS_TOGETHER;
        for (int64_t block = first; block < std::min(blocks, first + BLOCKS_TOGETHER); ++block)
            finish_block(*product, block, begin, std::min(t, begin + PANEL), levels, worth, add, y);
    });
}

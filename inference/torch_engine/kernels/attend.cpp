// Attention of a step's new tokens to all that came before them, straight from the KV cache.
//
// torch's own kernels take 2 to 5 times as long for a few rows: they prepare a matrix product that is not one. For many they
// want keys and values of float32, and a mask. Called through a plain C interface: no headers of torch.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "abi.h"
#include "attend_few.h"
#include "attend_many.h"
#include "crew.h"
#include "query.h"

namespace {

// New tokens of a sequence up to which they are few: one, and what was drafted behind it. A draft must not change, in any bit,
// what would have been computed without it.
constexpr int64_t FEW = 8;
constexpr int64_t ROWS_OF_FEW = 4, ROWS_OF_MANY = 96;  // that one thread takes together, tokens × heads of a group

// Tokens [begin, end) of a step, of one sequence.
struct Bundle {
    int64_t begin, end;
    bool is_few;
};

std::vector<Bundle> bundles_of(const Tokens& tokens, int64_t group) {
    std::vector<Bundle> bundles;
    for (int64_t begin = 0, end; begin < tokens.count; begin = end) {
        for (end = begin + 1; end < tokens.count && tokens.starts[end] == tokens.starts[begin];) ++end;
        const bool is_few = end - begin <= FEW;
        const int64_t most = std::max<int64_t>(1, (is_few ? ROWS_OF_FEW : ROWS_OF_MANY) / group);
        for (int64_t first = begin; first < end; first += most) bundles.push_back({first, std::min(end, first + most), is_few});
    }
    return bundles;
}

template <typename T, int D>
void attend(const Heads& of, const Cache& cache, const Tokens& tokens, const float* q, float* out, int threads) {
    const int64_t group = of.heads / of.kv_heads;
    const std::vector<Bundle> bundles = bundles_of(tokens, group);
    const int64_t count = bundles.size();
    const float scale = 1 / std::sqrt(static_cast<float>(D));
    crew::share(count * of.kv_heads, threads, [&](int64_t chunk) {
        const int64_t h = chunk / count;  // a head's keys stay in the cache meanwhile
        const Bundle& bundle = bundles[chunk % count];
        const int64_t row = h * cache.capacity + tokens.starts[bundle.begin];
        const T *keys = static_cast<const T*>(cache.keys) + row * D, *values = static_cast<const T*>(cache.values) + row * D;
        const float *ks = cache.k_scale ? cache.k_scale + row : nullptr, *vs = cache.v_scale ? cache.v_scale + row : nullptr;
        const int64_t rows = (bundle.end - bundle.begin) * group;
        Query* const queries = crew::own_room<Query, struct Queries>(rows);
        for (int64_t r = 0; r < rows; ++r) {
            const int64_t t = bundle.begin + r / group, at = (t * of.heads + h * group + r % group) * D;
            queries[r] = {q + at, tokens.lengths[t], out + at};
        }
        if (!bundle.is_few) return attend_many<T>(queries, rows, keys, values, ks, vs, scale, D);
        int64_t r = 0;
        for (; r + 4 <= rows; r += 4) attend_few<T, D, 4>(queries + r, keys, values, ks, vs, scale);
        for (; r + 2 <= rows; r += 2) attend_few<T, D, 2>(queries + r, keys, values, ks, vs, scale);
        if (r < rows) attend_few<T, D, 1>(queries + r, keys, values, ks, vs, scale);
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

// Eight values at a time as float32, whatever they are stored as. In GCC's vector types, so that the compiler makes of it what
// the processor has.
#pragma once

#include <cstdint>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

typedef float Eight __attribute__((vector_size(32), aligned(4)));
typedef float Four __attribute__((vector_size(16), aligned(4)));

// By name where there is AVX2: of the conversions of GCC's vectors GCC 12 makes four instructions.
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

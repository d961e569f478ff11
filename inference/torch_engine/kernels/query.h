#pragma once

#include <cstdint>

// One row that looks at positions 0 … length - 1 of a run.
struct Query {
    const float* q;
    int64_t length;
    float* out;
};

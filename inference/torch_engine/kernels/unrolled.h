// step(0), step(1) … step(N - 1), written out instead of a loop: only then does an array of sums stay in registers, all of
// it. Of a loop that is unrolled later, GCC 12 keeps some in memory, and whatever adds to them waits for it.
#pragma once

#include <utility>

template <int N, class Step>
[[gnu::always_inline]] inline void each(Step step) {
    [&]<int... n>(std::integer_sequence<int, n...>) { (step(n), ...); }(std::make_integer_sequence<int, N>());
}

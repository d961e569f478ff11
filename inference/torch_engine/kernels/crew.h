// Threads that share out the chunks of a loop, and nobody waits for one that has not come.
//
// OpenMP ends every loop when all its threads have taken part. A step has more than a hundred loops, and on a machine
// where something else computes, one of its threads is always waiting for a processor: 376 ms instead of 28 for a token,
// with one of two cores taken. Here whoever is there takes chunks; only a chunk that was begun is waited for.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace crew {

using Chunk = void (*)(const void* of, int64_t chunk);

inline void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

class Crew {
public:
    // Calls `run(of, chunk)` for every chunk in 0 … chunks - 1; returns when all are done. `threads`: so many are worth
    // having, the caller among them.
    void share(int64_t chunks, int threads, Chunk run, const void* of) {
        std::unique_lock<std::mutex> hold(in_use_, std::try_to_lock);
        if (threads < 2 || chunks < 2 || !hold.owns_lock()) {  // another engine computes at this moment: alone, then
            for (int64_t chunk = 0; chunk < chunks; ++chunk) run(of, chunk);
            return;
        }
        for (; helpers_ < threads - 1; ++helpers_) std::thread(&Crew::help, this).detach();
        run_ = run;
        of_ = of;
        chunks_ = chunks;
        unfinished_.store(chunks, std::memory_order_relaxed);
        left_.store(chunks);  // from here on they may be taken
        if (asleep_.load() > 0) {
            call_.fetch_add(1);
            call_.notify_all();
        }
        take();
        while (unfinished_.load(std::memory_order_acquire) > 0) pause();
    }

private:
    static constexpr int PATIENCE = 4000;  // pauses, some tens of microseconds: the next loop of a step comes sooner

    // Whoever has taken a chunk may read what it is a chunk of: the next loop does not begin before it is finished.
    void take() {
        int64_t last;
        while (left_.load(std::memory_order_relaxed) > 0 && (last = left_.fetch_sub(1)) > 0) {
            run_(of_, chunks_ - last);
            unfinished_.fetch_sub(1, std::memory_order_release);
        }
    }

    void help() {
        for (;;) {
            for (int waited = 0; waited < PATIENCE && left_.load(std::memory_order_relaxed) <= 0; ++waited) pause();
            if (left_.load() <= 0) {
                const uint32_t heard = call_.load();
                asleep_.fetch_add(1);
                if (left_.load() <= 0) call_.wait(heard);
                asleep_.fetch_sub(1);
            }
            take();
        }
    }

    std::mutex in_use_;
    int helpers_ = 0;
    Chunk run_ = nullptr;
    const void* of_ = nullptr;
    int64_t chunks_ = 0;
    alignas(64) std::atomic<int64_t> left_{0};  // chunks that nobody has taken, or less than nothing
    alignas(64) std::atomic<int64_t> unfinished_{0};
    alignas(64) std::atomic<uint32_t> call_{0};
    std::atomic<int> asleep_{0};
};

inline Crew& everybody() {
    static Crew& crew = *new Crew;  // never ends: its threads wait until the process does
    return crew;
}

// `body(chunk)` for each of `chunks`, by up to so many threads.
template <typename Body>
void share(int64_t chunks, int threads, const Body& body) {
    const auto run = [](const void* of, int64_t chunk) { (*static_cast<const Body*>(of))(chunk); };
    everybody().share(chunks, threads, run, &body);
}

// Room for so many values that belongs to this thread alone, until it is asked for again for the same purpose.
template <typename T, class Purpose>
T* own_room(int64_t size) {
    static thread_local std::vector<T> room;
    if (room.size() < static_cast<size_t>(size)) room.resize(size);
    return room.data();
}

}  // namespace crew

#!/usr/bin/env bash
# try_acquire of libstdc++'s semaphores yields the processor four times before it gives up.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs g++ "a C++20 compiler with libstdc++"
needs strace "apt-get install strace"

guessed "try_acquire is one atomic operation that succeeds or fails, like try_lock of a mutex: no system call"

cat >probe.cpp <<'CPP'
#include <chrono>
#include <cstring>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>

int main(int, char **arguments) {
    const char *name = arguments[1];
    auto is = [&](const char *other) { return std::strcmp(name, other) == 0; };
    std::counting_semaphore<> counting(0);
    std::binary_semaphore binary(0);
    std::latch latch(1);
    std::mutex mutex;
    std::shared_mutex shared;
    std::promise<int> promise;
    auto future = promise.get_future();
    std::thread([&] { mutex.lock(), shared.lock(); }).join();
    bool refused = true;
    for (int call = 0; call < 10; call++) {
        if (is("mutex try_lock")) refused &= !mutex.try_lock();
        if (is("shared_mutex try_lock_shared")) refused &= !shared.try_lock_shared();
        if (is("latch try_wait")) refused &= !latch.try_wait();
        if (is("future wait_for zero"))
            refused &= future.wait_for(std::chrono::seconds(0)) == std::future_status::timeout;
        if (is("counting_semaphore try_acquire")) refused &= !counting.try_acquire();
        if (is("binary_semaphore try_acquire")) refused &= !binary.try_acquire();
        if (is("binary_semaphore try_acquire_for zero")) refused &= !binary.try_acquire_for(std::chrono::seconds(0));
    }
    return refused ? 0 : 1;
}
CPP
g++ -std=c++20 -O1 -pthread -o probe probe.cpp
versions "$(g++ --version | sed -n 1p)" "$(strace --version | sed -n 1p)"

every() {
  local name
  for name in "mutex try_lock" "shared_mutex try_lock_shared" "latch try_wait" "future wait_for zero" \
    "counting_semaphore try_acquire" "binary_semaphore try_acquire" "binary_semaphore try_acquire_for zero"; do
    strace -f -e trace=sched_yield -o trace ./probe "$name"
    echo "$name: $(grep -c sched_yield trace || true) yields by 10 calls"
  done
}
look every
holds \
  'mutex try_lock: 0 yields by 10 calls' \
  'shared_mutex try_lock_shared: 0 yields by 10 calls' \
  'latch try_wait: 0 yields by 10 calls' \
  'future wait_for zero: 0 yields by 10 calls' \
  'counting_semaphore try_acquire: 40 yields by 10 calls' \
  'binary_semaphore try_acquire: 40 yields by 10 calls' \
  'binary_semaphore try_acquire_for zero: 40 yields by 10 calls'
echo "found:   a semaphore's try is the spinning half of its wait: twelve pauses and four sched_yields, each of which may let another thread run for a whole slice"

#!/usr/bin/env bash
# A thread that gives its processor away by sched_yield has no voluntary context switch, but an involuntary one each time, as if it had been
# preempted.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"

guessed "to yield is the plainest voluntary context switch, so getrusage counts it in ru_nvcsw"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

enum { CALLS = 1000 };

static void *yields(void *nothing) {
    for (;;)
        sched_yield();
    return nothing;
}

static void yield(void) { sched_yield(); }

static void sleeps(void) {
    struct timespec moment = {0, 1000};
    nanosleep(&moment, NULL);
}

static const char *share(long switches) { return switches > CALLS / 2 ? "most" : switches < CALLS / 20 ? "next to none" : "some"; }

static void measure(const char *name, void (*call)(void)) {
    struct rusage before, after;
    getrusage(RUSAGE_THREAD, &before);
    for (int calls = 0; calls < CALLS; calls++)
        call();
    getrusage(RUSAGE_THREAD, &after);
    printf("%s, voluntary: %s\n%s, involuntary: %s\n", name, share(after.ru_nvcsw - before.ru_nvcsw), name, share(after.ru_nivcsw - before.ru_nivcsw));
}

int main(void) {
    // Two threads on one processor: whoever yields lets the other run.
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    int processor = 0;
    while (!CPU_ISSET(processor, &all))
        processor++;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    sched_setaffinity(0, sizeof one, &one);
    measure("yield, nobody else there", yield);
    pthread_t other;
    pthread_create(&other, NULL, yields, NULL);
    measure("yield, to another", yield);
    measure("sleep", sleeps);
    return 0;
}
C
cc -O1 -pthread -o probe probe.c
versions "the kernel's scheduler, as below"

look ./probe
holds 'yield, to another, voluntary: next to none' 'yield, to another, involuntary: most' 'sleep, voluntary: most'
echo "found:   the kernel calls a switch voluntary if the thread ceases to be runnable; one that yields stays so. Who takes involuntary switches for \
preemptions blames others for what the thread did itself, and who looks for voluntary ones does not see a yield"

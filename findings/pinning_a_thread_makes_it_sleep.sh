#!/usr/bin/env bash
# A thread that moves itself to another processor by sched_setaffinity goes to sleep for it, as one does that waits.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"
(($(nproc) >= 2)) || { echo "needs two processors" >&2; exit 1; }

guessed "the thread is moved as one that is preempted: it stays runnable, and its count of voluntary switches stays as it is"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

static long sleeps(void) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static void pin(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set);
}

int main(void) {
    cpu_set_t all;
    int two[2], found = 0;
    sched_getaffinity(0, sizeof all, &all);
    for (int processor = 0; processor < CPU_SETSIZE && found < 2; processor++)
        if (CPU_ISSET(processor, &all))
            two[found++] = processor;
    pin(two[0]);
    long before = sleeps();
    for (int call = 0; call < 20; call++)
        pin(two[0]);
    printf("to where it is: %ld sleeps in 20 calls\n", sleeps() - before);
    before = sleeps();
    for (int call = 0; call < 20; call++)
        pin(two[(call + 1) % 2]);
    printf("to another processor: %ld sleeps in 20 calls\n", sleeps() - before);
    return 0;
}
C
cc -O1 -o probe probe.c
versions "the kernel's scheduler, as below"

look ./probe
holds 'to where it is: [0-2] sleeps in 20 calls' 'to another processor: (1[5-9]|2[0-9]) sleeps in 20 calls'
echo "found:   it asks a thread of the kernel, one for each processor, to move it, and waits for the answer: a pin belongs before the loop that must not sleep"

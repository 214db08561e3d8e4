#!/usr/bin/env bash
# The registration for the barrier that never sleeps sleeps for milliseconds, if the process has a second thread by then.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"

guessed "a registration sets a bit of the process, and may be made where the first barrier is needed; expedited calls do not sleep"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static long sleeps(void) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static void call(const char *name, int command, int times) {
    long before = sleeps();
    for (int call = 0; call < times; call++)
        if (syscall(SYS_membarrier, command, 0, 0) != 0)
            perror(name);
    printf("%s: %s\n", name, sleeps() > before ? "slept" : "did not sleep");
}

static void *wait_for_ever(void *nothing) {
    for (;;)
        pause();
    return nothing;
}

int main(int count, char **arguments) {
    int late = strcmp(arguments[1], "late") == 0;
    pthread_t thread;
    if (!late)
        call("registered with one thread", MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 1);
    pthread_create(&thread, 0, wait_for_ever, 0);
    if (late)
        call("registered with two threads", MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 1);
    call(late ? "barriers then" : "barriers", MEMBARRIER_CMD_PRIVATE_EXPEDITED, 100);
    return 0;
}
C
cc -O1 -pthread -o probe probe.c
versions "the kernel's membarrier, as below"

every() { ./probe early && ./probe late; }
look every
holds 'registered with one thread: did not sleep' 'barriers: did not sleep' 'registered with two threads: slept' 'barriers then: did not sleep'
echo "found:   the registration waits until every processor has seen it, some ten milliseconds: register before the first thread starts"

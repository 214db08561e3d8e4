#!/usr/bin/env bash
# posix_fadvise(POSIX_FADV_DONTNEED), a hint that pages of a file are not needed any more, sleeps until a thread of the kernel has run on other
# processors, if one of them has just read from the file. If the same processor read, it does not.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"
(($(nproc) >= 2)) || { echo "needs two processors" >&2; exit 1; }
kind=$(stat -f -c %T "$dir")
[[ $kind != tmpfs && $kind != ramfs ]] || { echo "needs TMPDIR on a disk, not on a $kind" >&2; exit 1; }

guessed "the hint drops the pages that can be dropped, leaves the others, and waits for nobody: the file has no unwritten page, nobody else has it"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CALLS = 300, PAGE = 4096, PAGES = 256 };
static char buffer[PAGE];
static int file, processors[2];

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

struct reader {
    int processor;
    atomic_int read, go_on;
};

// Reads three pages that lie apart, without reading ahead, and keeps its processor until it may go on.
static void *reads(void *argument) {
    struct reader *reader = argument;
    pin(reader->processor);
    for (int page = 0; page < 3; page++)
        if (pread(file, buffer, PAGE, page * 50L * PAGE) != PAGE)
            perror("pread");
    atomic_store(&reader->read, 1);
    while (!atomic_load(&reader->go_on))
        sched_yield();
    return NULL;
}

static void measure(const char *name, int processor) {
    int slept = 0;
    for (int call = 0; call < CALLS; call++) {
        struct reader reader = {processor, 0, 0};
        pthread_t thread;
        pthread_create(&thread, NULL, reads, &reader);
        while (!atomic_load(&reader.read))
            sched_yield();
        long before = sleeps();
        if (posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0)
            printf("refused\n");
        slept += sleeps() > before;
        atomic_store(&reader.go_on, 1);
        pthread_join(thread, NULL);
    }
    printf("%s: %s\n", name, slept >= CALLS / 30 ? "calls sleep" : slept <= CALLS / 100 ? "no call sleeps" : "unclear");
}

int main(void) {
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    for (int processor = 0, found = 0; processor < CPU_SETSIZE && found < 2; processor++)
        if (CPU_ISSET(processor, &all))
            processors[found++] = processor;
    file = open("file", O_RDWR | O_CREAT, 0600);
    for (int page = 0; page < PAGES; page++)
        if (write(file, buffer, PAGE) != PAGE)
            perror("write");
    fsync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
    pin(processors[0]);
    measure("read on the same processor", processors[0]);
    measure("read on another processor", processors[1]);
    return 0;
}
C
cc -O1 -pthread -o probe probe.c
versions "the kernel's memory management, as below" "a file system of the kind $kind"

look ./probe
holds 'read on the same processor: no call sleeps' 'read on another processor: calls sleep'
echo "found:   each processor keeps the pages that it read last in a list of its own for a while; to drop them the kernel has every processor that keeps \
some empty its list, by a thread of the kernel there, and waits for all of them"

#!/usr/bin/env bash
# A shared mapping of a file, populated and locked by mlock: each of its pages faults at the first write, and again at the first write after
# each msync or fsync. A mapping of a memfd does not.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"
kind=$(stat -f -c %T "$dir")
[[ $kind != tmpfs && $kind != ramfs ]] || { echo "needs TMPDIR on a disk, not on a $kind" >&2; exit 1; }

guessed "pages that are populated and locked take no page fault, least of all those that were written before"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PAGES = 64, PAGE = 4096 };
static volatile char *memory;

static long faults(void) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

static void write_all(const char *name, const char *when) {
    long before = faults();
    for (int page = 0; page < PAGES; page++)
        memory[page * PAGE]++;
    printf("%s, %s: %ld faults on %d pages\n", name, when, faults() - before, PAGES);
}

static int measure(const char *name, int file) {
    if (ftruncate(file, PAGES * PAGE) != 0)
        return 1;
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    if (memory == MAP_FAILED || mlock((void *)memory, PAGES * PAGE) != 0)
        return 1;
    write_all(name, "first write");
    write_all(name, "second write");
    if (msync((void *)memory, PAGES * PAGE, MS_SYNC) != 0)
        return 1;
    write_all(name, "after msync");
    write_all(name, "once more");
    if (fsync(file) != 0)
        return 1;
    write_all(name, "after fsync");
    return 0;
}

int main(void) { return measure("file", open("file", O_RDWR | O_CREAT, 0600)) + measure("memfd", memfd_create("memory", 0)); }
C
cc -O1 -o probe probe.c
versions "the kernel's memory management, as below" "a file system of the kind $kind"

look ./probe
none='[0-9] faults on 64 pages' all='(5[0-9]|6[0-9]) faults on 64 pages'
holds "file, first write: $all" "file, second write: $none" "file, after msync: $all" "file, once more: $none" "file, after fsync: $all" \
  "memfd, first write: $none" "memfd, after msync: $none" "memfd, after fsync: $none"
echo "found:   the kernel takes the right to write from each page that it writes back, locked or not, to see which one changes again: the next write \
is a fault, in which the file system may wait"

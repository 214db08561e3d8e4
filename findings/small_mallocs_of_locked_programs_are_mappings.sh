#!/usr/bin/env bash
# After mlockall(MCL_FUTURE) within the usual limit of 8 MiB, every malloc of 16 bytes in a thread is a mapping of its own: a
# system call and a locked page each.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"

guessed "mlockall keeps malloc from faulting and changes nothing else: small pieces are cut from the thread's arena, as ever"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* A piece that malloc has mapped for itself begins a page, but for its two words of header. */
static int with_own_pages(void) {
    int own = 0;
    for (int piece = 0; piece < 100; piece++) {
        volatile char *memory = malloc(16);
        if (memory == NULL)
            abort();
        own += (uintptr_t)memory % 4096 == 16;
    }
    return own;
}

static void *in_a_thread(void *found) {
    *(int *)found = with_own_pages();
    return NULL;
}

int main(int count, char **arguments) {
    int locked = strcmp(arguments[1], "locked") == 0;
    struct rlimit limit = {.rlim_cur = 8 << 20, .rlim_max = 8 << 20};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
        perror("setrlimit to 8 MiB");
        return 1;
    }
    /* The limit does not hold for root. */
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) {
        perror("setresuid");
        return 1;
    }
    if (locked && mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        perror("mlockall");
        return 1;
    }
    int there = 0;
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    if (pthread_create(&thread, &attributes, in_a_thread, &there) != 0)
        abort();
    pthread_join(thread, NULL);
    printf("%s, main thread: %s\n", arguments[1], with_own_pages() > 90 ? "each of 100 has its own page" : "they share pages");
    printf("%s, another thread: %s\n", arguments[1], there > 90 ? "each of 100 has its own page" : "they share pages");
    return 0;
}
C
cc -pthread -o probe probe.c
versions "glibc, as below"

both() { ./probe free && ./probe locked; }
look both
holds 'free, main thread: they share pages' 'free, another thread: they share pages' 'locked, main thread: they share pages' \
  'locked, another thread: each of 100 has its own page'
echo "found:   the 64 MiB that are reserved for a thread's arena count as locked and are refused; malloc then maps each piece by itself"

#!/usr/bin/env bash
# A thread that blocks all signals waits: in nanosleep, epoll_wait, or sem_timedwait. Another thread of the process calls setuid, for the user
# that it is already. The wait ends with EINTR. With the system call itself in the place of glibc's function it goes on.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"

guessed "setuid of one's own user is one system call that concerns nobody, and a thread that blocks all signals never sees EINTR"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int by_nanosleep(int milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    return nanosleep(&time, NULL);
}

static int by_epoll(int milliseconds) {
    struct epoll_event event;
    int epoll = epoll_create1(0), result = epoll_wait(epoll, &event, 1, milliseconds), error = errno;
    close(epoll);
    errno = error;
    return result;
}

static int by_semaphore(int milliseconds) {
    sem_t semaphore;
    struct timespec end;
    sem_init(&semaphore, 0, 0);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += milliseconds / 1000 + 1;
    return sem_timedwait(&semaphore, &end);
}

static int with_glibc(void) { return setuid(getuid()); }
static int with_the_system_call(void) { return syscall(SYS_setuid, getuid()); }

struct wait {
    const char *name;
    int (*wait)(int milliseconds);
    int milliseconds, interrupted;
    atomic_int done;
};

static void *waits(void *argument) {
    struct wait *wait = argument;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    wait->interrupted = wait->wait(wait->milliseconds) == -1 && errno == EINTR;
    atomic_store(&wait->done, 1);
    return NULL;
}

static void measure(const char *name, int (*wait)(int), const char *with, int (*set)(void), int milliseconds) {
    struct wait one = {name, wait, milliseconds, 0, 0};
    pthread_t thread;
    pthread_create(&thread, NULL, waits, &one);
    // Again and again, as it may not wait yet.
    while (!atomic_load(&one.done)) {
        usleep(10000);
        if (set() != 0)
            perror("setuid");
    }
    pthread_join(thread, NULL);
    printf("%s, %s: %s\n", name, with, one.interrupted ? "interrupted" : "waits to its end");
}

int main(void) {
    measure("nanosleep", by_nanosleep, "setuid of glibc", with_glibc, 10000);
    measure("epoll_wait", by_epoll, "setuid of glibc", with_glibc, 10000);
    measure("sem_timedwait", by_semaphore, "setuid of glibc", with_glibc, 10000);
    measure("nanosleep", by_nanosleep, "the system call", with_the_system_call, 500);
    measure("epoll_wait", by_epoll, "the system call", with_the_system_call, 500);
    measure("sem_timedwait", by_semaphore, "the system call", with_the_system_call, 500);
    return 0;
}
C
cc -O1 -pthread -o probe probe.c
versions "glibc, as below"

look ./probe
holds 'nanosleep, setuid of glibc: interrupted' 'epoll_wait, setuid of glibc: interrupted' 'sem_timedwait, setuid of glibc: interrupted' \
  'nanosleep, the system call: waits to its end' 'epoll_wait, the system call: waits to its end' 'sem_timedwait, the system call: waits to its end'
echo "found:   the kernel has a user for each thread, so glibc sends each thread a signal that nobody can block, whose handler makes the call there \
too: of a wait that the kernel does not take up again after a signal, the rest is lost"

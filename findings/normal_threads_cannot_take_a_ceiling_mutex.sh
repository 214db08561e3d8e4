#!/usr/bin/env bash
# A mutex with a priority ceiling answers EINVAL to every thread that is not real-time, even to trylock of a free one; and to
# real-time threads each lock and unlock is a system call.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs_root "a thread is made SCHED_FIFO"
needs cc "a C compiler"
needs strace "apt-get install strace"

guessed "a free mutex is taken by an atomic operation, whatever its protocol: no system call; a normal thread is below any ceiling, so it may"

cat >probe.c <<'C'
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    int protocol = strcmp(arguments[1], "none") == 0      ? PTHREAD_PRIO_NONE
                   : strcmp(arguments[1], "inherit") == 0 ? PTHREAD_PRIO_INHERIT
                                                          : PTHREAD_PRIO_PROTECT;
    int real_time = strcmp(arguments[2], "real-time") == 0;
    struct sched_param parameter = {.sched_priority = real_time ? 1 : 0};
    if (sched_setscheduler(0, real_time ? SCHED_FIFO : SCHED_OTHER, &parameter) != 0) {
        perror("sched_setscheduler");
        return 1;
    }
    pthread_mutexattr_t attributes;
    pthread_mutex_t mutex;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    if (protocol == PTHREAD_PRIO_PROTECT)
        pthread_mutexattr_setprioceiling(&attributes, 10);
    pthread_mutex_init(&mutex, &attributes);
    int result = 0;
    for (int call = 0; call < 10 && result == 0; call++) {
        result = pthread_mutex_trylock(&mutex);
        if (result == 0)
            pthread_mutex_unlock(&mutex);
    }
    printf("%s, %s thread: trylock of a free mutex answers %s\n", arguments[1], arguments[2],
           result == 0 ? "0" : result == EINVAL ? "EINVAL" : strerror(result));
    return 0;
}
C
cc -pthread -o probe probe.c
versions "glibc, as below"

every() {
  local protocol thread
  for protocol in none inherit protect; do
    for thread in normal real-time; do
      # The first one is the program's own.
      strace -f -e trace=sched_setscheduler -o trace ./probe "$protocol" "$thread"
      echo "$protocol, $thread thread: $(($(grep -c sched_setscheduler trace) - 1)) changes of the policy"
    done
  done
}
look every
for protocol in none inherit; do
  for thread in normal real-time; do
    holds "$protocol, $thread thread: trylock of a free mutex answers 0" "$protocol, $thread thread: 0 changes of the policy"
  done
done
holds 'protect, normal thread: trylock of a free mutex answers EINVAL' 'protect, normal thread: 1 changes of the policy' \
  'protect, real-time thread: trylock of a free mutex answers 0' 'protect, real-time thread: 20 changes of the policy'
echo "found:   glibc raises the thread's priority by sched_setscheduler at each lock and lowers it at each unlock; a normal policy has no such priority"

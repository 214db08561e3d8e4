#!/usr/bin/env bash
# pthread_getschedparam asks the kernel once for each thread, and answers from memory ever after. What others change later (chrt, a service
# like rtkit, the thread itself by sched_setscheduler) it never sees, nor does a thread that is made then ever know its true policy.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"

guessed "pthread_getschedparam says what policy and priority the thread has"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

static const char *policy(int number) { return number == SCHED_OTHER ? "other" : number == SCHED_BATCH ? "batch" : "something else"; }

static void compare(const char *when) {
    struct sched_param param;
    int known;
    pthread_getschedparam(pthread_self(), &known, &param);
    printf("%s: %s by pthread_getschedparam, %s by sched_getscheduler\n", when, policy(known), policy(sched_getscheduler(0)));
}

static void *run(void *when) {
    compare(when);
    return NULL;
}

static void in_thread(void *(*start)(void *), const char *argument) {
    pthread_t thread;
    pthread_create(&thread, NULL, start, (void *)argument);
    pthread_join(thread, NULL);
}

static void become(int policy) { sched_setscheduler(0, policy, &(struct sched_param){0}); }

static void *not_asked_before(void *when) {
    become(SCHED_BATCH);
    compare(when);
    in_thread(run, "its child");
    return NULL;
}

static void *asked_before(void *when) {
    compare("asked before it changes");
    become(SCHED_BATCH);
    compare(when);
    in_thread(run, "its child");
    return NULL;
}

int main(void) {
    in_thread(not_asked_before, "asked after it changed, for the first time");
    in_thread(asked_before, "asked before and after");
    return 0;
}
C
cc -O1 -pthread -o probe probe.c
versions "glibc, as below"

look ./probe
holds 'asked before it changes: other by pthread_getschedparam, other by sched_getscheduler' \
  'asked after it changed, for the first time: batch by pthread_getschedparam, batch by sched_getscheduler' \
  'its child: batch by pthread_getschedparam, batch by sched_getscheduler' \
  'asked before and after: other by pthread_getschedparam, batch by sched_getscheduler' \
  'its child: other by pthread_getschedparam, batch by sched_getscheduler'
echo "found:   only pthread_setschedparam changes what it remembers: a thread that asks whether others made it real-time, and had asked before, is told that they did not"

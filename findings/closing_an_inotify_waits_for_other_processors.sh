#!/usr/bin/env bash
# To close an inotify or fanotify descriptor that watches anything, or a packet socket that does nothing, sleeps for milliseconds.
# To close an io_uring, a perf event or an epoll does not.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs_root "fanotify, packet sockets and perf events"
needs cc "a C compiler"

guessed "close of an object of the kernel without a file, a disk or a peer behind it only frees; io_uring and perf events, which other contexts use, may wait"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_one(const char *name) {
#define IS(other) (strcmp(name, other) == 0)
    if (IS("eventfd")) return eventfd(0, 0);
    if (IS("armed timerfd")) {
        int fd = timerfd_create(CLOCK_MONOTONIC, 0);
        timerfd_settime(fd, 0, &(struct itimerspec){.it_value = {.tv_sec = 1}}, 0);
        return fd;
    }
    if (IS("epoll of a pipe")) {
        int fd = epoll_create1(0), ends[2];
        if (pipe(ends) != 0) return -1;
        epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &(struct epoll_event){.events = EPOLLIN});
        return fd;
    }
    if (IS("udp socket")) return socket(AF_INET, SOCK_DGRAM, 0);
    if (IS("netlink socket")) return socket(AF_NETLINK, SOCK_RAW, 0);
    if (IS("packet socket, not bound")) return socket(AF_PACKET, SOCK_RAW, 0);
    if (IS("perf event")) {
        struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_TASK_CLOCK};
        return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
    }
    if (IS("io_uring")) return syscall(SYS_io_uring_setup, 4, &(struct io_uring_params){0});
    if (IS("inotify")) return inotify_init1(0);
    if (IS("inotify of a folder")) {
        int fd = inotify_init1(0);
        return inotify_add_watch(fd, ".", IN_CREATE) < 0 ? -1 : fd;
    }
    if (IS("fanotify of a folder")) {
        int fd = fanotify_init(FAN_CLASS_NOTIF, 0);
        return fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, ".") != 0 ? -1 : fd;
    }
    return -1;
}

static long sleeps(void) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

int main(int count, char **names) {
    for (int at = 1; at < count; at++) {
        long slept = 0;
        for (int call = 0; call < 10; call++) {
            int fd = open_one(names[at]);
            if (fd < 0) {
                perror(names[at]);
                return 1;
            }
            long before = sleeps();
            close(fd);
            slept += sleeps() > before;
        }
        printf("%s: %ld of 10 closes slept\n", names[at], slept);
    }
    return 0;
}
C
cc -O1 -o probe probe.c
versions "the kernel's close, as below"

without=("eventfd" "armed timerfd" "epoll of a pipe" "udp socket" "netlink socket" "perf event" "io_uring" "inotify")
with=("inotify of a folder" "fanotify of a folder" "packet socket, not bound")
look ./probe "${without[@]}" "${with[@]}"
for name in "${without[@]}"; do holds "$name: [0-2] of 10 closes slept"; done
for name in "${with[@]}"; do holds "$name: ([89]|10) of 10 closes slept"; done
echo "found:   the three wait until every processor has left what read the old list: some ten milliseconds each, by a call that no document says may block"

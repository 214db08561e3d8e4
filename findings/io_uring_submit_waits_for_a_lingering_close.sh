#!/usr/bin/env bash
# To submit the close of a socket that lingers, to io_uring, takes as long as the socket lingers, though it does not block.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cc "a C compiler"

guessed "io_uring_enter that only submits returns at once: what may wait is handed to a worker of the kernel; and a non-blocking socket never waits"

cat >probe.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

// A non-blocking socket that lingers for a second, and has more to send than its peer takes.
static int lingering(int *peer) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (void *)&address, size);
    listen(listener, 1);
    getsockname(listener, (void *)&address, &size);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, (void *)&address, size);
    *peer = accept(listener, 0, 0);
    close(listener);
    fcntl(client, F_SETFL, O_NONBLOCK);
    struct linger linger = {.l_onoff = 1, .l_linger = 1};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    static char bytes[1 << 16];
    while (send(client, bytes, sizeof bytes, 0) > 0)
        ;
    return client;
}

static void tell(const char *name, double seconds) {
    printf("%s: %s\n", name, seconds > 0.9 ? "as long as the socket lingers" : seconds < 0.1 ? "at once" : "something else");
}

int main(void) {
    int peer, client = lingering(&peer);
    double start = now();
    close(client);
    tell("close(2) of a non-blocking socket", now() - start);
    close(peer);

    struct io_uring_params parameters = {0};
    int ring = syscall(SYS_io_uring_setup, 4, &parameters);
    if (ring < 0) {
        perror("io_uring_setup");
        return 1;
    }
    char *queue = mmap(0, parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entries = mmap(0, parameters.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    unsigned *tail = (void *)(queue + parameters.sq_off.tail), *array = (void *)(queue + parameters.sq_off.array);
    for (int async = 0; async < 2; async++) {
        client = lingering(&peer);
        unsigned at = *tail & (parameters.sq_entries - 1);
        entries[at] = (struct io_uring_sqe){.opcode = IORING_OP_CLOSE, .fd = client, .flags = async ? IOSQE_ASYNC : 0};
        array[at] = at;
        __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
        start = now();
        long submitted = syscall(SYS_io_uring_enter, ring, 1, 0, 0, 0, 0);
        double took = now() - start;
        if (submitted != 1)
            return 1;
        tell(async ? "io_uring_enter with IOSQE_ASYNC" : "io_uring_enter, nothing to wait for", took);
        close(peer);
    }
    return 0;
}
C
cc -O1 -o probe probe.c
versions "the kernel's io_uring, as below"

look ./probe
holds \
  'close\(2\) of a non-blocking socket: as long as the socket lingers' \
  'io_uring_enter, nothing to wait for: as long as the socket lingers' \
  'io_uring_enter with IOSQE_ASYNC: at once'
echo "found:   the close is made by the submitter itself, and the socket's end follows on its way out of the call; O_NONBLOCK does not count there, IOSQE_ASYNC does"

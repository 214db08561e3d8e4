#!/usr/bin/env bash
# glibc's dprintf asks where it stands in the file before it writes, and gives up at any answer but "this cannot seek": /dev/kmsg answers
# EINVAL. So nothing is written to the kernel's log, though write and fprintf do.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs_root "to write to /dev/kmsg"
needs gcc "a C compiler"

guessed "dprintf writes to every descriptor that write writes to"

cat >probe.c <<'C'
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void tell(const char *what, int written)
{
    printf("%s: %s\n", what, written > 0 ? "written" : strerror(errno));
}

int main(void)
{
    int log = open("/dev/kmsg", O_WRONLY);
    if (log < 0)
        return perror("/dev/kmsg"), 1;
    tell("dprintf", dprintf(log, "findings: %d\n", 1));
    tell("write", write(log, "findings: 2\n", 12));
    FILE *stream = fdopen(log, "w");
    fprintf(stream, "findings: %d\n", 3);
    tell("fdopen and fprintf", fflush(stream) == 0);
}
C
gcc -o probe probe.c
versions "glibc, as Debian has it"
look ./probe
holds "dprintf: Invalid argument" "write: written" "fdopen and fprintf: written"
echo "found:   a program that logs to the kernel by dprintf, and does not look at what it returns, logs nothing"

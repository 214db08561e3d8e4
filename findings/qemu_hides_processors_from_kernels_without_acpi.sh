#!/usr/bin/env bash
# A Linux guest without ACPI sees one processor of qemu's `-smp 2`, and two if each is a socket of its own: a race test in such a guest
# tests nothing.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$here/kernel.sh"

guessed "a guest with CONFIG_SMP has as many processors as -smp says"

kernel
cat >init.c <<'C'
#include <stdio.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>
/* dprintf seeks before it writes, which /dev/kmsg refuses. */
static void say(int log, const char *form, long value)
{
    char line[80];
    write(log, line, snprintf(line, sizeof line, form, value));
}

int main(void)
{
    mount("dev", "/dev", "devtmpfs", 0, "");
    int log = open("/dev/kmsg", O_WRONLY);
    say(log, "look: processors %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    usleep(200000);
    reboot(RB_AUTOBOOT);
}
C
all() {
  local processors
  for processors in 2 2,sockets=2,cores=1,threads=1 2,sockets=1,cores=2,threads=1; do
    boot "$processors"
    echo "-smp $processors: $(sed -n 's/.*look: processors //p' guest.log) online"
  done
}
look all
holds "-smp 2: 1 online" "-smp 2,sockets=2,cores=1,threads=1: 2 online" "-smp 2,sockets=1,cores=2,threads=1: 1 online"
echo "found:   without ACPI a guest finds processors in a table that lists sockets only"

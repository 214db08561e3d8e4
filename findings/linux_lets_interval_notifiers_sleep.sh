#!/usr/bin/env bash
# Where the OOM reaper's code must not sleep, Linux opens a section around the callbacks of a process's mmu notifiers, but none around
# those of its interval notifiers: a driver that sleeps in the latter is not reported.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$here/kernel.sh"

guessed "a kernel with CONFIG_DEBUG_ATOMIC_SLEEP reports a driver that sleeps while process_mrelease takes memory, whichever kind of \
notifier it has"

kernel
cat >look.c <<'C'
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched.h>

static struct mmu_notifier list;
static struct mmu_interval_notifier interval;

static void sleeps(const char *kind, const struct mmu_notifier_range *range)
{
	if (mmu_notifier_range_blockable(range))
		return;
	pr_info("look: the %s callback must not sleep, sections open: %d\n", kind, current->non_block_count);
	msleep(20);
	pr_info("look: the %s callback has slept\n", kind);
}

static int list_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	sleeps("list", range);
	return 0;
}

static bool interval_invalidate(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range, unsigned long seq)
{
	mmu_interval_set_seq(notifier, seq);
	sleeps("interval", range);
	return true;
}

static const struct mmu_notifier_ops list_ops = { .invalidate_range_start = list_start };
static const struct mmu_interval_notifier_ops interval_ops = { .invalidate = interval_invalidate };

/* 101: the list. 102: the interval of a page. 103: sleeps, and is not to be killed meanwhile. */
static long ask(struct file *file, unsigned int number, unsigned long argument)
{
	if (number == 101) {
		list.ops = &list_ops;
		return mmu_notifier_register(&list, current->mm);
	}
	if (number == 103) {
		msleep(1500);
		return 0;
	}
	return mmu_interval_notifier_insert(&interval, current->mm, argument, PAGE_SIZE, &interval_ops);
}

static const struct file_operations operations = { .owner = THIS_MODULE, .unlocked_ioctl = ask };
static struct miscdevice device = { .minor = MISC_DYNAMIC_MINOR, .name = "look", .fops = &operations };
module_misc_device(device);
MODULE_LICENSE("GPL");
C
cat >init.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* dprintf seeks before it writes, which /dev/kmsg refuses. */
static void say(int log, const char *form, long value)
{
    char line[80];
    write(log, line, snprintf(line, sizeof line, form, value));
}

static int device;

static void *stay(void *unused)
{
    ioctl(device, 103, 0);
    return unused;
}

/* A thread of it stays in the kernel, so that its memory is there still when it is killed. */
static void victim(int kind, int ready)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread;
    device = open("/dev/look", O_RDWR);
    page[0] = 1;
    if (ioctl(device, 100 + kind, page) || pthread_create(&thread, NULL, stay, NULL))
        _exit(1);
    usleep(100000);
    write(ready, "r", 1);
    pause();
}

static void play(int kind, int log)
{
    int ready[2], status;
    char byte;
    pipe(ready);
    pid_t pid = fork();
    if (!pid)
        victim(kind, ready[1]);
    close(ready[1]);
    read(ready[0], &byte, 1);
    usleep(200000);
    kill(pid, SIGKILL);
    usleep(200000);
    say(log, kind == 1 ? "look: begin list\n" : "look: begin interval\n", 0);
    long released = syscall(448, syscall(434, pid, 0), 0);
    say(log, "look: end %ld\n", released);
    waitpid(pid, &status, 0);
}

int main(void)
{
    mount("dev", "/dev", "devtmpfs", 0, "");
    int log = open("/dev/kmsg", O_WRONLY);
    int module = open("/look.ko", O_RDONLY);
    say(log, "look: load %ld\n", syscall(SYS_finit_module, module, "", 0));
    play(1, log);
    play(2, log);
    usleep(200000);
    reboot(RB_AUTOBOOT);
}
C
boot
all() {
  local kind
  for kind in list interval; do
    sed -n "/look: begin $kind/,/look: end/p" guest.log >part
    echo "$kind: $(sed -n 's/.*\(sections open: [0-9]*\).*/\1/p' part | sed -n 1p), slept $(grep -c 'has slept' part) times," \
      "reports $(grep -c 'BUG: scheduling in a non-blocking section' part)," \
      "process_mrelease returned $(sed -n 's/.*look: end //p' part)"
  done
}
look all
holds "list: sections open: 1, slept [1-9][0-9]* times, reports [1-9][0-9]*, process_mrelease returned 0" \
  "interval: sections open: 0, slept 1 times, reports 0, process_mrelease returned 0"
echo "found:   what an interval notifier does where it must not sleep, no debugging kernel sees"

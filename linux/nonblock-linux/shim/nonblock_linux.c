// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the kernel has as macros and inline functions, as functions that Rust can call.
 *
 * The kernel half of nonblock-linux stands on these and on nothing else of the kernel, so it needs neither its
 * bindings nor its `kernel` crate, which both change from release to release. Each function is declared once more in
 * `src/kernel/shim.rs`.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "nonblock_linux.h"

/* There a `spinlock_t` sleeps, and the kernel reports one that is taken in a section. */
#ifdef CONFIG_PREEMPT_RT
#error "nonblock needs a kernel without CONFIG_PREEMPT_RT"
#endif

/* The count of open sections: the kernel's own, of the running task. */

#ifdef CONFIG_DEBUG_ATOMIC_SLEEP
void nonblock_linux_section_start(void)
{
	non_block_start();
}

bool nonblock_linux_section_end(void)
{
	if (!current->non_block_count)
		return false;
	non_block_end();
	return true;
}

u32 nonblock_linux_section_depth(void)
{
	return current->non_block_count;
}

u32 nonblock_linux_section_suspend(void)
{
	u32 depth = current->non_block_count;

	current->non_block_count = 0;
	return depth;
}

void nonblock_linux_section_resume(u32 depth)
{
	current->non_block_count += depth;
}

u32 nonblock_linux_task_id(void)
{
	return task_pid_nr(current);
}

/*
 * Returns how many bytes of the name were written. Without the lock of the name, as the kernel's own reports read it: who
 * is reported may hold that lock, or have interrupted who holds it.
 */
size_t nonblock_linux_task_name(char *name, size_t size)
{
	size_t length = min(strnlen(current->comm, TASK_COMM_LEN), size);

	memcpy(name, current->comm, length);
	return length;
}

void nonblock_linux_print(const char *line, size_t length)
{
	printk(KERN_ERR "%.*s\n", (int)length, line);
}

/* What the kernel adds to a report of its own: the state of the processor, the call trace, the taint. */
void nonblock_linux_report_ends(void)
{
	printk(KERN_ERR "in_atomic(): %d, irqs_disabled(): %d, non_block: %d, pid: %d, name: %s\n",
	       in_atomic(), irqs_disabled(), current->non_block_count,
	       current->pid, current->comm);
	dump_stack();
	add_taint(TAINT_WARN, LOCKDEP_STILL_OK);
}

void nonblock_linux_abort(void)
{
	panic("nonblock: a violation, by the policy `abort`");
}
#endif

/* Memory. */

void *nonblock_linux_alloc(size_t size, bool may_sleep)
{
	return kmalloc(size, (may_sleep ? GFP_KERNEL : GFP_NOWAIT) | __GFP_NOWARN);
}

void nonblock_linux_free(void *memory)
{
	kfree(memory);
}

/* Locks, and what is waited for. */

struct mutex *nonblock_linux_mutex_new(const char *name, struct lock_class_key *key)
{
	struct mutex *mutex = kmalloc(sizeof(*mutex), GFP_KERNEL);

	if (mutex)
		__mutex_init(mutex, name, key);
	return mutex;
}

void nonblock_linux_mutex_free(struct mutex *mutex)
{
	mutex_destroy(mutex);
	kfree(mutex);
}

void nonblock_linux_mutex_lock(struct mutex *mutex)
{
	mutex_lock(mutex);
}

bool nonblock_linux_mutex_trylock(struct mutex *mutex)
{
	return mutex_trylock(mutex);
}

void nonblock_linux_mutex_unlock(struct mutex *mutex)
{
	mutex_unlock(mutex);
}

spinlock_t *nonblock_linux_spin_lock_new(const char *name, struct lock_class_key *key)
{
	spinlock_t *lock = kmalloc(sizeof(*lock), GFP_KERNEL);

	if (!lock)
		return NULL;
#ifdef CONFIG_DEBUG_SPINLOCK
	__raw_spin_lock_init(spinlock_check(lock), name, key, LD_WAIT_CONFIG);
#else
	spin_lock_init(lock);
#endif
	return lock;
}

void nonblock_linux_spin_lock(spinlock_t *lock)
{
	spin_lock(lock);
}

void nonblock_linux_spin_unlock(spinlock_t *lock)
{
	spin_unlock(lock);
}

struct completion *nonblock_linux_completion_new(void)
{
	struct completion *completion = kmalloc(sizeof(*completion), GFP_KERNEL);

	if (completion)
		init_completion(completion);
	return completion;
}

void nonblock_linux_complete(struct completion *completion)
{
	complete(completion);
}

void nonblock_linux_complete_all(struct completion *completion)
{
	complete_all(completion);
}

void nonblock_linux_wait_for_completion(struct completion *completion)
{
	wait_for_completion(completion);
}

/* Piece by piece: `msleep()`, which `fsleep()` calls, takes milliseconds of 32 bits. */
void nonblock_linux_sleep(u64 microseconds)
{
	const unsigned long hour = 3600UL * USEC_PER_SEC;

	might_sleep();
	for (; microseconds > hour; microseconds -= hour)
		fsleep(hour);
	fsleep(microseconds);
}

/* The memory of a process. */

/* What `nonblock_mm` calls a page, and drivers compute offsets with. */
static_assert(PAGE_SIZE == 4096);

/* Returns the memory of the running process with a reference to it, or NULL for a thread of the kernel. */
struct mm_struct *nonblock_linux_mm_current(void)
{
	struct mm_struct *mm = current->mm;

	if (mm)
		mmgrab(mm);
	return mm;
}

void nonblock_linux_mm_drop(struct mm_struct *mm)
{
	mmdrop(mm);
}

/* Returns a reference to the page at an address, which is made present and writable. Else an error in `*error`. */
struct page *nonblock_linux_page_get(struct mm_struct *mm, unsigned long address, int *error)
{
	struct page *page = NULL;
	/* A process that is gone has no memory there. */
	long got = -EFAULT;
	/* The fault may give the lock back. One that must not cannot wait for `userfaultfd`, and fails. */
	int locked = 1;

	if (mmget_not_zero(mm)) {
		mmap_read_lock(mm);
		got = get_user_pages_remote(mm, address, 1, FOLL_WRITE, &page, &locked);
		if (locked)
			mmap_read_unlock(mm);
		mmput(mm);
	}
	if (got == 1)
		return page;
	*error = got < 0 ? -got : EFAULT;
	return NULL;
}

void nonblock_linux_page_put(struct page *page)
{
	put_page(page);
}

unsigned long nonblock_linux_page_frame(struct page *page)
{
	return page_to_pfn(page);
}

u64 nonblock_linux_page_read(struct page *page, size_t offset)
{
	void *mapped = kmap_local_page(page);
	u64 value = READ_ONCE(*(u64 *)(mapped + offset));

	kunmap_local(mapped);
	return value;
}

/*
 * The notifiers. Each keeps the module, whose code is called: an open file does so too, but a subscription may be forgotten,
 * or kept in a static, and then nothing ends it.
 */

/* The notifiers of a list. */

struct nonblock_linux_list {
	struct mmu_notifier notifier;
	void *driver;
	const struct nonblock_linux_list_calls *calls;
	/* The subscription is being ended, which is no release of the memory. */
	bool ending;
};

static struct nonblock_linux_range range_of(const struct mmu_notifier_range *range)
{
	return (struct nonblock_linux_range) {
		.start = range->start,
		.end = range->end,
		.event = range->event,
		.blockable = mmu_notifier_range_blockable(range),
		.owner = (uintptr_t)range->owner,
	};
}

static struct nonblock_linux_list *list_of(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct nonblock_linux_list, notifier);
}

static int list_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct nonblock_linux_list *list = list_of(notifier);
	struct nonblock_linux_range told = range_of(range);

	return list->calls->start(list->driver, &told) ? 0 : -EAGAIN;
}

static void list_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct nonblock_linux_list *list = list_of(notifier);

	if (!READ_ONCE(list->ending))
		list->calls->release(list->driver);
}

static int list_clear_flush_young(struct mmu_notifier *notifier, struct mm_struct *mm,
				  unsigned long start, unsigned long end)
{
	struct nonblock_linux_list *list = list_of(notifier);

	return list->calls->clear_flush_young(list->driver, start, end);
}

static int list_clear_young(struct mmu_notifier *notifier, struct mm_struct *mm,
			    unsigned long start, unsigned long end)
{
	struct nonblock_linux_list *list = list_of(notifier);

	return list->calls->clear_young(list->driver, start, end);
}

static int list_test_young(struct mmu_notifier *notifier, struct mm_struct *mm,
			   unsigned long address)
{
	struct nonblock_linux_list *list = list_of(notifier);

	return list->calls->test_young(list->driver, address);
}

/*
 * Without `invalidate_range_end`: Linux warns of a notifier that has it and refuses, since it could not tell which
 * starts are owed an end. Without `arch_invalidate_secondary_tlbs`: Linux takes no notifier that has it and a start.
 */
static const struct mmu_notifier_ops list_ops = {
	.release = list_release,
	.invalidate_range_start = list_start,
	.clear_flush_young = list_clear_flush_young,
	.clear_young = list_clear_young,
	.test_young = list_test_young,
};

struct nonblock_linux_list *
nonblock_linux_list_register(struct mm_struct *mm, void *driver,
			     const struct nonblock_linux_list_calls *calls, int *error)
{
	struct nonblock_linux_list *list;
	int failed;

	might_sleep();
	list = kzalloc(sizeof(*list), GFP_KERNEL);
	if (!list) {
		*error = ENOMEM;
		return NULL;
	}
	list->notifier.ops = &list_ops;
	list->driver = driver;
	list->calls = calls;
	failed = -ESRCH;
	if (mmget_not_zero(mm)) {
		failed = mmu_notifier_register(&list->notifier, mm);
		mmput(mm);
	}
	if (failed) {
		*error = -failed;
		kfree(list);
		return NULL;
	}
	__module_get(THIS_MODULE);
	return list;
}

/* After this no callback runs any more. */
void nonblock_linux_list_unregister(struct nonblock_linux_list *list)
{
	might_sleep();
	WRITE_ONCE(list->ending, true);
	mmu_notifier_unregister(&list->notifier, list->notifier.mm);
	kfree(list);
	module_put(THIS_MODULE);
}

/* The notifiers of intervals. */

struct nonblock_linux_interval {
	struct mmu_interval_notifier notifier;
	void *driver;
	nonblock_linux_start_t start;
};

static bool interval_invalidate(struct mmu_interval_notifier *notifier,
				const struct mmu_notifier_range *range, unsigned long seq)
{
	struct nonblock_linux_interval *interval =
		container_of(notifier, struct nonblock_linux_interval, notifier);
	struct nonblock_linux_range told = range_of(range);

	/*
	 * Before the driver takes its lock. A reader that holds the lock and still sees the old number installs what the
	 * driver then removes; one that takes the lock after the driver sees this number, and tries again.
	 */
	mmu_interval_set_seq(notifier, seq);
	return interval->start(interval->driver, &told);
}

static const struct mmu_interval_notifier_ops interval_ops = {
	.invalidate = interval_invalidate,
};

struct nonblock_linux_interval *
nonblock_linux_interval_insert(struct mm_struct *mm, unsigned long start, unsigned long length,
			       void *driver, nonblock_linux_start_t invalidate, int *error)
{
	struct nonblock_linux_interval *interval;
	int failed;

	might_sleep();
	interval = kzalloc(sizeof(*interval), GFP_KERNEL);
	if (!interval) {
		*error = ENOMEM;
		return NULL;
	}
	interval->driver = driver;
	interval->start = invalidate;
	failed = -ESRCH;
	if (mmget_not_zero(mm)) {
		failed = mmu_interval_notifier_insert(&interval->notifier, mm, start, length,
						      &interval_ops);
		mmput(mm);
	}
	if (failed) {
		*error = -failed;
		kfree(interval);
		return NULL;
	}
	__module_get(THIS_MODULE);
	return interval;
}

/* After this no callback runs any more. */
void nonblock_linux_interval_remove(struct nonblock_linux_interval *interval)
{
	might_sleep();
	mmu_interval_notifier_remove(&interval->notifier);
	kfree(interval);
	module_put(THIS_MODULE);
}

unsigned long nonblock_linux_interval_read_begin(struct nonblock_linux_interval *interval)
{
	might_sleep();
	return mmu_interval_read_begin(&interval->notifier);
}

/*
 * With the driver's lock held, as `mmu_interval_read_retry()` wants it. That reads the number as if nobody wrote it then;
 * `interval_invalidate()` does, so it is read once.
 */
bool nonblock_linux_interval_read_retry(struct nonblock_linux_interval *interval,
					unsigned long seq)
{
	return mmu_interval_check_retry(&interval->notifier, seq);
}

/* Work for a thread that may sleep. */

struct nonblock_linux_work {
	struct work_struct work;
	spinlock_t lock;
	struct workqueue_struct *queue;
	void *owner;
	void (*run)(void *owner);
};

static void work_run(struct work_struct *work)
{
	struct nonblock_linux_work *of = container_of(work, struct nonblock_linux_work, work);

	of->run(of->owner);
}

struct nonblock_linux_work *nonblock_linux_work_new(void (*run)(void *owner))
{
	struct nonblock_linux_work *work;

	might_sleep();
	work = kzalloc(sizeof(*work), GFP_KERNEL);
	if (!work)
		return NULL;
	/* With a thread set aside: under memory pressure none could be started. */
	work->queue = alloc_ordered_workqueue("nonblock", WQ_MEM_RECLAIM);
	if (!work->queue) {
		kfree(work);
		return NULL;
	}
	INIT_WORK(&work->work, work_run);
	spin_lock_init(&work->lock);
	work->run = run;
	return work;
}

/* To be called once, before anything is queued. */
void nonblock_linux_work_set_owner(struct nonblock_linux_work *work, void *owner)
{
	work->owner = owner;
}

/* Runs what is queued, and then frees the work. */
void nonblock_linux_work_free(struct nonblock_linux_work *work)
{
	might_sleep();
	destroy_workqueue(work->queue);
	kfree(work);
}

void nonblock_linux_work_queue(struct nonblock_linux_work *work)
{
	queue_work(work->queue, &work->work);
}

void nonblock_linux_work_flush(struct nonblock_linux_work *work)
{
	might_sleep();
	flush_work(&work->work);
}

/* The lock over the items: also for interrupts, which may push. */
unsigned long nonblock_linux_work_lock(struct nonblock_linux_work *work)
{
	unsigned long flags;

	spin_lock_irqsave(&work->lock, flags);
	return flags;
}

void nonblock_linux_work_unlock(struct nonblock_linux_work *work, unsigned long flags)
{
	spin_unlock_irqrestore(&work->lock, flags);
}

/* A device of the class `misc`. */

struct nonblock_linux_misc {
	struct miscdevice device;
	const struct nonblock_linux_misc_calls *calls;
};

struct misc_file {
	const struct nonblock_linux_misc_calls *calls;
	void *state;
};

static int misc_open(struct inode *inode, struct file *file)
{
	/* `misc_open` of the kernel leaves the device there. */
	struct nonblock_linux_misc *misc =
		container_of(file->private_data, struct nonblock_linux_misc, device);
	struct misc_file *opened = kmalloc(sizeof(*opened), GFP_KERNEL);
	struct mm_struct *mm;
	int error = EINVAL;

	if (!opened)
		return -ENOMEM;
	mm = nonblock_linux_mm_current();
	opened->calls = misc->calls;
	opened->state = mm ? misc->calls->open(mm, &error) : NULL;
	if (!opened->state) {
		kfree(opened);
		return -error;
	}
	file->private_data = opened;
	return 0;
}

static int misc_release(struct inode *inode, struct file *file)
{
	struct misc_file *opened = file->private_data;

	opened->calls->release(opened->state);
	kfree(opened);
	return 0;
}

/* The argument is copied in before the call and out after it, whatever the call returns. */
static long misc_ioctl(struct file *file, unsigned int number, unsigned long argument)
{
	struct misc_file *opened = file->private_data;
	u64 words[NONBLOCK_LINUX_MAX_WORDS];
	size_t size = _IOC_SIZE(number);
	long result;

	/* `ioctl::words()` of the crate takes the same numbers. */
	if (_IOC_DIR(number) != (_IOC_READ | _IOC_WRITE) || !size || size > sizeof(words) ||
	    size % sizeof(u64))
		return -ENOTTY;
	if (copy_from_user(words, (void __user *)argument, size))
		return -EFAULT;
	result = opened->calls->ioctl(opened->state, number, words, size / sizeof(u64));
	if (copy_to_user((void __user *)argument, words, size))
		return -EFAULT;
	return result;
}

/* Of the module, not of the device: files that are open use them after the device is gone. */
static const struct file_operations misc_operations = {
	.owner = THIS_MODULE,
	.open = misc_open,
	.release = misc_release,
	.unlocked_ioctl = misc_ioctl,
	/* The words are the same in a program of 32 bits. */
	.compat_ioctl = compat_ptr_ioctl,
};

struct nonblock_linux_misc *
nonblock_linux_misc_register(const char *name, const struct nonblock_linux_misc_calls *calls,
			     int *error)
{
	struct nonblock_linux_misc *misc;
	int failed;

	might_sleep();
	misc = kzalloc(sizeof(*misc), GFP_KERNEL);
	if (!misc) {
		*error = ENOMEM;
		return NULL;
	}
	misc->calls = calls;
	misc->device.minor = MISC_DYNAMIC_MINOR;
	misc->device.name = name;
	misc->device.fops = &misc_operations;
	failed = misc_register(&misc->device);
	if (failed) {
		*error = -failed;
		kfree(misc);
		return NULL;
	}
	return misc;
}

void nonblock_linux_misc_deregister(struct nonblock_linux_misc *misc)
{
	might_sleep();
	misc_deregister(&misc->device);
	kfree(misc);
}

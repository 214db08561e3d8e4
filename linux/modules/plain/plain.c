// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A driver in C that sleeps in the callback of an interval notifier of Linux's own: to see whether the kernel reports it.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define PLAIN_MIRROR _IOWR('n', 1, u64[2])
#define PLAIN_COUNTERS _IOWR('n', 7, u64[16])

struct plain {
	/* Of who begins to mirror. The callback does not take it. */
	struct mutex lock;
	struct mmu_interval_notifier notifier;
	bool mirrors;
	atomic64_t calls;
	atomic64_t calls_that_must_not_sleep;
	/* The kernel's count of open sections, as the last of these found it. */
	atomic64_t depth;
};

static bool plain_invalidate(struct mmu_interval_notifier *notifier,
			     const struct mmu_notifier_range *range, unsigned long seq)
{
	struct plain *plain = container_of(notifier, struct plain, notifier);

	mmu_interval_set_seq(notifier, seq);
	atomic64_inc(&plain->calls);
	if (mmu_notifier_range_blockable(range))
		return true;
	atomic64_inc(&plain->calls_that_must_not_sleep);
#ifdef CONFIG_DEBUG_ATOMIC_SLEEP
	atomic64_set(&plain->depth, current->non_block_count);
#endif
	/* The fault. */
	msleep(20);
	return true;
}

static const struct mmu_interval_notifier_ops plain_notifier_ops = {
	.invalidate = plain_invalidate,
};

static int plain_open(struct inode *inode, struct file *file)
{
	struct plain *plain = kzalloc(sizeof(*plain), GFP_KERNEL);

	if (!plain)
		return -ENOMEM;
	mutex_init(&plain->lock);
	file->private_data = plain;
	return 0;
}

static int plain_release(struct inode *inode, struct file *file)
{
	struct plain *plain = file->private_data;

	if (plain->mirrors)
		mmu_interval_notifier_remove(&plain->notifier);
	kfree(plain);
	return 0;
}

static long plain_ioctl(struct file *file, unsigned int number, unsigned long argument)
{
	struct plain *plain = file->private_data;
	u64 words[16] = {};
	int failed;

	switch (number) {
	case PLAIN_MIRROR:
		if (copy_from_user(words, (void __user *)argument, _IOC_SIZE(number)))
			return -EFAULT;
		mutex_lock(&plain->lock);
		failed = -EBUSY;
		if (!plain->mirrors) {
			failed = mmu_interval_notifier_insert(&plain->notifier, current->mm,
							      words[0], words[1],
							      &plain_notifier_ops);
			plain->mirrors = !failed;
		}
		mutex_unlock(&plain->lock);
		return failed;
	case PLAIN_COUNTERS:
		words[0] = atomic64_read(&plain->calls);
		words[1] = atomic64_read(&plain->calls_that_must_not_sleep);
		words[2] = atomic64_read(&plain->depth);
		if (copy_to_user((void __user *)argument, words, _IOC_SIZE(number)))
			return -EFAULT;
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations plain_operations = {
	.owner = THIS_MODULE,
	.open = plain_open,
	.release = plain_release,
	.unlocked_ioctl = plain_ioctl,
};

static struct miscdevice plain_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "plain",
	.fops = &plain_operations,
};

module_misc_device(plain_device);

MODULE_AUTHOR("The nonblock developers");
MODULE_DESCRIPTION("A driver that sleeps in the callback of an interval notifier");
MODULE_LICENSE("Dual MIT/GPL");

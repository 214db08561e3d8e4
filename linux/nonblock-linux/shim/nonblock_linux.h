/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the C shim and the kernel half of nonblock-linux call in each other. `src/kernel/shim.rs` has the same in Rust.
 */
#ifndef NONBLOCK_LINUX_H
#define NONBLOCK_LINUX_H

#include <linux/types.h>

/* How many words an ioctl may carry. */
#define NONBLOCK_LINUX_MAX_WORDS 32

struct completion;
struct lock_class_key;
struct mm_struct;
struct mutex;
struct nonblock_linux_interval;
struct nonblock_linux_list;
struct nonblock_linux_misc;
struct nonblock_linux_work;
struct page;

/* What is invalidated. */
struct nonblock_linux_range {
	unsigned long start;
	unsigned long end;
	/* Of `enum mmu_notifier_event`. */
	u32 event;
	bool blockable;
	/* The driver that caused it, as a number, or 0. */
	uintptr_t owner;
};

/* Takes a range from the device. Returns false to refuse, which only a call that is not blockable may. */
typedef bool (*nonblock_linux_start_t)(void *driver, const struct nonblock_linux_range *range);

/* The callbacks of a notifier of a list. */
struct nonblock_linux_list_calls {
	nonblock_linux_start_t start;
	void (*release)(void *driver);
	bool (*clear_flush_young)(void *driver, unsigned long start, unsigned long end);
	bool (*clear_young)(void *driver, unsigned long start, unsigned long end);
	bool (*test_young)(void *driver, unsigned long address);
};

/* The calls of a device. */
struct nonblock_linux_misc_calls {
	/* Is given the reference to `mm`. Returns NULL on an error, a positive number in `*error`. */
	void *(*open)(struct mm_struct *mm, int *error);
	/* Returns a negative number on an error. */
	long (*ioctl)(void *state, u32 number, u64 *words, size_t count);
	void (*release)(void *state);
};

void nonblock_linux_section_start(void);
bool nonblock_linux_section_end(void);
u32 nonblock_linux_section_depth(void);
u32 nonblock_linux_section_suspend(void);
void nonblock_linux_section_resume(u32 depth);
u32 nonblock_linux_task_id(void);
size_t nonblock_linux_task_name(char *name, size_t size);
void nonblock_linux_print(const char *line, size_t length);
void nonblock_linux_report_ends(void);
void nonblock_linux_abort(void) __noreturn;

void *nonblock_linux_alloc(size_t size, bool may_sleep);
void nonblock_linux_free(void *memory);

struct mutex *nonblock_linux_mutex_new(const char *name, struct lock_class_key *key);
void nonblock_linux_mutex_free(struct mutex *mutex);
void nonblock_linux_mutex_lock(struct mutex *mutex);
bool nonblock_linux_mutex_trylock(struct mutex *mutex);
void nonblock_linux_mutex_unlock(struct mutex *mutex);

spinlock_t *nonblock_linux_spin_lock_new(const char *name, struct lock_class_key *key);
void nonblock_linux_spin_lock(spinlock_t *lock);
void nonblock_linux_spin_unlock(spinlock_t *lock);

struct completion *nonblock_linux_completion_new(void);
void nonblock_linux_complete(struct completion *completion);
void nonblock_linux_complete_all(struct completion *completion);
void nonblock_linux_wait_for_completion(struct completion *completion);

void nonblock_linux_sleep(u64 microseconds);

struct mm_struct *nonblock_linux_mm_current(void);
void nonblock_linux_mm_drop(struct mm_struct *mm);
struct page *nonblock_linux_page_get(struct mm_struct *mm, unsigned long address, int *error);
void nonblock_linux_page_put(struct page *page);
unsigned long nonblock_linux_page_frame(struct page *page);
u64 nonblock_linux_page_read(struct page *page, size_t offset);

struct nonblock_linux_list *
nonblock_linux_list_register(struct mm_struct *mm, void *driver,
			     const struct nonblock_linux_list_calls *calls, int *error);
void nonblock_linux_list_unregister(struct nonblock_linux_list *list);

struct nonblock_linux_interval *
nonblock_linux_interval_insert(struct mm_struct *mm, unsigned long start, unsigned long length,
			       void *driver, nonblock_linux_start_t invalidate, int *error);
void nonblock_linux_interval_remove(struct nonblock_linux_interval *interval);
unsigned long nonblock_linux_interval_read_begin(struct nonblock_linux_interval *interval);
bool nonblock_linux_interval_read_retry(struct nonblock_linux_interval *interval,
					unsigned long seq);

struct nonblock_linux_work *nonblock_linux_work_new(void (*run)(void *owner));
void nonblock_linux_work_set_owner(struct nonblock_linux_work *work, void *owner);
void nonblock_linux_work_free(struct nonblock_linux_work *work);
void nonblock_linux_work_queue(struct nonblock_linux_work *work);
void nonblock_linux_work_flush(struct nonblock_linux_work *work);
unsigned long nonblock_linux_work_lock(struct nonblock_linux_work *work);
void nonblock_linux_work_unlock(struct nonblock_linux_work *work, unsigned long flags);

struct nonblock_linux_misc *
nonblock_linux_misc_register(const char *name, const struct nonblock_linux_misc_calls *calls,
			     int *error);
void nonblock_linux_misc_deregister(struct nonblock_linux_misc *misc);

#endif

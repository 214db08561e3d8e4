/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Code that must not sleep: the C side of the Rust crate `nonblock`, its feature `capi`.
 *
 * A section is code, on one thread, that must not sleep. Sections are counted. What may sleep says so, and is
 * reported if a section is open:
 *
 *     nonblock_start();
 *     unmap(range);           a might_sleep() reached from here is reported
 *     nonblock_end();
 *
 * A report names the place in C, and does what the program's policy says: NONBLOCK=panic, warn, abort or ignore in the
 * environment. No panic comes out of these functions; where the policy is `panic`, the report is written and the program
 * aborts.
 *
 * Where Rust was built with checks off, the functions do nothing.
 */
#ifndef NONBLOCK_H
#define NONBLOCK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Open and close a section on this thread. They nest, with sections of Rust's too. An end without a start is reported.
 * May be called anywhere.
 *
 * `file` must stay as it is for as long as the program runs, as __FILE__ does, or be null. The names without `_at` are
 * macros as well, which pass the caller's place on; the functions behind them, by a pointer to them, tell none.
 */
void nonblock_start_at(const char *file, uint32_t line);
void nonblock_start(void);
void nonblock_end_at(const char *file, uint32_t line);
void nonblock_end(void);

/* Says that the caller may sleep, whether or not it does this time. Reported if a section is open. */
void nonblock_might_sleep_at(const char *file, uint32_t line);
void nonblock_might_sleep(void);

/* Says that the caller relies on a section. Reported if none is open. */
void nonblock_cant_sleep_at(const char *file, uint32_t line);
void nonblock_cant_sleep(void);

/* How many sections are open on this thread; 0 where they are not counted. */
uint32_t nonblock_depth(void);

/*
 * Who waits for whom: a circle of waits is reported before anybody hangs in it. Where Rust was built without the feature
 * `lockdep`, this does nothing.
 *
 * Put a class beside each lock of your own, or each event. What has the same name is of one class, and what holds for one
 * object holds for all of its class:
 *
 *     struct table {
 *         pthread_mutex_t mutex;
 *         struct nonblock_class class_;
 *     } table = { PTHREAD_MUTEX_INITIALIZER, NONBLOCK_CLASS("table") };
 *
 *     nonblock_class_acquire(&table.class_);
 *     pthread_mutex_lock(&table.mutex);
 *     ...
 *     pthread_mutex_unlock(&table.mutex);
 *     nonblock_class_release(&table.class_);
 *
 * The name must stay as it is for as long as the program runs. Only these functions may look at the numbers.
 */
struct nonblock_class {
	const char *name;
	uint32_t id;
	uint32_t serial;
};

#define NONBLOCK_CLASS(name) { (name), 0, 0 }

/* A lock: call the first before the thread waits for it; the second, to share it; the third when it took it without waiting. */
void nonblock_class_acquire_at(struct nonblock_class *object, const char *file, uint32_t line);
void nonblock_class_acquire_shared_at(struct nonblock_class *object, const char *file, uint32_t line);
void nonblock_class_try_acquired_at(struct nonblock_class *object, const char *file, uint32_t line);
void nonblock_class_release(struct nonblock_class *object);

/* An event, or the end of code: call the first before the thread waits for it, and the second where the event is brought about. */
void nonblock_class_wait_at(struct nonblock_class *object, const char *file, uint32_t line);
void nonblock_class_complete_at(struct nonblock_class *object, const char *file, uint32_t line);

/* Around code that other threads wait for the end of. */
void nonblock_class_begin_region_at(struct nonblock_class *object, const char *file, uint32_t line);
void nonblock_class_end_region(struct nonblock_class *object);

#ifdef __cplusplus
}
#endif

#define nonblock_start() nonblock_start_at(__FILE__, __LINE__)
#define nonblock_end() nonblock_end_at(__FILE__, __LINE__)
#define nonblock_might_sleep() nonblock_might_sleep_at(__FILE__, __LINE__)
#define nonblock_might_sleep_if(condition) ((condition) ? nonblock_might_sleep() : (void)0)
#define nonblock_cant_sleep() nonblock_cant_sleep_at(__FILE__, __LINE__)
#define nonblock_class_acquire(object) nonblock_class_acquire_at((object), __FILE__, __LINE__)
#define nonblock_class_acquire_shared(object) nonblock_class_acquire_shared_at((object), __FILE__, __LINE__)
#define nonblock_class_try_acquired(object) nonblock_class_try_acquired_at((object), __FILE__, __LINE__)
#define nonblock_class_wait(object) nonblock_class_wait_at((object), __FILE__, __LINE__)
#define nonblock_class_complete(object) nonblock_class_complete_at((object), __FILE__, __LINE__)
#define nonblock_class_begin_region(object) nonblock_class_begin_region_at((object), __FILE__, __LINE__)

/* Linux's names. Define NONBLOCK_NO_SHORT_NAMES before this header where they would be in the way. */
#ifndef NONBLOCK_NO_SHORT_NAMES
#define might_sleep() nonblock_might_sleep()
#define might_sleep_if(condition) nonblock_might_sleep_if(condition)
#define cant_sleep() nonblock_cant_sleep()
#endif

#endif /* NONBLOCK_H */

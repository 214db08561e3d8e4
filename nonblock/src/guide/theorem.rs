//! Why a section never waits for a thread that sleeps: the theorem behind law 4, its proof, what it assumes, and what it
//! leaves out.
//!
//! > **While a thread is in a section, neither it, nor any thread that it waits for, nor any thread that one of these waits for
//! > in turn, sleeps.**
//!
//! So none of them waits for memory, for a device, for a mutex or for a time. What the thread in the section waits for
//! happens as soon as those threads have run for a while. For example, a reaper that calls drivers in a section never waits
//! for an allocation that waits for the reaper. (The guide of the crate `nonblock-mm` applies the theorem to its reaper.)
//!
//! # The words
//!
//! * A *thread* is whatever has a counter of its own. With the standard backend it is a thread of the system. With another
//!   [`backend`](crate::backend) it can be a task, a processor or an interrupt.
//! * A thread is *in a section* from the moment a section is opened on it until that section has ended. While it holds a
//!   guard of a [`SpinLock`](crate::sync::SpinLock) or a [`SpinRwLock`](crate::sync::SpinRwLock), it is in a section too.
//! * A *sleeping operation* is one that may have to wait until memory is found, a device answers, a time has passed, or a
//!   thread that may sleep goes on. A thread *sleeps* while it waits in a sleeping operation. A thread that has lost its
//!   processor, and can have it back at any time, does not sleep.
//! * A *spinning operation* takes no `Sleepable`, and may have to wait until another thread goes on. With the raw
//!   locks of this crate the thread keeps its processor meanwhile. Others, as those of `parking_lot`, park it after a while.
//!   That changes nothing about which threads it waits for.
//! * A thread *waits for* another thread if it is in a sleeping or spinning operation that cannot end before the other
//!   thread goes on. A thread that takes a lock waits for the lock's holders, and for the threads ahead of it in the queue.
//!
//! # The proof
//!
//! 1. *A thread never has two tokens in reach.* A token cannot be owned, stored, or sent ([law 1](crate#the-laws)). A
//!    thread gets one from a root: [`sleepable`](crate::sleepable), [`thread::spawn`](crate::thread::spawn), or an
//!    attribute that binds it. The closure of a root captures no token ([`NoToken`](crate::NoToken)). So while the closure
//!    runs, no earlier token is in reach.
//! 2. *In a section no `Sleepable` is in reach.* There are four ways into a section. A section that a token opens borrows
//!    that token exclusively until its end (law 3). A section that the root [`non_block`](crate::non_block()) opens captures no
//!    token, by step 1. A function that [`#[non_block]`](macro@crate::non_block) makes a section has no `Sleepable` among its
//!    parameters. A guard of a spin lock is taken with a `&NonBlock`, so in a section; and the lock's
//!    [`with`](crate::sync::SpinLock::with) borrows the token that it is called with.
//! 3. *So a thread in a section calls no sleeping operation.* Each of them takes `&mut Sleepable` (law 2).
//! 4. *So it can only wait in a spinning operation.*
//!    * It takes a spin lock. The holder, and every thread ahead in the queue, has called the lock with a `&NonBlock` (law
//!      4). A guard keeps that borrow: it cannot leave its section, and cannot go to another thread. So all these threads
//!      are in sections.
//!    * It changes something that other threads wait for. For instance it completes a
//!      [`Completion`](crate::sync::Completion), sends into a channel by trying, pushes into a
//!      [`work::Queue`], releases a [`Mutex`](crate::sync::Mutex), or notifies a
//!      [`Condvar`](crate::sync::Condvar). Then it waits for nobody: another thread in the middle of such an operation on
//!      the same object does not keep it from finishing, whether that thread has its processor or not. See
//!      [the operations](super::operations).
//!
//!    Reading an [`Rcu`](crate::rcu::Rcu) and calling an [`AtomicChain`](crate::notifier::AtomicChain) takes no lock and waits
//!    for no thread either
//!    (`notifier.rs::a_call_does_not_wait_for_who_changes_the_chain`, `allocation.rs::an_atomic_chain_is_called_without_allocating`).
//! 5. *The same is true of the threads that it waits for.* Those of the first sort are in sections, so steps 2 to 4 apply to
//!    them. Those of the second sort are in a stretch of code that waits for nothing. By induction along the chain, none
//!    of them sleeps. ∎
//!
//! The compiler checks steps 1 to 3 on every path:
//!
//! ```compile_fail,E0500
//! # use nonblock::sync::Mutex;
//! # let table = Mutex::new(0);
//! nonblock::sleepable(|cx| {
//!     cx.non_block(|_nb| *table.lock(cx) += 1); // step 2: `cx` is borrowed by the section
//! });
//! ```
//!
//! ```compile_fail,E0308
//! # use nonblock::sync::Mutex;
//! # let table = Mutex::new(0);
//! nonblock::non_block(|nb| *table.lock(nb) += 1); // step 3: `lock` takes `&mut Sleepable`
//! ```
//!
//! and step 4:
//!
//! ```compile_fail,E0308
//! # use nonblock::sync::SpinLock;
//! # let hits = SpinLock::new(0);
//! nonblock::sleepable(|cx| *hits.lock(cx) += 1); // step 4: `lock` takes `&NonBlock`
//! ```
//!
//! ```compile_fail,E0500
//! # use nonblock::sync::SpinLock;
//! # fn sleep(cx: &mut nonblock::Sleepable) {}
//! # let hits = SpinLock::new(0);
//! nonblock::sleepable(|cx| {
//!     cx.non_block(|nb| {
//!         let held = hits.lock(nb);
//!         sleep(cx); // step 4: the holder of a spin lock is in a section
//!     });
//! });
//! ```
//!
//! | step | cases that do not compile, in the repository |
//! |---|---|
//! | 1 | `ui/token/cloned.rs`, `ui/token/in_a_static.rs`, `ui/token/returned_from_its_closure.rs`, `ui/thread/token_captured_by_thread.rs`, `ui/root/sleepable_in_sleepable.rs` |
//! | 2 | `ui/section/outer_token_used_in_section.rs`, `ui/root/non_block_around_sleepable.rs`, `ui/non_block/sleepable_comes_in.rs`, `ui/lock/with_uses_the_outer_token.rs` |
//! | 3 | `ui/section/missing_token.rs`, `ui/section/non_block_where_sleepable_is_expected.rs`, `ui/lock/mutex_locked_in_section.rs` |
//! | 4 | `ui/lock/spin_locked_outside_a_section.rs`, `ui/lock/spin_guard_returned_from_its_section.rs`, `ui/lock/spin_guard_sent_to_another_thread.rs` |
//!
//! # What it assumes
//!
//! Each assumption says what happens where it fails, and names the tests, in the files of `tests/tests/`, that show it.
//! "The counters find it" means: when the code runs, in a build with [checks](crate::CHECKS) on.
//!
//! 1. **Every sleeping operation takes the token.** (Steps 3 and 4.) Some cannot, for instance a destructor or
//!    [`thread::spawn`](crate::thread::spawn). If such an operation calls [`might_sleep`](crate::might_sleep), the counters
//!    find it. If it does not, nothing finds it.
//!    `blind_spots.rs::a_sleeping_function_without_a_token_is_left_to_the_counters`,
//!    `blind_spots.rs::a_destructor_that_sleeps_is_left_to_the_counters`,
//!    `blind_spots.rs::starting_a_thread_is_left_to_the_counters`,
//!    `blind_spots.rs::a_function_that_sleeps_and_does_not_say_so_is_not_seen`,
//!    `blind_spots.rs::a_wrapped_value_in_use_is_not_seen`
//! 2. **No root is called in a section**, and no function with an attribute that binds a `Sleepable`. (Step 1: the root
//!    lends a new token.) The counters find it. `blind_spots.rs::a_root_inside_a_section_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_bound_by_attribute_inside_a_section_is_left_to_the_counters`
//! 3. **No token comes into a section hidden**: in a closure, a future or a struct that a function with `#[non_block]` gets
//!    as an argument, in a future under `.non_block()`, or in a wrapper that claims to be `Send`. (Step 2.) The counters find it.
//!    `blind_spots.rs::a_closure_over_a_token_handed_to_a_non_blocking_function_is_left_to_the_counters`,
//!    `blind_spots.rs::a_future_over_a_token_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_in_a_struct_beside_one_bound_by_attribute_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_whose_type_does_not_show_it_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_in_a_wrapper_that_makes_anything_send_is_left_to_the_counters`
//! 4. **Nothing under [`raw`](crate::raw) is on the path, and nothing of [`capi`].** (Step 2.)
//!    `raw` and `capi` open sections that borrow no token, and `raw` has roots that may capture one. The counters find it.
//!    `blind_spots.rs::a_token_captured_by_a_raw_section_is_left_to_the_counters`,
//!    `blind_spots.rs::a_section_begun_by_hand_is_left_to_the_counters`,
//!    `capi.rs::sections_of_rust_are_seen_by_c_and_those_of_c_by_rust`
//! 5. **No [`permit_sleep`](crate::permit_sleep) is on the path.** (Step 1.) It breaks the rule on purpose, where that is
//!    known to do no harm. It is counted and listed by [`stats`](crate::stats), and not reported.
//!    `blind_spots.rs::a_permitted_sleep_is_counted_and_not_reported`
//! 6. **Unsafe code makes no token.** (Step 1.) Unsafe code can make a value of a zero-sized type from nothing. The counters
//!    find the use of such a token. `blind_spots.rs::a_token_made_by_unsafe_code_is_left_to_the_counters`
//! 7. **No guard of a spin lock is forgotten** (`mem::forget`, a cycle of `Rc`s). (Step 4: the lock stays locked, and no
//!    thread in a section holds it.) Every thread that waits for that lock waits for ever. On the thread that forgot the
//!    guard the depth stays raised, so its next sleep is reported.
//!    `locks.rs::a_forgotten_spin_guard_leaves_the_depth_raised`
//! 8. **The raw lock waits for its holders alone**, when it is taken and when it is released. (Step 4.) The raw locks of this crate,
//!    which locks stand on unless another is named, do. Others may not. `parking_lot`'s, named beneath a `Mutex` that a section
//!    tries and releases, wait for something else in one case: when more threads wait than ever before, a larger table of threads
//!    is allocated while the old table is locked. [`RawPiMutex`] is handed on by the kernel, under locks of the kernel's own.
//!    `allocation.rs::threads_that_wait_for_a_lock_of_parking_lots_may_allocate`,
//!    `allocation.rs::threads_that_wait_for_a_lock_that_spins_allocate_nothing`
//! 9. **What is called to report a violation does not sleep**: the [`Handler`](crate::Handler), and the subscriber of the
//!    feature `tracing`. (Step 3: the sections are put aside while they run, so they are allowed to sleep.) If the section
//!    holds a spin lock, it keeps the lock meanwhile, and the threads that wait for the lock wait for the handler. This takes
//!    a violation to begin with. `blind_spots.rs::a_handler_that_sleeps_under_a_spin_lock_is_not_seen`
//! 10. **No code interrupts the holder of a spin lock on its own thread and takes the same lock**: no signal handler, and no
//!     interrupt. (Step 4: the thread would wait for itself.) Neither layer sees it. In a kernel, use a raw lock that
//!     disables interrupts. In a program, block the signal while the lock is held.
//!     `blind_spots.rs::a_spin_lock_taken_twice_is_not_seen`
//! 11. **No thread waits in a page fault until a page is found.** (Steps 3 and 4: a fault waits for memory or a disk, in a
//!     section and in the few instructions of the second sort too.) Neither layer sees it. A kernel's memory does not
//!     fault; a program locks its own (`mlockall`). What this crate sets aside was touched when it was made: the rings of
//!     [bounded channels](crate::sync::channel::bounded) and, for items no larger than a page, of
//!     [`work::Queue`], and the objects of a [`Reserve`].
//!     `blind_spots.rs::a_page_fault_is_not_seen`, `page_faults.rs::what_was_set_aside_is_there`
//!
//! # What it leaves out
//!
//! * **How long it takes.** A section may run long, or for ever, and so may every thread that waits for one of its locks.
//!   `blind_spots.rs::a_section_that_is_merely_long_is_not_seen`
//! * **The order of spin locks.** Two sections that take two spin locks in different orders wait for each other for ever,
//!   awake. A section that takes one lock twice waits for itself. Nobody sleeps, as the theorem says, and nobody goes on.
//!   `blind_spots.rs::spin_locks_taken_in_different_orders_are_not_seen`,
//!   `blind_spots.rs::a_spin_lock_taken_twice_is_not_seen`
//! * **Livelock.** Code that tries, is refused, and tries again at once never sleeps, and never ends if the holder waits for
//!   it. Limit the tries, as the reaper of `nonblock-mm` does.
//!   `oom.rs::a_victim_that_never_yields_is_given_up_and_reported`
//! * **Threads that may sleep, among themselves.** They can wait for each other. For instance, a thread holds a mutex while
//!   it calls callbacks, and one of them waits for the mutex: the thread hangs. The theorem says that no section hangs
//!   with it. `blind_spots.rs::a_mutex_that_its_holder_waits_for_is_not_seen`
//! * **What the machine does to a thread without being asked.** A thread can lose its processor, and a thread that waits for
//!   its spin lock then waits until it has the processor back. In a kernel, a section keeps its processor while it holds a
//!   spin lock. A program asks for something similar by a real-time priority. A thread that has one must still not wait for a
//!   spin lock whose holder may have none: on one processor that holder never runs again. Such a thread tries the spin lock. Where
//!   it has to outwait the holder, it is not in a section, and the lock is a [`Mutex`](crate::sync::Mutex) over [`RawPiMutex`]: its
//!   holder runs with the priority of the thread that waits
//!   (`raw_pi/inheritance.rs::the_holder_has_the_priority_of_the_one_that_waits`).
//!   `blind_spots.rs::losing_the_processor_is_not_seen`
//! * **The allocator.** An allocation is not an operation of this crate. It can wait for the allocator's own locks, or for
//!   the system. Set aside what a section needs: [`Reserve`], [`work::Queue`].
//!   `blind_spots.rs::an_allocation_is_not_seen`
//! * **Panics.** A panic in a section runs the program's panic hook there, and the hook writes, allocates and locks. The
//!   report of a violation is different: it is written without the locks that code of a program can hold.
//!   `blind_spots.rs::a_panic_in_a_section_is_not_seen`, `report.rs::a_warning_passes_by_a_held_lock_of_standard_error`
//!
//! The whole list of what one layer, or both, does not see is in [`blind_spots`](super::blind_spots).
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(
    all(feature = "pi", target_os = "linux"),
    doc = " [`RawPiMutex`]: crate::sync::RawPiMutex"
)]
#![cfg_attr(not(all(feature = "pi", target_os = "linux")), doc = " [`RawPiMutex`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`work::Queue`]: crate::work::Queue")]
#![cfg_attr(not(feature = "work"), doc = " [`work::Queue`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Reserve`]: crate::Reserve")]
#![cfg_attr(not(feature = "work"), doc = " [`Reserve`]: crate#features")]
#![cfg_attr(feature = "capi", doc = " [`capi`]: crate::capi")]
#![cfg_attr(not(feature = "capi"), doc = " [`capi`]: crate#features")]

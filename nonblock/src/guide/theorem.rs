//! Why a section waits for nobody who sleeps: the theorem behind law 4, its proof, what it assumes, and what it leaves
//! out.
//!
//! > **While a thread is in a section, neither it, nor any thread that it waits for, nor any thread that one of these waits for
//! > in turn, sleeps.**
//!
//! So none of them waits for memory, a device, a mutex or a time, and what the thread waits for comes about as soon as
//! those threads have run on for a while. In particular a reaper that calls notifiers in a section never waits for an
//! allocation that waits for the reaper.
//!
//! # The words
//!
//! * A *thread* is whatever has a counter of its own: a thread of the system's, or, under another
//!   [`backend`](crate::backend), a task, a processor or an interrupt.
//! * A thread is *in a section* from the moment that one was opened on it until that one has ended. A held guard of a
//!   [`SpinLock`](crate::sync::SpinLock) or [`SpinRwLock`](crate::sync::SpinRwLock) counts as a section too.
//! * A *sleeping operation* is one that can take until memory was found, a device has answered, a time has passed, or a
//!   thread that may sleep has gone on. A thread *sleeps* while it waits in one. A thread that has lost its processor,
//!   and can have it back at any time, does not.
//! * A *spinning operation* is one that takes no `Sleepable`, and can take until another thread has gone on. Whether a
//!   thread spins in it, or is parked after a while, as with `parking_lot`'s raw locks, makes no difference to whom it
//!   waits for.
//! * A thread *waits for* another if it is in a sleeping or spinning operation that cannot end before that other one goes
//!   on. Of a lock, these are its holders, and whoever is ahead in its queue.
//!
//! # The proof
//!
//! 1. *No token is in reach twice on one thread.* A token cannot be owned, stored, or sent ([law 1](crate#the-laws)). A
//!    thread gets one from a root: [`sleepable`](crate::sleepable), [`thread::spawn`](crate::thread::spawn), or an
//!    attribute that binds it. The closure of a root captures no token ([`NoToken`](crate::NoToken)), so while it runs,
//!    no token of before is in reach.
//! 2. *In a section no `Sleepable` is in reach.* A section that was opened by a token borrows it exclusively until its
//!    end (law 3). One that was opened by the root [`non_block`](crate::non_block()) captures none, by step 1. A function
//!    that [`#[non_block]`](macro@crate::non_block) makes a section takes none as a parameter. A guard of a spin lock is
//!    taken with a `&NonBlock`, in a section; and a lock's [`with`](crate::sync::SpinLock::with) borrows the token that it
//!    was called with.
//! 3. *So a thread in a section calls no sleeping operation*: each of them takes `&mut Sleepable` (law 2).
//! 4. *What it waits in is therefore a spinning operation*, and there are two sorts.
//!    * To take a spin lock. Whoever holds it, or is ahead in its queue, took it, or tries to, with a `&NonBlock` (law
//!      4), and the guard keeps that borrow: it cannot leave the section, nor go to another thread. So all of them are in
//!      sections.
//!    * To change what others wait for: for instance, to complete a [`Completion`](crate::sync::Completion), to send into
//!      a channel by trying, to push into a [`work::Queue`](crate::work::Queue), to release a
//!      [`Mutex`](crate::sync::Mutex), to notify a [`Condvar`](crate::sync::Condvar). Such an operation may find another
//!      thread in the middle of one on the same object. That takes a few instructions, in which nobody sleeps, allocates,
//!      or calls others' code.
//!
//!    To call the callbacks of [`mmu`](crate::mmu) or of an [`AtomicChain`](crate::notifier::AtomicChain) is no third
//!    sort: it takes no lock, and waits for nobody (`mmu.rs::callbacks_run_under_no_lock`,
//!    `allocation.rs::try_invalidate_allocates_nothing`).
//! 5. *The same holds of whomever it waits for.* The threads of the first sort are in sections, and steps 2 to 4 apply to
//!    them. Those of the second are in a stretch of code that waits for nothing. By induction along the chain nobody in
//!    it sleeps. ∎
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
//!         sleep(cx); // step 4: who holds a spin lock is in a section
//!     });
//! });
//! ```
//!
//! | step | mistakes that do not compile |
//! |---|---|
//! | 1 | `ui/token/cloned.rs`, `ui/token/in_a_static.rs`, `ui/token/returned_from_its_closure.rs`, `ui/thread/token_captured_by_thread.rs`, `ui/root/sleepable_in_sleepable.rs` |
//! | 2 | `ui/section/outer_token_used_in_section.rs`, `ui/root/non_block_around_sleepable.rs`, `ui/non_block/sleepable_comes_in.rs`, `ui/lock/with_uses_the_outer_token.rs` |
//! | 3 | `ui/section/missing_token.rs`, `ui/section/non_block_where_sleepable_is_expected.rs`, `ui/lock/mutex_locked_in_section.rs` |
//! | 4 | `ui/lock/spin_locked_outside_a_section.rs`, `ui/lock/spin_guard_returned_from_its_section.rs`, `ui/lock/spin_guard_sent_to_another_thread.rs` |
//!
//! # What it assumes
//!
//! Each assumption is followed by what happens where it fails, and by the tests, in the files of `tests/tests/`, that
//! show it. "The counters find it" means: when it runs, in a build with [checks](crate::CHECKS) on.
//!
//! 1. **Every sleeping operation takes the token.** (Steps 3 and 4.) One that takes none, but says
//!    [`might_sleep`](crate::might_sleep), is found by the counters: a destructor, which can take none, or
//!    [`thread::spawn`](crate::thread::spawn). One that says nothing is not found.
//!    `blind_spots.rs::a_sleeping_function_without_a_token_is_left_to_the_counters`,
//!    `blind_spots.rs::a_destructor_that_sleeps_is_left_to_the_counters`,
//!    `blind_spots.rs::starting_a_thread_is_left_to_the_counters`,
//!    `blind_spots.rs::a_function_that_sleeps_and_does_not_say_so_is_not_seen`
//! 2. **No root is called in a section**, nor a function with an attribute that binds a `Sleepable`. (Step 1: the root
//!    lends a token anew.) The counters find it. `blind_spots.rs::a_root_inside_a_section_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_bound_by_attribute_inside_a_section_is_left_to_the_counters`
//! 3. **No token comes into a section hidden**: in a closure, a future or a struct that a function with `#[non_block]` is
//!    handed, or in a wrapper that claims to be `Send`. (Step 2.) The counters find it.
//!    `blind_spots.rs::a_closure_over_a_token_handed_to_a_non_blocking_function_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_in_a_struct_beside_one_bound_by_attribute_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_whose_type_does_not_show_it_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_in_a_wrapper_that_makes_anything_send_is_left_to_the_counters`
//! 4. **Nothing under [`raw`](crate::raw) or `__private` is on the path, nor their twins in C ([`capi`](crate::capi)).**
//!    (Step 2: the first and the last open sections that borrow no token, and roots that may capture one; the second
//!    makes tokens, for the attributes' expansions.) The counters find it.
//!    `blind_spots.rs::a_token_of_the_macros_own_is_left_to_the_counters`,
//!    `blind_spots.rs::a_token_captured_by_a_raw_section_is_left_to_the_counters`,
//!    `blind_spots.rs::a_section_begun_by_hand_is_left_to_the_counters`,
//!    `capi.rs::sections_of_rust_are_seen_by_c_and_those_of_c_by_rust`
//! 5. **No [`permit_sleep`](crate::permit_sleep) is on the path.** (Step 1.) It is there to break the rule where that is
//!    known to be harmless. It is counted, listed by [`stats`](crate::stats), and not reported.
//!    `blind_spots.rs::a_permitted_sleep_is_counted_and_not_reported`
//! 6. **Unsafe code makes no token.** (Step 1.) A zero-sized type can be conjured up. The counters find its use.
//!    `blind_spots.rs::a_token_made_by_unsafe_code_is_left_to_the_counters`
//! 7. **No guard of a spin lock is forgotten** (`mem::forget`, a cycle of `Rc`s). (Step 4: the lock is held, and nobody
//!    in a section holds it.) Whoever waits for that lock waits for ever. The depth stays raised on the thread that
//!    forgot it, so its next sleep is reported. `locks.rs::a_forgotten_spin_guard_leaves_the_depth_raised`
//! 8. **The raw lock waits for its holders alone**, when it is taken and when it is released. (Step 4.) `parking_lot`'s
//!    waits for something else in one case: when more threads wait than ever before, it allocates a larger table of
//!    threads, with that table locked. Who must not depend on that takes a raw lock without such a table: `RawSpin`
//!    (feature `spin`), or one of their own. `allocation.rs::threads_that_wait_for_a_lock_of_parking_lots_may_allocate`,
//!    `allocation.rs::threads_that_wait_for_a_lock_that_spins_allocate_nothing`
//! 9. **What is called when a rule was broken does not sleep**: the [`Handler`](crate::Handler), and the subscriber of
//!    the feature `tracing`. (Step 3: the sections are put aside for them, so that they may.) A section that holds a spin
//!    lock keeps it meanwhile, and whoever waits for that lock waits for the handler. This takes a violation to begin
//!    with. `blind_spots.rs::a_handler_that_sleeps_under_a_spin_lock_is_not_seen`
//! 10. **The holder of a spin lock is not interrupted, on its own thread, by code that takes the same lock**: by a signal
//!     handler, or an interrupt. (Step 4: the thread would wait for itself.) Neither layer sees it. In a kernel, a raw
//!     lock that disables interrupts keeps it out; with signals, the signal is blocked meanwhile.
//!     `blind_spots.rs::a_spin_lock_taken_twice_is_not_seen`
//!
//! 11. **No thread waits in a page fault for a page to be found.** (Steps 3 and 4: a fault waits for memory or a disk, in
//!     a section and in the few instructions of the second sort too.) Neither layer sees it. A kernel's memory does not
//!     fault; a program locks its own (`mlockall`). What this crate sets aside was touched when it was made: the rings of
//!     [bounded channels](crate::sync::channel::bounded) and, for items no larger than a page, of
//!     [`work::Queue`](crate::work::Queue), and the objects of a [`Reserve`](crate::Reserve).
//!     `blind_spots.rs::a_page_fault_is_not_seen`, `page_faults.rs::what_was_set_aside_is_there`
//!
//! # What it leaves out
//!
//! * **How long it takes.** A section may run long, or for ever, and everybody who waits for a lock of its with it.
//!   `blind_spots.rs::a_section_that_is_merely_long_is_not_seen`
//! * **The order of spin locks.** Two sections that take two spin locks in different orders wait for each other for ever,
//!   awake. So does one that takes a lock twice. Nobody sleeps, as the theorem says, and nobody goes on either.
//!   `blind_spots.rs::spin_locks_taken_in_different_orders_are_not_seen`,
//!   `blind_spots.rs::a_spin_lock_taken_twice_is_not_seen`
//! * **Livelock.** Code that tries, is refused, and tries again at once never sleeps and never ends, if the holder waits
//!   for it. Tries need a limit, as the reaper's have ([`oom`](crate::oom)).
//!   `oom.rs::a_victim_that_never_yields_is_given_up_and_reported`
//! * **Those who may sleep, among themselves.** They can wait for each other: a mutex that is held across
//!   [`AddressSpace::invalidate`](crate::mmu::AddressSpace::invalidate), and waited for by a callback, hangs its holder.
//!   What the theorem says is that the reaper does not hang with them.
//!   `blind_spots.rs::a_mutex_that_its_holder_waits_for_is_not_seen`
//! * **What the machine does to a thread without being asked.** A thread can lose its processor; whoever waits for its
//!   spin lock then waits until it has it back. A kernel's section keeps its processor under a spin lock; a program asks
//!   for the like with a real-time priority. `blind_spots.rs::losing_the_processor_is_not_seen`
//! * **The allocator.** To allocate is no operation of this crate's. It can wait for the allocator's own locks, or for
//!   the system. What a section needs is set aside beforehand: [`Reserve`](crate::Reserve),
//!   [`work::Queue`](crate::work::Queue). `blind_spots.rs::an_allocation_is_not_seen`
//! * **Panics.** A panic in a section runs the program's panic hook in it, which writes, allocates and locks. The report
//!   of a violation itself is written past the locks that user code can hold.
//!   `blind_spots.rs::a_panic_in_a_section_is_not_seen`, `report.rs::a_warning_passes_by_a_held_lock_of_standard_error`
//!
//! The whole list of what gets past one layer or both is in [`blind_spots`](super::blind_spots).

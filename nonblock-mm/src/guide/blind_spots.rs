//! What the types do not see, in this crate.
//!
//! The list of the crate `nonblock` holds here too: it is in the chapter `blind_spots` of its guide. This chapter adds what
//! comes with address spaces and real memory. Each entry ends with the test, in a file of `tests/tests/`, that shows it.
//!
//! # What the compiler cannot see, and a check finds when it runs
//!
//! * **A drop that the kernel may wait in.** Dropping a `memory::Mapping` or an `oom::Pressure` may sleep, and a drop takes no
//!   token. In a section the counters find it. *Drop them outside sections.*
//!   `blind_spots.rs::dropping_what_the_kernel_may_wait_for_is_left_to_the_counters`
//! * **A driver that is implemented by hand**, by [`Notifier`](crate::mmu::Notifier), and calls old code from both entries. The
//!   counters find it if the old code says [`might_sleep`](nonblock::might_sleep). *Implement
//!   [`Invalidate`](crate::mmu::Invalidate) when the old code has moved.*
//!   `oom.rs::callbacks_run_in_a_section_and_a_sleeping_one_is_reported`
//! * **A thread that would wait for itself**: [`read_begin`](crate::mmu::IntervalSubscription::read_begin) within an
//!   invalidation of the same thread. It panics, in every build.
//!   `interval.rs::read_begin_within_an_invalidation_panics_instead_of_waiting_for_itself`
//!
//! # What nothing sees
//!
//! * **A mutex that its own holder waits for.** It is held across
//!   [`invalidate`](crate::mmu::AddressSpace::invalidate), and a callback waits for it. *Hold no lock that a callback takes
//!   while callbacks are called.* `blind_spots.rs::a_mutex_that_its_holder_waits_for_is_not_seen`
//! * **An end of a subscription that cannot wait**: on a thread that has an invalidation open,
//!   [`unsubscribe`](crate::mmu::Subscription::unsubscribe) returns before the callbacks are over.
//!   *Ask [`ends_are_deferred`](nonblock::rcu::ends_are_deferred) where it matters.*
//!   `unsubscribe.rs::unsubscribe_while_holding_an_invalidation_defers`
//! * **A forgotten invalidation** (`mem::forget`): its drivers get no end call, and no end of a subscription on its thread
//!   waits any more. `unsubscribe.rs::a_forgotten_invalidation_puts_off_every_end_on_its_thread`
//! * **A page fault in a callback.** *Lock the program's memory: `mlockall`.* `blind_spots.rs::a_page_fault_is_not_seen`

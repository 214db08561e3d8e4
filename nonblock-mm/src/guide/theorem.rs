//! Why the reaper never waits for an allocation: what the theorem of `nonblock` says of address spaces, what is assumed,
//! and what is left out.
//!
//! The guide of the crate `nonblock` proves this, in its chapter `theorem`:
//!
//! > While a thread is in a section, neither it, nor any thread that it waits for, nor any thread that one of these waits for
//! > in turn, sleeps.
//!
//! [`try_invalidate`](crate::mmu::AddressSpace::try_invalidate) calls every driver in a section. An allocation may sleep, so
//! a thread that allocates is not among the threads that a callback waits for. The loop in which the reaper waits for memory,
//! and memory for the reaper, cannot arise.
//!
//! # How the proof goes on here
//!
//! The theorem's proof sorts what a section waits in. It has to be shown that an invalidation adds nothing to the sorts:
//!
//! 1. *Callbacks run under no lock.* An invalidation pins the list of subscribers ([`nonblock::rcu`]) and calls them one
//!    after the other. `mmu.rs::callbacks_run_under_no_lock`
//! 2. *An invalidation allocates and frees nothing*, so it does not wait for the allocator.
//!    `allocation.rs::try_invalidate_allocates_nothing`, `allocation.rs::intervals_are_found_without_allocating`
//! 3. *Callbacks of both kinds run in a section* if the caller must not sleep, whether they are on the list or on an
//!    interval. `interval.rs::both_kinds_are_called_in_a_section_if_the_caller_cannot_block`
//! 4. *End calls run in a section always.* `mmu.rs::callbacks_are_told_what_and_in_which_context`
//! 5. *The memory lock is only tried.* The reaper goes on with another victim, and comes back.
//!    `oom.rs::a_held_memory_lock_is_not_waited_for`
//! 6. *Nobody in a section waits for what a second pass waits for.* A section has no second pass: its first pass completes, or
//!    refuses. `two_pass.rs::who_must_not_sleep_has_no_second_pass`
//! 7. *Nobody in a section waits for a reader's turn, or is refused for it.* The reader may be waiting for memory.
//!    `mirror.rs::who_must_not_sleep_goes_first`
//!
//! So a thread that holds a driver's table, and waits for memory, gets it: the driver refuses, the reaper takes memory
//! elsewhere, and the thread goes on. `oom.rs::a_thread_that_holds_a_table_and_waits_for_memory_gets_it`
//!
//! # What it assumes
//!
//! The assumptions are those of the theorem. Three matter most to a driver:
//!
//! 1. **What the callback calls takes the token if it sleeps.** A driver of old code says
//!    [`might_sleep`](nonblock::might_sleep), and is found when it runs.
//!    `oom.rs::callbacks_run_in_a_section_and_a_sleeping_one_is_reported`
//! 2. **A callback leaves no section open**, through [`raw`](nonblock::raw) or by forgetting a guard. It is reported and
//!    closed. `oom_faults.rs::a_section_that_a_driver_leaves_open_is_reported_once_and_closed`
//! 3. **A callback that panics leaves its own data in order.** The reaper counts it as a refusal, and goes on.
//!    `oom.rs::a_driver_that_panics_does_not_stop_the_reaper`
//!
//! # What it leaves out
//!
//! * **A driver that refuses for ever.** Nobody sleeps, and nothing is taken. So the reaper's tries are limited, and it says
//!   what refused. `oom.rs::a_victim_that_never_yields_is_given_up_and_reported`
//! * **Those that may sleep, among themselves.** A mutex that is held across
//!   [`AddressSpace::invalidate`](crate::mmu::AddressSpace::invalidate), and waited for by a callback, hangs its holder. The
//!   reaper does not hang with it: in its section the callback refuses.
//!   `blind_spots.rs::a_mutex_that_its_holder_waits_for_is_not_seen`
//! * **How long a callback takes.** The reaper calls the drivers one after the other.
//!   `blind_spots.rs::a_section_that_is_merely_long_is_not_seen`

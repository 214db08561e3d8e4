//! What this cannot see: what the compiler does not see, and what the counters do not see either.
//!
//! Each entry says what to do about it, if anything can be done, and ends with the test, in a file of `tests/tests/`, that
//! shows it: that the case compiles, and whether it is found when it runs. What the entries mean for the proof is in
//! [`theorem`](super::theorem).
//!
//! # What the compiler cannot see, and the counters find
//!
//! They find it when the code runs, in a build with [checks](crate::CHECKS) on.
//!
//! * **A root inside a section**: `non_block(|_nb| sleepable(|cx| ...))`. The compiler knows only that the root's closure
//!   captures no token. *Keep roots to where call chains begin; `grep -n 'sleepable('` lists them.*
//!   `blind_spots.rs::a_root_inside_a_section_is_left_to_the_counters`
//! * **A function that binds its token**, by `#[may_sleep(cx)]`, called in a section: its signature does not show that it
//!   sleeps. *Bind only where the signature is not yours.*
//!   `blind_spots.rs::a_token_bound_by_attribute_inside_a_section_is_left_to_the_counters`
//! * **A closure over a token, passed to a function that `#[non_block]` makes a section**: `f(|| sleep(cx))`. The attribute
//!   sees the types of the parameters. It does not see what a closure, an iterator or a future captured. *Let such a
//!   function take its closure with a bound that keeps tokens out ([`NoToken`](crate::NoToken), or `Send`), or lend the
//!   closure the token: `impl FnOnce(&mut NonBlock)`.*
//!   `blind_spots.rs::a_closure_over_a_token_handed_to_a_non_blocking_function_is_left_to_the_counters`
//! * **A future over a token**, whose polls `.non_block()` makes sections: `async { sleep(cx) }.non_block()`, run on the thread that has the
//!   token. Bounds that keep a token out would keep out each future that is tied to a thread. *Spawn it: what is spawned
//!   must be `Send`, and cannot have one.* `blind_spots.rs::a_future_over_a_token_is_left_to_the_counters`
//! * **A token in a struct**, beside a token that an attribute binds. *Pass tokens as parameters of their own.*
//!   `blind_spots.rs::a_token_in_a_struct_beside_one_bound_by_attribute_is_left_to_the_counters`
//! * **A token whose type does not show it**, in a parameter of a function with `#[non_block]`: a token behind a `dyn Trait`
//!   or a type parameter, under an alias of a tuple, or inside another type under an alias whose lifetime is not written.
//!   *Call the token by its name.*
//!   `blind_spots.rs::a_token_whose_type_does_not_show_it_is_left_to_the_counters`
//! * **A token in a wrapper that makes anything `Send`.** Some crates have such wrappers, which check the thread when they
//!   are used. The wrapper passes for [`NoToken`](crate::NoToken).
//!   `blind_spots.rs::a_token_in_a_wrapper_that_makes_anything_send_is_left_to_the_counters`
//! * **A sleeping function that takes no token**, but calls [`might_sleep`](crate::might_sleep). It does not matter how it is
//!   reached: directly, through `dyn`, or from C. *Give it the token.*
//!   `blind_spots.rs::a_sleeping_function_without_a_token_is_left_to_the_counters`
//! * **A destructor that sleeps**: `drop` takes no token, and runs where a value goes out of scope. *Write
//!   `#[may_sleep(cx)]` on it, and offer a method that takes the token and the value, like
//!   [`MaySleep::into_inner`](crate::MaySleep::into_inner).* In the crate `nonblock-mm`, `Mapping` and `Pressure` have such a
//!   destructor. `blind_spots.rs::a_destructor_that_sleeps_is_left_to_the_counters`,
//!   `blind_spots.rs::dropping_what_the_kernel_may_wait_for_is_left_to_the_counters`
//! * **Starting a thread**: [`thread::spawn`](crate::thread::spawn) takes no token, as `std`'s takes none.
//!   `blind_spots.rs::starting_a_thread_is_left_to_the_counters`
//! * **A method that a macro writes**, in a block with `#[may_sleep]` or `#[non_block]`: the attribute comes before the macro.
//!   *Put the attribute on the method, in the macro.* `blind_spots.rs::a_method_of_a_macro_is_not_seen_by_the_blocks_attribute`
//! * **What is under [`raw`](crate::raw)**: its sections and roots may capture a token.
//!   `blind_spots.rs::a_token_captured_by_a_raw_section_is_left_to_the_counters`
//! * **A section begun by hand**, by [`raw::non_block_start`](crate::raw::non_block_start) or from C
//!   ([`capi`]): it borrows no token, so earlier tokens can be used in it. *Where the code is Rust, use a
//!   closure or an attribute.* `blind_spots.rs::a_section_begun_by_hand_is_left_to_the_counters`,
//!   `capi.rs::sections_of_rust_are_seen_by_c_and_those_of_c_by_rust`
//! * **A token made by unsafe code**: it has no size, so unsafe code can make it from nothing.
//!   `blind_spots.rs::a_token_made_by_unsafe_code_is_left_to_the_counters`
//!
//! # What is counted, and not reported
//!
//! * **A permitted sleep**: [`permit_sleep`](crate::permit_sleep) says that it is known. [`stats`](crate::stats) lists
//!   every place, with its reason. `blind_spots.rs::a_permitted_sleep_is_counted_and_not_reported`
//! * **A violation while another is being reported**, in a [`Handler`](crate::Handler) or a subscriber of `tracing`. Reports
//!   of reports would never end. `policy.rs::the_handler_may_sleep_lock_and_break_rules_without_recursion`
//! * **What sleeps within a call that was reported**: a root, a function that binds its token, or a function of this crate that
//!   lends its token on, such as [`thread::scope`](crate::thread::scope), in a section. It has the same cause. (Within a function
//!   of yours that takes the token, or one of `nonblock-mm`, what sleeps is reported too.) If that section ends before the call
//!   returns, a further mistake within the call is not told apart from it. *Mend the reported call first.*
//!   `blind_spots.rs::a_mistake_within_a_reported_call_is_counted_and_not_reported`
//! * **The same violation once more**, under [`Policy::Warn`](crate::Policy::Warn): each place is reported once.
//!   `policy.rs::warn_writes_a_site_once_counts_all_and_goes_on`
//!
//! # What neither sees
//!
//! On Linux the [watch] sees some of these while the program runs, where it is on. The entries say which of its layers does.
//! `docs/DETECTION.md` shows what each layer sees of some 200 operations.
//!
//! * **A function that sleeps and does not say so**: `std::thread::sleep`, `std::sync::Mutex::lock`, a system call, a
//!   library of C's. *Wrap it ([`MaySleep`](crate::MaySleep), or a function of yours that takes the token), and [keep the
//!   rest out](super::recipes::finding#clippy-finds-what-says-nothing) with clippy.*
//!   `blind_spots.rs::a_function_that_sleeps_and_does_not_say_so_is_not_seen`. The watch's layers *schedule* and *trap* see it:
//!   `watch_blind_spots.rs::a_function_that_sleeps_and_does_not_say_so_is_seen_by_the_trap_and_the_schedule`
//! * **The value of a `MaySleep` while it is in use**: the reference from [`MaySleep::get`](crate::MaySleep::get) is no token. So
//!   the closure of a root captures it, and a function with `#[non_block]` takes it. *Call
//!   [`MaySleep::with`](crate::MaySleep::with), which checks each operation; or call `get` anew for each use, and pass the
//!   `MaySleep` on.* `blind_spots.rs::a_wrapped_value_in_use_is_not_seen`
//! * **A refusal that is unwrapped** in code for both contexts: `lock.acquire(cx).unwrap()`. For a caller that may sleep it never
//!   fails. In a section it panics, on the day that somebody else holds the lock. *Write `?`, and return the refusal. Clippy's
//!   `unwrap_used` and `expect_used` find the others.*
//!   `blind_spots.rs::a_refusal_that_is_unwrapped_is_not_seen`
//! * **An allocation or a release of memory**: the allocator has locks of its own, and asks the system. *Allocate before
//!   the section, release after it, or set objects aside beforehand ([`Reserve`]).*
//!   `blind_spots.rs::an_allocation_is_not_seen`. The watch's layer *alloc* sees it:
//!   `watch_blind_spots.rs::an_allocation_is_seen_by_the_allocators_layer`
//! * **A page fault**. The first use of code that is loaded lazily is one too. *Lock the program's memory: `mlockall`.*
//!   `blind_spots.rs::a_page_fault_is_not_seen`. One that waits, for a disk or for another thread, is a sleep, and the watch's
//!   layer *schedule* sees it. One that does not wait is seen by no layer.
//! * **Losing the processor**, to another thread or an interrupt. *Ask for a real-time priority, or use a kernel's raw lock.*
//!   `blind_spots.rs::losing_the_processor_is_not_seen`. The watch's layer *schedule* counts it, by section, and reports
//!   nothing: `watch_blind_spots.rs::losing_the_processor_is_counted_by_the_schedule`
//! * **A section that is merely long**, or never ends. `blind_spots.rs::a_section_that_is_merely_long_is_not_seen`. The
//!   watch's layer *budget* sees it when the section ends: `watch_blind_spots.rs::a_section_that_is_merely_long_is_seen_by_the_budget`
//! * **A panic in a section**: the program's panic hook runs in it, and the hook allocates, locks and writes.
//!   `blind_spots.rs::a_panic_in_a_section_is_not_seen`
//! * **A spin lock taken twice** by one thread, its signal handlers and interrupts included: the thread waits for itself,
//!   for ever, awake. `blind_spots.rs::a_spin_lock_taken_twice_is_not_seen`. The feature `lockdep` sees it before the thread waits:
//!   `lockdep_blind_spots.rs::a_spin_lock_taken_twice_is_seen`. Of signal handlers it is told by
//!   [`signal_handler`](crate::lockdep::signal_handler).
//! * **Spin locks taken in different orders** by two sections: they wait for each other, for ever, awake. *Take them in
//!   one order; try the second.* `blind_spots.rs::spin_locks_taken_in_different_orders_are_not_seen`. The feature `lockdep` sees the
//!   first run that takes them so, on one thread even:
//!   `lockdep_blind_spots.rs::spin_locks_taken_in_different_orders_are_seen`
//! * **A mutex that its own holder waits for**, and mutexes taken in different orders: threads that may sleep can wait for
//!   each other. *While you call callbacks, hold no lock that a callback takes.*
//!   `blind_spots.rs::a_mutex_that_its_holder_waits_for_is_not_seen`. The feature `lockdep` sees it, and other circles of waits:
//!   `lockdep_blind_spots.rs::a_mutex_that_its_holder_waits_for_is_seen`. It does not see an order that no run has shown.
//! * **A handler that sleeps while the reported section holds a spin lock**: the sections are put aside for the handler.
//!   `blind_spots.rs::a_handler_that_sleeps_under_a_spin_lock_is_not_seen`
//! * **The growing table of `parking_lot`'s raw locks**, named beneath a `Mutex` that a section tries and releases: see the eighth assumption of the
//!   [theorem](super::theorem#what-it-assumes).
//!   `allocation.rs::threads_that_wait_for_a_lock_of_parking_lots_may_allocate`
//!
//! # Where nobody looks
//!
//! * **A build with checks off** (no debug assertions, and not the feature `checks`) has no counters. The types are there
//!   all the same. `zero_cost.rs::nothing_remains_in_a_release_build`
//! * **A [`backend`](crate::backend) that keeps no count**, like that of a kernel without `CONFIG_DEBUG_ATOMIC_SLEEP`.
//!   `no_std.rs::a_backend_may_keep_no_count`
//! * **A path that does not run**: the counters see what happens, not what could happen. *Call
//!   [`might_sleep`](crate::might_sleep) first in a function, before it is known whether it has to wait.*
//!   `blind_spots.rs::a_path_that_does_not_run_is_not_seen`
//! * **An expectation, where a thread was started by `std::thread`**: what that thread does is not taken by
//!   [`expect_violation`](crate::testing::expect_violation). The policy acts on it, and every
//!   [`#[nonblock::test]`](macro@crate::test) that runs at that time fails. *Start threads by [`thread`](crate::thread), or add
//!   those that others start by [`CurrentTest`](crate::testing::CurrentTest).*
//!   `testing.rs::a_violation_of_a_thread_without_a_token_is_its_own`,
//!   `testing.rs::a_violation_of_a_thread_of_std_is_charged_to_every_test_that_runs`
//! * **What sleeps within a reported root**: it is counted and not reported, since it has the same cause. *Mend the root
//!   first.* `causes.rs::a_root_with_what_it_calls_is_reported_once`
//! * **A test, where a thread outlives it.** *Join the threads of a test.*
//!   `testing.rs::a_thread_that_outlives_its_test_reports_to_nobody`
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(feature = "work", doc = " [`Reserve`]: crate::Reserve")]
#![cfg_attr(not(feature = "work"), doc = " [`Reserve`]: crate#features")]
#![cfg_attr(feature = "capi", doc = " [`capi`]: crate::capi")]
#![cfg_attr(not(feature = "capi"), doc = " [`capi`]: crate#features")]
#![cfg_attr(all(feature = "watch", target_os = "linux"), doc = " [watch]: mod@crate::watch")]
#![cfg_attr(not(all(feature = "watch", target_os = "linux")), doc = " [watch]: crate#features")]

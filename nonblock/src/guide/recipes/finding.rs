//! How violations are found, reported and counted.
//!
//! # Tests
//!
//! [`#[nonblock::test]`](macro@crate::test) in place of `#[test]` lends the test its token. It fails the test if a rule was
//! broken, whatever the policy, on the test's own thread or on threads that it started by [`thread`](crate::thread). If a
//! violation is expected, [`expect_violation`](crate::testing::expect_violation) returns it.
//! [`violations`](crate::testing::violations) returns all of them, or none. Threads that others start, such as the workers of a
//! runtime or a pool, are added by [`CurrentTest`](crate::testing::CurrentTest).
//!
//! ```
//! use nonblock::testing::{expect_violation, violations};
//! use nonblock::{NonBlock, Sleepable, ViolationKind};
//!
//! fn wait_for_fence() {
//!     nonblock::might_sleep();
//! }
//!
//! #[nonblock::test]
//! fn waiting_is_allowed_here(_cx: &mut Sleepable) {
//!     wait_for_fence();
//! }
//!
//! #[nonblock::test]
//! fn waiting_in_a_section_is_found(_nb: &mut NonBlock) {
//!     let violation = expect_violation(|| wait_for_fence());
//!     assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
//!     assert_eq!(violation.depth(), 1);
//! }
//! # if nonblock::CHECKS {
//! # let violation = expect_violation(|| nonblock::non_block(|_nb| wait_for_fence()));
//! # assert_eq!((violation.kind(), violation.depth()), (ViolationKind::SleepInNonBlock, 1));
//! # }
//! # assert!(violations(|| nonblock::sleepable(|_cx| wait_for_fence())).is_empty());
//! ```
//!
//! `cargo test --release` has checks off unless the feature `checks` is on. Then `expect_violation` panics, and says so.
//! To test that something does *not* compile, use `compile_fail` examples, as this guide does, or the crate `trybuild`.
//!
//! # Clippy finds what says nothing
//!
//! `std::thread::sleep` sleeps, takes no token and does not call `might_sleep`. Neither the types nor the counters see it.
//! For the functions and macros of `std`, clippy does. Copy the repository's `docs/clippy.toml` beside your `Cargo.toml`.
//! It lists what blocks or locks in `std`, with what to use instead, and the guards that must not be held across an
//! `.await`. A test (`blocking`) shows it of each entry. An excerpt:
//!
//! ```toml
//! disallowed-methods = [
//!     { path = "std::thread::sleep", reason = "It sleeps for as long as it is told. Use nonblock::thread::sleep(cx, ..)." },
//!     { path = "std::fs::read", reason = "It waits for the file system, and allocates. Use", replacement = "nonblock::MaySleep" },
//!     { path = "std::sync::Mutex::lock", reason = "It sleeps while another thread holds the lock. Use nonblock::sync::Mutex::lock(cx), or try_lock() in a section." },
//! ]
//! disallowed-macros = [
//!     { path = "std::println", reason = "It waits until the standard output has room, under its lock. Use nonblock::work::Queue::push(nb, ..), whose worker prints." },
//! ]
//! await-holding-invalid-types = [
//!     { path = "nonblock::sync::MutexGuard", reason = "Threads that wait for the lock sleep until the task is polled again.", allow-invalid = true },
//! ]
//! ```
//!
//! The command in the file's first lines writes it. With `--allocations` it also lists what allocates. Where such a call is
//! right, as in code that may sleep and has the token, say so there:
//! `#[expect(clippy::disallowed_methods, reason = "...")]`. For a macro such as `println!` the lint is
//! `clippy::disallowed_macros`. A program that prints in many places takes the line of that macro out of its `clippy.toml`.
//!
//! Clippy looks at calls by name, in your own crate. So it does not see (a test shows it: `disallowed`)
//!
//! * `for value in receiver`, which waits for a value in each round. *Write `receiver.iter()`, which is on the list, or
//!   use [`sync::channel`](crate::sync::channel);*
//! * `*LAZY`, which makes the value of a `LazyLock`, or waits until another thread has made it. *Make it before the section:
//!   `LazyLock::force`;*
//! * `?`, which converts an error, and allocates if the function returns a `Box<dyn Error>`. *Return an error type of your
//!   own;*
//! * drops: the end of a scope closes, flushes or frees what lies in it. *Move the value out of the section, or leave its drop to a
//!   [`work::Queue`];*
//! * calls in other crates, in C, and through `dyn`. *Wrap them: see [what sleeps](super::instead#wrap-what-sleeps).*
//!
//! # Policies
//!
//! The [`Policy`](crate::Policy) says what a violation does, if no test takes it: panic, warn and go on, abort, or only
//! count. The environment variable `NONBLOCK` sets it, and a call of [`set_policy`](crate::set_policy) overrides the variable. The
//! variable is read only with the feature `std`. A misspelt value is named when the program first calls a root. A program that
//! would rather refuse it reads it at its start:
//!
//! ```
//! use nonblock::{Policy, may_sleep};
//!
//! #[may_sleep(cx)]
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     if Policy::from_env()?.is_none() {
//!         nonblock::set_policy(Policy::Warn); // a production build reports, and goes on
//!     }
//!     // ...
//! #   let _ = cx;
//!     println!("{}", nonblock::stats()); // what was broken, where, and what was permitted
//!     Ok(())
//! }
//! ```
//!
//! If a sleep is known and does no harm, permit it: [`permit_sleep`](crate::permit_sleep) takes the reason, and
//! [`stats`](crate::stats) lists it. Other violations are still reported.
//!
//! # Handlers
//!
//! A [`Handler`](crate::Handler) is called in place of the policy, for every violation, on the thread that broke the
//! rule:
//!
//! ```
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use nonblock::Violation;
//!
//! static SLEEPS: AtomicU32 = AtomicU32::new(0);
//!
//! fn count(violation: &Violation) {
//!     SLEEPS.fetch_add(1, Ordering::Relaxed);
//!     if violation.occurrence() == 1 {
//!         eprintln!("{violation}"); // each place once
//!     }
//! }
//!
//! nonblock::set_handler(Some(count));
//! for _ in 0..3 {
//!     nonblock::non_block(|_nb| nonblock::might_sleep());
//! }
//! assert_eq!(SLEEPS.load(Ordering::Relaxed), if nonblock::CHECKS { 3 } else { 0 });
//! ```
//!
//! # `tracing`
//!
//! With the feature `tracing` every violation is an event of target `nonblock` too, with its
//! [fields](crate::Violation#as-an-event-of-tracing), beside what the policy or the handler does. Every subscriber of the
//! program gets it. There is nothing to set up here.
//!
//! ```
//! # #[cfg(feature = "tracing")] {
//! # use std::sync::atomic::{AtomicU32, Ordering};
//! # use tracing::{Dispatch, Event, Level, Metadata, Subscriber, span};
//! # static ERRORS: AtomicU32 = AtomicU32::new(0);
//! # struct Count;
//! # impl Subscriber for Count {
//! #     fn enabled(&self, _: &Metadata<'_>) -> bool { true }
//! #     fn new_span(&self, _: &span::Attributes<'_>) -> span::Id { span::Id::from_u64(1) }
//! #     fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
//! #     fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
//! #     fn event(&self, event: &Event<'_>) {
//! #         let of_ours = event.metadata().target() == "nonblock";
//! #         let error = *event.metadata().level() == Level::ERROR;
//! #         ERRORS.fetch_add(u32::from(of_ours && error), Ordering::Relaxed);
//! #     }
//! #     fn enter(&self, _: &span::Id) {}
//! #     fn exit(&self, _: &span::Id) {}
//! # }
//! # tracing::dispatcher::set_global_default(Dispatch::new(Count)).unwrap();
//! // At the start of the program: `tracing_subscriber::fmt::init();`, or whatever it has.
//! nonblock::set_policy(nonblock::Policy::Ignore); // leave it to the subscriber
//! nonblock::non_block(|_nb| nonblock::might_sleep());
//! // ERROR nonblock: sleeping function called from invalid context kind="SleepInNonBlock"
//! //     location=src/main.rs:5:28 section=src/main.rs:5:11 depth=1 thread="main" ...
//! # assert_eq!(ERRORS.load(Ordering::Relaxed), u32::from(nonblock::CHECKS));
//! # }
//! ```
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(feature = "work", doc = " [`work::Queue`]: crate::work::Queue")]
#![cfg_attr(not(feature = "work"), doc = " [`work::Queue`]: crate#features")]

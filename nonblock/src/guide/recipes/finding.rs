//! How violations are found, told and counted.
//!
//! # Tests
//!
//! [`#[nonblock::test]`](macro@crate::test) in place of `#[test]` lends the test its token, and fails it if a rule was
//! broken in it, whatever the policy, on its own thread or on threads that it started by [`thread`](crate::thread). A
//! violation that is wanted is taken by [`expect_violation`](crate::testing::expect_violation);
//! [`violations`](crate::testing::violations) returns all of them, or none.
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
//! `cargo test --release` has checks off unless the feature `checks` is on; `expect_violation` panics then, and says so.
//! That something does *not* compile is tested by `compile_fail` examples, as in this guide, or with the `trybuild`
//! crate.
//!
//! # Policies
//!
//! What a violation does, where no test takes it, is the [`Policy`](crate::Policy): to panic, to warn and go on, to
//! abort, or to count only. The environment variable `NONBLOCK` says which, and code goes over it. A misspelt value is
//! named at the first violation; a program that would rather know at its start reads it there:
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
//! A sleep that is known and harmless is permitted rather than ignored: [`permit_sleep`](crate::permit_sleep) takes the
//! reason, and [`stats`](crate::stats) lists it.
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
//! [fields](crate::Violation#as-an-event-of-tracing), beside what the policy or the handler does. Any subscriber of the
//! program's gets it; nothing has to be set up here.
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

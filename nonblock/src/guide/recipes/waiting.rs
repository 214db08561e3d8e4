//! How to find threads that wait for each other, before they do.
//!
//! The module [`lockdep`](crate::lockdep) (feature `lockdep`) looks at every wait in this crate and in `nonblock-mm`. It remembers what
//! a thread held while it waited for what. The first wait that goes against that is reported: on one thread even, with nobody
//! in the way, and before the thread waits.
//!
//! # Look at a program's waits
//!
//! Switch the feature on in tests, and in builds that are tried out. No line of code changes:
//!
//! ```toml
//! [dependencies]
//! nonblock = { path = "../nonblock/nonblock", features = ["lockdep"] }
//! ```
//!
//! Or for one run only: `cargo test --features nonblock/lockdep`. Names make reports shorter: `Mutex::new(0).in_class("table")`.
//!
//! What is found is a violation as others, so the policy, handlers and [`testing`](crate::testing) apply. A report has the chain:
//!
//! ```
//! use nonblock::ViolationKind;
//! use nonblock::sync::Mutex;
//!
//! let (journal, table) = (Mutex::new(1).in_class("journal"), Mutex::new(2).in_class("table"));
//! let write = || {
//!     nonblock::sleepable(|cx| {
//!         let journal = journal.lock(cx);
//!         *table.lock(cx) += *journal;
//!     });
//! };
//! let compact = || {
//!     nonblock::sleepable(|cx| {
//!         let table = table.lock(cx);
//!         *journal.lock(cx) = *table;
//!     });
//! };
//! write();
//! if nonblock::lockdep::ENABLED {
//!     let violation = nonblock::testing::expect_violation(compact);
//!     assert_eq!(violation.kind(), ViolationKind::CircularWait);
//!     let report = violation.to_string();
//!     assert!(report.starts_with("BUG: possible circular locking dependency at"));
//!     assert!(report.contains("took the Mutex `journal` at"));
//! }
//! ```
//!
//! Ask yourself of each piece: can it happen while the others do? If so, two threads hang one day. Mend it by one order
//! for all; by letting go of the one before waiting for the other; or by trying, and putting off what cannot be had.
//!
//! # Wait for something of your own
//!
//! What a program waits for by other means joins by a [`Class`](crate::lockdep::Class): a lock file, a reply from another
//! process, a lock of another crate. Raw locks of `lock_api` join by `lockdep::Raw`, in their type.
//!
//! ```
//! use nonblock::lockdep::Class;
//! use nonblock::sync::Mutex;
//!
//! static REPLY: Class = Class::new("reply of the server");
//! static REQUESTS: Mutex<Vec<u64>> = Mutex::new(Vec::new()).in_class("requests");
//!
//! fn wait_for_reply() {
//!     REPLY.wait();
//!     // ... read from the socket ...
//! }
//!
//! fn on_reply() {
//!     // ... store what came ...
//!     REPLY.complete();
//! }
//!
//! nonblock::sleepable(|cx| {
//!     REQUESTS.lock(cx).push(1);
//!     wait_for_reply();
//! });
//! on_reply();
//! ```
//!
//! The classes exist without the feature too, and do nothing there. So a library can name its own.
//!
//! # Say what a signal handler may interrupt
//!
//! A lock that a signal handler waits for must never be held where the handler can interrupt its holder. Wrap the handler's code in
//! [`signal_handler`](crate::lockdep::signal_handler), and code with the signal blocked in
//! [`signals_blocked`](crate::lockdep::signals_blocked). Then the first two uses that do not go together are reported, whether a
//! signal came or not.
//!
//! # Keep several objects of one class
//!
//! Objects that are made at one place are of one class. Of two that are held together the order is remembered, for these two:
//! accounts may be locked by their numbers, and a list hand over hand. Where a program holds one kind of object and, with it, another
//! of the same kind, made at the same place, in two roles, give the roles names: `in_class("parent")`, `in_class("child")`.

//! Where the counters live: a trait, and the macro that installs an implementation of it.
//!
//! The core keeps no state of its own. It asks a backend. A program has exactly one, as with the crate `critical-section`.
//! With the feature `std` it is a thread-local one, installed by the same macro. Without `std`, a program whose checks are
//! on installs its own with [`set_backend!`](crate::set_backend). If it does not, it does not link, and the name of the
//! missing symbol says why.
//!
//! # Who installs it
//!
//! Only the final program does, in a build without `std`. A library leaves it to the program: it depends on nonblock with
//! `default-features = false`, and does not call `set_backend!`.
//!
//! Cargo builds nonblock once, with every feature that any crate of the build asks for. If one of them asks for `std`, a backend is
//! there, and a second one does not compile. `cargo tree -e features -i nonblock` shows who asks for it.
//!
//! For the same reason no crate can call `set_backend!` and have tests with `#[nonblock::test]`, which needs `std`. Split it
//! in two:
//!
//! | crate | nonblock in `[dependencies]` | in `[dev-dependencies]` | what is in it | built by |
//! |---|---|---|---|---|
//! | a library | `default-features = false` | with default features | the code, and its tests | `cargo test -p driver`, on the host |
//! | the program | `default-features = false` | none | `set_backend!`, and `main` | `cargo build -p firmware`, for its machine |
//!
//! Cargo turns on what development dependencies ask for only where it builds tests. In a workspace, keep the program out of
//! `cargo test --workspace`, which builds all members together: by `exclude` in the workspace's `Cargo.toml`, or by
//! `cargo test --workspace --exclude firmware`.
//!
//! # Examples
//!
//! A whole program without `std` for a Linux host, with this in its `Cargo.toml`:
//!
//! ```toml
//! [dependencies]
//! nonblock = { path = "../nonblock/nonblock", default-features = false }
//!
//! [profile.dev]
//! panic = "abort" # without `std` nothing can unwind
//!
//! [profile.release]
//! panic = "abort"
//! ```
//!
//! It writes a report and goes on (`cargo run`). The tests of this library build it and run it:
//!
//! ```rust,ignore
#![doc = include_str!("bare_program.rs")]
//! ```
//!
//! On a machine with interrupts, `start` and `end` need no more: an interrupt leaves the count as it found it. With several threads
//! or processors, keep one count for each of them.

mod active;
#[cfg(not(any(debug_assertions, feature = "checks")))]
mod checks_off;
#[cfg(feature = "std")]
pub(crate) mod env_variable;
mod interface;
#[cfg(all(any(debug_assertions, feature = "checks"), not(feature = "std")))]
mod linked;
mod set_backend;
#[cfg(feature = "std")]
mod stderr;
#[cfg(feature = "std")]
pub(crate) mod test_recorder;
#[cfg(feature = "std")]
mod thread_local;
#[cfg(feature = "std")]
mod thread_outside_tests;

pub(crate) use active::{ActiveBackend, SuspendGuard, in_section};
pub use interface::{Backend, Suspended};
// The expansion of `set_backend!` names these. They are no public interface: no version keeps them stable.
#[doc(hidden)]
pub use set_backend::{BackendVTable, only_backend};

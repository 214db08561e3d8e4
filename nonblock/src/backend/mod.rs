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
//! ```text
//! //! A program without `std`, on libc's start files. It has one thread. It brings its own backend, and breaks a rule.
//! #![no_std]
//! #![no_main]
//!
//! use core::ffi::{c_int, c_void};
//! use core::fmt::{self, Write as _};
//! use core::panic::PanicInfo;
//! use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
//!
//! use nonblock::backend::{Backend, Suspended};
//! use nonblock::{Place, Policy, Violation, might_sleep, non_block};
//!
//! /// How many sections are open. There is one thread, and no interrupt, so a load and a store do.
//! static DEPTH: AtomicU32 = AtomicU32::new(0);
//!
//! struct OneThread;
//!
//! nonblock::set_backend!(OneThread);
//!
//! // SAFETY: the program has one thread, and the one counter is that thread's. Nothing unwinds.
//! unsafe impl Backend for OneThread {
//!     fn start(_place: Place) {
//!         DEPTH.store(DEPTH.load(Relaxed) + 1, Relaxed);
//!     }
//!
//!     fn end() -> bool {
//!         let open = DEPTH.load(Relaxed);
//!         DEPTH.store(open.saturating_sub(1), Relaxed);
//!         open > 0
//!     }
//!
//!     fn depth() -> Option<u32> {
//!         Some(DEPTH.load(Relaxed))
//!     }
//!
//!     fn suspend() -> Suspended {
//!         let depth = DEPTH.load(Relaxed);
//!         DEPTH.store(0, Relaxed);
//!         Suspended { depth, began: None }
//!     }
//!
//!     fn resume(suspended: Suspended) {
//!         DEPTH.store(DEPTH.load(Relaxed) + suspended.depth, Relaxed);
//!     }
//!
//!     fn write(violation: &Violation) {
//!         // If it cannot be written, there is no other place for it.
//!         let _ = writeln!(StandardError, "{violation}");
//!     }
//!
//!     fn abort() -> ! {
//!         // SAFETY: it ends the process, whatever its state.
//!         unsafe { abort() }
//!     }
//!
//!     fn initial_policy() -> Policy {
//!         Policy::Warn
//!     }
//! }
//!
//! /// Waits for something.
//! fn wait() {
//!     might_sleep();
//! }
//!
//! // SAFETY: libc's start files call the one `main` of the program.
//! #[unsafe(no_mangle)]
//! extern "C" fn main() -> c_int {
//!     non_block(|_nb| wait()); // written, and the program goes on
//!     0
//! }
//!
//! #[panic_handler]
//! fn panic(_info: &PanicInfo<'_>) -> ! {
//!     OneThread::abort()
//! }
//!
//! /// What the unwind tables of the compiled `core` name. Nothing unwinds in this program.
//! // SAFETY: std defines this symbol elsewhere, and is not in this program.
//! #[unsafe(no_mangle)]
//! extern "C" fn rust_eh_personality() {}
//!
//! #[link(name = "c")]
//! unsafe extern "C" {
//!     fn write(descriptor: c_int, bytes: *const c_void, count: usize) -> isize;
//!     fn abort() -> !;
//! }
//!
//! struct StandardError;
//!
//! impl fmt::Write for StandardError {
//!     fn write_str(&mut self, text: &str) -> fmt::Result {
//!         // SAFETY: the bytes are the text's, as many as it has.
//!         let written = unsafe { write(2, text.as_ptr().cast(), text.len()) };
//!         if usize::try_from(written) == Ok(text.len()) { Ok(()) } else { Err(fmt::Error) }
//!     }
//! }
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
#[cfg(all(feature = "probes", target_os = "linux"))]
mod probes;
mod set_backend;
#[cfg(feature = "std")]
mod stderr;
#[cfg(feature = "std")]
pub(crate) mod test_recorder;
#[cfg(feature = "std")]
pub(crate) mod thread_local;
#[cfg(feature = "std")]
mod thread_outside_tests;
#[cfg(feature = "watch")]
pub(crate) mod watched;

pub(crate) use active::{ActiveBackend, SuspendGuard, in_section};
pub use interface::{Backend, Suspended};
#[cfg(any(feature = "watch", all(feature = "lockdep", target_os = "linux")))]
pub(crate) use stderr::write_unlocked as write_to_stderr;
// The expansion of `set_backend!` names these. They are no public interface: no version keeps them stable.
#[doc(hidden)]
pub use set_backend::{BackendVTable, only_backend};

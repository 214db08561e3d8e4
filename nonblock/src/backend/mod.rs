//! Where the counters live: a trait, and the macro that installs an implementation of it.
//!
//! The core keeps no state of its own. It asks a backend. A program has exactly one, as with the crate `critical-section`.
//! With the feature `std` it is a thread-local one, installed by the same macro. Without `std`, a program whose checks are
//! on installs its own with [`set_backend!`](crate::set_backend). If it does not, it does not link, and the name of the
//! missing symbol says why.
//!
//! # Examples
//!
//! A backend for a machine with a single thread, in a crate that depends on `nonblock` with default features off:
//!
//! ```
//! use core::sync::atomic::{AtomicU32, Ordering};
//! use nonblock::backend::{Backend, Suspended};
//! use nonblock::{Place, Violation};
//!
//! static DEPTH: AtomicU32 = AtomicU32::new(0);
//!
//! struct SingleThread;
//!
//! // SAFETY: the machine has one thread, and the one counter is that thread's; nothing unwinds.
//! unsafe impl Backend for SingleThread {
//!     fn start(_place: Place) {
//!         DEPTH.fetch_add(1, Ordering::Relaxed);
//!     }
//!     fn end() -> bool {
//!         let less = |depth: u32| depth.checked_sub(1);
//!         DEPTH.try_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
//!     }
//!     fn depth() -> Option<u32> {
//!         Some(DEPTH.load(Ordering::Relaxed))
//!     }
//!     fn suspend() -> Suspended {
//!         Suspended { depth: DEPTH.swap(0, Ordering::Relaxed), began: None }
//!     }
//!     fn resume(suspended: Suspended) {
//!         DEPTH.fetch_add(suspended.depth, Ordering::Relaxed);
//!     }
//!     fn write(_violation: &Violation) {
//!         // To the serial port ...
//!     }
//!     fn abort() -> ! {
//!         loop {}
//!     }
//! }
//!
//! # macro_rules! set_backend { ($backend:ty) => {} } // the feature `std` has installed its own here
//! // In such a crate: `nonblock::set_backend!(SingleThread);`
//! set_backend!(SingleThread);
//! ```

mod active;
#[cfg(not(any(debug_assertions, feature = "checks")))]
mod checks_off;
#[cfg(feature = "std")]
pub(crate) mod environment;
mod interface;
#[cfg(all(any(debug_assertions, feature = "checks"), not(feature = "std")))]
mod linked;
mod set_backend;
#[cfg(feature = "std")]
mod stderr;
#[cfg(feature = "std")]
mod stray_thread;
#[cfg(feature = "std")]
pub(crate) mod test_recorder;
#[cfg(feature = "std")]
mod thread_local;

pub(crate) use active::{ActiveBackend, SuspendGuard, in_section};
pub use interface::{Backend, Suspended};
// The expansion of `set_backend!` names these. They are no public interface: no version keeps them stable.
#[doc(hidden)]
pub use set_backend::{BackendVTable, only_backend};

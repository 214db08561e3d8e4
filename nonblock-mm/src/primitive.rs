//! Everything that a model checker replaces: atomics, and cells of a thread.
//!
//! The rest of the crate imports these from here only. The models in `tests/tests/loom_*` compile the crate's files with a
//! `primitive` of their own, which has the types of the model checker.

pub(crate) use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How often an invalidation looks whether a reader's turn is over, at most: for about a tenth of a second, since the waits of
/// a [`Backoff`](nonblock::thread::Backoff) soon are a millisecond each. Linux's reaper comes back as often.
pub(crate) const MAX_TURN_WAITS: u32 = 100;

/// Declares a thread-local cell without a destructor. It can be used while the thread is torn down.
macro_rules! per_thread {
    ($(#[$attribute:meta])* static $name:ident: $value:ty = $start:expr;) => {
        std::thread_local! {
            $(#[$attribute])*
            static $name: core::cell::Cell<$value> = const { core::cell::Cell::new($start) };
        }
    };
}
pub(crate) use per_thread;

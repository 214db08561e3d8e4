//! What stands in, under the model checker loom, for the locks and the clock that the library stands on.
//!
//! The library's own files are compiled a second time by the tests named `loom_...`, over these: what waits here is seen
//! by the checker, which tries every order of the threads, and every value that a load may return.

mod cell;
mod clock;
mod condvar;
mod depth;
mod lazy;
mod mutex;
mod number;
mod once;
mod park;
mod pool;
mod queue;
mod raw;
mod raw_rwlock;

pub use cell::Cell;
pub use clock::{Instant, time_runs_out};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use depth::Depth;
pub use lazy::Lazy;
pub use mutex::{Mutex, MutexGuard};
pub use number::{Flag, Number, Number8, Number32, Number64};
pub use once::OnceLock;
pub use park::{Thread, current, is_over, lock_is_free, park, park_timeout, wait_for_lock};
pub use raw::{RawCondvar, RawLock, RawSpinning};
pub use raw_rwlock::{RawReadWrite, RawSpinningReadWrite};

use loom::model::Builder;

/// Where this environment variable is set, models are explored as deep as they say. Otherwise with one preemption less, and two at
/// most, which takes a fraction of the time.
const DEEP: &str = "NONBLOCK_DEEP_MODELS";

/// Returns the one number of preemptions where models are explored deep, and else the other: see [`DEEP`].
pub fn deep_or(deep: usize, quick: usize) -> usize {
    if std::env::var_os(DEEP).is_some() { deep } else { quick }
}

/// Explores every order with at most so many preemptions, or with fewer: see [`DEEP`]. Waiting that nobody ends is a deadlock,
/// which loom reports.
pub fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    explore_deep(deep_or(preemptions, preemptions.saturating_sub(1).clamp(1, 2)), model);
}

/// Explores every order with just so many preemptions at most: for models that are to find a mistake.
pub fn explore_deep(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(move || {
        pool::fill();
        model();
    });
}

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
pub use number::{Flag, Number, Number32};
pub use once::OnceLock;
pub use park::{Thread, current, is_over, lock_is_free, park, park_timeout, wait_for_lock};
pub use raw::{RawCondvar, RawLock, RawSpinning};
pub use raw_rwlock::{RawReadWrite, RawSpinningReadWrite};

use loom::model::Builder;

/// Where this environment variable is set, models are explored as deep as they say.
const DEEP: &str = "NONBLOCK_DEEP_MODELS";

/// Otherwise with so many preemptions at most, which takes a fraction of the time. Most mistakes need two.
const MOST_PREEMPTIONS: usize = 2;

/// Explores every order with at most so many preemptions. Waiting that nobody ends is a deadlock, which loom reports.
pub fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let most = if std::env::var_os(DEEP).is_some() { usize::MAX } else { MOST_PREEMPTIONS };
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions.min(most));
    builder.check(move || {
        pool::fill();
        model();
    });
}

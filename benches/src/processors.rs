//! Threads, each on a processor of its own.
//!
//! Left to itself, the scheduler may let two threads take turns on one processor: what one does in its own processor time is then
//! as if the other were not there, and neither contends with the other.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;

/// The calling thread.
const SELF: Pid = Pid::from_raw(0);

/// The processors that the calling thread may use.
///
/// When it is dropped, the thread that made it may use all of them again.
#[derive(Debug)]
pub struct Processors {
    allowed: Option<CpuSet>,
    numbers: Vec<usize>,
}

impl Processors {
    /// Finds out which processors the calling thread may use.
    #[must_use]
    pub fn allowed() -> Self {
        let allowed = sched_getaffinity(SELF).ok();
        let is_allowed = |number: &usize| {
            allowed.as_ref().is_some_and(|allowed| allowed.is_set(*number).unwrap_or(false))
        };
        Self { numbers: (0..CpuSet::count()).filter(is_allowed).collect(), allowed }
    }

    /// Keeps the calling thread to the one of a number, from 0, if so many threads can have one each. Else does nothing.
    pub fn keep_to(&self, number: usize, of: usize) {
        if of > 1 && of <= self.numbers.len() {
            let mut one = CpuSet::new();
            one.set(self.numbers[number]).expect("it is one of the set");
            sched_setaffinity(SELF, &one).expect("it is allowed");
        }
    }
}

impl Drop for Processors {
    fn drop(&mut self) {
        if let Some(allowed) = &self.allowed {
            sched_setaffinity(SELF, allowed).expect("it was so before");
        }
    }
}

/// Returns how often the calling thread lost its processor to another thread without having asked for it.
pub(crate) fn times_interrupted() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).map_or(0, |usage| usage.involuntary_context_switches())
}

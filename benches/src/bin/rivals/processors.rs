//! Two threads, each on a processor of its own.
//!
//! Left to itself, the scheduler may let both take turns on one: what one does in its own processor time is then as if the
//! other were not there.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The calling thread.
const SELF: Pid = Pid::from_raw(0);

/// What two threads were given, until it is dropped by the thread that made it.
pub(crate) struct TwoProcessors {
    allowed: Option<CpuSet>,
    two: [usize; 2],
}

impl TwoProcessors {
    /// Keeps the calling thread to the first of two that it may use. Does nothing if there are not two.
    pub(crate) fn first() -> Self {
        let allowed = sched_getaffinity(SELF).ok();
        let is_allowed = |number: &usize| {
            allowed.as_ref().is_some_and(|allowed| allowed.is_set(*number).unwrap_or(false))
        };
        let mut numbers = (0..CpuSet::count()).filter(is_allowed);
        match (numbers.next(), numbers.next()) {
            (Some(first), Some(second)) => {
                keep_to(first);
                Self { allowed, two: [first, second] }
            }
            _ => Self { allowed: None, two: [0; 2] },
        }
    }

    /// Keeps the calling thread, another, to the second. It ends soon.
    pub(crate) fn second(&self) {
        if self.allowed.is_some() {
            keep_to(self.two[1]);
        }
    }
}

impl Drop for TwoProcessors {
    fn drop(&mut self) {
        if let Some(allowed) = &self.allowed {
            sched_setaffinity(SELF, allowed).expect("it was so before");
        }
    }
}

fn keep_to(number: usize) {
    let mut one = CpuSet::new();
    one.set(number).expect("it is one of the set");
    sched_setaffinity(SELF, &one).expect("it is allowed");
}

//! Drivers that sleep in their callbacks: the twin through the library, and one on Linux's own interface.

use crate::Outcome;
use crate::device::{Device, PLAIN, UNTYPED};
use crate::kernel_log::KernelLog;
use crate::set_up::Settings;
use crate::uapi::counter;
use crate::victim::Victim;

/// The fault: `msleep`.
pub(crate) const MSLEEP: u64 = 1;
/// The fault: a mutex that a job holds.
pub(crate) const MUTEX: u64 = 2;
/// The fault: a call that says that it may sleep.
pub(crate) const CHECK: u64 = 3;

/// How long the victim stays. The kernel reports what may sleep at most once a second, for the whole machine, so the next play must
/// not follow sooner than that on the report of this one.
const HOLD: &str = "hold=1600";

/// The twin makes a fault in the callback of a list.
pub(crate) fn list(fault: u64, log: &mut KernelLog) -> Outcome {
    untyped("watch", fault, counter::LIST_SECTION_CALLS, log)
}

/// The twin makes a fault in the callback of an interval.
pub(crate) fn interval(fault: u64, log: &mut KernelLog) -> Outcome {
    untyped("mirror", fault, counter::INTERVAL_SECTION_CALLS, log)
}

fn untyped(kind: &str, fault: u64, calls: usize, log: &mut KernelLog) -> Outcome {
    let mut victim = Victim::start(UNTYPED, &[kind, &format!("sleep={fault}"), HOLD])?;
    let released = std::thread::scope(|scope| -> Result<_, String> {
        let file = rustix::io::dup(&victim.device).map_err(|error| error.to_string())?;
        let job = (fault == MUTEX).then(|| scope.spawn(move || Device::from_fd(file).job(700)));
        victim.kill()?;
        let released = victim.release();
        job.map_or(Ok(Ok(())), std::thread::ScopedJoinHandle::join)
            .map_err(|_| "the job's thread panicked")??;
        Ok(released)
    })?;
    log.note(&format!("mrelease={released} calls={}", victim.device.counters()?[calls]));
    victim.wait()
}

/// The driver in C sleeps in the callback of an interval.
pub(crate) fn plain(_: &Settings, log: &mut KernelLog) -> Outcome {
    let mut victim = Victim::start(PLAIN, &["mirror", HOLD])?;
    victim.kill()?;
    let released = victim.release();
    // Its own: all calls, those that must not sleep, and the kernel's count of sections in the last of these.
    let [_, calls, depth, ..] = victim.device.counters()?;
    log.note(&format!("mrelease={released} calls={calls} depth={depth}"));
    victim.wait()
}

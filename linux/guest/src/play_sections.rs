//! Calls in a section: by `process_mrelease`, which runs the OOM reaper's code when it is asked to, and by the reaper itself.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::device::{DMIRROR, Device, notes};
use crate::kernel_log::KernelLog;
use crate::set_up::Settings;
use crate::uapi::counter;
use crate::victim::Victim;

/// Both notifiers are called, and the work that they push is done.
pub(crate) fn mrelease(_: &Settings, log: &mut KernelLog) -> Outcome {
    let mut victim = Victim::start(DMIRROR, &["mirror", "watch", "fault", "hold=1800"])?;
    victim.kill()?;
    log.note(&format!("mrelease={}", victim.release()));
    let counters = wait_for_work(&victim.device)?;
    log.note(&notes(&counters));
    victim.wait()
}

/// Waits until a worker has done what was pushed.
fn wait_for_work(device: &Device) -> Result<[u64; counter::WORDS], String> {
    let begin = Instant::now();
    loop {
        let counters = device.counters()?;
        let is_done = counters[counter::WORK_DONE] >= counters[counter::WORK_PUSHED];
        if is_done || begin.elapsed() > Duration::from_millis(1500) {
            return Ok(counters);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A job holds the table of a driver that mirrors a range.
pub(crate) fn refusal_interval(_: &Settings, log: &mut KernelLog) -> Outcome {
    refusal(&["mirror", "fault", "hold=3000"], log)
}

/// A job holds the table of a driver that is told of everything.
///
/// A driver with both kinds would hang here. In Linux 6.12, when a list refuses, the intervals that had begun are never ended,
/// and an interval notifier that is to be removed waits for that.
pub(crate) fn refusal_list(_: &Settings, log: &mut KernelLog) -> Outcome {
    refusal(&["watch-refuses", "hold=3000"], log)
}

fn refusal(words: &[&str], log: &mut KernelLog) -> Outcome {
    let mut victim = Victim::start(DMIRROR, words)?;
    let before = victim.device.counters()?;
    let (first, between) = std::thread::scope(|scope| -> Result<_, String> {
        let file = rustix::io::dup(&victim.device).map_err(|error| error.to_string())?;
        let job = scope.spawn(move || Device::from_fd(file).job(1500));
        std::thread::sleep(Duration::from_millis(200));
        victim.kill()?;
        let found = (victim.release(), victim.device.counters()?);
        job.join().map_err(|_| "the job's thread panicked")??;
        Ok(found)
    })?;
    let second = victim.release();
    let after = victim.device.counters()?;
    let dropped =
        |from: &[u64], to: &[u64]| to[counter::PAGES_DROPPED] - from[counter::PAGES_DROPPED];
    log.note(&format!(
        "first={first} dropped_by_first={} second={second} dropped_by_second={} refusals={}",
        dropped(&before, &between),
        dropped(&between, &after),
        after[counter::REFUSALS]
    ));
    victim.wait()
}

/// The kernel runs out of memory, kills the victim, and reaps it two seconds later, since it does not end.
pub(crate) fn oom(_: &Settings, log: &mut KernelLog) -> Outcome {
    let mut victim = Victim::start(DMIRROR, &["mirror", "watch", "fault", "hold=20000", "eat"])?;
    victim.go_on()?;
    let begin = Instant::now();
    // As long as the victim stays: what comes later is its own end.
    while begin.elapsed() < Duration::from_secs(19) {
        std::thread::sleep(Duration::from_millis(200));
        if victim.device.counters()?[counter::LIST_SECTION_CALLS] > 0 {
            break;
        }
    }
    // The reaper goes on with the other mappings, and prints its line.
    std::thread::sleep(Duration::from_millis(700));
    let counters = wait_for_work(&victim.device)?;
    log.note(&notes(&counters));
    victim.linger();
    Ok(())
}

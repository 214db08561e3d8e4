//! From the events of a section to reports. After the section has ended, when everything may be done.

use core::fmt::Write as _;
use core::time::Duration;
use std::format;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

use crate::backend;
use crate::report;
use crate::violation::{Frame, Observation, Place, ViolationKind};

use super::call_chain;
use super::clock;
use super::event_buffer::{Event, What};
use super::faults;
use super::json_lines;
use super::layers;
use super::report_lock::{Refused, ReportLock};
use super::statistics;
use super::thread_record::ThreadRecord;
use crate::suppressions::{self, Subject};

/// Reports what was seen in the section that has just ended on this thread. Returns `false` if there was nothing.
#[track_caller]
pub(crate) fn report_section() -> bool {
    let Some(record) = ThreadRecord::mine() else { return false };
    let Some(buffer) = record.buffer().filter(|buffer| !buffer.is_empty()) else { return false };
    let lock = match ReportLock::for_report() {
        Ok(lock) => lock,
        Err(Refused::Here) => {
            record.waiting().set(true);
            record.disturb_markers();
            return true;
        }
        Err(Refused::InThisProcess) => {
            statistics::count_lost(buffer.len());
            buffer.clear();
            return true;
        }
    };
    record.waiting().set(false);
    statistics::count_lost(buffer.lost());
    let events: Vec<_> = buffer
        .events()
        .map(|(event, stack)| (event, call_chain::addresses(event.registers, stack)))
        .collect();
    buffer.clear();
    let seen: Vec<_> =
        events.into_iter().filter_map(|(event, addresses)| Seen::new(event, &addresses)).collect();
    for seen in &seen {
        json_lines::write(seen.kind, seen.section, &seen.observation, seen.times);
    }
    drop(lock);
    // Where the policy is to panic, the last one panics, after the others were written.
    let last = seen.len();
    for (number, seen) in (1..).zip(seen) {
        let was_written = || seen.times > 1;
        report::observed(seen.kind, seen.section, seen.observation, number == last, was_written);
    }
    true
}

/// Reports, when it is dropped, what still waits for a place where a report can be made: the events of sections that have ended in a
/// signal handler or within the allocator. It stands where code ends after which the thread may have no other section.
#[must_use = "what waits is reported when this is dropped"]
#[derive(Debug)]
pub(crate) struct ReportsWaiting;

impl Drop for ReportsWaiting {
    #[inline]
    #[track_caller]
    fn drop(&mut self) {
        if ThreadRecord::mine().is_some_and(|record| record.waiting().get()) {
            report_waiting();
        }
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn report_waiting() {
    // A section that is open reports them with its own events when it ends.
    if backend::in_section() != Some(true) {
        report_section();
    }
}

/// What was found out about an event.
struct Seen {
    kind: ViolationKind,
    section: Place,
    observation: Arc<Observation>,
    /// How often the fault was seen, with this time.
    times: usize,
}

impl Seen {
    /// Returns `None` if the event is suppressed.
    fn new(event: Event, addresses: &[usize]) -> Option<Self> {
        let section = event.section.unwrap_or(Place::caller());
        let kind = match event.what {
            #[cfg(target_arch = "x86_64")]
            What::SystemCall { .. } => ViolationKind::SyscallInNonBlock,
            What::Allocation(_) | What::Release(_) => ViolationKind::AllocInNonBlock,
            What::Sleep { .. } => ViolationKind::ScheduledInNonBlock,
            What::OverBudget => ViolationKind::OverBudget,
        };
        let frames = faults::frames(addresses);
        if suppressions::suppresses(|| subjects(&frames)) {
            return None;
        }
        let user_frame = call_chain::user_frame(&frames);
        let of_user = user_frame.and_then(|at| frames.get(at));
        let fault = faults::number(kind, section, call(&event), addresses, of_user);
        let took = clock::duration(event.ticks);
        let mut found = found(&event, took);
        if let Some(function) = call_chain::package_function(&frames) {
            let _ = write!(found, ", in `{function}`");
        }
        if let Some(frame) = of_user {
            let _ = write!(found, ", called");
            if let Some(function) = frame.function() {
                let _ = write!(found, " by `{function}`");
            }
            if let (Some(file), Some(line)) = (frame.file(), frame.line()) {
                let _ = write!(found, " at {file}:{line}");
            }
        }
        let slept = match event.what {
            #[cfg(target_arch = "x86_64")]
            What::SystemCall { sleeps, .. } => sleeps > 0,
            What::Sleep { times, .. } => times > 0,
            _ => false,
        };
        let observation = Observation {
            found,
            system_call: system_call(&event),
            slept,
            took,
            frames: frames.to_vec(),
            user_frame,
            fault,
        };
        let observation = Arc::new(observation);
        Some(Self { kind, section, observation, times: faults::count(fault) })
    }
}

/// Returns what tells an event from others of its kind: the system call, or whether memory was released.
fn call(event: &Event) -> (usize, &'static str) {
    match event.what {
        #[cfg(target_arch = "x86_64")]
        What::SystemCall { call, number, .. } => (number, call.name),
        What::Release(_) => (1, ""),
        What::Allocation(_) | What::Sleep { .. } | What::OverBudget => (0, ""),
    }
}

/// Returns the name of an event's system call.
fn system_call(event: &Event) -> Option<&'static str> {
    #[cfg(target_arch = "x86_64")]
    if let What::SystemCall { call, .. } = event.what {
        return Some(call.name);
    }
    let _ = event;
    None
}

/// Says what an event was.
fn found(event: &Event, took: Duration) -> String {
    match event.what {
        #[cfg(target_arch = "x86_64")]
        What::SystemCall { call, number, ref arguments, result, why, ref path, sleeps } => {
            let mut text = String::from("the system call `");
            let _ = call.write(&mut text, number, arguments, result);
            text.push('`');
            let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
            if end > 0 {
                let dots = if end == path.len() { "…" } else { "" };
                let _ = write!(text, " of {:?}{dots}", String::from_utf8_lossy(&path[..end]));
            }
            let _ = match result.map(|_| sleeps) {
                Some(0) => write!(text, ", which did not sleep this time ({took:.1?}) and may"),
                Some(_) => write!(text, ", which slept for {took:.1?}"),
                None => {
                    write!(
                        text,
                        ", after which no call of this section was looked at, and which may have slept"
                    )
                }
            };
            let _ = write!(text, ": {}", sentence(why));
            text
        }
        What::Allocation(bytes) => format!("an allocation of {bytes} bytes"),
        What::Release(bytes) => format!("a release of {bytes} bytes"),
        What::Sleep { times, major_faults } => match (times, major_faults) {
            (0, faults) => format!("{faults} page fault(s) that waited for a disk"),
            (times, 0) => format!("the thread went to sleep {times} time(s)"),
            (times, faults) => format!(
                "the thread went to sleep {times} time(s), {faults} page fault(s) that waited for a disk among them"
            ),
        },
        What::OverBudget => {
            format!(
                "it lasted {took:.1?}, over its budget of {:?}",
                Duration::from_nanos(layers::budget())
            )
        }
    }
}

/// Returns a sentence as it stands within another.
#[cfg(target_arch = "x86_64")]
fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// What a suppression may fit, of a chain of calls.
fn subjects(frames: &[Frame]) -> impl Iterator<Item = Subject<'_>> {
    frames.iter().flat_map(|frame| {
        let function = frame.function().map(Subject::Function);
        function.into_iter().chain(frame.file().map(Subject::File))
    })
}

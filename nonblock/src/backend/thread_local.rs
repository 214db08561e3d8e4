//! The backend of the feature `std`: its counters are thread-local, and its reports go to standard error.

use core::cell::Cell;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::string::{String, ToString};

use super::env_variable;
use super::interface::{Backend, Suspended};
use super::stderr::write_unlocked;
use super::test_recorder;
use super::thread_outside_tests;
use crate::violation::{Place, Policy, Task, Violation};

struct State {
    depth: Cell<u32>,
    /// How many sections are suspended.
    suspended: Cell<u32>,
    /// Where the outermost section began, and where the latest of the inner ones began. Nobody reads the second: to store
    /// a place always, in one cell or the other, costs less than a branch.
    began: [Cell<Option<Place>>; 2],
    reporting: Cell<bool>,
    /// The depth at which a call that lends the right to sleep was reported, while it runs.
    reported: Cell<u32>,
}

std::thread_local! {
    // It has no destructor, and its initial value is a constant. So an access is a plain load.
    static STATE: State = const {
        State {
            depth: Cell::new(0),
            suspended: Cell::new(0),
            began: [Cell::new(None), Cell::new(None)],
            reporting: Cell::new(false),
            reported: Cell::new(0),
        }
    };
}

/// Counters in thread-local storage.
pub(crate) struct ThreadLocal;

crate::set_backend!(ThreadLocal);

// SAFETY: the count is thread-local, and nothing else changes it. No function but `write` unwinds.
unsafe impl Backend for ThreadLocal {
    #[inline]
    fn start(place: Place) {
        STATE.with(|state| {
            let depth = state.depth.get();
            state.began[usize::from(depth != 0)].set(Some(place));
            state.depth.set(depth.wrapping_add(1));
        });
    }

    #[inline]
    fn end() -> bool {
        STATE.with(|state| {
            // To store the count before looking at it takes one instruction on x86-64.
            let (depth, none_was_open) = state.depth.get().overflowing_sub(1);
            state.depth.set(depth);
            if none_was_open { end_suspended(state) } else { true }
        })
    }

    #[inline]
    fn depth() -> Option<u32> {
        Some(STATE.with(|state| state.depth.get()))
    }

    fn began() -> Option<Place> {
        STATE.with(|state| if state.depth.get() == 0 { None } else { state.began[0].get() })
    }

    fn suspend() -> Suspended {
        let began = Self::began();
        STATE.with(|state| {
            let depth = state.depth.replace(0);
            state.suspended.set(state.suspended.get().wrapping_add(depth));
            Suspended { depth, began }
        })
    }

    fn resume(suspended: Suspended) {
        STATE.with(|state| {
            let resumed = suspended.depth.min(state.suspended.get());
            if resumed > 0 {
                state.suspended.set(state.suspended.get() - resumed);
                state.depth.set(state.depth.get().wrapping_add(resumed));
                state.began[0].set(suspended.began);
            }
        });
    }

    fn task() -> Task {
        let thread = std::thread::current();
        Task::new(thread_id(), thread.name().unwrap_or("?"))
    }

    fn write(violation: &Violation) {
        let mut text = violation.to_string();
        text.push('\n');
        let backtrace = Backtrace::force_capture();
        if backtrace.status() == BacktraceStatus::Captured {
            text.push_str("call trace:\n");
            text.push_str(&trimmed(&backtrace.to_string()));
        }
        write_unlocked(&text);
    }

    fn abort() -> ! {
        std::process::abort()
    }

    fn panicking() -> bool {
        std::thread::panicking()
    }

    fn initial_policy() -> Policy {
        env_variable::policy()
    }

    fn begin_report() -> bool {
        STATE.with(|state| !state.reporting.replace(true))
    }

    fn end_report() {
        STATE.with(|state| state.reporting.set(false));
    }

    fn mark_reported(depth: u32) -> u32 {
        STATE.with(|state| state.reported.replace(depth))
    }

    fn reported_depth() -> u32 {
        STATE.with(|state| state.reported.get())
    }

    fn record(violation: &Violation) -> bool {
        test_recorder::record(violation)
    }

    fn before_panic(violation: &Violation) {
        thread_outside_tests::before_panic(violation);
    }
}

/// Ends a section where none is open.
///
/// The section may be one of the suspended: its guard can be dropped before the sections are resumed.
#[cold]
fn end_suspended(state: &State) -> bool {
    state.depth.set(0);
    let suspended = state.suspended.get();
    state.suspended.set(suspended.saturating_sub(1));
    suspended > 0
}

/// Returns the number that the kernel gave the thread, or 0 where it does not tell. It allocates nothing.
fn thread_id() -> u32 {
    use std::io::Read as _;

    // It begins with the number. The longest has ten digits.
    let mut text = [0; 11];
    std::fs::File::open("/proc/thread-self/stat")
        .and_then(|mut file| file.read(&mut text))
        .ok()
        .and_then(|len| {
            core::str::from_utf8(text.get(..len)?).ok()?.split(' ').next()?.parse().ok()
        })
        .unwrap_or(0)
}

/// Leaves out of a backtrace what every report would show: this crate's check and reporter, and the start of the runtime.
fn trimmed(backtrace: &str) -> String {
    let mut kept = String::new();
    let mut in_reporter = true;
    let mut keep = false;
    for line in backtrace.lines() {
        let is_symbol = line.trim_start().starts_with(|first: char| first.is_ascii_digit());
        if is_symbol {
            if line.contains("__rust_begin_short_backtrace") {
                break;
            }
            if in_reporter && line.contains("nonblock::report::violation") {
                in_reporter = false;
                keep = false;
                continue;
            }
            // The check that found the violation is no news. The trace starts with the caller of the check.
            let in_check = kept.is_empty() && line.contains("nonblock::check::");
            keep = !in_reporter && !in_check;
        }
        if keep {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    // If the binary has no symbols, the whole trace is better than none.
    if kept.is_empty() { backtrace.to_string() } else { kept }
}

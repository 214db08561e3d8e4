//! The backend of the feature `std`: thread-local counters, reports on standard error.

use core::cell::Cell;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::format;
use std::string::{String, ToString};

use super::{Backend, Suspended, recorder};
use crate::violation::{Place, Policy, Task, Violation};

struct State {
    depth: Cell<u32>,
    /// How many sections are put aside.
    aside: Cell<u32>,
    /// Where the outermost section began; and, read by nobody, where the latest of the inner ones did. To store it
    /// always, in either place, costs less than to branch.
    began: [Cell<Option<Place>>; 2],
    reporting: Cell<bool>,
}

std::thread_local! {
    // Without a destructor and with a constant start, an access is a plain load.
    static STATE: State = const {
        State {
            depth: Cell::new(0),
            aside: Cell::new(0),
            began: [Cell::new(None), Cell::new(None)],
            reporting: Cell::new(false),
        }
    };
}

/// Counters in thread-local storage.
pub(crate) struct ThreadLocal;

crate::set_backend!(ThreadLocal);

// SAFETY: the count is thread-local and changed by nothing else; no function but `write` unwinds.
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
            // Stored before it is looked at: one instruction on x86-64.
            let (depth, none_was_open) = state.depth.get().overflowing_sub(1);
            state.depth.set(depth);
            if none_was_open { end_aside(state) } else { true }
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
            state.aside.set(state.aside.get().wrapping_add(depth));
            Suspended { depth, began }
        })
    }

    fn resume(suspended: Suspended) {
        STATE.with(|state| {
            let back = suspended.depth.min(state.aside.get());
            if back > 0 {
                state.aside.set(state.aside.get() - back);
                state.depth.set(state.depth.get().wrapping_add(back));
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
        Policy::from_env().map_or_else(
            |error| {
                write_unlocked(&format!("nonblock: {error}; using `{}`\n", Policy::Panic));
                Policy::Panic
            },
            |policy| policy.unwrap_or(Policy::Panic),
        )
    }

    fn begin_report() -> bool {
        STATE.with(|state| !state.reporting.replace(true))
    }

    fn end_report() {
        STATE.with(|state| state.reporting.set(false));
    }

    fn record(violation: &Violation) -> bool {
        recorder::record(violation)
    }
}

/// Ends a section where none is open. It may be one that was put aside: a guard from before was dropped meanwhile.
#[cold]
fn end_aside(state: &State) -> bool {
    state.depth.set(0);
    let aside = state.aside.get();
    state.aside.set(aside.saturating_sub(1));
    aside > 0
}

/// Returns the thread's number as the kernel tells it, or the process's where it does not.
fn thread_id() -> u32 {
    std::fs::read_link("/proc/thread-self")
        .ok()
        .and_then(|path| path.file_name()?.to_str()?.parse().ok())
        .unwrap_or_else(std::process::id)
}

/// Leaves out of a backtrace what every report has: this crate's check and reporter, and the runtime's start.
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
            // The check that found it is no news: the trace starts with whoever called it.
            let in_check = kept.is_empty() && line.contains("nonblock::check::");
            keep = !in_reporter && !in_check;
        }
        if keep {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    // A binary without symbols: better the whole trace than none.
    if kept.is_empty() { backtrace.to_string() } else { kept }
}

/// Writes to standard error without its lock, which the reported code may hold.
#[cfg(unix)]
fn write_unlocked(text: &str) {
    use std::io::Write as _;
    use std::os::fd::FromRawFd as _;

    // SAFETY: descriptor 2 is standard error for as long as the process runs; it is not closed here,
    // since the `File` is never dropped.
    let stderr = unsafe { std::fs::File::from_raw_fd(2) };
    // A report that cannot be written has nowhere else to go.
    let _ = (&*core::mem::ManuallyDrop::new(stderr)).write_all(text.as_bytes());
}

/// Writes to standard error, whose lock other platforms do not let us pass by.
#[cfg(not(unix))]
fn write_unlocked(text: &str) {
    use std::io::Write as _;

    let _ = std::io::stderr().write_all(text.as_bytes());
}

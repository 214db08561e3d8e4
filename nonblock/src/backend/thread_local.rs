//! The backend of the feature `std`: its counters are thread-local, and its reports go to standard error.

use core::cell::Cell;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::string::{String, ToString};

use super::env_variable;
use super::interface::{Backend, Suspended};
#[cfg(all(feature = "probes", target_os = "linux"))]
use super::probes;
use super::stderr::write_unlocked;
use super::test_recorder;
use super::thread_outside_tests;
#[cfg(feature = "watch")]
use super::watched::Watched;
use crate::violation::{Place, Policy, Task, Violation};

/// What one section adds to the count.
///
/// With the feature `watch` it is two, and the count of an outermost section that is watched is one. So where such a section
/// ends, the subtraction runs over, as where none is open. What has to be done then costs the other sections nothing.
const SECTION: u32 = if cfg!(feature = "watch") { 2 } else { 1 };

/// How many places of sections are kept. The last place is that of the innermost of those that are more.
pub(crate) const PLACES: usize = if cfg!(feature = "lockdep") { 8 } else { 2 };

struct State {
    /// The count of open sections: see [`SECTION`].
    count: Cell<u32>,
    #[cfg(feature = "watch")]
    watched: Watched,
    /// How many sections are suspended.
    suspended: Cell<u32>,
    /// Where the outermost section began, and where the inner ones began. Without the feature `lockdep` nobody reads the latter: to
    /// store a place always, in one cell or the other, costs less than a branch.
    began: [Cell<Option<Place>>; PLACES],
    reporting: Cell<bool>,
    /// The depth at which a call that lends the right to sleep was reported, while it runs.
    reported: Cell<u32>,
}

std::thread_local! {
    // It has no destructor, and its initial value is a constant. So an access is a plain load.
    static STATE: State = const {
        State {
            count: Cell::new(0),
            #[cfg(feature = "watch")]
            watched: Watched::new(),
            suspended: Cell::new(0),
            began: [const { Cell::new(None) }; PLACES],
            reporting: Cell::new(false),
            reported: Cell::new(0),
        }
    };
}

/// Calls the closure with what this thread's sections do for the watch.
#[cfg(feature = "watch")]
pub(crate) fn with_watched<R>(f: impl FnOnce(&Watched) -> R) -> R {
    STATE.with(|state| f(&state.watched))
}

/// Returns where the outermost section began that this thread has open, or has ended last.
#[cfg(feature = "watch")]
pub(crate) fn last_began() -> Option<Place> {
    STATE.with(|state| state.began[0].get())
}

/// Returns whether a section of this thread is open and watched.
#[cfg(feature = "watch")]
#[inline]
pub(crate) fn is_watched() -> bool {
    STATE.with(State::is_watched)
}

/// Counters in thread-local storage.
pub(crate) struct ThreadLocal;

crate::set_backend!(ThreadLocal);

// SAFETY: the count is thread-local, and nothing else changes it. No function but `write` unwinds.
unsafe impl Backend for ThreadLocal {
    #[inline]
    fn start(place: Place) {
        STATE.with(|state| {
            let count = state.count.get();
            state.began[place_of(count)].set(Some(place));
            state.count.set(count.wrapping_add(SECTION));
            #[cfg(all(feature = "probes", target_os = "linux"))]
            probes::section_begin(sections(count) + 1, place);
            #[cfg(feature = "watch")]
            if Watched::is_on() {
                // So that the questions stay apart, and that most sections ask one.
                core::hint::cold_path();
                if count == 0 {
                    state.begin_watched();
                }
            }
        });
    }

    /// Closes the innermost section. Returns `false` if none was open, or if the watch has something to report of the section.
    #[inline]
    fn end() -> bool {
        STATE.with(|state| {
            // To store the count before looking at it takes one instruction on x86-64.
            let (count, ran_over) = state.count.get().overflowing_sub(SECTION);
            state.count.set(count);
            #[cfg(all(feature = "probes", target_os = "linux"))]
            probes::section_end(if ran_over { 0 } else { sections(count) });
            if ran_over { state.end_rarer() } else { true }
        })
    }

    #[inline]
    fn depth() -> Option<u32> {
        Some(STATE.with(|state| sections(state.count.get())))
    }

    fn began() -> Option<Place> {
        STATE.with(|state| if state.count.get() == 0 { None } else { state.began[0].get() })
    }

    fn suspend() -> Suspended {
        let began = Self::began();
        STATE.with(|state| {
            #[cfg(feature = "watch")]
            if state.is_watched() {
                state.watched.pause();
            }
            let depth = sections(state.count.replace(0));
            state.suspended.set(state.suspended.get().wrapping_add(depth));
            Suspended { depth, began }
        })
    }

    fn resume(suspended: Suspended) {
        STATE.with(|state| {
            let resumed = suspended.depth.min(state.suspended.get());
            if resumed > 0 {
                state.suspended.set(state.suspended.get() - resumed);
                #[cfg(feature = "watch")]
                let is_outermost = state.count.get() == 0;
                state.count.set(state.count.get().wrapping_add(resumed.wrapping_mul(SECTION)));
                state.began[0].set(suspended.began);
                #[cfg(feature = "watch")]
                if is_outermost {
                    state.begin_watched();
                }
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
        // It was found after the fact, and has the calls of that time.
        #[cfg(feature = "watch")]
        if violation.observation().is_some() {
            return write_unlocked(&text);
        }
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

/// Returns which cell has the place of a section that begins where there is such a count.
#[inline]
const fn place_of(count: u32) -> usize {
    if cfg!(feature = "lockdep") {
        let open = sections(count) as usize;
        if open < PLACES { open } else { PLACES - 1 }
    } else {
        (count != 0) as usize
    }
}

/// Returns where the open sections began, the outermost first: of the first eight. Sections that did not end in turn are taken for
/// others.
#[cfg(feature = "lockdep")]
pub(crate) fn sections_began() -> [Option<Place>; PLACES] {
    STATE.with(|state| {
        let open = sections(state.count.get()) as usize;
        let mut began = [None; PLACES];
        for (place, cell) in began.iter_mut().zip(&state.began).take(open) {
            *place = cell.get();
        }
        began
    })
}

/// Returns how many sections a count stands for.
#[inline]
const fn sections(count: u32) -> u32 {
    if cfg!(feature = "watch") { (count >> 1) + (count & 1) } else { count }
}

impl State {
    /// Ends a section whose end made the count run over.
    #[cfg(feature = "watch")]
    #[inline]
    fn end_rarer(&self) -> bool {
        core::hint::cold_path();
        // SAFETY: it is this thread's own cell. It is read again by this, so that the other sections need not keep it in a register.
        let count = unsafe { self.count.as_ptr().read_volatile() };
        if count == 1u32.wrapping_sub(SECTION) {
            self.count.set(0);
            self.watched.end()
        } else {
            end_suspended(self)
        }
    }

    /// Ends a section whose end made the count run over.
    #[cfg(not(feature = "watch"))]
    #[inline]
    fn end_rarer(&self) -> bool {
        end_suspended(self)
    }

    #[cfg(feature = "watch")]
    fn is_watched(&self) -> bool {
        self.count.get() & 1 != 0
    }

    /// Begins to watch the section that has just begun, and is the only one.
    #[cfg(feature = "watch")]
    #[expect(
        clippy::inline_always,
        reason = "it stands where the compiler is told that it is rare"
    )]
    #[inline(always)]
    fn begin_watched(&self) {
        if self.watched.begin() {
            self.count.set(self.count.get().wrapping_sub(1));
        }
    }
}

/// Ends a section where none is open.
///
/// The section may be one of the suspended: its guard can be dropped before the sections are resumed.
#[cold]
fn end_suspended(state: &State) -> bool {
    state.count.set(0);
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

//! The OOM reaper: a thread that takes back the memory of a victim, without waiting for locks or drivers (Linux).
//!
//! A machine that is out of memory kills a process to get its pages. The process may be unable to die, because one of its
//! threads holds a lock and waits for memory. The [`Reaper`] takes the pages without its help: it tries the memory lock,
//! calls the drivers in a section, takes what no driver refuses, and comes back for the rest.
//!
//! Mirrors Linux's `oom_reap_task()` and `__oom_reap_task_mm()` (`mm/oom_kill.c`, 6.12), with the same numbers:
//! [`TRIES`] tries, [`INTERVAL`] apart. It differs in three points:
//!
//! * A driver that panics counts as one that refuses, and the reaper goes on.
//! * Of several victims, the largest is tried first. Linux tries the last one first.
//! * The report on a victim that is given up names the mappings that were refused. Linux shows every lock that is held.
//!
//! | to do this | use |
//! |---|---|
//! | take a victim's memory back, or cancel that | [`Reaper`], [`Reaping`] |
//! | see the result, or what the reaper does | [`Reaped`], [`ReapEvent`], [`ReaperStats`] |
//! | be told that memory is short | [`Pressure`], watched by a [`Trigger`] |
//! | choose victims when memory is short, or by hand | [`Killer`] |
//! | take the memory of another process | [`Process`] |
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use nonblock_mm::memory::Mm;
//! use nonblock_mm::oom::Reaper;
//!
//! let reaper = Reaper::builder().tries(3).interval(Duration::from_millis(5)).spawn()?;
//! let victim = Arc::new(Mm::new());
//! nonblock::sleepable(|cx| {
//!     let range = victim.map(1 << 20, cx)?;
//!     victim.touch(&range, cx)?;
//!
//!     let reaped = reaper.reap(Arc::clone(&victim)).wait(cx);
//!     assert!(reaped.is_complete());
//!     assert_eq!(reaped.taken, [range]);
//!     assert_eq!(reaped.reclaimed(), Some(1 << 20));
//!     reaper.shutdown(cx);
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod config;
mod event_fd;
mod killer;
mod mailbox;
mod pressure;
mod pressure_error;
mod process;
mod process_error;
mod reap_event;
mod reap_victim;
mod reaped;
mod reaper;
mod reaper_state;
mod reaper_thread;
mod reaping;
mod sharers;
mod stats;
#[cfg(feature = "tracing")]
mod tracing;
mod tried_mappings;
mod trigger;
mod worker_thread;

pub use builder::Builder;
pub use config::{INTERVAL, TRIES};
pub use killer::{Cause, Killer};
pub use pressure::{Pressure, SYSTEM};
pub use pressure_error::PressureError;
pub use process::{Process, Reclaimed};
pub use process_error::ProcessError;
pub use reap_event::{ReapEvent, ReapEventKind};
pub use reaped::{Held, ReapOutcome, Reaped};
pub use reaper::Reaper;
pub use reaping::Reaping;
pub use stats::ReaperStats;
pub use trigger::{MAX_WINDOW, MIN_WINDOW, Stall, Trigger, TriggerError};

/// Writes a line to standard error in one call, for an error that no watcher is told of.
///
/// Does not take the lock of the standard library: its holder may wait for memory.
fn write_to_stderr(text: &dyn core::fmt::Display) {
    let text = format!("{text}\n");
    // There is no other place for a report that cannot be written.
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
}

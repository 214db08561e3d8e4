//! What really slept in a section, in any library, whether it says so or not. On Linux.
//!
//! The compiler rejects what takes the wrong token. It does not see a function that sleeps and says so in no way: in a
//! dependency, in the standard library, in C. The watch does, while the program runs.
//!
//! # Switching it on
//!
//! Without a change of a program that has sections:
//!
//! ```text
//! NONBLOCK_WATCH=trap,schedule,budget=50us NONBLOCK=warn ./program
//! ```
//!
//! In code by [`Watch::builder`], and in a test by `#[nonblock::test(watch = "trap")]`, for the test's own thread:
//!
//! ```
//! #[nonblock::test(watch = "trap,schedule")]
//! fn reads_nothing_from_the_disk() {
//!     nonblock::non_block(|_nb| (1..=6).product::<u32>());
//! }
//! ```
//!
//! Everything works in code that uses no tokens too: put [`nonblock::raw::non_block`](crate::raw::non_block) around it, or
//! `#[non_block]` on a function.
//!
//! # The layers
//!
//! See [`Layers`]: *schedule* is cheap enough for production, *trap* names the call, *alloc* sees the allocator, and *budget*
//! the time. What a layer finds becomes a [`Violation`](crate::Violation), reported when the section has ended, by the
//! program's [policy](crate::Policy).
//!
//! # What it does not see, and what it changes
//!
//! * Page faults that need no disk are seen by no layer. Those that do are seen by *schedule*.
//! * After a call that makes a thread or a process, no call of that section is looked at any more.
//! * A section keeps its 16 first events, 8 allocations and releases among them, and counts the others.
//! * Where a section ends in a signal handler, or within the [`Allocator`], its events are reported later: when the thread's next
//!   section ends elsewhere, or a root of the thread, its [`#[nonblock::test]`](macro@crate::test), or the thread itself if
//!   [`nonblock::thread`](crate::thread) made it. If another thread ends before that, they are lost.
//! * Under the trap, signals wait until the section ends, or makes a call that may block. So a section that spins until a signal
//!   handler of its own thread has run does not end. [`Builder::quick_trap`] leaves signals as they are, and asks for something in
//!   return.
//! * The first section of a thread under watch sets the thread up, which takes some system calls, one of them for memory. So do the
//!   first after a change of the settings.
//! * The kernel takes one area for restartable sequences a thread. Where libc registers none, the layer *schedule* does, in the first
//!   section of a thread. So a program that uses an area of its own must register it before that. Its sections are watched all the same,
//!   by two system calls each.
//! * The object that the watch is linked into stays loaded from its start on: `dlclose` leaves it where it is.
//! * A program that forbids itself system calls by seccomp must allow those of the watch, such as `prctl`, `getrusage`,
//!   `process_vm_readv` and `rt_sigprocmask`. Where one is refused by an error, the watch sees less.
//! * The trap is for x86-64. The other layers work on any Linux; chains of calls are had on x86-64.

mod allocator;
mod call_chain;
mod captured_stack;
mod clock;
mod control;
mod environment;
mod event_buffer;
mod faults;
mod json_lines;
mod layers;
mod raw_code;
mod report;
mod report_lock;
mod schedule;
mod sections;
mod statistics;
mod thread_record;
#[cfg(target_arch = "x86_64")]
mod trap;

pub use crate::suppressions::{Suppression, SuppressionError};
pub use allocator::Allocator;
#[cfg(feature = "lockdep")]
pub(crate) use allocator::{call_before_allocation, is_within as is_within_allocator};
pub use control::{Builder, StartError, Watch, available};
pub use layers::{Layers, LayersError};
pub(crate) use report::{ReportsWaiting, report_section};
pub use statistics::{Preemptions, SectionLengths, Statistics, WatchedSections, statistics};

pub use crate::violation::{Frame, Observation};

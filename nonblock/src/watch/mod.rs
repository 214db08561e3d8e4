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
//! Everything works in code that uses no tokens too: put [`nonblock::raw::non_block`](crate::raw::non_block) around it, or `#[non_block]` on a function.
//!
//! # The layers
//!
//! See [`Layers`]: *schedule* is cheap enough for production, *trap* names the call, *alloc* sees the allocator, and *budget*
//! the time. What a layer finds becomes a [`Violation`](crate::Violation), reported when the section has ended, by the
//! program's [policy](crate::Policy).

mod allocator;
mod call_chain;
mod captured_stack;
mod clock;
mod control;
mod environment;
mod event_buffer;
mod json_lines;
mod layers;
mod raw_code;
mod report;
mod report_lock;
mod schedule;
mod sections;
mod statistics;
mod suppressions;
mod thread_record;
#[cfg(target_arch = "x86_64")]
mod trap;

pub use allocator::Allocator;
pub use control::{Builder, StartError, Watch, available};
pub use layers::{Layers, LayersError};
pub(crate) use report::report_section;
pub use statistics::{Preemptions, SectionLengths, Statistics, statistics};
pub use suppressions::{Suppression, SuppressionError};

pub use crate::violation::{Frame, Observation};

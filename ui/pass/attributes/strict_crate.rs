//! Expansions are clean under the strictest settings.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, future_incompatible, unused_qualifications)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]

use nonblock::{NonBlock, Sleepable, may_sleep, non_block};

/// Waits.
#[may_sleep]
pub fn wait(cx: &mut Sleepable) -> u32 {
    cx.non_block(|nb| count(nb))
}

/// Counts.
#[non_block]
pub fn count(_nb: &NonBlock) -> u32 {
    in_a_section()
}

/// Computes.
#[must_use]
#[non_block]
pub fn in_a_section() -> u32 {
    1
}

/// Starts.
#[may_sleep(cx)]
pub fn main() {
    assert_eq!(wait(cx), 1);
}

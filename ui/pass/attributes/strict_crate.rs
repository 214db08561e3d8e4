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

/// A device.
pub trait Device: Sized {
    /// Opens it.
    #[may_sleep]
    fn open(cx: &mut Sleepable) -> Self;

    /// Finds out whether it is there.
    #[non_block]
    fn probe(nb: &NonBlock) -> bool;
}

impl Device for u32 {
    #[may_sleep]
    fn open(cx: &mut Sleepable) -> Self {
        wait(cx)
    }

    #[non_block]
    fn probe(nb: &NonBlock) -> bool {
        count(nb) == 1
    }
}

/// Starts.
#[may_sleep(cx)]
pub fn main() {
    assert_eq!(wait(cx), 1);
    assert!(cx.non_block(|nb| u32::probe(nb)));
    assert_eq!(u32::open(cx), 1);
}

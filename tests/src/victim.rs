//! What a reaper works on: victims with real memory, and drivers that stand in its way (Linux).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nonblock::{Context, Sleepable};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{Invalidate, Range};

/// One mebibyte, in bytes.
pub const MIB: usize = 1 << 20;

/// A driver that refuses, or panics, so many calls about its range, or about any.
#[derive(Debug, Default)]
pub struct Stubborn {
    mirrored: Option<Range>,
    refuses: AtomicU32,
    panics: AtomicU32,
}

impl Stubborn {
    /// One that refuses so many calls about anything.
    pub fn refusing(times: u32) -> Arc<Self> {
        Arc::new(Self { refuses: AtomicU32::new(times), ..Self::default() })
    }

    /// One that refuses so many calls about a range.
    pub fn refusing_within(mirrored: Range, times: u32) -> Arc<Self> {
        let (mirrored, refuses) = (Some(mirrored), AtomicU32::new(times));
        Arc::new(Self { mirrored, refuses, ..Self::default() })
    }

    /// One that panics so many times when called about a range.
    pub fn panicking_within(mirrored: Range, times: u32) -> Arc<Self> {
        let (mirrored, panics) = (Some(mirrored), AtomicU32::new(times));
        Arc::new(Self { mirrored, panics, ..Self::default() })
    }
}

/// Takes one off a number, and says whether it could.
fn takes_one(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

impl Invalidate for Stubborn {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.mirrored.is_some_and(|mirrored| !mirrored.overlaps(range)) {
            return Ok(());
        }
        assert!(!takes_one(&self.panics), "a driver's fault, as told");
        if takes_one(&self.refuses) {
            cx.or_refuse()?;
        }
        Ok(())
    }
}

/// A victim with so many MiB of touched memory, in one mapping if any.
///
/// # Context
///
/// May sleep.
///
/// # Panics
///
/// If the memory cannot be had.
#[track_caller]
pub fn victim(name: &str, mib: usize, cx: &mut Sleepable) -> Arc<Mm> {
    let victim = Arc::new(Mm::named(name));
    if mib > 0 {
        let range = victim.map(mib * MIB, cx).expect("the machine has that much");
        victim.touch(&range, cx).expect("it was just mapped");
    }
    victim
}

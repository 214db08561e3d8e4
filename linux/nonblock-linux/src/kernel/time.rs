//! Time.

use core::time::Duration;

use nonblock::Sleepable;

use super::shim;

/// Sleeps for at least the duration.
#[track_caller]
pub fn sleep(cx: &mut Sleepable, duration: Duration) {
    let _ = cx;
    nonblock::might_sleep();
    let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    // Rounded up, so that it is no shorter. Not by a division of 128 bits, for which a kernel has no function.
    let begun = u64::from(!duration.subsec_nanos().is_multiple_of(1000));
    shim::nonblock_linux_sleep(microseconds.saturating_add(begun));
}

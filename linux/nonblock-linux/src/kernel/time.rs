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
    shim::nonblock_linux_sleep(microseconds);
}

//! Sleeping by the system's clock.

use core::time::Duration;

use nonblock::Sleepable;

/// Sleeps for at least a time. Mirrors Linux's `msleep()` (`kernel/time/sleep_timeout.c`, 6.12).
///
/// # Arguments
///
/// * `duration`: the kernel counts in milliseconds, and rounds up.
///
/// # Context
///
/// May sleep: takes `&mut Sleepable`.
///
/// # Panics
///
/// If a section is open all the same (through a root inside it), reports
/// [`SleepInNonBlock`](nonblock::ViolationKind::SleepInNonBlock).
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use nonblock_linux::time;
///
/// nonblock::sleepable(|cx| time::sleep(cx, Duration::from_millis(1)));
/// ```
#[track_caller]
pub fn sleep(cx: &mut Sleepable, duration: Duration) {
    nonblock::thread::sleep(cx, duration);
}

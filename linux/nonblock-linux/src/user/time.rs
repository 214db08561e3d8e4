//! Sleeping by the system's clock.

use core::time::Duration;

use nonblock::Sleepable;

/// Sleeps for at least a time. Mirrors Linux's `fsleep()` (`include/linux/delay.h`, 6.12).
///
/// # Arguments
///
/// * `duration`: the kernel counts in microseconds, from 20 milliseconds on in milliseconds, and rounds up. Up to 10 microseconds
///   it spins.
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

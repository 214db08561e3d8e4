//! Ways to write what a rival does many times over.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;

/// Runs something so many times, and returns how long that took.
///
/// What is one thread is timed in that thread's processor time, so that it does not count when the processor is given to
/// another program meanwhile. What is several is timed by the clock on the wall.
pub type Batch = Box<dyn FnMut(u64) -> Duration>;

/// Times a closure that does something as many times as it is told.
///
/// For loops that must stand inside something, a token's closure for instance: [`repeat`] is the loop. Where nothing is
/// around it, [`each`] is shorter.
pub fn timed(mut work: impl FnMut(u64)) -> impl FnMut(u64) -> Duration {
    move |times| {
        let start = ThreadTime::now();
        work(times);
        start.elapsed()
    }
}

/// Times a closure that does something once.
pub fn each(mut once: impl FnMut()) -> impl FnMut(u64) -> Duration {
    timed(move |times| repeat(times, &mut once))
}

/// The loop of every rival, the same for all.
#[inline]
pub fn repeat(times: u64, mut once: impl FnMut()) {
    for _ in 0..times {
        once();
        // What was written to memory is written each time, and the loop stays one.
        black_box(());
    }
}

/// Something that the optimizer cannot look into: it keeps what stands around it apart, as the body of a section would.
#[inline(never)]
pub fn opaque(value: u64) -> u64 {
    black_box(value)
}

//! The thread that calls the callback at each period, as a sound card's driver does.

use std::thread;
use std::time::{Duration, Instant};

/// How many frames the callback fills at a time.
pub(crate) const FRAMES: usize = 128;

/// How long they last.
const PERIOD: Duration = Duration::from_nanos(FRAMES as u64 * 1_000_000_000 / 44_100);

/// Calls a callback at each period.
#[derive(Debug)]
pub(crate) struct Player {
    period: Duration,
}

impl Player {
    pub(crate) fn new() -> Self {
        Self { period: PERIOD }
    }

    /// Calls the callback so many times, each in a section, on a thread of its own.
    pub(crate) fn play(&self, times: u32, mut callback: impl FnMut() + Send) {
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("audio".to_owned());
            let play = move || {
                let start = Instant::now();
                for time in 1..=times {
                    // Others' code takes no token. So the section is one of the unguarded kind.
                    nonblock::raw::non_block(|_nb| callback());
                    let next = start + self.period * time;
                    thread::sleep(next.saturating_duration_since(Instant::now()));
                }
            };
            let thread = thread.spawn_scoped(scope, play).expect("there is room for a thread");
            thread.join().expect("the callback does not panic");
        });
    }
}

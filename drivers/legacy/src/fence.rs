//! The fence, which waits for the card's work.

use std::time::Duration;

/// Signals the end of the work that a card has in flight.
#[derive(Debug, Default)]
pub struct Fence {
    _private: (),
}

impl Fence {
    /// How long the card takes to finish its work.
    const LATENCY: Duration = Duration::from_millis(1);

    /// Waits until the card has finished its work in flight.
    ///
    /// # Context
    ///
    /// May sleep. No token says so: [`might_sleep`](nonblock::might_sleep) does, at run time.
    #[track_caller]
    pub fn wait(&self) {
        nonblock::might_sleep();
        std::thread::sleep(Self::LATENCY);
    }
}

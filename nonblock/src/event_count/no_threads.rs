//! The event count without `std`: no thread waits, so there is none to wake.

/// An event count that nobody waits for.
#[derive(Debug)]
pub(crate) struct EventCount;

impl EventCount {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn notify_one(&self) {
        let _ = self;
    }

    pub(crate) const fn notify_all(&self) {
        let _ = self;
    }
}

//! What the senders and receivers of a channel share.

use super::buffer::Buffer;
use crate::sync::monitor::{Monitor, Waiters};

/// A channel. Each of its handles owns a share of it.
pub(super) struct Channel<T> {
    pub(super) state: Monitor<State<T>>,
    /// How many values there can be. `None` is any number.
    pub(super) capacity: Option<usize>,
    /// Senders that wait for room.
    pub(super) senders: Waiters,
    /// Receivers that wait for a value.
    pub(super) receivers: Waiters,
}

pub(super) struct State<T> {
    pub(super) buffer: Buffer<T>,
    /// How many senders there are.
    pub(super) senders: usize,
    /// How many receivers there are.
    pub(super) receivers: usize,
}

impl<T> Channel<T> {
    /// Makes a channel that has one handle of each kind.
    pub(super) fn new(capacity: Option<usize>) -> Self {
        Self {
            state: Monitor::new(State { buffer: Buffer::new(capacity), senders: 1, receivers: 1 }),
            capacity,
            senders: Waiters::new(),
            receivers: Waiters::new(),
        }
    }

    /// Returns how many values there are.
    pub(super) fn len(&self) -> usize {
        self.state.lock().buffer.len()
    }
}

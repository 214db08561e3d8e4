//! What the senders and receivers of a channel share.

use core::time::Duration;
use std::sync::mpsc::RecvError;

use super::linked_rings::LinkedRings;
use crate::cache_padded::CachePadded;
use crate::event_count::{EventCount, Look};
use crate::lockdep::{Class, Kind};
use crate::mpmc_ring::{Empty, MpmcRing, NoRoom};
use crate::primitive::{AtomicUsize, Ordering, ROUNDS_AT_A_HALF_DONE_SLOT, relax};
use crate::unwind::FirstPanic;

/// A channel. Each of its handles owns a share of it.
///
/// After a value was put in, a receiver is notified, and after one was taken out, a sender. When the last handle of a kind is
/// gone, the channel is closed, and all are notified. Rings are closed and changed by `SeqCst` read-modify-writes, so notifying
/// needs no fence.
pub(super) struct Channel<T> {
    values: Values<T>,
    /// How many senders there are.
    senders: AtomicUsize,
    /// How many receivers there are.
    receivers: AtomicUsize,
    /// Senders that wait for room.
    room: CachePadded<EventCount>,
    /// Receivers that wait for a value.
    arrivals: CachePadded<EventCount>,
    /// What receivers wait for.
    pub(super) value_class: Class,
    /// What senders wait for.
    pub(super) room_class: Class,
}

#[expect(
    clippy::large_enum_variant,
    reason = "it is allocated once for a channel, and lies in no collection"
)]
enum Values<T> {
    Bounded(MpmcRing<T>),
    Unbounded(LinkedRings<T>),
}

impl<T> Channel<T> {
    /// Makes a channel that has one handle of each kind.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub(super) fn new(capacity: Option<usize>) -> Self {
        Self {
            values: match capacity {
                Some(capacity) => Values::Bounded(MpmcRing::with_capacity(capacity)),
                None => Values::Unbounded(LinkedRings::new()),
            },
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(1),
            room: CachePadded::new(EventCount::new()),
            arrivals: CachePadded::new(EventCount::new()),
            value_class: Class::of(Kind::ChannelValue),
            room_class: Class::of(Kind::ChannelRoom),
        }
    }

    /// Puts a value in and wakes a receiver, or returns the value with the reason.
    #[inline]
    pub(super) fn try_send(&self, value: T) -> Result<(), (T, NoRoom)> {
        match &self.values {
            Values::Bounded(ring) => {
                ring.push(value)?;
            }
            Values::Unbounded(rings) => {
                rings.push(value).map_err(|value| (value, NoRoom::Closed))?;
            }
        }
        self.arrivals.notify_one_after_rmw();
        Ok(())
    }

    /// Puts a value in, and waits for room, for a time at most. Returns the value with the reason if it was not put in:
    /// [`NoRoom::Closed`], or that the time has run out.
    #[inline]
    pub(super) fn send(&self, value: T, timeout: Option<Duration>) -> Result<(), (T, NoRoom)> {
        if self.room.has_line() {
            return self.wait_and_send(value, timeout);
        }
        match self.try_send(value) {
            Err((value, NoRoom::Full | NoRoom::Soon)) => self.wait_and_send(value, timeout),
            done => done,
        }
    }

    #[cold]
    fn wait_and_send(&self, value: T, timeout: Option<Duration>) -> Result<(), (T, NoRoom)> {
        let mut unsent = Some(value);
        let look = || {
            let Some(value) = unsent.take() else { return Look::Nothing };
            match self.try_send(value) {
                Ok(()) => Look::Found(Ok(())),
                Err((value, NoRoom::Closed)) => Look::Found(Err((value, NoRoom::Closed))),
                Err((value, reason)) => {
                    unsent = Some(value);
                    if reason == NoRoom::Soon { Look::Soon } else { Look::Nothing }
                }
            }
        };
        let is_ready = || match &self.values {
            Values::Bounded(ring) => ring.is_closed() || !ring.is_full(),
            Values::Unbounded(_) => true,
        };
        let sent = match timeout {
            None => Some(self.room.wait(is_ready, look)),
            Some(timeout) => self.room.wait_for(timeout, is_ready, look),
        };
        match (sent, unsent) {
            (Some(sent), _) => sent,
            (None, unsent) => Err((unsent.expect("what was not sent is still here"), NoRoom::Full)),
        }
    }

    /// Takes a value out and wakes a sender, or tells why there is none.
    #[inline]
    pub(super) fn try_recv(&self) -> Result<T, Empty> {
        match &self.values {
            Values::Bounded(ring) => {
                let value = ring.pop()?;
                self.room.notify_one_after_rmw();
                Ok(value)
            }
            // Nobody waits for room.
            Values::Unbounded(rings) => rings.pop(),
        }
    }

    /// Takes a value out, and waits for one, for a time at most. `None` if the time has run out.
    #[inline]
    pub(super) fn recv(&self, timeout: Option<Duration>) -> Option<Result<T, RecvError>> {
        if !self.arrivals.has_line()
            && let Ok(value) = self.try_recv()
        {
            return Some(Ok(value));
        }
        self.wait_and_recv(timeout)
    }

    #[cold]
    fn wait_and_recv(&self, timeout: Option<Duration>) -> Option<Result<T, RecvError>> {
        match timeout {
            None => Some(self.arrivals.wait(|| self.has_news(), || self.look())),
            Some(timeout) => self.arrivals.wait_for(timeout, || self.has_news(), || self.look()),
        }
    }

    /// Takes a value out, or learns of the end, for who waits for either.
    pub(super) fn look(&self) -> Look<Result<T, RecvError>> {
        match self.try_recv() {
            Ok(value) => Look::Found(Ok(value)),
            Err(Empty::Closed) => Look::Found(Err(RecvError)),
            Err(Empty::Soon) => Look::Soon,
            Err(Empty::Now) => Look::Nothing,
        }
    }

    /// Tells whether a receiver finds a value, or the end, now or soon.
    pub(super) fn has_news(&self) -> bool {
        !self.is_empty() || self.senders.load(Ordering::SeqCst) == 0
    }

    /// Where receivers wait in line.
    pub(super) fn arrivals(&self) -> &EventCount {
        &self.arrivals
    }

    /// Returns how many values there are.
    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Bounded(ring) => ring.len(),
            Values::Unbounded(rings) => rings.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match &self.values {
            Values::Bounded(ring) => ring.is_empty(),
            Values::Unbounded(rings) => rings.is_empty(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        match &self.values {
            Values::Bounded(ring) => ring.is_full(),
            Values::Unbounded(_) => false,
        }
    }

    /// How many values there can be. `None` is any number.
    pub(super) fn capacity(&self) -> Option<usize> {
        match &self.values {
            Values::Bounded(ring) => Some(ring.capacity()),
            Values::Unbounded(_) => None,
        }
    }

    pub(super) fn add_sender(&self) {
        add(&self.senders);
    }

    pub(super) fn add_receiver(&self) {
        add(&self.receivers);
    }

    /// Takes a sender away.
    pub(super) fn remove_sender(&self) {
        if self.senders.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.close();
            self.arrivals.notify_all();
        }
    }

    /// Takes a receiver away. Returns whether it was the last one.
    pub(super) fn remove_receiver(&self) -> bool {
        if self.receivers.fetch_sub(1, Ordering::SeqCst) > 1 {
            return false;
        }
        self.close();
        self.room.notify_all();
        true
    }

    /// Drops the values that are left in a closed channel, also those that a sender is just putting in.
    ///
    /// May sleep. A sender that is stopped in the middle of a value for long leaves that value, and those behind it, to the
    /// drop of the channel.
    ///
    /// # Panics
    ///
    /// The first panic of a destructor passes through, after all values were dropped.
    pub(super) fn discard_rest(&self) {
        let mut first_panic = FirstPanic::new();
        let mut round = 0;
        loop {
            match self.try_recv() {
                Ok(value) => {
                    first_panic.catch(|| drop(value));
                    round = 0;
                }
                Err(Empty::Soon) if round < ROUNDS_AT_A_HALF_DONE_SLOT => {
                    relax(round);
                    round += 1;
                }
                Err(_) => break,
            }
        }
        first_panic.resume();
    }

    fn close(&self) {
        match &self.values {
            Values::Bounded(ring) => {
                ring.close();
            }
            Values::Unbounded(rings) => rings.close(),
        }
    }
}

/// Adds one to a count of handles.
fn add(count: &AtomicUsize) {
    let before = count.fetch_add(1, Ordering::SeqCst);
    assert!(
        before < usize::MAX / 2,
        "a channel with more handles than fit in memory: were clones forgotten?"
    );
}

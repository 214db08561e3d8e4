//! The end of a channel where values are taken out.

use core::fmt;
use core::iter::FusedIterator;
use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{RecvError, RecvTimeoutError, TryRecvError};

use super::shared::Channel;
use crate::check::might_sleep_in_drop;
use crate::check::with_token::might_sleep;
use crate::context::Context;
use crate::mpmc_ring::Empty;
use crate::token::Sleepable;

/// Receives values from a channel. Made by [`bounded`](super::bounded) and [`unbounded`](super::unbounded).
///
/// A value goes to one receiver. When the last receiver is dropped, what is left in the channel is dropped too.
///
/// # Context
///
/// Waiting for a value may sleep. Cloning it does not. Dropping it does not, unless it is the last one: that releases the memory
/// of the channel, and drops what is left in it. If the last one is dropped in a section, it is reported at the place where the
/// section began.
///
/// # Examples
///
/// See the [module](super).
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Receiver<T> {
    pub(super) fn of(channel: Arc<Channel<T>>) -> Self {
        Self { channel }
    }

    pub(super) fn channel(&self) -> &Channel<T> {
        &self.channel
    }

    /// Receives a value, and waits for one if there is none.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// If the channel is empty and all senders are gone.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    #[track_caller]
    pub fn recv(&self, cx: &mut Sleepable) -> Result<T, RecvError> {
        let _ = cx;
        might_sleep();
        self.channel.value_class.wait();
        let received =
            self.channel.recv(None).expect("a wait without a time ends with a value or the end");
        self.was_received(received.is_ok());
        received
    }

    /// Receives a value if there is one.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Errors
    ///
    /// If the channel is empty: for now, or for good, since all senders are gone.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let received = self.channel.try_recv().map_err(|reason| match reason {
            Empty::Closed => TryRecvError::Disconnected,
            Empty::Now | Empty::Soon => TryRecvError::Empty,
        });
        self.was_received(received.is_ok());
        received
    }

    /// Receives a value; waits for one if the context may sleep.
    ///
    /// # Context
    ///
    /// Either: with a `Sleepable` it is [`recv`](Self::recv), with a `NonBlock` [`try_recv`](Self::try_recv).
    ///
    /// # Errors
    ///
    /// If the channel is empty: in a section for now, in either context for good, since all senders are gone.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// See [`Sender::send_from`](super::Sender::send_from).
    #[track_caller]
    pub fn recv_from<C: Context>(&self, cx: &mut C) -> Result<T, TryRecvError> {
        match cx.as_sleepable() {
            Some(cx) => self.recv(cx).map_err(TryRecvError::from),
            None => self.try_recv(),
        }
    }

    /// Receives a value, and waits for one if there is none, but no longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// If the time has run out, or the channel is empty and all senders are gone.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    #[must_use = "if the time ran out, nothing was received: whoever sends may still be at work"]
    #[track_caller]
    pub fn recv_timeout(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Result<T, RecvTimeoutError> {
        let _ = cx;
        might_sleep();
        match self.channel.recv(Some(timeout)) {
            Some(received) => {
                self.was_received(received.is_ok());
                received.map_err(|RecvError| RecvTimeoutError::Disconnected)
            }
            None => Err(RecvTimeoutError::Timeout),
        }
    }

    /// Returns an iterator over the values to come, which waits for each and ends when all senders are gone.
    ///
    /// # Context
    ///
    /// Its `next` may sleep: it borrows the `&mut Sleepable` for as long as the iterator lives, so no section opens meanwhile.
    pub fn iter<'a>(&'a self, cx: &'a mut Sleepable) -> Iter<'a, T> {
        Iter { receiver: self, cx }
    }

    /// Returns an iterator over the values that are there, which waits for none.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self }
    }

    /// Senders wait for the room of what was received.
    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn was_received(&self, is_received: bool) {
        if is_received {
            self.channel.room_class.complete();
        }
    }

    /// Returns how many values are in the channel. It may have changed when the caller looks at the answer.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn len(&self) -> usize {
        self.channel.len()
    }

    /// Says whether the channel is empty. It may have changed when the caller looks at the answer.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn is_empty(&self) -> bool {
        self.channel.is_empty()
    }

    /// Says whether the channel has no room. It may have changed when the caller looks at the answer.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn is_full(&self) -> bool {
        self.channel.is_full()
    }

    /// Returns how many values the channel can hold, or `None` for any number.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn capacity(&self) -> Option<usize> {
        self.channel.capacity()
    }

    /// Says whether both receivers are of one channel.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.channel.add_receiver();
        Self { channel: Arc::clone(&self.channel) }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.channel.remove_receiver() {
            // What is left is dropped after the report, whatever becomes of that: the destructors of the values may do anything.
            let _rest = DropRest(&self.channel);
            might_sleep_in_drop();
        }
    }
}

/// When this is dropped, the values that are left in a closed channel are.
struct DropRest<'a, T>(&'a Channel<T>);

impl<T> Drop for DropRest<'_, T> {
    fn drop(&mut self) {
        self.0.discard_rest();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// The values to come. Made by [`Receiver::iter`].
///
/// # Context
///
/// Asking for the next one may sleep: the token is borrowed for as long as the iterator lives.
///
/// # Examples
///
/// See the [module](super).
#[derive(Debug)]
#[must_use = "nothing is received until it is asked for"]
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
    cx: &'a mut Sleepable,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv(self.cx).ok()
    }
}

impl<T> FusedIterator for Iter<'_, T> {}

/// The values that are there. Made by [`Receiver::try_iter`].
///
/// # Context
///
/// Asking for the next one does not sleep.
///
/// # Examples
///
/// ```
/// let (sender, receiver) = nonblock::sync::channel::bounded(2);
/// nonblock::non_block(|_nb| {
///     sender.try_send(1).unwrap();
///     sender.try_send(2).unwrap();
///     assert_eq!(receiver.try_iter().sum::<u32>(), 3);
/// });
/// ```
#[derive(Debug)]
#[must_use = "nothing is received until it is asked for"]
pub struct TryIter<'a, T> {
    receiver: &'a Receiver<T>,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[cfg_attr(feature = "lockdep", track_caller)]
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

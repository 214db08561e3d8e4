//! The end of a channel where values are put in.

use core::fmt;
use core::mem::ManuallyDrop;
use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{SendError, TrySendError};

use super::shared::Channel;
use crate::check::might_sleep_in_drop;
use crate::check::with_token::might_sleep;
use crate::context::Context;
use crate::mpmc_ring::NoRoom;
use crate::token::Sleepable;

/// Sends values into a channel. Made by [`bounded`](super::bounded) and [`unbounded`](super::unbounded).
///
/// # Context
///
/// Waiting for room may sleep. Cloning it does not. Dropping it does not, unless nothing else is left of the channel: that
/// releases memory. If the last end of a channel is dropped in a section, it is reported at the place where the section began.
///
/// # Examples
///
/// See the [module](super).
pub struct Sender<T> {
    channel: ManuallyDrop<Arc<Channel<T>>>,
}

impl<T> Sender<T> {
    pub(super) fn of(channel: Arc<Channel<T>>) -> Self {
        Self { channel: ManuallyDrop::new(channel) }
    }

    /// Sends a value, and waits for room if there is none.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// With the value, if all receivers are gone.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    #[track_caller]
    pub fn send(&self, cx: &mut Sleepable, value: T) -> Result<(), SendError<T>> {
        let _ = cx;
        might_sleep();
        if self.channel.capacity().is_some() {
            self.channel.room_class.wait();
        }
        let sent = self.channel.send(value, None).map_err(|(value, _)| SendError(value));
        self.was_sent(sent.is_ok());
        sent
    }

    /// Sends a value if there is room for it.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token. On an unbounded channel there is always room, and it allocates.
    ///
    /// # Errors
    ///
    /// With the value, if there is no room, or if all receivers are gone.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let sent = self.channel.try_send(value).map_err(|(value, reason)| match reason {
            NoRoom::Closed => TrySendError::Disconnected(value),
            NoRoom::Full | NoRoom::Soon => TrySendError::Full(value),
        });
        self.was_sent(sent.is_ok());
        sent
    }

    /// Sends a value; waits for room if the context may sleep.
    ///
    /// # Context
    ///
    /// Either: with a `Sleepable` it is [`send`](Self::send), with a `NonBlock` [`try_send`](Self::try_send).
    ///
    /// # Errors
    ///
    /// With the value: in a section if there is no room, and in either context if all receivers are gone.
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::Context;
    /// use nonblock::sync::channel::{self, Sender, TrySendError};
    ///
    /// fn invalidate<C: Context>(gone: &Sender<u64>, page: u64, cx: &mut C) -> Result<(), TrySendError<u64>> {
    ///     gone.send_from(cx, page)
    /// }
    ///
    /// let (gone, pages) = channel::bounded(1);
    /// assert_eq!(nonblock::sleepable(|cx| invalidate(&gone, 1, cx)), Ok(()));
    /// assert_eq!(nonblock::non_block(|nb| invalidate(&gone, 2, nb)), Err(TrySendError::Full(2)));
    /// assert_eq!(nonblock::non_block(|nb| pages.recv_from(nb)), Ok(1));
    /// ```
    #[track_caller]
    pub fn send_from<C: Context>(&self, cx: &mut C, value: T) -> Result<(), TrySendError<T>> {
        match cx.as_sleepable() {
            Some(cx) => {
                self.send(cx, value).map_err(|SendError(value)| TrySendError::Disconnected(value))
            }
            None => self.try_send(value),
        }
    }

    /// Sends a value, and waits for room if there is none, but no longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// With the value, if the time has run out, or if all receivers are gone.
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
    #[must_use = "if the time ran out, the value was not sent, and is in the error"]
    #[track_caller]
    pub fn send_timeout(
        &self,
        cx: &mut Sleepable,
        value: T,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        let _ = cx;
        might_sleep();
        let sent =
            self.channel.send(value, Some(timeout)).map_err(|(value, reason)| match reason {
                NoRoom::Closed => SendTimeoutError::Disconnected(value),
                NoRoom::Full | NoRoom::Soon => SendTimeoutError::Timeout(value),
            });
        self.was_sent(sent.is_ok());
        sent
    }

    /// Receivers wait for what was sent.
    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn was_sent(&self, is_sent: bool) {
        if is_sent {
            self.channel.value_class.complete();
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

    /// Says whether both senders are of one channel.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.channel.add_sender();
        Self::of(Arc::clone(&self.channel))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.channel.remove_sender();
        // SAFETY: this runs once, and nobody looks at the field afterwards.
        let channel = unsafe { ManuallyDrop::take(&mut self.channel) };
        // The last receiver may go at the same time. Whoever has the last share gives the memory back, and says so.
        if let Some(channel) = Arc::into_inner(channel) {
            might_sleep_in_drop();
            drop(channel);
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// What [`Sender::send_timeout`] could not send.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::sync::channel::{self, SendTimeoutError};
/// use std::time::Duration;
///
/// let (sender, receiver) = channel::bounded(1);
/// nonblock::sleepable(|cx| {
///     sender.send(cx, 'a').unwrap();
///     let late = sender.send_timeout(cx, 'b', Duration::from_millis(1));
///     assert_eq!(late, Err(SendTimeoutError::Timeout('b')));
///     drop(receiver);
///     let gone = sender.send_timeout(cx, 'b', Duration::from_millis(1));
///     assert_eq!(gone.unwrap_err().into_inner(), 'b');
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// The time has run out.
    Timeout(T),
    /// All receivers are gone.
    Disconnected(T),
}

impl<T> SendTimeoutError<T> {
    /// Returns the value.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn into_inner(self) -> T {
        match self {
            Self::Timeout(value) | Self::Disconnected(value) => value,
        }
    }
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout(_) => "Timeout(..)",
            Self::Disconnected(_) => "Disconnected(..)",
        })
    }
}

impl<T> fmt::Display for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout(_) => "timed out waiting for room in a channel",
            Self::Disconnected(_) => "sending on a channel whose receivers are gone",
        })
    }
}

impl<T> core::error::Error for SendTimeoutError<T> {}

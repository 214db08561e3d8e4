//! Channels: values sent from threads to threads, waited for with a token.
//!
//! [`bounded`] and [`unbounded`] make a [`Sender`] and a [`Receiver`], of which there can be many: both can be cloned and
//! shared. When the last sender is gone, receivers get what is left, then an error; when the last receiver is gone, senders
//! get their values back. Names and errors are those of [`std::sync::mpsc`]. A [`Select`] receives from whichever of several
//! channels has something first.
//!
//! # Context
//!
//! Waiting for room or for a value may sleep: it takes `&mut Sleepable`, before other arguments. Trying does not, and
//! takes no token. It waits for no other thread: a thread that lost its processor while it sends or receives keeps nobody from it.
//! A section should use a bounded channel, whose memory is set aside when it is made. A sender of an unbounded one allocates where
//! the channel has to grow; to receive from it neither allocates nor releases memory. For handing work from sections to a thread there is `work::Queue` too.
//!
//! # Why not `crossbeam-channel`
//!
//! In a bounded one, values lie in a ring with a sequence number for each slot, as `crossbeam-channel` has it. But there the waiters
//! allocate while they hold a lock that a section would wait for. A receiver that finds nothing puts itself into
//! a `Vec` behind a mutex (`SyncWaker::register`, `src/waker.rs`, 0.5.17), and a `try_send` takes that mutex to wake it
//! (`SyncWaker::notify`). When the vector grows, the section waits for an allocation, which is what a section must not do.
//! Here a thread that waits is a link of a list, with its place in memory that it already has, and a section that sends waits for
//! none that is changing the list. This holds for a [`Select`] too, which waits in the lists of several channels at once: what it
//! needs it has allocated before.
//!
//! A [`Select`] differs from `crossbeam-channel`'s in what it returns. That one returns an operation, which is still to be completed.
//! This one has received a value, and returns what a closure makes of it. It selects among receivers only.
//!
//! # Examples
//!
//! ```
//! use nonblock::{sync::channel, thread};
//!
//! let (faults, handler) = channel::bounded(8);
//! nonblock::sleepable(|cx| {
//!     let worker = thread::spawn(move |cx| handler.iter(cx).sum::<u32>());
//!     faults.send(cx, 1).unwrap();
//!     cx.non_block(|_nb| faults.try_send(2)).unwrap();
//!     drop(faults);
//!     assert_eq!(worker.join(cx).unwrap(), 3);
//! });
//! ```

mod linked_rings;
mod receiver;
mod select;
mod sender;
mod shared;

use std::sync::Arc;

use self::shared::Channel;

pub use self::receiver::{Iter, Receiver, TryIter};
pub use self::select::Select;
pub use self::sender::{SendTimeoutError, Sender};
pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

/// Makes a channel that holds a number of values at most.
///
/// # Arguments
///
/// * `capacity`: how many; the memory for them is set aside and touched now, so that sending meets no page fault.
///
/// # Context
///
/// Does not sleep. Allocates, and touches what it allocated.
///
/// # Panics
///
/// If the capacity is zero: a sender that waits for its receiver wants a [`Completion`](crate::sync::Completion) too.
///
/// # Examples
///
/// ```
/// use nonblock::sync::channel::{self, TrySendError};
///
/// let (sender, receiver) = channel::bounded(1);
/// nonblock::non_block(|_nb| {
///     assert_eq!(sender.try_send("first"), Ok(()));
///     assert_eq!(sender.try_send("second"), Err(TrySendError::Full("second")));
///     assert_eq!(receiver.try_recv(), Ok("first"));
/// });
/// ```
#[cfg_attr(feature = "lockdep", track_caller)]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a channel needs room for at least one value");
    pair(Some(capacity))
}

/// Makes a channel that holds any number of values.
///
/// # Context
///
/// Does not sleep. Allocates.
///
/// # Examples
///
/// ```
/// let (sender, receiver) = nonblock::sync::channel::unbounded();
/// nonblock::sleepable(|cx| {
///     sender.send(cx, 5).unwrap();
///     assert_eq!(receiver.recv(cx), Ok(5));
/// });
/// ```
#[cfg_attr(feature = "lockdep", track_caller)]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    pair(None)
}

#[cfg_attr(feature = "lockdep", track_caller)]
fn pair<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(capacity));
    (Sender::of(Arc::clone(&channel)), Receiver::of(channel))
}

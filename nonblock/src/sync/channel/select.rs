//! Receiving from whichever of several channels has something first.

use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::sync::mpsc::RecvError;
use std::vec::Vec;

use super::receiver::Receiver;
use super::shared::Channel;
use crate::check::with_token::might_sleep;
use crate::event_count::{BoxedWaiter, InLineForAny, Look, look_where, wait_for_any};
#[cfg(feature = "lockdep")]
use crate::lockdep::Class;
use crate::primitive::Instant;
use crate::token::Sleepable;

/// Receives from whichever of several channels has a value first, or has lost its senders.
///
/// Each [`recv`](Self::recv) adds a receiver and a closure that makes an `R` of what is received. The channels may carry values of
/// different types. [`select`](Self::select) receives one value from one of them, as [`Receiver::recv`] does, and returns what the
/// closure of that one made of it. It can be called again and again.
///
/// A channel whose senders are gone is always ready: its closure gets a [`RecvError`]. To go on without it,
/// [`remove`](Self::remove) it.
///
/// # Which one
///
/// If several are ready, they take turns: the one after that which was selected last comes first. In the line of each channel, a
/// thread that selects has a place like any other receiver: first come, first woken. Where others wait for a channel, it gets
/// behind them, also if that channel has a value and no other has.
///
/// Nothing is taken from the channels that are not selected. If several had woken the thread, each of the others wakes its next
/// receiver for what is there.
///
/// # Context
///
/// Adding receivers, and dropping the `Select`, does not sleep, but allocates and releases memory, so do either outside of a
/// section. [`select`](Self::select) may sleep, and allocates nothing while it waits. [`try_select`](Self::try_select) does not
/// sleep, and allocates nothing. A `Select` stays with the thread that made it: it is not `Send`. So the closure of a root cannot
/// capture it. Make it in there.
///
/// # Examples
///
/// ```
/// use nonblock::sync::channel::{self, Select};
/// use nonblock::thread;
///
/// enum Event {
///     Fault(u64),
///     Name(String),
///     End,
/// }
///
/// let (faults, handler) = channel::bounded(8);
/// let (names, reader) = channel::unbounded();
/// nonblock::sleepable(|cx| {
///     let worker = thread::spawn(move |cx| {
///         let mut select = Select::new();
///         select.recv(&handler, |fault| fault.map_or(Event::End, Event::Fault));
///         select.recv(&reader, |name| name.map_or(Event::End, Event::Name));
///         let mut seen = 0;
///         loop {
///             match select.select(cx) {
///                 Event::Fault(address) => seen += address,
///                 Event::Name(name) => seen += name.len() as u64,
///                 Event::End => return seen,
///             }
///             if seen == 105 {
///                 return seen;
///             }
///         }
///     });
///     cx.non_block(|_nb| faults.try_send(100)).unwrap();
///     names.send(cx, String::from("range")).unwrap();
///     assert_eq!(worker.join(cx).unwrap(), 105);
/// });
/// ```
#[must_use = "nothing is received until it is asked for"]
pub struct Select<'a, R> {
    operations: Vec<Operation<'a, R>>,
    /// Which operation comes first, by its place among those that are left.
    start: usize,
    next_index: usize,
}

/// A receiver that was added.
struct Operation<'a, R> {
    index: usize,
    waiter: BoxedWaiter<'a>,
    recv: Box<dyn Recv<R> + 'a>,
}

/// A receiver of values of any type.
trait Recv<R> {
    /// Receives, and keeps what it has received.
    fn look(&mut self) -> Look<()>;

    /// Tells whether a look may find something, now or soon.
    fn has_news(&self) -> bool;

    /// Calls the closure with what was received.
    fn finish(&mut self) -> R;

    /// Returns what a receiver waits for.
    #[cfg(feature = "lockdep")]
    fn value_class(&self) -> &Class;

    /// Returns what senders wait for, if a value was received, so that it has come about.
    #[cfg(feature = "lockdep")]
    fn brought_about(&self) -> Option<&Class>;
}

struct RecvAnd<'a, T, F> {
    channel: &'a Channel<T>,
    received: Option<Result<T, RecvError>>,
    closure: F,
}

impl<T, R, F: FnMut(Result<T, RecvError>) -> R> Recv<R> for RecvAnd<'_, T, F> {
    fn look(&mut self) -> Look<()> {
        match self.channel.look() {
            Look::Found(received) => {
                self.received = Some(received);
                Look::Found(())
            }
            Look::Soon => Look::Soon,
            Look::Nothing => Look::Nothing,
        }
    }

    fn has_news(&self) -> bool {
        self.channel.has_news()
    }

    fn finish(&mut self) -> R {
        (self.closure)(
            self.received.take().expect("it is finished after a look that found something"),
        )
    }

    #[cfg(feature = "lockdep")]
    fn value_class(&self) -> &Class {
        &self.channel.value_class
    }

    #[cfg(feature = "lockdep")]
    fn brought_about(&self) -> Option<&Class> {
        matches!(self.received, Some(Ok(_))).then_some(&self.channel.room_class)
    }
}

impl<R> InLineForAny for Operation<'_, R> {
    fn waiter(&self) -> &BoxedWaiter<'_> {
        &self.waiter
    }

    fn is_ready(&self) -> bool {
        self.recv.has_news()
    }
}

impl<R> Operation<'_, R> {
    fn look(&mut self) -> Look<()> {
        self.recv.look()
    }

    fn look_whether_ready(&mut self) -> Look<()> {
        self.is_ready().then_some(()).into()
    }
}

impl<'a, R> Select<'a, R> {
    /// Makes a `Select` that has no receivers yet.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub const fn new() -> Self {
        Self { operations: Vec::new(), start: 0, next_index: 0 }
    }

    /// Adds a receiver, and what to make of what it receives. Returns its index: 0 for the first one added, 1 for the second.
    ///
    /// # Arguments
    ///
    /// * `receiver`: where to receive; the same one may be added twice.
    /// * `closure`: is called by the `select` that has received a value, or has found that all senders are gone, after the wait
    ///   and on the same thread. It has no token. What may sleep is to be done with what `select` returns.
    ///
    /// # Context
    ///
    /// Does not sleep. Allocates.
    pub fn recv<T>(
        &mut self,
        receiver: &'a Receiver<T>,
        closure: impl FnMut(Result<T, RecvError>) -> R + 'a,
    ) -> usize {
        let channel = receiver.channel();
        let index = self.next_index;
        self.operations.push(Operation {
            index,
            waiter: BoxedWaiter::new(channel.arrivals()),
            recv: Box::new(RecvAnd { channel, received: None, closure }),
        });
        self.next_index += 1;
        index
    }

    /// Removes a receiver. The others keep their indices.
    ///
    /// # Context
    ///
    /// Does not sleep. Releases memory, and drops the closure.
    ///
    /// # Panics
    ///
    /// If no receiver has this index, or it was removed before.
    #[track_caller]
    pub fn remove(&mut self, index: usize) {
        let place = self.operations.iter().position(|operation| operation.index == index);
        let Some(place) = place else {
            panic!("a `Select` has no receiver with the index {index}")
        };
        drop(self.operations.remove(place));
        if place < self.start {
            self.start -= 1;
        }
        if self.start >= self.operations.len() {
            self.start = 0;
        }
    }

    /// Receives from one of the channels, and waits until one has a value or has lost its senders. Returns what the closure made of
    /// it.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If there are no receivers: nothing would end the wait.
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    #[track_caller]
    pub fn select(&mut self, cx: &mut Sleepable) -> R {
        let _ = cx;
        might_sleep();
        self.assert_not_empty();
        self.will_wait();
        let found = self.wait(None, Operation::look);
        self.finish(found.expect(NO_DEADLINE))
    }

    /// Receives from one of the channels, if one has a value or has lost its senders. `None` if none has, and if there are no
    /// receivers.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token. The closure is called here, so in a section it must not sleep either.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn try_select(&mut self) -> Option<R> {
        let found = self.try_look(Operation::look)?;
        Some(self.finish(found))
    }

    /// As [`select`](Self::select), but waits no longer than a time. `None` if the time has run out. If there are no receivers, it
    /// waits for that long.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If a section is open all the same, as [`select`](Self::select).
    #[must_use = "if the time ran out, nothing was received: whoever sends may still be at work"]
    #[track_caller]
    pub fn select_timeout(&mut self, cx: &mut Sleepable, timeout: Duration) -> Option<R> {
        let _ = cx;
        might_sleep();
        // A time that ends later than the clock can tell never runs out.
        let found = self.wait(Instant::now().checked_add(timeout), Operation::look)?;
        Some(self.finish(found))
    }

    /// Waits until one of the channels has a value or has lost its senders, receives nothing, and returns the index of that one.
    ///
    /// Somebody else may be faster, so receive by [`Receiver::try_recv`], and wait again if there is nothing. No closure is called.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`select`](Self::select).
    #[must_use = "the index says which channel to receive from"]
    #[track_caller]
    pub fn ready(&mut self, cx: &mut Sleepable) -> usize {
        let _ = cx;
        might_sleep();
        self.assert_not_empty();
        self.will_wait();
        let found = self.wait(None, Operation::look_whether_ready);
        self.index_at(found.expect(NO_DEADLINE))
    }

    /// Returns the index of a channel that has a value or has lost its senders. `None` if there is none.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    #[must_use = "the index says which channel to receive from"]
    pub fn try_ready(&mut self) -> Option<usize> {
        let found = self.try_look(Operation::look_whether_ready)?;
        Some(self.index_at(found))
    }

    /// As [`ready`](Self::ready), but waits no longer than a time. `None` if the time has run out. If there are no receivers, it
    /// waits for that long.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If a section is open all the same, as [`select`](Self::select).
    #[must_use = "the index says which channel to receive from"]
    #[track_caller]
    pub fn ready_timeout(&mut self, cx: &mut Sleepable, timeout: Duration) -> Option<usize> {
        let _ = cx;
        might_sleep();
        let deadline = Instant::now().checked_add(timeout);
        let found = self.wait(deadline, Operation::look_whether_ready)?;
        Some(self.index_at(found))
    }

    #[track_caller]
    fn assert_not_empty(&self) {
        assert!(
            !self.operations.is_empty(),
            "a `Select` without receivers would wait for ever: add one by `recv`"
        );
    }

    /// The thread is about to wait for the first of the channels, however long.
    #[inline]
    #[track_caller]
    fn will_wait(&self) {
        #[cfg(feature = "lockdep")]
        Class::wait_for_any(self.operations.iter().map(|operation| operation.recv.value_class()));
        let _ = self;
    }

    fn wait(
        &mut self,
        deadline: Option<Instant>,
        look: impl FnMut(&mut Operation<'a, R>) -> Look<()>,
    ) -> Option<usize> {
        wait_for_any(&mut self.operations, self.start, deadline, look)
    }

    fn try_look(
        &mut self,
        mut look: impl FnMut(&mut Operation<'a, R>) -> Look<()>,
    ) -> Option<usize> {
        match look_where(&mut self.operations, self.start, |_| true, &mut look) {
            Look::Found(found) => Some(found),
            Look::Soon | Look::Nothing => None,
        }
    }

    #[cfg_attr(feature = "lockdep", track_caller)]
    fn finish(&mut self, found: usize) -> R {
        self.begin_after(found);
        #[cfg(feature = "lockdep")]
        if let Some(room) = self.operations[found].recv.brought_about() {
            room.complete();
        }
        self.operations[found].recv.finish()
    }

    fn index_at(&mut self, found: usize) -> usize {
        self.begin_after(found);
        self.operations[found].index
    }

    fn begin_after(&mut self, found: usize) {
        self.start = (found + 1) % self.operations.len();
    }
}

/// Why a wait has found something.
const NO_DEADLINE: &str = "a wait without a deadline ends when something was found";

impl<R> Default for Select<'_, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> fmt::Debug for Select<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select").field("receivers", &self.operations.len()).finish_non_exhaustive()
    }
}

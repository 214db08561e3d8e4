//! The queue of work.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
#[cfg(feature = "std")]
use std::sync::{Mutex, PoisonError};

use super::full::Full;
use super::shared::Shared;
use super::stats::QueueStats;
#[cfg(feature = "std")]
use super::worker::{self, Worker, Workers};
use crate::check::with_token::might_sleep;
#[cfg(feature = "std")]
use crate::context::Context;
use crate::token::{NonBlock, Sleepable};
#[cfg(feature = "std")]
use crate::violation::Place;

/// A bounded queue of work. Code that must not sleep pushes items, and threads that may sleep handle them.
///
/// Items are handled in the order in which they were pushed. Several workers begin them in that order. Threads that wait for
/// an item or for room are served in the order in which they came.
///
/// # Context
///
/// [`push`](Queue::push) is for sections. To wait for an item, for room or for the end takes `&mut Sleepable`.
///
/// Making a queue allocates and touches all the memory that it will need, so that a push meets no page fault. Box an item that
/// is larger than a page: its memory is touched when it is pushed.
///
/// Dropping a queue [closes](Queue::close) it, and waits for nobody. The workers handle the items that are left, and end.
/// Without a worker, the items that are left are dropped. Dropping a queue releases memory, so drop it outside sections. Where it
/// has workers, a drop in a section is reported.
///
/// # Examples
///
/// ```
/// use nonblock::work::Queue;
/// use std::time::Duration;
///
/// let queue = Queue::with_capacity(64);
/// queue.worker("flusher", |page: u64, cx| {
///     nonblock::thread::sleep(cx, Duration::from_micros(page)); // writes it out
/// })?;
///
/// nonblock::sleepable(|cx| {
///     cx.non_block(|nb| {
///         for page in [3, 1, 2] {
///             queue.push(nb, page).expect("there is room");
///         }
///     });
///     queue.shutdown(cx);
/// });
/// assert_eq!(queue.stats().handled, 3);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// In a section, nothing can wait for an item:
///
/// ```compile_fail,E0308
/// # use nonblock::work::Queue;
/// let queue = Queue::<u64>::with_capacity(64);
/// nonblock::non_block(|nb| queue.pop(nb));
/// ```
pub struct Queue<T> {
    shared: Arc<Shared<T>>,
    #[cfg(feature = "std")]
    workers: Mutex<Workers>,
    /// The thread that flushes holds it.
    #[cfg(feature = "std")]
    flushes: Mutex<()>,
}

impl<T> Queue<T> {
    /// Makes an empty queue, with all the memory that it will need.
    ///
    /// # Arguments
    ///
    /// * `capacity`: how many items it holds at most, from 1.
    ///
    /// # Context
    ///
    /// May be called anywhere. Allocates.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            shared: Arc::new(Shared::with_capacity(capacity)),
            #[cfg(feature = "std")]
            workers: Mutex::new(Workers::default()),
            #[cfg(feature = "std")]
            flushes: Mutex::new(()),
        }
    }

    /// Pushes an item, for a worker to handle.
    ///
    /// It neither allocates nor releases memory, takes no lock, and does not wait for room: see [the module](super). Mirrors
    /// Linux's `queue_work()` (`include/linux/workqueue.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep: takes `&NonBlock`.
    ///
    /// # Errors
    ///
    /// [`Full`], with the item, if there is no room, or the queue was shut down.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn push(&self, nb: &NonBlock, item: T) -> Result<(), Full<T>> {
        let _ = nb;
        self.push_now(item)
    }

    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn push_now(&self, item: T) -> Result<(), Full<T>> {
        let pushed = self.shared.push(item);
        if pushed.is_ok() {
            self.shared.item_class.complete();
        }
        pushed
    }

    /// Pushes an item, for a worker to handle. Waits for room if the context may sleep.
    ///
    /// # Context
    ///
    /// Takes either token. With a `Sleepable` it waits for room. With a `NonBlock` it is [`push`](Queue::push).
    ///
    /// # Errors
    ///
    /// [`Full`], with the item. In a section, and in a handler of this very queue, if there is no room: a worker that waits for
    /// room could wait for itself, so handle the item there and then, or keep it. In every context, if the queue was shut
    /// down, before the call or while it waited; [`is_closed`](Queue::is_closed) tells.
    ///
    /// # Panics
    ///
    /// As [`pop`](Queue::pop).
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::Context;
    /// use nonblock::work::Queue;
    ///
    /// fn invalidate<C: Context>(flushes: &Queue<u64>, page: u64, cx: &mut C) -> bool {
    ///     flushes.push_from(cx, page).is_ok()
    /// }
    /// # let queue = Queue::with_capacity(1);
    /// # assert!(nonblock::sleepable(|cx| invalidate(&queue, 1, cx)));
    /// # assert!(!nonblock::non_block(|nb| invalidate(&queue, 2, nb)));
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn push_from<C: Context>(&self, cx: &mut C, item: T) -> Result<(), Full<T>> {
        if cx.as_sleepable().is_none() {
            return self.push_now(item);
        }
        might_sleep();
        if worker::is_worker_of(&self.shared) {
            return self.push_now(item);
        }
        self.shared.work_class.wait();
        let pushed = self.shared.wait_and_push(item);
        if pushed.is_ok() {
            self.shared.item_class.complete();
        }
        pushed
    }

    /// Waits for an item, and takes it. `None` if the queue is shut down, and holds no more items.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::work::Queue;
    /// let queue = Queue::with_capacity(8);
    /// nonblock::non_block(|nb| queue.push(nb, "a").unwrap());
    /// queue.close();
    /// nonblock::sleepable(|cx| {
    ///     while let Some(item) = queue.pop(cx) {
    ///         assert_eq!(item, "a");
    ///     }
    /// });
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn pop(&self, cx: &mut Sleepable) -> Option<T> {
        let _ = cx;
        might_sleep();
        self.shared.item_class.wait();
        let item = self.shared.wait_and_pop();
        if item.is_some() {
            self.shared.work_class.complete();
        }
        item
    }

    /// Takes the first item, if there is one.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token. But what the caller does with the item may not be fit for a section: to drop a `Box`,
    /// for instance, releases memory.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn try_pop(&self) -> Option<T> {
        let item = self.shared.try_pop();
        if item.is_some() {
            self.shared.work_class.complete();
        }
        item
    }

    /// Takes the items that the queue holds, first to last. Waits only for pushes that are under way.
    ///
    /// After [`close`](Queue::close) these are all items that there will be, so none is lost.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Allocates.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::work::Queue;
    /// let queue = Queue::with_capacity(8);
    /// nonblock::non_block(|nb| (1..=3).for_each(|page| queue.push(nb, page).unwrap()));
    /// nonblock::sleepable(|cx| {
    ///     for page in queue.drain(cx) {
    ///         // flush(page, cx)
    ///         # let _ = (page, &mut *cx);
    ///     }
    /// });
    /// ```
    #[track_caller]
    pub fn drain(&self, cx: &mut Sleepable) -> Vec<T> {
        let _ = cx;
        might_sleep();
        // It takes no more than this number. Otherwise later pushes could keep it going for ever.
        let held = self.shared.len();
        let mut items = Vec::with_capacity(held);
        while items.len() < held {
            match self.try_pop() {
                Some(item) => items.push(item),
                None if self.shared.len() == 0 => break,
                // Another thread has counted an item in, and is about to put it into the ring.
                None => pause(),
            }
        }
        items
    }

    /// Refuses every push from now on. Items that were pushed before are handled all the same.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token: it only signals. [`shutdown`](Queue::shutdown) also waits.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Returns whether the queue was closed or shut down.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Returns how many items the queue holds, with the items that are just being pushed or taken.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Returns whether the queue holds no item.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many items the queue holds at most.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn capacity(&self) -> usize {
        self.shared.capacity()
    }

    /// Returns the counts of the queue.
    ///
    /// # Context
    ///
    /// May be called anywhere. It neither locks nor allocates.
    pub fn stats(&self) -> QueueStats {
        self.shared.stats()
    }
}

#[cfg(feature = "std")]
impl<T> Queue<T> {
    /// Starts a thread that handles the items of the queue, one after another, until the queue is shut down and empty.
    ///
    /// A queue may have several workers, which handle items at the same time.
    ///
    /// If a handler panics, only its item is lost. The panic is printed as any other, and counted in
    /// [`QueueStats::panicked`]. Then the worker goes on with the next item, so it must be possible to call the handler again.
    ///
    /// If a handler leaves a section open, through [`raw`](crate::raw) or a forgotten guard, the section is reported and closed.
    /// Linux reports a work function that leaks atomic context in the same way (`process_one_work()`, `kernel/workqueue.c`,
    /// 6.12).
    ///
    /// # Arguments
    ///
    /// * `name`: the name of the thread. It must hold no nul byte. Reports show it.
    /// * `handler`: handles one item. It may sleep.
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes the thread. It takes no token, as [`thread::spawn`](crate::thread::spawn) takes none, so
    /// a call in a section is found at run time only. The worker may sleep.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the name holds a nul byte.
    #[track_caller]
    pub fn worker<F>(&self, name: &str, handler: F) -> std::io::Result<Worker>
    where
        T: Send + 'static,
        F: FnMut(T, &mut Sleepable) + Send + 'static,
    {
        worker::spawn(&self.workers, name, Arc::clone(&self.shared), handler, Place::caller())
    }

    /// Waits until every item that was pushed before is handled. It does not wait for items that are pushed meanwhile.
    ///
    /// An item that is taken by hand, by [`pop`](Queue::pop) or the like, counts as handled when it is taken. If nobody takes
    /// items, this waits until somebody does. Mirrors Linux's `flush_workqueue()` (`kernel/workqueue.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Several threads may call it; they wait one after another. Allocates.
    ///
    /// # Panics
    ///
    /// If a handler of this queue calls it: the handler would wait for itself. Also as [`pop`](Queue::pop).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use nonblock::work::Queue;
    ///
    /// static FLUSHED: AtomicU64 = AtomicU64::new(0);
    ///
    /// let queue = Queue::with_capacity(8);
    /// queue.worker("flusher", |page, _cx| {
    ///     FLUSHED.fetch_add(page, Ordering::Relaxed);
    /// })?;
    /// nonblock::sleepable(|cx| {
    ///     cx.non_block(|nb| queue.push(nb, 7)).unwrap();
    ///     queue.flush(cx);
    ///     assert_eq!(FLUSHED.load(Ordering::Relaxed), 7);
    ///     assert!(!queue.is_closed());
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn flush(&self, cx: &mut Sleepable) {
        let _ = cx;
        might_sleep();
        let is_worker = worker::is_worker_of(&self.shared);
        assert!(!is_worker, "a handler waits for its own item: flush the queue elsewhere");
        self.shared.work_class.wait();
        let _one_at_a_time = self.flushes.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.flush(|| worker::lock(&self.workers).busy_counts());
    }

    /// Closes the queue, and waits until its workers have handled every item and ended.
    ///
    /// Every item whose push succeeded is handled, and later pushes get their item back. If the queue has no worker, this only
    /// closes it. The items that are left stay for [`pop`](Queue::pop) and [`drain`](Queue::drain). Mirrors Linux's
    /// `destroy_workqueue()` (`kernel/workqueue.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Several threads may call it, and each waits.
    ///
    /// # Panics
    ///
    /// If a handler of this queue calls it: the handler would wait for itself. Also as [`pop`](Queue::pop).
    #[track_caller]
    pub fn shutdown(&self, cx: &mut Sleepable) {
        might_sleep();
        self.close();
        let is_worker = worker::is_worker_of(&self.shared);
        assert!(!is_worker, "a handler waits for its own worker: shut the queue down elsewhere");
        self.shared.work_class.wait();
        let running = worker::lock(&self.workers).running();
        running.wait();
        let workers = worker::lock(&self.workers).take_threads();
        for worker in workers {
            // The panics of its handler were caught, and the worker itself has none.
            let _ = worker.join(cx);
        }
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// It does not show the items: they may be taken meanwhile.
impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// Lets another thread run for a few instructions.
fn pause() {
    #[cfg(feature = "std")]
    std::thread::yield_now();
    #[cfg(not(feature = "std"))]
    core::hint::spin_loop();
}

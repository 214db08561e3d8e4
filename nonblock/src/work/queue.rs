//! The queue itself.

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
use crate::check::might_sleep;
#[cfg(feature = "std")]
use crate::context::Context;
use crate::token::{NonBlock, Sleepable};
#[cfg(feature = "std")]
use crate::violation::Place;

/// A bounded queue of work: filled where one must not sleep, handled where one may.
///
/// Items are handled in the order in which they were pushed; by several workers, they are begun in that order.
///
/// # Context
///
/// [`push`](Queue::push) is for sections. Waiting for an item, for room or for the end takes `&mut Sleepable`. Making a queue
/// allocates and touches all it will need, so that a push meets no page fault: box what is larger than a page, whose
/// memory is touched when it is pushed. Dropping one [closes](Queue::close) it and waits for nobody: workers handle what is left and
/// end; without a worker, what is left is dropped.
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
/// In a section there is no waiting for an item:
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
    /// Held by the one who waits for items to be handled.
    #[cfg(feature = "std")]
    flushes: Mutex<()>,
}

impl<T> Queue<T> {
    /// Makes an empty queue, with all the memory it will need.
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

    /// Leaves an item to whoever handles the queue.
    ///
    /// It neither allocates nor releases memory, takes no lock, and does not wait for room: see [the module](super). Linux's
    /// `queue_work()` (`include/linux/workqueue.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep: takes `&NonBlock`.
    ///
    /// # Errors
    ///
    /// [`Full`], with the item, if there is no room, or the queue was shut down.
    pub fn push(&self, nb: &NonBlock, item: T) -> Result<(), Full<T>> {
        let _ = nb;
        self.shared.push(item)
    }

    /// Leaves an item to whoever handles the queue; waits for room if the context may sleep.
    ///
    /// # Context
    ///
    /// Either: with a `Sleepable` it waits for room, with a `NonBlock` it is [`push`](Queue::push).
    ///
    /// # Errors
    ///
    /// [`Full`], with the item: in a section if there is no room, and in either context if the queue was shut down, while it
    /// waited too.
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
            return self.shared.push(item);
        }
        might_sleep();
        self.shared.wait_and_push(item)
    }

    /// Waits for an item and takes it; `None` when the queue is shut down and holds no more.
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
        self.shared.wait_and_take()
    }

    /// Takes the first item, if there is one.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token. What is done with the item is the caller's affair: to drop a `Box` releases memory.
    pub fn try_pop(&self) -> Option<T> {
        self.shared.take()
    }

    /// Takes what the queue holds, first to last, and waits for no more than pushes that are under way.
    ///
    /// After [`close`](Queue::close) this is all there will be: with the queue closed, nothing is lost.
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
        // No more than this, or pushes that follow could keep it going for ever.
        let held = self.shared.len();
        let mut items = Vec::with_capacity(held);
        while items.len() < held {
            match self.try_pop() {
                Some(item) => items.push(item),
                None if self.shared.len() == 0 => break,
                // Somebody was let in, and is about to put an item into the ring.
                None => pause(),
            }
        }
        items
    }

    /// Refuses every push from now on. What was pushed is handled all the same.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token: it only signals. [`shutdown`](Queue::shutdown) waits as well.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Says whether the queue was closed or shut down.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Returns how many items the queue holds, those included that are just being pushed or taken.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Says whether the queue holds no item.
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

    /// Returns the queue's counts.
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
    /// Starts a thread that handles the queue's items, one after another, until the queue is shut down and empty.
    ///
    /// A queue may have several workers; items are then handled at once. A handler that panics loses its item only: the panic
    /// is printed as any other, counted in [`QueueStats::panicked`], and the worker goes on with the next item. So the handler
    /// must be fit to be called again. A section that a handler leaves open (through [`raw`](crate::raw), or a forgotten
    /// guard) is reported, as Linux reports a work function that leaks atomic context (`process_one_work()`,
    /// `kernel/workqueue.c`, 6.12), and closed.
    ///
    /// # Arguments
    ///
    /// * `name`: the thread's name. It must hold no nul byte. Reports tell it.
    /// * `handler`: what is done with an item. It may sleep.
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes the thread, but takes no token, as [`thread::spawn`](crate::thread::spawn): a call in
    /// a section is found at run time only. The worker may sleep.
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

    /// Waits until every item that was pushed before is handled. What is pushed meanwhile it does not wait for.
    ///
    /// An item that is taken by hand, by [`pop`](Queue::pop) or the like, counts as handled when it is taken. Where nobody
    /// takes items, it waits until somebody does. Linux's `flush_workqueue()` (`kernel/workqueue.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. May be called by several threads; they wait one after another. Allocates.
    ///
    /// # Panics
    ///
    /// In a handler of the queue's own, which would wait for itself; and as [`pop`](Queue::pop).
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
        let is_handler = worker::is_worker_of(&self.shared);
        assert!(!is_handler, "a handler waits for its own item: flush the queue elsewhere");
        let _one_at_a_time = self.flushes.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.flush(|| worker::lock(&self.workers).seq_counts());
    }

    /// Closes the queue, and waits until its workers have handled every item and ended.
    ///
    /// Every item whose push succeeded is handled; later pushes get their item back. Where the queue has no worker, it only
    /// closes it: what is left stays for [`pop`](Queue::pop) and [`drain`](Queue::drain). Linux's `destroy_workqueue()`
    /// (`kernel/workqueue.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. May be called by several threads; each waits.
    ///
    /// # Panics
    ///
    /// In a handler of the queue's own, which would wait for itself; and as [`pop`](Queue::pop).
    #[track_caller]
    pub fn shutdown(&self, cx: &mut Sleepable) {
        might_sleep();
        self.close();
        let is_handler = worker::is_worker_of(&self.shared);
        assert!(!is_handler, "a handler waits for its own worker: shut the queue down elsewhere");
        let running = worker::lock(&self.workers).running();
        running.wait();
        let workers = worker::lock(&self.workers).take_threads();
        for worker in workers {
            // Its handler's panics were caught; it has none of its own.
            let _ = worker.join(cx);
        }
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// Without the items: they may be taken meanwhile.
impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// Gives way for a few instructions of another thread's.
fn pause() {
    #[cfg(feature = "std")]
    std::thread::yield_now();
    #[cfg(not(feature = "std"))]
    core::hint::spin_loop();
}

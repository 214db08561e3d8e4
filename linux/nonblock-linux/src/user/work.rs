//! The queue of [`nonblock::work`], with one worker, as the kernel's ordered work queues have.

use core::fmt;
use std::sync::Arc;

use nonblock::{NonBlock, Sleepable, might_sleep, raw};

use crate::errno::Errno;
use crate::work::{Full, Handle};

/// A bounded queue of work. Code that must not sleep pushes items, and a thread that may sleep handles them one by one.
///
/// In the kernel it is an ordered work queue (`alloc_ordered_workqueue()`, `include/linux/workqueue.h`, 6.12), with room for
/// its items set aside.
///
/// # Context
///
/// [`push`](Self::push) is for sections: it neither allocates nor waits. [`shutdown`](Self::shutdown) and
/// [`flush`](Self::flush) take `&mut Sleepable`.
///
/// **Dropping waits** for the item that is being handled, and drops the items that are not begun. In a section that is
/// reported. Do not drop it in its own handler, which would wait for itself.
///
/// # Examples
///
/// ```
/// use core::sync::atomic::{AtomicU64, Ordering};
/// use core::time::Duration;
/// use nonblock::Sleepable;
/// use nonblock_linux::errno::Errno;
/// use nonblock_linux::work::{Full, Handle, Queue};
///
/// #[derive(Default)]
/// struct Flusher {
///     flushed: AtomicU64,
/// }
///
/// impl Handle for Flusher {
///     type Item = u64;
///
///     fn handle(&self, pages: u64, cx: &mut Sleepable) {
///         nonblock_linux::time::sleep(cx, Duration::from_millis(1)); // writes them out
///         self.flushed.fetch_add(pages, Ordering::Relaxed);
///     }
/// }
///
/// nonblock::sleepable(|cx| {
///     let queue = Queue::new(8, Flusher::default(), cx)?;
///     cx.non_block(|nb| match queue.push(nb, 3) {
///         Ok(()) => {}
///         Err(Full(pages)) => panic!("no room for {pages} pages"),
///     });
///     queue.flush(cx);
///     assert_eq!(queue.handler().flushed.load(Ordering::Relaxed), 3);
///     queue.shutdown(cx);
///     Ok::<(), Errno>(())
/// })
/// # .unwrap();
/// ```
pub struct Queue<H: Handle> {
    items: nonblock::work::Queue<H::Item>,
    handler: Arc<H>,
}

impl<H: Handle> Queue<H> {
    /// Makes an empty queue, with room for its items, and its thread.
    ///
    /// # Arguments
    ///
    /// * `capacity`: how many items it holds at most, from 1.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// [`Errno::EINVAL`] if the capacity is 0. [`Errno::ENOMEM`] if there is no memory, or no thread can be made.
    #[track_caller]
    pub fn new(capacity: usize, handler: H, cx: &mut Sleepable) -> Result<Self, Errno> {
        let _ = cx;
        might_sleep();
        if capacity == 0 {
            return Err(Errno::EINVAL);
        }
        // The queue itself would panic.
        let room = Vec::<(usize, usize, Option<H::Item>)>::new().try_reserve_exact(capacity);
        room.map_err(|_| Errno::ENOMEM)?;
        let items = nonblock::work::Queue::with_capacity(capacity);
        let handler = Arc::new(handler);
        let of_worker = Arc::clone(&handler);
        items
            .worker("nonblock-linux", move |item, cx| of_worker.handle(item, cx))
            .map_err(|_| Errno::ENOMEM)?;
        Ok(Self { items, handler })
    }

    /// Pushes an item, to be handled.
    ///
    /// # Context
    ///
    /// Does not sleep: takes `&NonBlock`. It neither allocates nor frees.
    ///
    /// # Errors
    ///
    /// [`Full`], with the item, if there is no room.
    #[track_caller]
    pub fn push(&self, nb: &NonBlock, item: H::Item) -> Result<(), Full<H::Item>> {
        self.items.push(nb, item).map_err(|full| Full(full.into_inner()))
    }

    /// Waits until every item that was pushed before is handled.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Not from its own handler, which would wait for itself.
    ///
    /// # Panics
    ///
    /// If its own handler calls it.
    #[track_caller]
    pub fn flush(&self, cx: &mut Sleepable) {
        self.items.flush(cx);
    }

    /// Returns the handler.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// Waits until every item is handled, and ends the thread.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Not from its own handler, which would wait for itself.
    ///
    /// # Panics
    ///
    /// If its own handler calls it.
    #[track_caller]
    pub fn shutdown(self, cx: &mut Sleepable) {
        self.items.shutdown(cx);
    }
}

impl<H: Handle> Drop for Queue<H> {
    fn drop(&mut self) {
        if self.items.is_closed() {
            return; // shut down
        }
        raw::might_sleep_in_drop();
        self.items.close();
        while self.items.try_pop().is_some() {}
        raw::sleepable(|cx| self.items.shutdown(cx));
    }
}

impl<H: Handle> fmt::Debug for Queue<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.items.len())
            .field("capacity", &self.items.capacity())
            .finish_non_exhaustive()
    }
}

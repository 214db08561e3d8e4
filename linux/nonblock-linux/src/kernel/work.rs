//! Work that a section leaves to a thread that may sleep: an ordered workqueue of the kernel's.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

use nonblock::{NonBlock, Sleepable};

use super::alloc::Box;
use super::shim;
use crate::errno::Errno;
use crate::work::{Full, Handle};

/// A bounded queue of work, with a thread of its own.
pub struct Queue<H: Handle> {
    shared: Box<Shared<H>>,
}

/// What the queue and its thread share.
struct Shared<H: Handle> {
    work: NonNull<shim::Work>,
    items: UnsafeCell<Ring<H::Item>>,
    /// The queue is being dropped: what is not begun is not handled.
    is_dropped: AtomicBool,
    handler: H,
}

// SAFETY: the items are under the lock of the work, and the handler may be used by all threads.
unsafe impl<H: Handle> Send for Shared<H> {}
// SAFETY: as above.
unsafe impl<H: Handle> Sync for Shared<H> {}

/// Items in the order in which they were pushed.
struct Ring<T> {
    slots: Box<[Option<T>]>,
    first: usize,
    len: usize,
}

impl<T> Ring<T> {
    fn push(&mut self, item: T) -> Result<(), T> {
        // The slots are as many as were asked for, and not none.
        let last = (self.first + self.len) % self.slots.len().max(1);
        match self.slots.get_mut(last) {
            Some(slot @ None) => {
                *slot = Some(item);
                self.len += 1;
                Ok(())
            }
            _ => Err(item),
        }
    }

    fn pop(&mut self) -> Option<T> {
        let item = self.slots.get_mut(self.first)?.take()?;
        self.first = (self.first + 1) % self.slots.len().max(1);
        self.len -= 1;
        Some(item)
    }
}

impl<H: Handle> Shared<H> {
    fn with_items<R>(&self, f: impl FnOnce(&mut Ring<H::Item>) -> R) -> R {
        // SAFETY: the work lives as long as `self`.
        let flags = unsafe { shim::nonblock_linux_work_lock(self.work.as_ptr()) };
        // SAFETY: the lock is held, and `f` is of this file: it neither panics nor comes here again.
        let result = f(unsafe { &mut *self.items.get() });
        // SAFETY: the lock is held, with these flags.
        unsafe { shim::nonblock_linux_work_unlock(self.work.as_ptr(), flags) };
        result
    }
}

/// Handles all items, on the queue's thread.
unsafe extern "C" fn run<H: Handle>(owner: *mut c_void) {
    // SAFETY: the owner was set before anything was queued, and lives until the queue is destroyed.
    let shared = unsafe { &*owner.cast::<Shared<H>>() };
    nonblock::sleepable(|cx| {
        while !shared.is_dropped.load(Ordering::Relaxed)
            && let Some(item) = shared.with_items(Ring::pop)
        {
            shared.handler.handle(item, cx);
        }
    });
}

impl<H: Handle> Queue<H> {
    /// Makes an empty queue.
    #[track_caller]
    pub fn new(capacity: usize, handler: H, cx: &mut Sleepable) -> Result<Self, Errno> {
        nonblock::might_sleep();
        if capacity == 0 {
            return Err(Errno::EINVAL);
        }
        let slots = Box::from_fn(capacity, |_| None, cx)?;
        let items = UnsafeCell::new(Ring { slots, first: 0, len: 0 });
        let work = shim::nonblock_linux_work_new(run::<H>);
        let work = NonNull::new(work).ok_or(Errno::ENOMEM)?;
        match Box::new(Shared { work, items, is_dropped: AtomicBool::new(false), handler }, cx) {
            Ok(shared) => {
                let owner = shared.as_pointer().as_ptr().cast();
                // SAFETY: nothing is queued yet.
                unsafe { shim::nonblock_linux_work_set_owner(work.as_ptr(), owner) };
                Ok(Self { shared })
            }
            Err(error) => {
                // SAFETY: nobody else knows it.
                unsafe { shim::nonblock_linux_work_free(work.as_ptr()) };
                Err(error.into())
            }
        }
    }

    /// Pushes an item.
    pub fn push(&self, nb: &NonBlock, item: H::Item) -> Result<(), Full<H::Item>> {
        let _ = nb;
        self.shared.with_items(|items| items.push(item)).map_err(Full)?;
        // SAFETY: the work lives as long as `self`.
        unsafe { shim::nonblock_linux_work_queue(self.shared.work.as_ptr()) };
        Ok(())
    }

    /// Waits until the items that were pushed before are handled.
    #[track_caller]
    pub fn flush(&self, cx: &mut Sleepable) {
        let _ = cx;
        nonblock::might_sleep();
        // SAFETY: the work lives as long as `self`.
        unsafe { shim::nonblock_linux_work_flush(self.shared.work.as_ptr()) };
    }

    /// Returns the handler.
    pub fn handler(&self) -> &H {
        &self.shared.handler
    }

    /// Waits until all items are handled, and ends the queue.
    #[track_caller]
    pub fn shutdown(self, cx: &mut Sleepable) {
        self.flush(cx);
        drop(self);
    }
}

impl<H: Handle> Drop for Queue<H> {
    fn drop(&mut self) {
        nonblock::raw::might_sleep_in_drop();
        self.shared.is_dropped.store(true, Ordering::Relaxed);
        // SAFETY: nobody pushes any more. It waits for the item in hand, and then nothing uses `shared`.
        unsafe { shim::nonblock_linux_work_free(self.shared.work.as_ptr()) };
    }
}

impl<H: Handle> fmt::Debug for Queue<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

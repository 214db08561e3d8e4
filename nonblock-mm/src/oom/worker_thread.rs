//! The handle of a thread of this module, which can be dropped in a section.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use nonblock::Sleepable;
use nonblock::thread::{self, JoinHandle};

/// A thread that ends when it is told to.
///
/// Dropping a `JoinHandle` gives the memory of a thread that has ended back to the system, so the library reports it in a
/// section. Here the thread holds its own handle too. If this is dropped before the thread is told to end, the thread drops
/// the handle at its end.
#[derive(Debug)]
pub(super) struct WorkerThread(Arc<Mutex<Option<JoinHandle<()>>>>);

impl WorkerThread {
    /// Starts the thread.
    #[track_caller]
    pub(super) fn spawn(
        name: &str,
        f: impl FnOnce(&mut Sleepable) + Send + 'static,
    ) -> io::Result<Self> {
        let slot = Arc::new(Mutex::new(None));
        let own = Arc::clone(&slot);
        let thread = thread::Builder::new().name(name).spawn(move |cx| {
            // Dropped last, also if the thread panics.
            let _own = own;
            f(cx);
        })?;
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(Self(slot))
    }

    /// Whether this is called on the thread itself.
    pub(super) fn is_own(&self) -> bool {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handle.as_ref().is_some_and(|thread| thread.thread().id() == thread::current().id())
    }

    /// Waits for the end of the thread. Not to be called on the thread itself.
    #[track_caller]
    pub(super) fn join(self, cx: &mut Sleepable) {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = handle {
            // Panics of callbacks are caught. A panic of the thread is a fault of this crate, and was printed.
            let _ = thread.join(cx);
        }
    }
}

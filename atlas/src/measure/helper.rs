//! What is done in the middle of a call and does not count: on the same thread, or on another one.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::thread;
use std::time::Duration;

use super::{memory, system_calls};

/// Does something that does not count, on this thread.
fn uncounted<R>(f: impl FnOnce() -> R) -> R {
    let memory = memory::set_counted(false);
    let calls = system_calls::set_counted(false);
    let result = f();
    system_calls::set_counted(calls);
    memory::set_counted(memory);
    result
}

type Work<'a> = &'a (dyn Fn() + Sync);

/// What the other thread is to do: the pointer to a [`Work`], or null.
static WORK: AtomicPtr<Work<'static>> = AtomicPtr::new(std::ptr::null_mut());

/// Does what other threads do in the middle of a call, on another thread, and returns when it is done. It does not count.
///
/// It makes no system call but to yield the processor, so that it can be done in a section under watch.
pub fn meanwhile(f: &(dyn Fn() + Sync)) {
    uncounted(|| {
        let work: Work<'_> = f;
        let pointer = (&raw const work).cast_mut().cast::<Work<'static>>();
        while WORK
            .compare_exchange(std::ptr::null_mut(), pointer, Ordering::SeqCst, Ordering::SeqCst)
            .is_err()
        {
            thread::yield_now();
        }
        while WORK.load(Ordering::SeqCst) == pointer {
            thread::yield_now();
        }
    });
}

/// Starts the other thread.
pub(super) fn start() {
    thread::spawn(|| {
        // Until it is wanted for the first time it does not take the processor from others.
        while WORK.load(Ordering::SeqCst).is_null() {
            thread::sleep(Duration::from_millis(1));
        }
        let mut idle = 0;
        loop {
            let work = WORK.load(Ordering::SeqCst);
            if work.is_null() {
                idle += 1;
                if idle < 100 {
                    thread::yield_now();
                } else {
                    thread::sleep(Duration::from_micros(20));
                }
                continue;
            }
            idle = 0;
            // SAFETY: `meanwhile` keeps it until the pointer is null again.
            unsafe { (*work)() };
            WORK.store(std::ptr::null_mut(), Ordering::SeqCst);
        }
    });
}

//! Atomics that are there before the first thread starts.

use std::cell::RefCell;

use loom::sync::atomic::AtomicUsize;

/// How many a model can use.
const ENOUGH: usize = 64;

thread_local! {
    // The checker runs all threads of a model on one.
    static POOL: RefCell<Vec<AtomicUsize>> = const { RefCell::new(Vec::new()) };
}

/// Makes the atomics of a model. To the checker, making one is a change that others must not race with.
pub(super) fn fill() {
    let fresh = (0..ENOUGH).map(|_| AtomicUsize::new(0)).collect();
    POOL.with(|pool| pool.replace(fresh));
}

/// Hands one out, of value 0.
pub(super) fn atomic() -> AtomicUsize {
    POOL.with(|pool| pool.borrow_mut().pop())
        .expect("a model that runs by `explore`, and has few atomics")
}

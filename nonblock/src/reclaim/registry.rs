//! The lists that are free: those whose last owner is gone. The model checker has a file of its own in place of this one.

use core::ptr;

use crate::primitive::{AtomicPtr, Ordering};

/// The first of the free lists. Each has the next one in its link.
static FREE: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Keeps a list for a later collector. It allocates nothing, and waits for nobody.
pub(super) fn put(list: *mut (), link: &AtomicPtr<()>) {
    let mut first = FREE.load(Ordering::Relaxed);
    loop {
        link.store(first, Ordering::Relaxed);
        match FREE.compare_exchange_weak(first, list, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => first = now,
        }
    }
}

/// Takes all lists, and returns the first, or null. To take one alone would mistake a list that was taken and came back in
/// between for one that never went.
pub(super) fn take_all() -> *mut () {
    FREE.swap(ptr::null_mut(), Ordering::Acquire)
}

//! All lists that were ever made, linked. The model checker has a file of its own in place of this one.

use core::ptr;

use crate::primitive::{AtomicPtr, Ordering};

/// The list that was made last. Each has the one that was made before it in its link.
static LAST: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Puts a list first. It stays there: nobody takes one out.
pub(super) fn put(list: *mut (), link: &AtomicPtr<()>) {
    let mut first = LAST.load(Ordering::Relaxed);
    loop {
        link.store(first, Ordering::Relaxed);
        match LAST.compare_exchange_weak(first, list, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => first = now,
        }
    }
}

/// Returns the list that was made last, or null.
pub(super) fn last() -> *mut () {
    LAST.load(Ordering::Acquire)
}

//! Callbacks that panic: none keeps another from its call, and one panic at most passes through.
//!
//! Where several callbacks are due whatever one of them does (the ends of an invalidation, the undoing of a chain's
//! call, the release), all are called. The first panic passes through when they have been; what follows it ends here, after
//! the panic hook has reported it. So does every one of them if the thread is unwinding already: two panics at once would
//! abort the process.

use core::any::Any;
use core::mem;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::panicking;

/// Calls something for every item, in order. One that panics does not keep the others from it.
#[inline]
pub(crate) fn for_every<I, C, F>(items: I, cx: &mut C, call: F)
where
    I: Iterator + Clone,
    C: ?Sized,
    F: Fn(I::Item, &mut C) + Copy,
{
    if panicking() {
        return quietly(items, cx, call);
    }
    let mut rest = Rest { items, cx, call };
    for item in rest.items.by_ref() {
        call(item, rest.cx);
    }
    mem::forget(rest);
}

/// The calls that are due. Dropped by an unwinding call, it makes the others.
struct Rest<'cx, I, C, F>
where
    I: Iterator + Clone,
    C: ?Sized,
    F: Fn(I::Item, &mut C) + Copy,
{
    items: I,
    cx: &'cx mut C,
    call: F,
}

impl<I, C, F> Drop for Rest<'_, I, C, F>
where
    I: Iterator + Clone,
    C: ?Sized,
    F: Fn(I::Item, &mut C) + Copy,
{
    #[inline]
    fn drop(&mut self) {
        // By value, so that the loop above can keep it all in registers.
        quietly(self.items.clone(), self.cx, self.call);
    }
}

/// Calls something for every item, whatever panics.
#[cold]
#[inline(never)]
fn quietly<I, C, F>(items: I, cx: &mut C, call: F)
where
    I: Iterator,
    C: ?Sized,
    F: Fn(I::Item, &mut C),
{
    for item in items {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| call(item, cx))) {
            discard(payload);
        }
    }
}

/// The first panic of several calls.
#[derive(Debug)]
#[must_use = "the panic must pass through: call `resume`"]
pub(crate) struct Panics {
    first: Option<Box<dyn Any + Send>>,
}

impl Panics {
    pub(crate) const fn new() -> Self {
        Self { first: None }
    }

    /// Returns what the closure returns, or nothing if it panics.
    pub(crate) fn catch<R>(&mut self, f: impl FnOnce() -> R) -> Option<R> {
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(result) => Some(result),
            Err(payload) => {
                match self.first {
                    None => self.first = Some(payload),
                    Some(_) => discard(payload),
                }
                None
            }
        }
    }

    /// Lets the first panic pass through, if there was one, unless the thread is unwinding already.
    pub(crate) fn resume(self) {
        match self.first {
            Some(payload) if panicking() => discard(payload),
            Some(payload) => resume_unwind(payload),
            None => {}
        }
    }
}

/// Drops what a panic carried, which may panic in turn.
pub(super) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(of_its_drop) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // There would be no end of it.
        mem::forget(of_its_drop);
    }
}

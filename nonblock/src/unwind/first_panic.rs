//! Several calls that are all due, whatever one of them does.

use core::any::Any;
use core::mem;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::panicking;

/// Calls the closure for every item, in order. One call that panics does not keep the others from being made.
#[inline]
pub(crate) fn for_each<I, C, F>(items: I, cx: &mut C, call: F)
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

/// Calls the closure for every item, whatever panics.
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

/// The first panic of several calls, which passes through when all of them were made.
///
/// # Context
///
/// A plain value. Its methods may be called anywhere; catching a panic, and dropping what it carried, releases memory.
///
/// # Examples
///
/// ```
/// use nonblock::unwind::FirstPanic;
///
/// let mut called = 0;
/// let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
///     let mut first = FirstPanic::new();
///     for name in ["one", "two", "three"] {
///         first.catch(|| {
///             called += 1;
///             assert!(name == "one", "{name}");
///         });
///     }
///     first.resume();
/// }));
/// assert_eq!(called, 3);
/// assert_eq!(*outcome.unwrap_err().downcast::<String>().unwrap(), "two");
/// ```
#[derive(Debug)]
#[must_use = "the panic must pass through: call `resume`"]
pub struct FirstPanic {
    first: Option<Box<dyn Any + Send>>,
}

impl FirstPanic {
    /// Makes one that has caught nothing.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn new() -> Self {
        Self { first: None }
    }

    /// Returns what the closure returns, or `None` if it panics. All panics but the first end here.
    ///
    /// # Context
    ///
    /// May be called where the closure may.
    pub fn catch<R>(&mut self, f: impl FnOnce() -> R) -> Option<R> {
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
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Panics
    ///
    /// With the first panic that was caught.
    pub fn resume(self) {
        match self.first {
            Some(payload) if panicking() => discard(payload),
            Some(payload) => resume_unwind(payload),
            None => {}
        }
    }
}

impl Default for FirstPanic {
    fn default() -> Self {
        Self::new()
    }
}

/// Drops what a panic carried. That may panic in turn.
pub(super) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(of_its_drop) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // There would be no end of it.
        mem::forget(of_its_drop);
    }
}

//! Making several calls, all of them even if one panics. The first panic passes on after the last call.

use core::any::Any;
use core::mem;
use core::slice;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::panicking;

/// Calls the closure for every item, in order. If one call panics, the others are made all the same.
///
/// As long as no call panics, it allocates nothing and catches nothing. So a section can use it.
///
/// # Arguments
///
/// * `cx`: it is lent to each call. It is a token, for instance.
///
/// # Context
///
/// May be called where the closure may.
///
/// # Panics
///
/// The first panic of a call passes through, after all calls were made. If the thread is unwinding already, no panic does.
/// A panic of the iterator passes through too. It is asked for the items that are left all the same, until it panics
/// while another panic is passing. Only its drop must not panic.
///
/// # Examples
///
/// ```
/// use nonblock::unwind;
///
/// let mut called = Vec::new();
/// let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
///     unwind::for_each(1..=3, &mut called, |number, called| {
///         called.push(number);
///         assert!(number != 2, "the second");
///     });
/// }));
/// assert_eq!(called, [1, 2, 3]);
/// assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&"the second"));
/// ```
#[inline]
pub fn for_each<I, C, F>(items: I, cx: &mut C, call: F)
where
    I: Iterator + Clone,
    C: ?Sized,
    F: Fn(I::Item, &mut C) + Copy,
{
    if panicking() {
        return for_each_caught(move || items, cx, call);
    }
    let mut rest = Remaining { items, cx, call, due: true };
    for item in rest.items.by_ref() {
        call(item, rest.cx);
    }
    rest.due = false;
}

/// As [`for_each`], for the items of a slice.
///
/// An iterator's clone may panic, so [`for_each`] leaves its iterator in memory, to be cloned where a panic is caught. That of a
/// slice does not panic. So it is cloned as the first call unwinds, and until then nothing of it is in memory.
#[cfg_attr(not(feature = "sync"), allow(dead_code, reason = "only lists call it"))]
#[inline]
pub(crate) fn for_each_of<T, C, F>(items: &[T], cx: &mut C, call: F)
where
    C: ?Sized,
    F: Fn(&T, &mut C) + Copy,
{
    if panicking() {
        return for_each_caught(move || items.iter(), cx, call);
    }
    let mut rest = RemainingOf { items: items.iter(), cx, call };
    for item in rest.items.by_ref() {
        call(item, rest.cx);
    }
    // No call is due, and it owns nothing.
    mem::forget(rest);
}

/// The calls that remain for items of a slice. The drop of this makes them.
#[cfg_attr(not(feature = "sync"), allow(dead_code, reason = "only lists call it"))]
struct RemainingOf<'items, 'cx, T, C, F>
where
    C: ?Sized,
    F: Fn(&T, &mut C) + Copy,
{
    items: slice::Iter<'items, T>,
    cx: &'cx mut C,
    call: F,
}

impl<T, C, F> Drop for RemainingOf<'_, '_, T, C, F>
where
    C: ?Sized,
    F: Fn(&T, &mut C) + Copy,
{
    #[inline]
    fn drop(&mut self) {
        let items = self.items.clone();
        for_each_caught(move || items, self.cx, self.call);
    }
}

/// The calls that remain. If one call unwinds, the drop of this makes the others.
struct Remaining<'cx, I, C, F>
where
    I: Iterator + Clone,
    C: ?Sized,
    F: Fn(I::Item, &mut C) + Copy,
{
    items: I,
    cx: &'cx mut C,
    call: F,
    /// `true` until it is known that all calls were made.
    due: bool,
}

impl<I, C, F> Drop for Remaining<'_, I, C, F>
where
    I: Iterator + Clone,
    C: ?Sized,
    F: Fn(I::Item, &mut C) + Copy,
{
    #[inline]
    fn drop(&mut self) {
        if self.due {
            // The iterator is copied, so that the loop in `for_each` can keep it in registers.
            let items = &self.items;
            for_each_caught(|| items.clone(), self.cx, self.call);
        }
    }
}

/// Calls the closure for every item, and stops every panic. After a panic of the iterator, it is not asked again.
#[cold]
#[inline(never)]
fn for_each_caught<I, C, F>(items: impl FnOnce() -> I, cx: &mut C, call: F)
where
    I: Iterator,
    C: ?Sized,
    F: Fn(I::Item, &mut C),
{
    let all = || {
        for item in items() {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| call(item, cx))) {
                discard(payload);
            }
        }
    };
    if let Err(payload) = catch_unwind(AssertUnwindSafe(all)) {
        discard(payload);
    }
}

/// Keeps the first panic of several calls, and lets it pass after all of them were made.
///
/// # Context
///
/// A plain value. Its methods may be called anywhere. To catch a panic, and to drop its payload, releases memory.
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
    /// Makes one that has caught no panic.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn new() -> Self {
        Self { first: None }
    }

    /// Calls the closure, and returns what it returns, or `None` if it panics. All panics but the first are dropped.
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

    /// Lets the first panic pass, if there was one. If the thread is unwinding already, drops it instead.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Panics
    ///
    /// With the first panic that was caught.
    pub fn resume(mut self) {
        match self.first.take() {
            Some(payload) if panicking() => discard(payload),
            Some(payload) => resume_unwind(payload),
            None => {}
        }
    }
}

impl Drop for FirstPanic {
    fn drop(&mut self) {
        // It was not resumed, perhaps because the thread is unwinding.
        if let Some(payload) = self.first.take() {
            discard(payload);
        }
    }
}

impl Default for FirstPanic {
    fn default() -> Self {
        Self::new()
    }
}

/// Drops the payload of a panic. The drop may panic in turn.
pub(super) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // To drop this payload could panic again, and so on without end.
        mem::forget(second);
    }
}

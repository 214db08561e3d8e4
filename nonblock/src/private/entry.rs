//! How an annotated function is entered: with its token, or with one that is bound for it.

use core::any::TypeId;
use core::convert::Infallible;

use super::probe::{Found, Generic, Nothing};
use crate::check;
use crate::context::Context;
use crate::section::Section;
use crate::token::{NonBlock, Sleepable, lend_non_block, lend_sleepable};

/// A token bound by an attribute, in the frame of the function that the attribute is on.
#[derive(Debug)]
pub struct Bound<T>(T);

/// Binds the right to sleep to the calling function, checked at run time.
#[inline]
#[track_caller]
pub fn bind_sleepable() -> Bound<Sleepable> {
    check::might_sleep();
    Bound(lend_sleepable())
}

/// Opens a section for the calling function, and binds its token.
#[inline]
#[track_caller]
pub fn bind_non_block() -> Bound<(Section, NonBlock)> {
    Bound((Section::enter(), lend_non_block()))
}

impl Bound<Sleepable> {
    /// Lends the bound token to the function's body.
    #[inline]
    pub fn token(&mut self) -> &mut Sleepable {
        &mut self.0
    }
}

impl Bound<(Section, NonBlock)> {
    /// Lends the bound token to the function's body.
    #[inline]
    pub fn token(&mut self) -> &mut NonBlock {
        &mut self.0.1
    }
}

/// Stands for the token of a function that does not compile, so that its body makes no errors of its own.
///
/// # Panics
///
/// If it is called, which the error beside it rules out.
pub const fn refused<T>() -> &'static mut T {
    panic!("this function was refused at compile time")
}

/// The entry of a function that may sleep and was lent the right to: its argument is that token.
#[inline]
#[track_caller]
pub fn may_sleep(_cx: &mut Sleepable) {
    check::might_sleep();
}

/// As [`may_sleep`], where a pattern leaves only the token's type.
#[inline]
#[track_caller]
pub fn may_sleep_by_type<F>(_takes_the_token: F) {
    check::might_sleep();
}

/// The entry of a function that does not block and was lent the proof of a section.
#[inline]
#[track_caller]
pub fn non_block(_nb: &NonBlock) {
    check::cant_sleep();
}

/// As [`non_block`], where a pattern leaves only the token's type.
#[inline]
#[track_caller]
pub fn non_block_by_type<F>(_takes_the_token: F) {
    check::cant_sleep();
}

/// The entry of a function that serves both contexts.
#[inline]
#[track_caller]
pub fn context<C: Context>(_cx: &mut C) {
    check_context::<C>();
}

#[inline]
#[track_caller]
fn check_context<C: Context>() {
    // Only a context that cannot refuse may sleep.
    if TypeId::of::<C::Refusal>() == TypeId::of::<Infallible>() {
        check::might_sleep();
    } else {
        check::cant_sleep();
    }
}

/// The entry of a function that may sleep, and whose token has another name.
#[inline]
#[track_caller]
pub fn enter<F: Enter>(found: F) {
    found.enter();
}

/// How a function that may sleep is entered, by what was found among its parameters.
pub trait Enter {
    #[track_caller]
    fn enter(self);
}

impl Enter for Nothing {
    // The function does not compile: it takes no token.
    fn enter(self) {}
}

impl Enter for Found<Sleepable> {
    #[inline]
    #[track_caller]
    fn enter(self) {
        check::might_sleep();
    }
}

impl Enter for Found<NonBlock> {
    // The function does not compile: it takes the wrong token.
    fn enter(self) {}
}

impl<C: Context> Enter for Found<Generic<C>> {
    #[inline]
    #[track_caller]
    fn enter(self) {
        check_context::<C>();
    }
}

/// The entry of a function that does not block, and has no proof of a section.
#[inline]
#[track_caller]
pub fn enter_section() -> Section {
    Section::enter()
}

/// The entry of a function that does not block, and may have the proof of a section under another name.
#[inline]
#[track_caller]
pub fn section<F: Start>(found: F) -> F::Section {
    found.start()
}

/// How a function that does not block is entered.
pub trait Start {
    /// What is held while its body runs.
    type Section;

    /// Opens a section, or checks that one is open.
    #[track_caller]
    fn start(self) -> Self::Section;
}

impl Start for Nothing {
    type Section = Section;

    #[inline]
    #[track_caller]
    fn start(self) -> Section {
        Section::enter()
    }
}

impl<T> Start for Found<T> {
    type Section = ();

    #[inline]
    #[track_caller]
    fn start(self) {
        check::cant_sleep();
    }
}

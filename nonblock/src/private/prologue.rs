//! The prologues that the attributes put at the start of a function: a check, a section, a token that is bound.

use core::any::TypeId;
use core::convert::Infallible;

use super::probe::{Found, Generic, Held, Nothing};
use crate::check::{self, Root, with_token};
use crate::context::Context;
use crate::section::Section;
use crate::token::{NonBlock, Sleepable, lend_non_block, lend_sleepable};

/// A token that an attribute binds. It lies in the frame of the function that the attribute is on.
#[derive(Debug)]
pub struct BoundToken<T>(T);

/// What is held while the token that `#[may_sleep(cx)]` bound is lent.
#[derive(Debug)]
pub struct BoundCall(#[allow(dead_code, reason = "it is held, and dropped")] Root);

/// Binds a `Sleepable` in the calling function. At run time it checks that no section is open.
///
/// # Safety
///
/// The result stays in the frame of the function that calls this, as in the expansions of the attributes. Nobody owns a
/// token: one that is kept, or leaked, would give the right to sleep within a section.
#[inline]
#[track_caller]
pub unsafe fn bind_sleepable() -> BoundToken<(BoundCall, Sleepable)> {
    BoundToken((BoundCall(check::bind()), lend_sleepable()))
}

/// Opens a section for the calling function, and binds the token of the section.
///
/// # Safety
///
/// As of [`bind_sleepable`]: a `NonBlock` that is kept would outlive its section.
#[inline]
#[track_caller]
pub unsafe fn bind_non_block() -> BoundToken<(Section, NonBlock)> {
    BoundToken((Section::enter(), lend_non_block()))
}

impl<T: Lend> BoundToken<T> {
    /// Lends the bound token to the body of the function.
    #[inline]
    pub fn token(&mut self) -> &mut T::Token {
        self.0.lend()
    }
}

/// What a function with a bound token holds.
pub trait Lend {
    type Token;

    fn lend(&mut self) -> &mut Self::Token;
}

impl Lend for (BoundCall, Sleepable) {
    type Token = Sleepable;

    #[inline]
    fn lend(&mut self) -> &mut Sleepable {
        &mut self.1
    }
}

impl Lend for (Section, NonBlock) {
    type Token = NonBlock;

    #[inline]
    fn lend(&mut self) -> &mut NonBlock {
        &mut self.1
    }
}

/// Stands for the token in a function that was refused, so that the body has no further errors.
///
/// # Panics
///
/// If it is called. It never is: the function does not compile.
pub const fn refused<T>() -> &'static mut T {
    panic!("this function was refused at compile time")
}

/// The prologue of a function that may sleep, and that takes the `Sleepable` given here.
#[inline]
#[track_caller]
pub fn may_sleep(_cx: &mut Sleepable) {
    with_token::might_sleep();
}

/// As [`may_sleep`], for a token without a name. The argument is a closure that is never called: it checks the type.
#[inline]
#[track_caller]
pub fn may_sleep_by_type<F>(_takes_the_token: F) {
    with_token::might_sleep();
}

/// The prologue of a function that does not block, and that takes the `NonBlock` given here.
#[inline]
#[track_caller]
pub fn non_block(_nb: &NonBlock) {
    with_token::cant_sleep();
}

/// As [`non_block`], for a token without a name. The argument is a closure that is never called: it checks the type.
#[inline]
#[track_caller]
pub fn non_block_by_type<F>(_takes_the_token: F) {
    with_token::cant_sleep();
}

/// The prologue of a function that serves both contexts, and that takes the token given here.
#[inline]
#[track_caller]
pub fn context<C: Context>(_cx: &mut C) {
    check_context::<C>();
}

#[inline]
#[track_caller]
fn check_context<C: Context>() {
    // The refusal is uninhabited in the context that may sleep, and only there.
    if TypeId::of::<C::Refusal>() == TypeId::of::<Infallible>() {
        with_token::might_sleep();
    } else {
        with_token::cant_sleep();
    }
}

/// The prologue of a function that may sleep, and whose token may have another name.
#[inline]
#[track_caller]
pub fn enter<F: EnterMaySleep>(found: F) {
    found.enter();
}

/// What the prologue of a function that may sleep does, by what a probe found among its parameters.
pub trait EnterMaySleep {
    #[track_caller]
    fn enter(self);
}

impl EnterMaySleep for Nothing {
    // The function does not compile: it takes no token.
    fn enter(self) {}
}

impl<T> EnterMaySleep for Held<T> {
    // The function does not compile: it takes no token.
    fn enter(self) {}
}

impl EnterMaySleep for Found<Sleepable> {
    #[inline]
    #[track_caller]
    fn enter(self) {
        with_token::might_sleep();
    }
}

impl EnterMaySleep for Found<NonBlock> {
    // The function does not compile: it takes the wrong token.
    fn enter(self) {}
}

impl<C: Context> EnterMaySleep for Found<Generic<C>> {
    #[inline]
    #[track_caller]
    fn enter(self) {
        check_context::<C>();
    }
}

/// The prologue of a function that does not block, and that takes no token.
#[inline]
#[track_caller]
pub fn enter_section() -> Section {
    Section::enter()
}

/// The prologue of a function that does not block, and that may take a token under another name.
#[inline]
#[track_caller]
pub fn section<F: EnterNonBlock>(found: F) -> F::Section {
    found.enter()
}

/// What the prologue of a function that does not block does, by what a probe found among its parameters.
pub trait EnterNonBlock {
    /// What is held while the body runs.
    type Section;

    /// Opens a section, or checks that one is open.
    #[track_caller]
    fn enter(self) -> Self::Section;
}

impl EnterNonBlock for Nothing {
    type Section = Section;

    #[inline]
    #[track_caller]
    fn enter(self) -> Section {
        Section::enter()
    }
}

// What is held need not be there, as in an `Option`. So it is no proof of a section.
impl<T> EnterNonBlock for Held<T> {
    type Section = Section;

    #[inline]
    #[track_caller]
    fn enter(self) -> Section {
        Section::enter()
    }
}

impl<T> EnterNonBlock for Found<T> {
    type Section = ();

    #[inline]
    #[track_caller]
    fn enter(self) {
        with_token::cant_sleep();
    }
}

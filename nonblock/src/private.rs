//! What the attributes' expansions call. Not a public interface: no version keeps it stable.

use core::any::TypeId;
use core::convert::Infallible;
use core::marker::PhantomData;
use core::ops::Deref;

pub use crate::backend::{Installed, only_backend};
pub use crate::context::Context;
pub use crate::section::Section;
pub use crate::token::{NonBlock, Sleepable};
pub use core::prelude::v1::test;
#[cfg(feature = "macros")]
pub use nonblock_macros::put_the_attribute_on_the_extern_block;

use crate::check;
use crate::token::{lend_non_block, lend_sleepable};

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

#[cfg(feature = "std")]
pub use crate::testing::run as run_test;

/// The body of a test: what it takes, a token or nothing, is lent to it.
#[diagnostic::on_unimplemented(
    message = "a test takes one token, or nothing",
    label = "takes something else",
    note = "write `fn name()`, `fn name(cx: &mut Sleepable)` or `fn name(nb: &mut NonBlock)`"
)]
pub trait TestBody<Takes> {
    /// What the test returns.
    type Output;

    /// Runs the test. A section that it asks for begins at the caller.
    #[track_caller]
    fn run(self) -> Self::Output;
}

/// Runs a test's body.
#[track_caller]
pub fn run_body<F: TestBody<Takes>, Takes>(body: F) -> F::Output {
    body.run()
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce() -> R> TestBody<()> for F {
    type Output = R;

    fn run(self) -> R {
        self()
    }
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce(&mut Sleepable) -> R> TestBody<&mut Sleepable> for F {
    type Output = R;

    #[track_caller]
    fn run(self) -> R {
        self(bind_sleepable().token())
    }
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce(&mut NonBlock) -> R> TestBody<&mut NonBlock> for F {
    type Output = R;

    #[track_caller]
    fn run(self) -> R {
        self(bind_non_block().token())
    }
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce(&NonBlock) -> R> TestBody<&NonBlock> for F {
    type Output = R;

    #[track_caller]
    fn run(self) -> R {
        self(bind_non_block().token())
    }
}

/// Has parameters only if `T` is `Sleepable`, or a reference to it: a check for where no code can stand.
#[derive(Debug)]
pub struct IsSleepable<T: Named<Sleepable>>(PhantomData<fn(T)>);

/// As [`IsSleepable`], for `NonBlock`.
#[derive(Debug)]
pub struct IsNonBlock<T: Named<NonBlock>>(PhantomData<fn(T)>);

/// As [`IsSleepable`], for a type parameter that is a `Context`.
#[derive(Debug)]
pub struct IsContext<C: Context>(PhantomData<fn(C)>);

/// A token, by whatever name it goes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the token `{Token}`",
    label = "expected `{Token}`",
    note = "a declared method takes the token itself: `cx: &mut Sleepable`, or `nb: &NonBlock`"
)]
pub trait Named<Token> {}

#[diagnostic::do_not_recommend]
impl<Token> Named<Token> for Token {}
#[diagnostic::do_not_recommend]
impl<Token> Named<Token> for &mut Token {}
#[diagnostic::do_not_recommend]
impl Named<NonBlock> for &NonBlock {}

/// Asks a type which token it is: `Probe::<T>::new().answer()`.
///
/// The compiler takes the first method of that name on the way from here over [`Deref`]: one for the
/// tokens, one for what is generic over the context, one for every other type. So types decide, whatever
/// names they go by.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn(T)>);

/// The second step of a [`Probe`]: a type parameter that is a [`Context`].
#[derive(Debug)]
pub struct ContextProbe<T>(PhantomData<fn(T)>);

/// The last step of a [`Probe`]: what is no token.
#[derive(Debug)]
pub struct LastProbe;

/// Nothing was found that is a token.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

/// A token was found, `Sleepable` or `NonBlock`, or `C: Context`.
#[must_use]
#[derive(Debug)]
pub struct Found<T>(PhantomData<fn(T)>);

impl<T> Probe<T> {
    #[inline]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "only expansions call it, by this name")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// As [`new`](Self::new), for a type that only a signature can name.
    #[inline]
    #[must_use]
    pub const fn of(_value: &T) -> Self {
        Self(PhantomData)
    }
}

/// A token, as it is lent.
pub trait Lent {
    /// Which token it is.
    type Token;
}

impl Lent for &mut Sleepable {
    type Token = Sleepable;
}

impl Lent for &mut NonBlock {
    type Token = NonBlock;
}

impl Lent for &NonBlock {
    type Token = NonBlock;
}

// One method for all tokens: of a type that cannot be found, the compiler would say that it might be any of several.
impl<T: Lent> Probe<T> {
    #[inline]
    pub const fn answer(&self) -> Found<T::Token> {
        Found(PhantomData)
    }
}

/// Asks whether a type may be a token, where none may come in: `<Probe<T>>::ask()`.
///
/// For a token, the compiler prefers the function of the same name below. It takes less time than `answer`, which tells
/// a token from what is generic over the context.
pub trait Stranger: Sized {
    /// Answers for any type but a mutable reference to a token.
    #[inline]
    #[must_use]
    fn ask() -> Nothing {
        Nothing
    }
}

impl<T> Stranger for Probe<T> {}

impl<C: Context> Probe<&mut C> {
    /// Answers for a token in the place of [`Stranger::ask`].
    #[inline]
    pub const fn ask() -> Found<C> {
        Found(PhantomData)
    }
}

impl<T> Deref for Probe<T> {
    type Target = ContextProbe<T>;

    #[inline]
    fn deref(&self) -> &ContextProbe<T> {
        &ContextProbe(PhantomData)
    }
}

impl<C: Context> ContextProbe<&mut C> {
    #[inline]
    pub const fn answer(&self) -> Found<Generic<C>> {
        Found(PhantomData)
    }
}

impl<T> Deref for ContextProbe<T> {
    type Target = LastProbe;

    #[inline]
    fn deref(&self) -> &LastProbe {
        &LastProbe
    }
}

impl LastProbe {
    #[inline]
    pub const fn answer(&self) -> Nothing {
        Nothing
    }
}

/// What was found is generic over the context.
#[derive(Debug)]
pub struct Generic<C>(PhantomData<fn(C)>);

impl Nothing {
    /// What the next parameter is, this one being no token.
    #[inline]
    pub const fn or<T: Copy>(self, next: &T) -> T {
        *next
    }
}

impl<T> Found<T> {
    /// This, whatever the next parameter is.
    #[inline]
    pub const fn or<N>(self, _next: &N) -> Self {
        self
    }
}

impl<T> Clone for Found<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Found<T> {}

/// What must be among the parameters of a function that may sleep.
#[diagnostic::on_unimplemented(
    message = "this function may sleep, but takes no token that gives it the right to",
    label = "takes no token",
    note = "write a parameter `cx: &mut Sleepable`; or, if the signature is not yours to change, bind a token in the body with `#[may_sleep(cx)]` (a call in a section is then found at run time only)"
)]
pub trait TakesToken {
    /// Does nothing: that it can be called is the check.
    #[inline]
    fn check(&self) {}
}

#[diagnostic::do_not_recommend]
impl TakesToken for Found<Sleepable> {}
#[diagnostic::do_not_recommend]
impl<C: Context> TakesToken for Found<Generic<C>> {}

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

/// What may be among the parameters of a function that must not block.
#[diagnostic::on_unimplemented(
    message = "a `Sleepable` comes into a function that must not block",
    label = "this is a `Sleepable`, or may be one",
    note = "take `nb: &mut NonBlock` instead; the caller opens the section: `cx.non_block(|nb| ...)`"
)]
pub trait NotSleepable {
    /// Does nothing: that it can be called is the check.
    #[inline]
    fn check(&self) {}
}

#[diagnostic::do_not_recommend]
impl NotSleepable for Nothing {}
#[diagnostic::do_not_recommend]
impl NotSleepable for Found<NonBlock> {}
// It has a message of its own.
#[diagnostic::do_not_recommend]
impl<C> NotSleepable for Found<Generic<C>> {}

/// What else may be among the parameters of a function that must not block.
#[diagnostic::on_unimplemented(
    message = "this may be a `Sleepable`, and comes into a function that must not block",
    label = "this may be a `Sleepable`",
    note = "take `nb: &mut NonBlock`; or serve both contexts without the attribute, and open a section in the body with `cx.non_block(|nb| ...)`"
)]
pub trait NotGeneric {
    /// Does nothing: that it can be called is the check.
    #[inline]
    fn check(&self) {}
}

#[diagnostic::do_not_recommend]
impl NotGeneric for Nothing {}
#[diagnostic::do_not_recommend]
impl NotGeneric for Found<NonBlock> {}
// It has a message of its own.
#[diagnostic::do_not_recommend]
impl NotGeneric for Found<Sleepable> {}

/// What may be among the parameters of a function that binds the right to sleep.
#[diagnostic::on_unimplemented(
    message = "two tokens: one is to be bound, and another comes in already",
    label = "this is a token, or may be one",
    note = "with a `Sleepable` that comes in, write `#[may_sleep]`: it is all the function needs; what is lent a `NonBlock` must not sleep"
)]
pub trait NoOther {
    /// Does nothing: that it can be called is the check.
    #[inline]
    fn check(&self) {}
}

#[diagnostic::do_not_recommend]
impl NoOther for Nothing {}

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

//! Traits that the expansions demand of the types that a probe found, with the compiler's message for a type that lacks one.

use core::marker::PhantomData;

use super::probe::{Found, Generic, Held, Nothing};
use crate::context::Context;
use crate::token::{NonBlock, Sleepable};

/// A type that is well-formed only if `T` is `Sleepable`, or a reference to it. It is a check for places without code.
#[derive(Debug)]
pub struct IsSleepable<T: Named<Sleepable>>(PhantomData<fn(T)>);

/// As [`IsSleepable`], for `NonBlock`.
#[derive(Debug)]
pub struct IsNonBlock<T: Named<NonBlock>>(PhantomData<fn(T)>);

/// As [`IsSleepable`], for a type parameter that is a `Context`.
#[derive(Debug)]
pub struct IsContext<C: Context>(PhantomData<fn(C)>);

/// Holds for the token itself and for references to it, whatever their name.
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

/// Must hold for what is found in a function that may sleep.
#[diagnostic::on_unimplemented(
    message = "this function may sleep, but takes no token that gives it the right to sleep",
    label = "takes no token",
    note = "write a parameter `cx: &mut Sleepable`; or, if the signature is not yours to change, bind a token in the body with `#[may_sleep(cx)]` (a call in a section is then found at run time only)"
)]
pub trait TakesToken {
    /// Does nothing. The check is that it can be called.
    #[inline]
    fn check(&self) {}
}

#[diagnostic::do_not_recommend]
impl TakesToken for Found<Sleepable> {}
#[diagnostic::do_not_recommend]
impl<C: Context> TakesToken for Found<Generic<C>> {}

/// Must hold for each parameter of a function that must not block: no `Sleepable` comes in.
#[diagnostic::on_unimplemented(
    message = "a `Sleepable` comes into a function that must not block",
    label = "this is a `Sleepable`, or may be one",
    note = "take `nb: &mut NonBlock` instead; the caller opens the section: `cx.non_block(|nb| ...)`"
)]
pub trait NotSleepable {
    /// Does nothing. The check is that it can be called.
    #[inline]
    fn check(&self) {}
}

#[diagnostic::do_not_recommend]
impl NotSleepable for Nothing {}
#[diagnostic::do_not_recommend]
impl NotSleepable for Found<NonBlock> {}
#[diagnostic::do_not_recommend]
impl NotSleepable for Held<NonBlock> {}
// `NotGeneric` has a message for it.
#[diagnostic::do_not_recommend]
impl<C> NotSleepable for Found<Generic<C>> {}

/// Must hold too for each parameter of a function that must not block: no type parameter that may be `Sleepable` comes in.
#[diagnostic::on_unimplemented(
    message = "this may be a `Sleepable`, and comes into a function that must not block",
    label = "this may be a `Sleepable`",
    note = "take `nb: &mut NonBlock`; or serve both contexts without the attribute, and open a section in the body with `cx.non_block(|nb| ...)`"
)]
pub trait NotGeneric {
    /// Does nothing. The check is that it can be called.
    #[inline]
    fn check(&self) {}
}

#[diagnostic::do_not_recommend]
impl NotGeneric for Nothing {}
#[diagnostic::do_not_recommend]
impl NotGeneric for Found<NonBlock> {}
// `NotSleepable` has a message for these.
#[diagnostic::do_not_recommend]
impl NotGeneric for Found<Sleepable> {}
#[diagnostic::do_not_recommend]
impl<T> NotGeneric for Held<T> {}

/// Must hold for each parameter of a function that binds a `Sleepable`: no other token comes in.
#[diagnostic::on_unimplemented(
    message = "two tokens: the attribute binds one, but this parameter is a token already",
    label = "this is a token, or may be one",
    note = "with a `Sleepable` that comes in, write `#[may_sleep]`: it needs no other token; a function that takes a `NonBlock` must not sleep"
)]
pub trait NoOther {
    /// Does nothing. The check is that it can be called.
    #[inline]
    fn check(&self) {}
}

#[diagnostic::do_not_recommend]
impl NoOther for Nothing {}

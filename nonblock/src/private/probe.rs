//! Which token a type is, whatever its name.

use core::marker::PhantomData;
use core::ops::Deref;

use crate::context::Context;
use crate::token::{NonBlock, Sleepable};

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

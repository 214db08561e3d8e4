//! Probes that find out which token a type is, whatever its name.

use core::marker::PhantomData;
use core::ops::Deref;

use crate::context::Context;
use crate::token::{NonBlock, Sleepable};

/// Finds out which token a type is: `Probe::<T>::new().answer()`.
///
/// This is specialization by autoderef. There are three methods `answer`, and the compiler takes the first that it finds on
/// the way from here over [`Deref`]. The first is for the tokens, the second for a type parameter that is a [`Context`], and
/// the third for every other type. So the type decides, and not its name.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn(T)>);

/// The second step of a [`Probe`]: it answers for a type parameter that is a [`Context`].
#[derive(Debug)]
pub struct ContextProbe<T>(PhantomData<fn(T)>);

/// The last step of a [`Probe`]: it answers for a type that is no token.
#[derive(Debug)]
pub struct LastProbe;

/// The answer that no token was found.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

/// The answer that a token was found: `Sleepable`, `NonBlock`, or [`Generic`].
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

    /// As [`new`](Self::new), for a type that the body of a function cannot name.
    #[inline]
    #[must_use]
    pub const fn of(_value: &T) -> Self {
        Self(PhantomData)
    }
}

/// A reference by which a token is lent.
pub trait TokenRef {
    /// Which token it is.
    type Token;
}

impl TokenRef for &mut Sleepable {
    type Token = Sleepable;
}

impl TokenRef for &mut NonBlock {
    type Token = NonBlock;
}

impl TokenRef for &NonBlock {
    type Token = NonBlock;
}

// One method for all tokens. If there were several, and a type cannot be found, the compiler would list them all.
impl<T: TokenRef> Probe<T> {
    #[inline]
    pub const fn answer(&self) -> Found<T::Token> {
        Found(PhantomData)
    }
}

/// Finds out whether a type may be a token, where none may come in: `<Probe<T>>::ask()`.
///
/// For a token, the compiler prefers the associated function below, which has the same name. This takes the compiler less time
/// than `answer`, which also tells a token from a type parameter that is a [`Context`].
pub trait Stranger: Sized {
    /// Answers for every type but a mutable reference to a token.
    #[inline]
    #[must_use]
    fn ask() -> Nothing {
        Nothing
    }
}

impl<T> Stranger for Probe<T> {}

impl<C: Context> Probe<&mut C> {
    /// Answers for a mutable reference to a token. The compiler prefers this to [`Stranger::ask`].
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

/// A type parameter that is a [`Context`].
#[derive(Debug)]
pub struct Generic<C>(PhantomData<fn(C)>);

impl Nothing {
    /// Returns the answer for the next parameter, as this one is no token.
    #[inline]
    pub const fn or<T: Copy>(self, next: &T) -> T {
        *next
    }
}

impl<T> Found<T> {
    /// Returns this answer, whatever the next parameter is.
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

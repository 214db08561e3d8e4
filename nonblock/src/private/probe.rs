//! Probes that find out which token a type is, whatever its name.

use core::marker::PhantomData;
use core::ops::Deref;

use crate::context::Context;
use crate::context::sealed::HoldsToken;
use crate::token::{NonBlock, Sleepable};

/// Finds out which token a type is: `Probe::of(&value).__nonblock_answer()`.
///
/// This is specialization by autoderef. There are four methods of that name, and the compiler takes the first that it finds on
/// the way from here over [`Deref`]. The first is for the tokens, the second for a type parameter that is a [`Context`], the
/// third for what holds a token in another way, and the fourth for every other type. So the type decides, and not its name.
///
/// A call by the method's full path would fix the type that answers, so it has to be a method call. A method that the user
/// adds to every type, by a trait, could get in its way. So the methods have names that nobody else uses.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn(T)>);

/// The second step of a [`Probe`]: it answers for a type parameter that is a [`Context`].
#[derive(Debug)]
pub struct ContextProbe<T>(PhantomData<fn(T)>);

/// The third step of a [`Probe`]: it answers for a type that holds a token.
#[derive(Debug)]
pub struct HolderProbe<T>(PhantomData<fn(T)>);

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

/// The answer that a token was found in another type, such as `&mut &mut Sleepable` or `Option<&mut NonBlock>`.
#[must_use]
#[derive(Debug)]
pub struct Held<T>(PhantomData<fn(T)>);

impl<T> Probe<T> {
    /// Probes the type of a value.
    #[inline]
    #[must_use]
    pub const fn of(_value: &T) -> Self {
        Self(PhantomData)
    }

    /// Probes the type of an empty array's elements.
    ///
    /// So a type is named in a place where the compiler expects a type, and not a generic argument. If it cannot be found, the
    /// error is the very same as that in the function's signature, and the compiler drops it.
    #[inline]
    #[must_use]
    pub const fn of_elements(_empty: &[T; 0]) -> Self {
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
    pub const fn __nonblock_answer(&self) -> Found<T::Token> {
        Found(PhantomData)
    }
}

/// Finds out whether a type holds a token, where none may come in: `Probe::of(&value).__nonblock_ask()`.
///
/// For a type that does, the compiler prefers the method below, which has the same name. This takes the compiler less time than
/// `__nonblock_answer`, which also tells a token from a type parameter that is a [`Context`].
pub trait Stranger {
    /// Answers for every type that holds no token.
    #[inline]
    #[must_use]
    fn __nonblock_ask(&self) -> Nothing {
        Nothing
    }
}

impl<T> Stranger for Probe<T> {}

impl<T: HoldsToken> Probe<T> {
    /// Answers for a type that holds a token. The compiler prefers this to [`Stranger::__nonblock_ask`].
    #[inline]
    pub const fn __nonblock_ask(&self) -> Found<T::__Token> {
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
    pub const fn __nonblock_answer(&self) -> Found<Generic<C>> {
        Found(PhantomData)
    }
}

impl<T> Deref for ContextProbe<T> {
    type Target = HolderProbe<T>;

    #[inline]
    fn deref(&self) -> &HolderProbe<T> {
        &HolderProbe(PhantomData)
    }
}

impl<T: HoldsToken> HolderProbe<T> {
    #[inline]
    pub const fn __nonblock_answer(&self) -> Held<T::__Token> {
        Held(PhantomData)
    }
}

impl<T> Deref for HolderProbe<T> {
    type Target = LastProbe;

    #[inline]
    fn deref(&self) -> &LastProbe {
        &LastProbe
    }
}

impl LastProbe {
    #[inline]
    pub const fn __nonblock_answer(&self) -> Nothing {
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

impl<T> Held<T> {
    /// Returns the answer for the next parameter, as this one is no token by itself.
    #[inline]
    pub const fn or<N: Copy>(self, next: &N) -> N {
        *next
    }
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Held<T> {}

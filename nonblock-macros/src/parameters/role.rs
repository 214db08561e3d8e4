//! What a parameter can be, going by how its type is written.

use super::type_syntax::TokenType;

/// What a parameter's type looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// `&mut Sleepable`.
    Sleepable,
    /// `&mut NonBlock` or `&NonBlock`.
    NonBlock,
    /// `&mut C` where `C: Context`, or `&mut impl Context`.
    Context,
    /// An owned token, or a `&Sleepable`, which gives no right to sleep.
    WrongShape(TokenType),
    /// A token in another type, such as `Option<&mut Sleepable>`.
    Nested(TokenType),
    /// A name that may stand for a token: a renamed import, a type alias, or `Self`.
    Alias(AliasForm),
    /// `&mut T`, where `T` is a type parameter without a bound. It is no token, but may have been meant as one.
    Unbounded,
    /// No token.
    Other,
}

/// How a name is written that may stand for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AliasForm {
    /// `&mut Name`.
    Mutable,
    /// `&Name`.
    Shared,
    /// `Name<'a>`.
    Lifetime,
    /// `&mut Self::Name`, or another associated type.
    Associated,
    /// `&mut T`, where `T` is a type parameter. It has a bound that may stand for `Context`.
    Bound,
    /// `&mut impl Trait`. The trait may stand for `Context`.
    Impl,
}

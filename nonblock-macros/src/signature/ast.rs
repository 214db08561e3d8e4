//! What a signature is parsed into.
//!
//! A type keeps all its tokens. What the attributes do not look into is [`TypeKind::Other`], so that every type that the
//! compiler accepts can be read.

use core::fmt;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};

use crate::item::Attr;
use crate::token_tree::is_ident;

/// A function's signature, from its qualifiers to its `where` clause.
#[derive(Debug)]
pub(crate) struct Signature {
    /// What stands before `fn`.
    pub(super) qualifiers: Vec<TokenTree>,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The receiver and the parameters.
    pub(crate) inputs: Vec<FnArg>,
    /// `...`, or `name: ...`. It is not among the inputs.
    pub(crate) variadic: Option<Vec<TokenTree>>,
    /// `-> T`, or nothing.
    pub(crate) output: Vec<TokenTree>,
}

/// A parameter, or the receiver.
#[derive(Debug)]
pub(crate) struct FnArg {
    pub(crate) attrs: Vec<Attr>,
    /// All but the attributes.
    pub(crate) tokens: Vec<TokenTree>,
    pub(crate) kind: FnArgKind,
}

#[derive(Debug)]
pub(crate) enum FnArgKind {
    /// `self`, with the place of the word.
    Receiver(ReceiverKind, Span),
    Typed(Pattern, Type),
}

/// How a receiver is written.
#[derive(Debug)]
pub(crate) enum ReceiverKind {
    /// `self`.
    Value,
    /// `&self`.
    Shared,
    /// `&mut self`, with the place of the `&`.
    Mutable(Span),
    /// `self: T`.
    Typed(Type),
}

/// A parameter's pattern. It is empty if the parameter has a type only, as in a trait of edition 2015.
#[derive(Debug)]
pub(crate) struct Pattern(pub(super) Vec<TokenTree>);

/// The generic parameters of a function or a block, and its `where` clause.
#[derive(Clone, Debug, Default)]
pub(crate) struct Generics {
    /// What is in the angle brackets.
    pub(crate) params: Vec<TokenTree>,
    /// The `where` clause with its keyword, or nothing.
    pub(crate) where_clause: Vec<TokenTree>,
}

/// A bound of a type.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    Trait(Path),
    /// A lifetime, `?Sized`, `use<...>`, and whatever else there is.
    Other,
}

/// A type.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) tokens: Vec<TokenTree>,
    pub(crate) kind: TypeKind,
}

#[derive(Clone, Debug)]
pub(crate) enum TypeKind {
    /// `&T` or `&mut T`.
    Reference(Reference),
    Path(Path),
    Tuple(Vec<Type>),
    Array(Box<Type>),
    Slice(Box<Type>),
    /// `*const T` or `*mut T`.
    Ptr(Box<Type>),
    /// A type in parentheses, or in the invisible group that a `macro_rules` macro makes.
    Paren(Box<Type>),
    /// `name!(...)`.
    Macro,
    /// `impl Trait`.
    ImplTrait(Vec<Bound>),
    /// `dyn Trait`.
    TraitObject,
    /// A function pointer, `!`, `_`, and whatever else there is.
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) mutable: bool,
    pub(crate) elem: Box<Type>,
}

/// A path.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// Whether something stands before the first segment: `::`, or `<T as Trait>::`.
    pub(super) has_prefix: bool,
    /// Whether `<T as Trait>::` or `<T>::` does.
    pub(crate) has_self_type: bool,
    pub(crate) segments: Vec<Segment>,
}

#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) ident: Ident,
    pub(crate) arguments: Arguments,
}

/// The arguments of a segment.
#[derive(Clone, Debug)]
pub(crate) enum Arguments {
    None,
    /// `<...>`.
    Angles(Vec<Argument>),
    /// `(A, B) -> C`: the types in it.
    Parentheses(Vec<Type>),
}

/// An argument in angle brackets.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    Lifetime,
    Type(Type),
    /// `Name = T`.
    AssocType(Type),
    Const,
    /// `Name: Bound`.
    Constraint,
}

/// Why a signature cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) span: Span,
    pub(super) expected: &'static str,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl Signature {
    /// The qualifier `word`, if the function has it.
    pub(crate) fn qualifier(&self, word: &str) -> Option<&TokenTree> {
        self.qualifiers.iter().find(|token| is_ident(token, word))
    }

    /// `extern "C"`, if the function has an ABI of its own.
    pub(crate) fn abi(&self) -> Option<&[TokenTree]> {
        let start = self.qualifiers.iter().position(|token| is_ident(token, "extern"))?;
        self.qualifiers.get(start..)
    }

    /// The receiver, if the function has one.
    pub(crate) fn receiver(&self) -> Option<&FnArg> {
        self.inputs.first().filter(|arg| arg.is_receiver())
    }

    /// The names that the parameters bind.
    pub(crate) fn bound_names(&self) -> Vec<Ident> {
        let mut names = Vec::new();
        for arg in &self.inputs {
            if let FnArgKind::Typed(pattern, _) = &arg.kind {
                pattern.collect_names(&mut names);
            }
        }
        names
    }
}

impl FnArg {
    pub(crate) fn is_receiver(&self) -> bool {
        matches!(self.kind, FnArgKind::Receiver(..))
    }

    /// The `#[cfg]` attributes.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attr> {
        self.attrs.iter().filter(|attr| attr.name().is_some_and(|name| name == "cfg"))
    }

    /// The parameter's name, unless it has a pattern that gives it none.
    pub(crate) fn name(&self) -> Option<Ident> {
        match &self.kind {
            FnArgKind::Receiver(..) => None,
            FnArgKind::Typed(pattern, _) => pattern.plain_name(),
        }
    }
}

impl ToTokens for FnArg {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        tokens.append_all(&self.tokens);
    }
}

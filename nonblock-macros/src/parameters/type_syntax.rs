//! What a type shows by itself: which names are in it, and where.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, Path, PathArguments, ReturnType, Type, TypeParamBound};

use super::parameter::Token;

/// Finds, in a type, the mutable references that may be to a token under another name: behind them, in tuples,
/// arrays and slices.
pub(super) fn may_be_tokens(ty: &Type, types: &mut Vec<TokenStream>) {
    match peel(ty) {
        Type::Reference(reference) => match peel(&reference.elem) {
            Type::Path(referent) => {
                let only = referent
                    .path
                    .segments
                    .iter()
                    .next()
                    .filter(|_| referent.path.segments.len() == 1);
                let plain = only.is_some_and(|only| is_common(&only.ident));
                if reference.mutability.is_some() && !plain && !has_impl_trait(&referent.path) {
                    types.push(peel(ty).to_token_stream());
                }
            }
            elem => may_be_tokens(elem, types),
        },
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|elem| may_be_tokens(elem, types)),
        Type::Array(array) => may_be_tokens(&array.elem, types),
        Type::Slice(slice) => may_be_tokens(&slice.elem, types),
        // Another name for the reference has its lifetime.
        Type::Path(path)
            if path.path.segments.last().is_some_and(|last| has_lifetime(&last.arguments))
                && !has_impl_trait(&path.path) =>
        {
            types.push(ty.to_token_stream());
        }
        _ => {}
    }
}

pub(super) fn has_lifetime(arguments: &PathArguments) -> bool {
    matches!(arguments, PathArguments::AngleBracketed(arguments)
        if arguments.args.iter().any(|it| matches!(it, GenericArgument::Lifetime(_))))
}

/// Takes off parentheses, and the invisible groups of `macro_rules` macros.
pub(super) fn peel(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Paren(inner) => &inner.elem,
            Type::Group(inner) => &inner.elem,
            _ => return ty,
        };
    }
}

/// The token that a path names, by its last segment.
pub(super) fn token(path: &Path) -> Option<Token> {
    match path.segments.last()?.ident.to_string().as_str() {
        "Sleepable" => Some(Token::Sleepable),
        "NonBlock" => Some(Token::NonBlock),
        _ => None,
    }
}

/// Whether a bound asks for a trait, as a lifetime and `?Sized` do not.
pub(super) fn is_trait(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if bound.maybe.is_none())
}

pub(super) fn is_context(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound)
        if bound.path.segments.last().is_some_and(|last| last.ident == "Context"))
}

pub(super) fn is_common(ident: &Ident) -> bool {
    const PRIMITIVES: [&str; 19] = [
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32",
        "i64", "i128", "isize", "f32", "f64", "String", "Vec",
    ];
    PRIMITIVES.contains(&ident.to_string().as_str())
}

/// A reference to a token somewhere inside a type. What a closure or a function pointer takes does
/// not count: it is lent to that one.
pub(super) fn nested(ty: &Type) -> Option<Token> {
    match peel(ty) {
        Type::Reference(reference) => match peel(&reference.elem) {
            Type::Path(referent) => {
                token(&referent.path).or_else(|| nested_in_arguments(&referent.path))
            }
            other => nested(other),
        },
        Type::Path(path) => nested_in_arguments(&path.path),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(nested),
        Type::Array(array) => nested(&array.elem),
        Type::Slice(slice) => nested(&slice.elem),
        Type::Ptr(pointer) => match peel(&pointer.elem) {
            Type::Path(referent) => token(&referent.path),
            other => nested(other),
        },
        _ => None,
    }
}

pub(super) fn nested_in_arguments(path: &Path) -> Option<Token> {
    path.segments.iter().find_map(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => nested(ty),
                _ => None,
            })
        }
        _ => None,
    })
}

/// Whether a path's arguments hold an `impl Trait`, which only a signature can name.
pub(super) fn has_impl_trait(path: &Path) -> bool {
    fn in_type(ty: &Type) -> bool {
        match peel(ty) {
            Type::ImplTrait(_) | Type::TraitObject(_) | Type::Macro(_) => true,
            Type::Path(path) => has_impl_trait(&path.path),
            Type::Reference(reference) => in_type(&reference.elem),
            Type::Tuple(tuple) => tuple.elems.iter().any(in_type),
            Type::Array(array) => in_type(&array.elem),
            Type::Slice(slice) => in_type(&slice.elem),
            Type::Ptr(pointer) => in_type(&pointer.elem),
            _ => false,
        }
    }
    path.segments.iter().any(|segment| match &segment.arguments {
        PathArguments::None => false,
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().any(|argument| match argument {
                GenericArgument::Type(ty) => in_type(ty),
                GenericArgument::AssocType(assoc) => in_type(&assoc.ty),
                GenericArgument::Lifetime(_) | GenericArgument::Const(_) => false,
                _ => true,
            })
        }
        PathArguments::Parenthesized(arguments) => {
            arguments.inputs.iter().any(|input| in_type(&input.ty))
                || matches!(&arguments.output, ReturnType::Type(_, ty) if in_type(ty))
        }
    })
}

/// Where a type begins.
pub(crate) fn first_span(ty: &TokenStream) -> Span {
    ty.clone().into_iter().next().map_or_else(Span::mixed_site, |token| token.span())
}

/// Where a type ends.
pub(crate) fn last_span(ty: &TokenStream) -> Span {
    ty.clone().into_iter().last().map_or_else(Span::mixed_site, |token| match token {
        TokenTree::Group(group) => group.span_close(),
        token => token.span(),
    })
}

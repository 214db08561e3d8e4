//! What can be told from how a type is written.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::{GenericArgument, Path, PathArguments, ReturnType, Type, TypeParamBound};

/// The type of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenType {
    Sleepable,
    NonBlock,
}

/// Collects the types in a type that may be a mutable reference to a token, under another name. It looks behind
/// references, and into tuples, arrays and slices.
pub(super) fn collect_possible_tokens(ty: &Type, types: &mut Vec<TokenStream>) {
    match ungroup(ty) {
        Type::Reference(reference) => match ungroup(&reference.elem) {
            Type::Path(referent) => {
                let segments = &referent.path.segments;
                let is_std = segments.len() == 1 && is_std_type(&segments[0].ident);
                if reference.mutability.is_some()
                    && !is_std
                    && !has_signature_only_argument(&referent.path)
                {
                    types.push(ungroup(ty).to_token_stream());
                }
            }
            elem => collect_possible_tokens(elem, types),
        },
        Type::Tuple(tuple) => {
            tuple.elems.iter().for_each(|elem| collect_possible_tokens(elem, types));
        }
        Type::Array(array) => collect_possible_tokens(&array.elem, types),
        Type::Slice(slice) => collect_possible_tokens(&slice.elem, types),
        // An alias for the reference has its lifetime.
        Type::Path(path)
            if path.path.segments.last().is_some_and(|last| has_lifetime(&last.arguments))
                && !has_signature_only_argument(&path.path) =>
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

/// Takes off parentheses, and the invisible groups that `macro_rules` macros make.
pub(super) fn ungroup(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Paren(inner) => &inner.elem,
            Type::Group(inner) => &inner.elem,
            _ => return ty,
        };
    }
}

/// The token that a path names, going by its last segment.
pub(super) fn token_by_name(path: &Path) -> Option<TokenType> {
    match path.segments.last()?.ident.to_string().as_str() {
        "Sleepable" => Some(TokenType::Sleepable),
        "NonBlock" => Some(TokenType::NonBlock),
        _ => None,
    }
}

/// Whether a bound is a trait. A lifetime and `?Sized` are none.
pub(super) fn is_trait(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if bound.maybe.is_none())
}

/// Whether a bound is `Context`, going by its last segment.
pub(super) fn is_context(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound)
        if bound.path.segments.last().is_some_and(|last| last.ident == "Context"))
}

/// Whether this is the name of a type in `std` that is no token and is often borrowed.
pub(super) fn is_std_type(ident: &Ident) -> bool {
    const NAMES: [&str; 19] = [
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32",
        "i64", "i128", "isize", "f32", "f64", "String", "Vec",
    ];
    NAMES.contains(&ident.to_string().as_str())
}

/// Finds a reference to a token in a type. The parameters of a closure or a function pointer do not count: such a
/// token is lent by the closure's caller.
pub(super) fn token_inside(ty: &Type) -> Option<TokenType> {
    match ungroup(ty) {
        Type::Reference(reference) => match ungroup(&reference.elem) {
            Type::Path(referent) => {
                token_by_name(&referent.path).or_else(|| token_in_arguments(&referent.path))
            }
            other => token_inside(other),
        },
        Type::Path(path) => token_in_arguments(&path.path),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(token_inside),
        Type::Array(array) => token_inside(&array.elem),
        Type::Slice(slice) => token_inside(&slice.elem),
        Type::Ptr(pointer) => match ungroup(&pointer.elem) {
            Type::Path(referent) => token_by_name(&referent.path),
            other => token_inside(other),
        },
        _ => None,
    }
}

/// Finds a reference to a token in the arguments of a path.
pub(super) fn token_in_arguments(path: &Path) -> Option<TokenType> {
    path.segments.iter().find_map(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => token_inside(ty),
                _ => None,
            })
        }
        _ => None,
    })
}

/// Whether a path's arguments hold something that cannot be written again in the body with the same meaning: an
/// `impl Trait`, a trait object, or a macro.
pub(super) fn has_signature_only_argument(path: &Path) -> bool {
    fn in_type(ty: &Type) -> bool {
        match ungroup(ty) {
            Type::ImplTrait(_) | Type::TraitObject(_) | Type::Macro(_) => true,
            Type::Path(path) => has_signature_only_argument(&path.path),
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

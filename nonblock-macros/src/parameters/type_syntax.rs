//! What can be told from how a type is written.

use proc_macro2::{Ident, TokenTree};

use crate::signature::{Argument, Arguments, Bound, Path, Type, TypeKind};

/// The type of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenType {
    Sleepable,
    NonBlock,
}

/// Collects the types in a type that may be a mutable reference to a token, under another name. It looks behind
/// references, and into tuples, arrays and slices.
pub(super) fn collect_possible_tokens(ty: &Type, types: &mut Vec<Vec<TokenTree>>) {
    let ty = ty.ungroup();
    match &ty.kind {
        TypeKind::Reference(reference) => match &reference.elem.ungroup().kind {
            TypeKind::Path(referent) => {
                let is_std =
                    matches!(referent.segments.as_slice(), [only] if is_std_type(&only.ident));
                if reference.mutable && !is_std && !has_signature_only_argument(referent) {
                    types.push(ty.tokens.clone());
                }
            }
            _ => collect_possible_tokens(&reference.elem, types),
        },
        TypeKind::Tuple(elems) => {
            for elem in elems {
                collect_possible_tokens(elem, types);
            }
        }
        TypeKind::Array(elem) | TypeKind::Slice(elem) => collect_possible_tokens(elem, types),
        // An alias for the reference has its lifetime.
        TypeKind::Path(path)
            if path.last().is_some_and(|last| last.arguments.has_lifetime())
                && !has_signature_only_argument(path) =>
        {
            types.push(ty.tokens.clone());
        }
        _ => {}
    }
}

/// The token that a path names, going by its last segment.
pub(super) fn token_by_name(path: &Path) -> Option<TokenType> {
    match path.last()?.ident.to_string().as_str() {
        "Sleepable" => Some(TokenType::Sleepable),
        "NonBlock" => Some(TokenType::NonBlock),
        _ => None,
    }
}

/// Whether a bound is `Context`, going by its last segment.
pub(super) fn is_context(bound: &Bound) -> bool {
    bound.as_trait().is_some_and(|path| path.ends_with("Context"))
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
    match &ty.ungroup().kind {
        TypeKind::Reference(reference) => match &reference.elem.ungroup().kind {
            TypeKind::Path(referent) => {
                token_by_name(referent).or_else(|| token_in_arguments(referent))
            }
            _ => token_inside(&reference.elem),
        },
        TypeKind::Path(path) => token_in_arguments(path),
        TypeKind::Tuple(elems) => elems.iter().find_map(token_inside),
        TypeKind::Array(elem) | TypeKind::Slice(elem) => token_inside(elem),
        TypeKind::Ptr(target) => match &target.ungroup().kind {
            TypeKind::Path(referent) => token_by_name(referent),
            _ => token_inside(target),
        },
        _ => None,
    }
}

/// Finds a reference to a token in the arguments of a path.
pub(super) fn token_in_arguments(path: &Path) -> Option<TokenType> {
    path.segments.iter().find_map(|segment| match &segment.arguments {
        Arguments::Angles(arguments) => arguments.iter().find_map(|argument| match argument {
            Argument::Type(ty) => token_inside(ty),
            _ => None,
        }),
        _ => None,
    })
}

/// Whether a path's arguments hold something that cannot be written again in the body with the same meaning: an
/// `impl Trait`, a trait object, or a macro.
pub(super) fn has_signature_only_argument(path: &Path) -> bool {
    fn in_type(ty: &Type) -> bool {
        match &ty.ungroup().kind {
            TypeKind::ImplTrait(_) | TypeKind::TraitObject | TypeKind::Macro => true,
            TypeKind::Path(path) => has_signature_only_argument(path),
            TypeKind::Reference(reference) => in_type(&reference.elem),
            TypeKind::Tuple(elems) => elems.iter().any(in_type),
            TypeKind::Array(elem) | TypeKind::Slice(elem) | TypeKind::Ptr(elem) => in_type(elem),
            TypeKind::Paren(_) | TypeKind::Other => false,
        }
    }
    path.segments.iter().any(|segment| match &segment.arguments {
        Arguments::None => false,
        Arguments::Angles(arguments) => arguments.iter().any(|argument| match argument {
            Argument::Type(ty) | Argument::AssocType(ty) => in_type(ty),
            Argument::Lifetime | Argument::Const => false,
            Argument::Constraint => true,
        }),
        Arguments::Parentheses(types) => types.iter().any(in_type),
    })
}

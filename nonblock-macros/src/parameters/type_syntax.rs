//! What can be told from how a type is written.

use proc_macro2::{Ident, TokenTree};

use crate::signature::{Argument, Arguments, Bound, Path, Reference, Segment, Type, TypeKind};

/// The type of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenType {
    Sleepable,
    NonBlock,
}

/// A type to ask whether it holds a token, and after it those among its arguments that are to be asked too.
pub(crate) type TypesToAsk = Vec<Vec<TokenTree>>;

/// Collects the types to ask whether they hold a token, whatever they are called: the type itself, or the elements of a tuple.
/// A shared reference gives no right to what is behind it.
///
/// A type that cannot be written again in the body is left out.
pub(super) fn collect_types_to_ask(ty: &Type, found: &mut Vec<TypesToAsk>) {
    let ty = ty.ungroup();
    // References, arrays and slices are asked as a whole, except around a tuple.
    match &innermost(ty).kind {
        TypeKind::Tuple(elems) => {
            for elem in elems {
                collect_types_to_ask(elem, found);
            }
        }
        TypeKind::Path(path) => found.extend(types_to_ask(ty, path)),
        TypeKind::Macro => found.push(vec![ty.tokens.clone()]),
        _ => {}
    }
}

/// The type within all mutable references, arrays and slices.
fn innermost(ty: &Type) -> &Type {
    let ty = ty.ungroup();
    match &ty.kind {
        TypeKind::Reference(Reference { elem, mutable: true })
        | TypeKind::Array(elem)
        | TypeKind::Slice(elem) => innermost(elem),
        _ => ty,
    }
}

/// A type around a path, with those of the path's arguments that show a lifetime, or may hide one.
fn types_to_ask(ty: &Type, path: &Path) -> Option<TypesToAsk> {
    if has_signature_only_argument(path) {
        return None;
    }
    let mut types = vec![ty.tokens.clone()];
    if let Some(Segment { arguments: Arguments::Angles(arguments), .. }) = path.last() {
        for argument in arguments {
            let Argument::Type(ty) = argument else { continue };
            let may_lend = match &ty.ungroup().kind {
                TypeKind::Path(path) => path.last().is_some_and(|it| it.arguments.has_lifetime()),
                TypeKind::Reference(reference) => reference.mutable,
                TypeKind::Tuple(_) | TypeKind::Array(_) => true,
                _ => false,
            };
            let mut inside = Vec::new();
            if may_lend {
                collect_types_to_ask(ty, &mut inside);
            }
            types.extend(inside.into_iter().flatten());
        }
    }
    Some(types)
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
        TypeKind::Tuple(elems) => sleepable_first(elems.iter().filter_map(token_inside)),
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
    let arguments = path.segments.iter().filter_map(|segment| match &segment.arguments {
        Arguments::Angles(arguments) => Some(arguments),
        _ => None,
    });
    sleepable_first(arguments.flatten().filter_map(|argument| match argument {
        Argument::Type(ty) => token_inside(ty),
        _ => None,
    }))
}

/// Of several tokens in one type, a `Sleepable` counts, wherever it stands: it is what must not come into a section.
fn sleepable_first(tokens: impl Iterator<Item = TokenType>) -> Option<TokenType> {
    tokens.reduce(|first, next| if next == TokenType::Sleepable { next } else { first })
}

/// Whether a path's arguments hold something that cannot be written again in the body with the same meaning: an
/// `impl Trait` or a trait object.
pub(super) fn has_signature_only_argument(path: &Path) -> bool {
    fn in_type(ty: &Type) -> bool {
        match &ty.ungroup().kind {
            TypeKind::ImplTrait(_) | TypeKind::TraitObject => true,
            TypeKind::Path(path) => has_signature_only_argument(path),
            TypeKind::Reference(reference) => in_type(&reference.elem),
            TypeKind::Tuple(elems) => elems.iter().any(in_type),
            TypeKind::Array(elem) | TypeKind::Slice(elem) | TypeKind::Ptr(elem) => in_type(elem),
            TypeKind::Macro | TypeKind::Paren(_) | TypeKind::Other => false,
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

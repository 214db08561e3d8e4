//! Parsing types.

use proc_macro2::{Delimiter, Group, TokenTree};

use super::ast::{Bound, Path, Reference, Type, TypeKind};
use crate::token_tree::{is_ident, is_punct, split_outside_angles};

impl Type {
    /// Reads the type that all these tokens are.
    pub(crate) fn new(tokens: &[TokenTree]) -> Self {
        Self { tokens: tokens.to_vec(), kind: TypeKind::new(tokens) }
    }

    /// Takes off parentheses, and the invisible groups that `macro_rules` macros make.
    pub(crate) fn ungroup(&self) -> &Self {
        let mut ty = self;
        while let TypeKind::Paren(inner) = &ty.kind {
            ty = inner;
        }
        ty
    }

    fn in_group(group: &Group) -> Self {
        Self::new(&group.stream().into_iter().collect::<Vec<_>>())
    }
}

impl TypeKind {
    fn new(tokens: &[TokenTree]) -> Self {
        match tokens {
            [TokenTree::Group(group)] => Self::group(group),
            [and, rest @ ..] if is_punct(and, '&') => {
                let rest = match rest {
                    [quote, TokenTree::Ident(_), rest @ ..] if is_punct(quote, '\'') => rest,
                    rest => rest,
                };
                let (mutable, rest) = match rest {
                    [word, rest @ ..] if is_ident(word, "mut") => (true, rest),
                    rest => (false, rest),
                };
                Self::Reference(Reference { mutable, elem: Box::new(Type::new(rest)) })
            }
            [star, word, rest @ ..]
                if is_punct(star, '*') && (is_ident(word, "const") || is_ident(word, "mut")) =>
            {
                Self::Ptr(Box::new(Type::new(rest)))
            }
            [word, bounds @ ..] if is_ident(word, "impl") => Self::ImplTrait(Bound::list(bounds)),
            [word, _, ..] if is_ident(word, "dyn") => Self::TraitObject,
            [path @ .., bang, TokenTree::Group(_)]
                if is_punct(bang, '!') && Path::new(path).is_some() =>
            {
                Self::Macro
            }
            tokens => Path::new(tokens).map_or(Self::Other, Self::Path),
        }
    }

    fn group(group: &Group) -> Self {
        match group.delimiter() {
            Delimiter::None => Self::Paren(Box::new(Type::in_group(group))),
            Delimiter::Parenthesis => {
                let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                let elems: Vec<Type> = split_outside_angles(&tokens, ',').map(Type::new).collect();
                let has_comma = tokens.last().is_some_and(|token| is_punct(token, ','));
                match <[Type; 1]>::try_from(elems) {
                    Ok([elem]) if !has_comma => Self::Paren(Box::new(elem)),
                    Ok([elem]) => Self::Tuple(vec![elem]),
                    Err(elems) => Self::Tuple(elems),
                }
            }
            Delimiter::Bracket => {
                let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                match tokens.iter().position(|token| is_punct(token, ';')) {
                    Some(end) => Self::Array(Box::new(Type::new(&tokens[..end]))),
                    None => Self::Slice(Box::new(Type::new(&tokens))),
                }
            }
            Delimiter::Brace => Self::Other,
        }
    }
}

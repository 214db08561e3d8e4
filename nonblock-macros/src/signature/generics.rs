//! Parsing generic parameters, `where` clauses and bounds.

use proc_macro2::{Delimiter, Ident, Spacing, TokenTree};

use super::ast::{Bound, Generics, Path, Type};
use crate::item::split_attributes;
use crate::token_tree::{
    is_ident, is_punct, position_outside_angles, split_angles, split_outside_angles,
};

impl Generics {
    /// Reads the generic parameters with which the tokens begin. Returns what follows them as well.
    pub(crate) fn split_off(tokens: &[TokenTree]) -> (Self, &[TokenTree]) {
        let (params, after) = split_angles(tokens).unwrap_or((&[], tokens));
        (Self { params: params.to_vec(), where_clause: Vec::new() }, after)
    }

    /// The type parameters, with the bounds that stand beside them.
    pub(crate) fn type_params(&self) -> Vec<(Ident, Vec<Bound>)> {
        split_outside_angles(&self.params, ',').filter_map(type_param).collect()
    }

    /// Whether no parameter is a type or a constant.
    pub(crate) fn has_only_lifetimes(&self) -> bool {
        split_outside_angles(&self.params, ',').all(|param| {
            let (_, param) = split_attributes(param);
            param.first().is_some_and(|token| is_punct(token, '\''))
        })
    }

    /// The types that the `where` clause bounds, with their bounds.
    pub(crate) fn predicates(&self) -> Vec<(Type, Vec<Bound>)> {
        let clause = self.where_clause.get(1..).unwrap_or_default();
        split_outside_angles(clause, ',').filter_map(predicate).collect()
    }
}

/// Reads `T: Bound + Bound = Default`. A lifetime and a constant are no types.
fn type_param(tokens: &[TokenTree]) -> Option<(Ident, Vec<Bound>)> {
    let (_, tokens) = split_attributes(tokens);
    let [TokenTree::Ident(ident), rest @ ..] = tokens else { return None };
    if ident == "const" {
        return None;
    }
    let end = position_outside_angles(rest, |token| is_punct(token, '=')).unwrap_or(rest.len());
    let bounds = match rest.get(..end).unwrap_or_default() {
        [colon, bounds @ ..] if is_punct(colon, ':') => Bound::list(bounds),
        _ => Vec::new(),
    };
    Some((ident.clone(), bounds))
}

/// Reads `T: Bound + Bound`. A lifetime is no type.
fn predicate(tokens: &[TokenTree]) -> Option<(Type, Vec<Bound>)> {
    let tokens = without_binder(tokens);
    if tokens.first().is_some_and(|token| is_punct(token, '\'')) {
        return None;
    }
    let colon = position_of_colon(tokens)?;
    Some((Type::new(&tokens[..colon]), Bound::list(&tokens[colon + 1..])))
}

/// The place of the first `:` outside of angle brackets that is no half of a `::`.
pub(super) fn position_of_colon(tokens: &[TokenTree]) -> Option<usize> {
    let mut start = 0;
    loop {
        let rest = tokens.get(start..)?;
        let colon = start + position_outside_angles(rest, |token| is_punct(token, ':'))?;
        if !begins_path_separator(tokens.get(colon..)?) {
            return Some(colon);
        }
        start = colon + 2;
    }
}

/// Whether the tokens begin with `::`. In `name: ::path`, the first colon is no half of one.
fn begins_path_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(first), second, ..]
        if first.spacing() == Spacing::Joint && is_punct(second, ':'))
}

/// What follows the `for<'a>` with which the tokens begin.
fn without_binder(tokens: &[TokenTree]) -> &[TokenTree] {
    match tokens {
        [word, rest @ ..] if is_ident(word, "for") => {
            split_angles(rest).map_or(tokens, |(_, after)| after)
        }
        tokens => tokens,
    }
}

impl Bound {
    /// Reads bounds with `+` between them.
    pub(super) fn list(tokens: &[TokenTree]) -> Vec<Self> {
        split_outside_angles(tokens, '+').map(Self::new).collect()
    }

    fn new(tokens: &[TokenTree]) -> Self {
        let mut tokens = without_binder(tokens);
        loop {
            tokens = match tokens {
                [TokenTree::Group(group)]
                    if matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::None) =>
                {
                    return Self::new(&group.stream().into_iter().collect::<Vec<_>>());
                }
                // `const`, `~const`, `[const]` and `async` bounds, which are not stable.
                [word, rest @ ..] if is_ident(word, "const") || is_ident(word, "async") => rest,
                [tilde, rest @ ..] if is_punct(tilde, '~') => rest,
                _ => break,
            };
        }
        Path::new(without_binder(tokens)).map_or(Self::Other, Self::Trait)
    }

    pub(crate) fn as_trait(&self) -> Option<&Path> {
        match self {
            Self::Trait(path) => Some(path),
            Self::Other => None,
        }
    }
}

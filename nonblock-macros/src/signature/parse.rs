//! Parsing a function's signature.
//!
//! The compiler has read the signature before an attribute sees it. So nothing here has to find mistakes: what the
//! attributes do not need stays the tokens that it came as.

use proc_macro2::{Delimiter, Group, Span, TokenTree};

use super::ast::{FnArg, FnArgKind, Generics, Pattern, ReceiverKind, Signature, Type, Unreadable};
use super::generics::position_of_colon;
use crate::item::split_attributes;
use crate::token_tree::{is_group, is_ident, is_punct, split_outside_angles};

impl Signature {
    /// Parses the tokens from the qualifiers to the `where` clause.
    pub(crate) fn parse(tokens: &[TokenTree]) -> Result<Self, Unreadable> {
        let unreadable = |found: &[TokenTree], expected| {
            let span =
                found.first().or(tokens.last()).map_or_else(Span::call_site, TokenTree::span);
            Unreadable { span, expected }
        };
        let keyword = tokens.iter().position(|token| is_ident(token, "fn"));
        let (qualifiers, rest) = tokens.split_at(keyword.unwrap_or(tokens.len()));
        let (ident, rest) = match rest {
            [_, TokenTree::Ident(ident), rest @ ..] => (ident.clone(), rest),
            rest => return Err(unreadable(rest.get(1..).unwrap_or_default(), "`fn name`")),
        };
        let (mut generics, rest) = Generics::split_off(rest);
        let (list, after) = match rest {
            [TokenTree::Group(list), after @ ..] if list.delimiter() == Delimiter::Parenthesis => {
                (list, after)
            }
            rest => return Err(unreadable(rest, "parameters in parentheses")),
        };
        let clause = after.iter().position(|token| is_ident(token, "where"));
        let (output, clause) = after.split_at(clause.unwrap_or(after.len()));
        match output {
            [] => {}
            [dash, tip, _, ..] if is_punct(dash, '-') && is_punct(tip, '>') => {}
            output => return Err(unreadable(output, "`-> T`")),
        }
        generics.where_clause = clause.to_vec();
        let (inputs, variadic) = inputs(list);
        Ok(Self {
            qualifiers: qualifiers.to_vec(),
            ident,
            generics,
            inputs,
            variadic,
            output: output.to_vec(),
        })
    }
}

/// Parses a list of parameters. Returns the variadic one apart.
fn inputs(list: &Group) -> (Vec<FnArg>, Option<Vec<TokenTree>>) {
    let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
    let mut inputs = Vec::new();
    let mut variadic = None;
    for parameter in split_outside_angles(&tokens, ',') {
        if is_variadic(parameter) {
            variadic = Some(parameter.to_vec());
        } else {
            inputs.push(FnArg::new(parameter));
        }
    }
    (inputs, variadic)
}

/// Whether a parameter is `...` or `name: ...`.
fn is_variadic(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [.., a, b, c] if [a, b, c].iter().all(|token| is_punct(token, '.')))
}

impl FnArg {
    fn new(tokens: &[TokenTree]) -> Self {
        let (attrs, tokens) = split_attributes(tokens);
        let kind = receiver(tokens).unwrap_or_else(|| match position_of_colon(tokens) {
            Some(colon) => {
                let pattern = Pattern(tokens[..colon].to_vec());
                FnArgKind::Typed(pattern, Type::new(&tokens[colon + 1..]))
            }
            None => FnArgKind::Typed(Pattern(Vec::new()), Type::new(tokens)),
        });
        Self { attrs, tokens: tokens.to_vec(), kind }
    }
}

/// Reads a receiver. Returns `None` for any other parameter.
fn receiver(tokens: &[TokenTree]) -> Option<FnArgKind> {
    let kind = |kind, word: &TokenTree| Some(FnArgKind::Receiver(kind, word.span()));
    // With a type, or without.
    let by_value = |word: &TokenTree, after: &[TokenTree]| match after {
        [] => kind(ReceiverKind::Value, word),
        [colon, ty @ ..] if is_punct(colon, ':') => kind(ReceiverKind::Typed(Type::new(ty)), word),
        _ => None,
    };
    match tokens {
        [word, after @ ..] if is_ident(word, "self") => by_value(word, after),
        [mutable, word, after @ ..] if is_ident(mutable, "mut") && is_ident(word, "self") => {
            by_value(word, after)
        }
        [and, rest @ ..] if is_punct(and, '&') => {
            let rest = match rest {
                [quote, TokenTree::Ident(_), rest @ ..] if is_punct(quote, '\'') => rest,
                rest => rest,
            };
            match rest {
                [word] if is_ident(word, "self") => kind(ReceiverKind::Shared, word),
                [mutable, word] if is_ident(mutable, "mut") && is_ident(word, "self") => {
                    kind(ReceiverKind::Mutable(and.span()), word)
                }
                _ => None,
            }
        }
        // A `macro_rules` macro cannot pass on a receiver in a group of its own, but it can pass on the word.
        [group @ TokenTree::Group(inner)] if is_group(group, Delimiter::None) => {
            receiver(&inner.stream().into_iter().collect::<Vec<_>>())
        }
        _ => None,
    }
}

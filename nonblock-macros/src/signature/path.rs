//! Parsing paths, such as `a::b::T<'a, u8>`.

use proc_macro2::{Delimiter, Ident, TokenTree};

use super::ast::{Argument, Arguments, Path, Segment, Type};
use crate::token_tree::{
    after_path_separator, is_group, is_path_word, is_punct, split_angles, split_outside_angles,
};

impl Path {
    /// Reads the path that all these tokens are.
    pub(super) fn new(tokens: &[TokenTree]) -> Option<Self> {
        let (has_self_type, mut rest) = match split_angles(tokens) {
            Some((_, after)) => (true, after),
            None => (false, tokens),
        };
        let mut has_prefix = has_self_type;
        if let Some(after) = after_path_separator(rest) {
            has_prefix = true;
            rest = after;
        } else if has_prefix {
            return None;
        }
        let mut segments = Vec::new();
        loop {
            let [TokenTree::Ident(ident), after @ ..] = rest else { return None };
            if !is_path_word(ident) {
                return None;
            }
            let (arguments, after) = Arguments::split_off(after);
            segments.push(Segment { ident: ident.clone(), arguments });
            if after.is_empty() {
                return Some(Self { has_prefix, has_self_type, segments });
            }
            rest = after_path_separator(after)?;
        }
    }

    /// The name that the path is, if it is nothing else.
    pub(crate) fn as_ident(&self) -> Option<&Ident> {
        match self.segments.as_slice() {
            [only] if !self.has_prefix && matches!(only.arguments, Arguments::None) => {
                Some(&only.ident)
            }
            _ => None,
        }
    }

    /// The last segment. A path has at least one.
    pub(crate) fn last(&self) -> Option<&Segment> {
        self.segments.last()
    }

    /// Whether the last segment has this name.
    pub(crate) fn ends_with(&self, name: &str) -> bool {
        self.last().is_some_and(|last| last.ident == name)
    }
}

impl Arguments {
    /// Reads the arguments with which the tokens begin. Returns what follows them as well.
    fn split_off(tokens: &[TokenTree]) -> (Self, &[TokenTree]) {
        // `Vec::<T>` is allowed in types too.
        let start = match after_path_separator(tokens) {
            Some(after) if after.first().is_some_and(|token| is_punct(token, '<')) => after,
            _ => tokens,
        };
        if let Some((inner, after)) = split_angles(start) {
            let arguments = split_outside_angles(inner, ',').map(Argument::new).collect();
            return (Self::Angles(arguments), after);
        }
        match tokens {
            [list @ TokenTree::Group(group), after @ ..]
                if is_group(list, Delimiter::Parenthesis) =>
            {
                let list: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut types: Vec<Type> =
                    split_outside_angles(&list, ',').map(Type::new).collect();
                match after {
                    // The returned type reaches to the end: a path with one is a bound.
                    [dash, tip, output @ ..] if is_punct(dash, '-') && is_punct(tip, '>') => {
                        types.push(Type::new(output));
                        (Self::Parentheses(types), &[])
                    }
                    after => (Self::Parentheses(types), after),
                }
            }
            after => (Self::None, after),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(crate) fn has_lifetime(&self) -> bool {
        matches!(self, Self::Angles(arguments)
            if arguments.iter().any(|argument| matches!(argument, Argument::Lifetime)))
    }
}

impl Argument {
    fn new(tokens: &[TokenTree]) -> Self {
        match tokens {
            [quote, TokenTree::Ident(_)] if is_punct(quote, '\'') => Self::Lifetime,
            [TokenTree::Literal(_)] => Self::Const,
            [TokenTree::Ident(word)] if word == "true" || word == "false" => Self::Const,
            [minus, TokenTree::Literal(_)] if is_punct(minus, '-') => Self::Const,
            [braces @ TokenTree::Group(_)] if is_group(braces, Delimiter::Brace) => Self::Const,
            [TokenTree::Ident(_), rest @ ..] => {
                // The name of an associated type may have arguments of its own.
                let after = split_angles(rest).map_or(rest, |(_, after)| after);
                match after {
                    [equals, value @ ..] if is_punct(equals, '=') => match Self::new(value) {
                        Self::Type(ty) => Self::AssocType(ty),
                        other => other,
                    },
                    [colon, next, ..] if is_punct(colon, ':') && !is_punct(next, ':') => {
                        Self::Constraint
                    }
                    _ => Self::Type(Type::new(tokens)),
                }
            }
            tokens => Self::Type(Type::new(tokens)),
        }
    }
}

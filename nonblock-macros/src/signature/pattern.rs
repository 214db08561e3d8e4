//! The patterns of parameters, and the names that they bind.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use super::ast::Pattern;
use crate::token_tree::{
    after_path_separator, is_group, is_ident, is_keyword, is_punct, split_angles,
};

impl Pattern {
    /// The name that the pattern binds, if it does nothing else.
    pub(crate) fn plain_name(&self) -> Option<Ident> {
        plain_name(&self.0)
    }

    /// Adds the names that the pattern binds.
    pub(super) fn collect_names(&self, names: &mut Vec<Ident>) {
        collect_names(&self.0, names);
    }
}

fn plain_name(tokens: &[TokenTree]) -> Option<Ident> {
    match tokens {
        [TokenTree::Ident(name)] if !is_keyword(name) => Some(name.clone()),
        [mutable, TokenTree::Ident(name)] if is_ident(mutable, "mut") => Some(name.clone()),
        [TokenTree::Group(group)]
            if matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::None) =>
        {
            plain_name(&content(group.stream()))
        }
        _ => None,
    }
}

/// A word binds a name unless it is a keyword, part of a path, or the name of a field with a pattern of its own.
fn collect_names(tokens: &[TokenTree], names: &mut Vec<Ident>) {
    let mut rest = tokens;
    let mut after_separator = false;
    while let [token, next @ ..] = rest {
        let in_path = core::mem::take(&mut after_separator);
        // The arguments of a path, and the separator.
        if let Some((_, after)) = split_angles(rest) {
            rest = after;
            continue;
        }
        if let Some(after) = after_path_separator(rest) {
            after_separator = true;
            rest = after;
            continue;
        }
        match token {
            TokenTree::Ident(name) if !is_keyword(name) && !in_path => {
                let begins_more = next.first().is_some_and(|next| {
                    [':', '!', '<'].iter().any(|char| is_punct(next, *char))
                        || is_group(next, Delimiter::Parenthesis)
                        || is_group(next, Delimiter::Brace)
                });
                if !begins_more {
                    names.push(name.clone());
                }
            }
            TokenTree::Group(group) => collect_names(&content(group.stream()), names),
            _ => {}
        }
        rest = next;
    }
}

fn content(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

//! The inner attributes, `#![...]`, at the beginning of a group in braces.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::TokenStreamExt as _;

use crate::token_tree::{is_group, is_punct};

/// Splits the content of the braces into its inner attributes and the rest.
///
/// `source` is the source text of the braces, if there is one. To see the first token of a group, the compiler has to
/// hand over all of them, and a body has many. Most bodies have no inner attributes, and their source text shows that
/// faster.
pub(crate) fn split_inner_attributes(
    braces: &Group,
    source: Option<&str>,
) -> (TokenStream, TokenStream) {
    let mut inner = TokenStream::new();
    if source.is_some_and(has_no_inner_attributes) {
        return (inner, braces.stream());
    }
    let tokens: Vec<TokenTree> = braces.stream().into_iter().collect();
    let mut rest = tokens.as_slice();
    while let [pound, bang, brackets, after @ ..] = rest
        && is_punct(pound, '#')
        && is_punct(bang, '!')
        && is_group(brackets, Delimiter::Bracket)
    {
        inner.append_all([pound, bang, brackets]);
        rest = after;
    }
    (inner, rest.iter().cloned().collect())
}

/// Whether the source text of a group in braces shows that it begins with no inner attribute or inner doc comment.
/// `false` may also mean that it does not show.
pub(crate) fn has_no_inner_attributes(source: &str) -> bool {
    let Some(mut content) = source.strip_prefix('{') else { return false };
    loop {
        content = content.trim_start();
        if content.starts_with('#') || content.starts_with("//!") || content.starts_with("/*!") {
            return false;
        }
        let after = if content.starts_with("//") {
            content.split_once('\n')
        } else if content.starts_with("/*") {
            // Block comments nest. Only one without another in it is skipped.
            content.split_once("*/").filter(|(comment, _)| comment.matches("/*").count() == 1)
        } else {
            return true;
        };
        let Some((_, after)) = after else { return false };
        content = after;
    }
}

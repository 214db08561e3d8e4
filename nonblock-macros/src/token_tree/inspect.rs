//! What a token is, whatever a `macro_rules` macro has put around it.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};

use crate::args::is_punct;

/// A list of tokens, to be written out.
pub(crate) struct Tokens<'a>(pub(crate) &'a [TokenTree]);

impl ToTokens for Tokens<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(self.0);
    }
}

pub(crate) fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

pub(crate) fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

pub(crate) fn is_literal(token: &TokenTree) -> bool {
    match token {
        TokenTree::Literal(_) => true,
        // A literal that a `macro_rules` macro passed on.
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            matches!(unwrap_invisible(group.stream()).as_slice(), [TokenTree::Literal(_)])
        }
        _ => false,
    }
}

/// Whether this token is braces, if need be in a `macro_rules` macro's invisible group.
pub(crate) fn is_braced(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            matches!(unwrap_invisible(group.stream()).as_slice(), [inner] if is_group(inner, Delimiter::Brace))
        }
        token => is_group(token, Delimiter::Brace),
    }
}

/// Returns the braces that this token is, if need be without a `macro_rules` macro's invisible group.
pub(crate) fn braced(token: TokenTree) -> Result<Group, TokenTree> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            match unwrap_invisible(group.stream()).as_slice() {
                [TokenTree::Group(inner)] if inner.delimiter() == Delimiter::Brace => {
                    Ok(inner.clone())
                }
                _ => Err(group.into()),
            }
        }
        token => Err(token),
    }
}

/// Takes off the invisible groups that a `macro_rules` macro puts around what it passes on.
pub(crate) fn unwrap_invisible(stream: TokenStream) -> Vec<TokenTree> {
    let mut tokens: Vec<TokenTree> = stream.into_iter().collect();
    while let [TokenTree::Group(group)] = tokens.as_slice()
        && group.delimiter() == Delimiter::None
    {
        tokens = group.stream().into_iter().collect();
    }
    tokens
}

/// Splits the inner attributes, `#![...]`, off what follows them in braces.
///
/// To look at the first token, the compiler would have to hand over all of them, and a body has many: the source of the
/// braces, where there is one, tells most bodies apart sooner.
pub(crate) fn split_inner_attributes(
    braces: &Group,
    source: Option<&str>,
) -> (TokenStream, TokenStream) {
    let mut inner = TokenStream::new();
    if source.is_some_and(begins_plainly) {
        return (inner, braces.stream());
    }
    let tokens: Vec<TokenTree> = braces.stream().into_iter().collect();
    let mut rest = tokens.as_slice();
    while let [pound, bang, bracketed, after @ ..] = rest
        && is_punct(pound, '#')
        && is_punct(bang, '!')
        && is_group(bracketed, Delimiter::Bracket)
    {
        inner.append_all([pound, bang, bracketed]);
        rest = after;
    }
    (inner, rest.iter().cloned().collect())
}

/// Whether the source shows that no inner attribute or inner documentation begins the braces.
pub(crate) fn begins_plainly(source: &str) -> bool {
    let Some(mut content) = source.strip_prefix('{') else { return false };
    loop {
        content = content.trim_start();
        if content.starts_with('#') || content.starts_with("//!") || content.starts_with("/*!") {
            return false;
        }
        let after = if content.starts_with("//") {
            content.split_once('\n')
        } else if content.starts_with("/*") {
            // One comment may be inside another.
            content.split_once("*/").filter(|(comment, _)| comment.matches("/*").count() == 1)
        } else {
            return true;
        };
        let Some((_, after)) = after else { return false };
        content = after;
    }
}

//! What a token is, and where it stands.
//!
//! A `macro_rules` macro puts an invisible group around each fragment that it passes on. The functions here look
//! through such groups where one can be expected.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};

/// A slice of tokens that `quote!` can write out.
pub(crate) struct TokenSlice<'a>(pub(crate) &'a [TokenTree]);

impl ToTokens for TokenSlice<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(self.0);
    }
}

pub(crate) fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

/// Whether this token is the identifier or keyword `word`.
pub(crate) fn is_ident(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

pub(crate) fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// Whether this token is a literal, or one in an invisible group.
pub(crate) fn is_literal(token: &TokenTree) -> bool {
    match token {
        TokenTree::Literal(_) => true,
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            matches!(unwrap_invisible_groups(group.stream()).as_slice(), [TokenTree::Literal(_)])
        }
        _ => false,
    }
}

/// Whether this token is a group in braces, or one in an invisible group.
pub(crate) fn is_braces(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            matches!(unwrap_invisible_groups(group.stream()).as_slice(), [inner] if is_group(inner, Delimiter::Brace))
        }
        token => is_group(token, Delimiter::Brace),
    }
}

/// Returns the group in braces that this token is, without an invisible group around it. Gives any other token back.
pub(crate) fn into_braces(token: TokenTree) -> Result<Group, TokenTree> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            match unwrap_invisible_groups(group.stream()).as_slice() {
                [TokenTree::Group(inner)] if inner.delimiter() == Delimiter::Brace => {
                    Ok(inner.clone())
                }
                _ => Err(group.into()),
            }
        }
        token => Err(token),
    }
}

/// Takes off the braces around a single block that a `macro_rules` macro passed on, as in `{ $body }` with `$body:block`.
///
/// In an expansion the invisible group around the block has no effect, and the compiler would find one pair of braces too many.
pub(crate) fn unwrap_passed_on_block(body: Group) -> Group {
    let mut tokens = body.stream().into_iter();
    if let (Some(only), None) = (tokens.next(), tokens.next())
        && is_group(&only, Delimiter::None)
        && let Ok(block) = into_braces(only)
    {
        let mut unwrapped = Group::new(Delimiter::Brace, block.stream());
        unwrapped.set_span(body.span());
        return unwrapped;
    }
    body
}

/// What follows the `::` with which the tokens begin.
pub(crate) fn after_path_separator(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [first, second, after @ ..] if is_punct(first, ':') && is_punct(second, ':') => Some(after),
        _ => None,
    }
}

/// Takes off the invisible groups around the whole stream.
pub(crate) fn unwrap_invisible_groups(stream: TokenStream) -> Vec<TokenTree> {
    let mut tokens: Vec<TokenTree> = stream.into_iter().collect();
    while let [TokenTree::Group(group)] = tokens.as_slice()
        && group.delimiter() == Delimiter::None
    {
        tokens = group.stream().into_iter().collect();
    }
    tokens
}

/// The span of the first token.
pub(crate) fn first_span(tokens: &[TokenTree]) -> Span {
    tokens.first().map_or_else(Span::mixed_site, TokenTree::span)
}

/// The span of the last token. Of a group, this is its closing delimiter.
pub(crate) fn last_span(tokens: &[TokenTree]) -> Span {
    tokens.last().map_or_else(Span::mixed_site, |token| match token {
        TokenTree::Group(group) => group.span_close(),
        token => token.span(),
    })
}

//! Tokens made by hand.
//!
//! `quote!` is slow where it is not optimized, as in a debug build: each stream that it makes takes a call into the
//! compiler. So what most expansions contain is made here, token by token.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// Makes an identifier or a keyword.
pub(crate) fn ident(name: &str, span: Span) -> TokenTree {
    Ident::new(name, span).into()
}

/// Makes a name for something that the expansion binds: `__nonblock_` and `name`.
///
/// A local variable's name is the expansion's own if its span says so. But a pattern also means a constant or a static of that
/// name, whatever the span, and a method call finds the methods of the user's traits. So these names are such as nobody else
/// uses.
pub(crate) fn own_name(name: &str, span: Span) -> Ident {
    Ident::new(&format!("__nonblock_{name}"), span)
}

pub(crate) fn punct(char: char, span: Span) -> TokenTree {
    let mut punct = Punct::new(char, Spacing::Alone);
    punct.set_span(span);
    punct.into()
}

/// Makes `::`, which is two tokens.
pub(crate) fn path_separator(span: Span) -> [TokenTree; 2] {
    let mut joint = Punct::new(':', Spacing::Joint);
    joint.set_span(span);
    [joint.into(), punct(':', span)]
}

/// Makes `::name`. The span is the name's.
pub(crate) fn path_segment(name: &str, span: Span) -> [TokenTree; 3] {
    let [first, second] = path_separator(Span::mixed_site());
    [first, second, ident(name, span)]
}

/// Makes `{ content }`.
pub(crate) fn braces(content: impl IntoIterator<Item = TokenTree>, span: Span) -> Group {
    braces_around(content.into_iter().collect(), span)
}

/// Like [`braces`], for a stream.
pub(crate) fn braces_around(content: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(span);
    group
}

/// Makes `path(arguments)`, a call whose location at run time is `at`.
///
/// The compiler takes the location of a call from the first and the last token of its statement. If both are the
/// expansion's own, it takes the attribute's location instead. So these two tokens get the span `at`. The tokens
/// between them stay the expansion's, so that lints on the user's code do not see them.
pub(crate) fn call(path: Vec<TokenTree>, arguments: TokenStream, at: Span) -> Vec<TokenTree> {
    let mut tokens = path;
    // `::` is two tokens.
    for token in tokens.iter_mut().take(2) {
        token.set_span(at);
    }
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(at);
    tokens.push(arguments.into());
    tokens
}

/// Makes `{ path(arguments) }`: like [`call`], and a statement of its own wherever it is put.
pub(crate) fn braced_call(path: Vec<TokenTree>, arguments: TokenStream, at: Span) -> TokenTree {
    braces(call(path, arguments, at), Span::mixed_site()).into()
}

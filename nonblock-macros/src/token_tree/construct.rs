//! What most expansions write, token by token: `quote!` takes its time where it is not optimized, as in a debug build, and
//! each stream that is made takes a call of the compiler.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::args::Args;

/// The path of what expansions call: `::nonblock::__private`, or the user's.
#[derive(Clone, Debug)]
pub(crate) struct Private(Vec<TokenTree>);

impl Private {
    pub(crate) fn new(args: &Args, span: Span) -> Self {
        Self(if args.renames_crate() {
            args.private(span).into_iter().collect()
        } else {
            let [one, two] = colons(span);
            let [three, four] = colons(span);
            vec![one, two, word("nonblock", span), three, four, word("__private", span)]
        })
    }

    /// The path of something in it.
    pub(crate) fn path(&self, name: &str, span: Span) -> Vec<TokenTree> {
        let mut path = self.0.clone();
        path.extend(colons(span));
        path.push(word(name, span));
        path
    }

    /// What follows such a path: the name of something in what it names, with a span of its own.
    pub(crate) fn last(name: &str, span: Span) -> [TokenTree; 3] {
        let [one, two] = colons(Span::mixed_site());
        [one, two, word(name, span)]
    }
}

pub(crate) fn word(name: &str, span: Span) -> TokenTree {
    Ident::new(name, span).into()
}

pub(crate) fn punct(char: char, span: Span) -> TokenTree {
    let mut punct = Punct::new(char, Spacing::Alone);
    punct.set_span(span);
    punct.into()
}

fn colons(span: Span) -> [TokenTree; 2] {
    let mut joint = Punct::new(':', Spacing::Joint);
    joint.set_span(span);
    [joint.into(), punct(':', span)]
}

/// Puts tokens into braces with this span.
pub(crate) fn braces(content: impl IntoIterator<Item = TokenTree>, span: Span) -> Group {
    braces_around(content.into_iter().collect(), span)
}

/// As [`braces`], for what is a stream already.
pub(crate) fn braces_around(content: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(span);
    group
}

/// Writes a call whose location is `at`, as a report names it.
///
/// The compiler takes the location from the first and the last token of a statement, and from the attribute if
/// those are the expansion's own. What is between stays the expansion's, so that lints on the user's
/// code leave it alone.
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

/// As [`call`], in braces that make it a statement wherever it is put.
pub(crate) fn here(path: Vec<TokenTree>, arguments: TokenStream, at: Span) -> TokenTree {
    braces(call(path, arguments, at), Span::mixed_site()).into()
}

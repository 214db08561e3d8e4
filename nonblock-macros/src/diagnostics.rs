//! The errors of an expansion: collected, so that all are reported at once.

use core::fmt::Display;

use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};
use quote::ToTokens;

use crate::token_tree::construct::{path_segment, punct};

/// The errors of one expansion.
#[derive(Default, Debug)]
pub(crate) struct Diagnostics {
    errors: Vec<Error>,
}

/// An error: its message, and the first and the last place in the source that it is about.
#[derive(Debug)]
struct Error {
    message: String,
    start: Span,
    end: Span,
    /// The `#[cfg]` attributes under which it is one.
    cfgs: TokenStream,
}

impl Diagnostics {
    /// Adds an error that underlines `tokens`. It says what is wrong, and what to write instead.
    pub(crate) fn error(
        &mut self,
        tokens: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        let mut tokens = tokens.into_token_stream().into_iter();
        let start = tokens.next().map_or_else(Span::call_site, |token| token.span());
        let end = tokens.last().map_or(start, |token| token.span());
        self.errors.push(Error::new(with_help(message, help), start, end));
    }

    /// Like [`error`](Self::error), for a span.
    pub(crate) fn error_at(&mut self, span: Span, message: impl Display, help: impl Display) {
        self.errors.push(Error::new(with_help(message, help), span, span));
    }

    /// Makes an error that takes the place of code in the expansion. The code itself then causes no further errors.
    pub(crate) fn compile_error(
        span: Span,
        message: impl Display,
        help: impl Display,
    ) -> TokenStream {
        Error::new(with_help(message, help), span, span).to_compile_error()
    }

    /// Puts the errors after the first `count` under these `#[cfg]` attributes: they are those of an item that has them.
    pub(crate) fn put_under(&mut self, cfgs: &TokenStream, count: usize) {
        for error in self.errors.iter_mut().skip(count) {
            error.cfgs = cfgs.clone();
        }
    }

    /// How many errors there are so far.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// Puts the errors before the expansion, as items that do not compile.
    pub(crate) fn prepend_to(self, expanded: TokenStream) -> TokenStream {
        if self.errors.is_empty() {
            return expanded;
        }
        let mut tokens: TokenStream = self.errors.iter().map(Error::to_compile_error).collect();
        tokens.extend(expanded);
        tokens
    }
}

impl Error {
    fn new(message: String, start: Span, end: Span) -> Self {
        Self { message, start, end, cfgs: TokenStream::new() }
    }

    /// Writes `::core::compile_error! { "message" }`. The compiler underlines it from its first token to its last.
    fn to_compile_error(&self) -> TokenStream {
        let mut message = Literal::string(&self.message);
        message.set_span(self.end);
        let mut braces = Group::new(Delimiter::Brace, TokenTree::from(message).into());
        braces.set_span(self.end);
        let mut path: Vec<TokenTree> =
            [path_segment("core", self.start), path_segment("compile_error", self.start)].concat();
        for token in &mut path {
            token.set_span(self.start);
        }
        path.extend([punct('!', self.start), braces.into()]);
        self.cfgs.clone().into_iter().chain(path).collect()
    }
}

fn with_help(message: impl Display, help: impl Display) -> String {
    format!("{message}\nhelp: {help}")
}

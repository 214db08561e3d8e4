//! Errors: collected, so that one expansion reports them all, each on the token it is about.

use core::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The errors of one expansion.
#[derive(Default, Debug)]
pub(crate) struct Diagnostics {
    errors: Vec<Error>,
}

impl Diagnostics {
    /// Adds an error that underlines `tokens`: what is wrong, and the line that helps.
    pub(crate) fn error(&mut self, tokens: impl ToTokens, wrong: impl Display, help: impl Display) {
        self.errors.push(Error::new_spanned(tokens, message(wrong, help)));
    }

    /// As [`error`](Self::error), for a place that has a span of its own.
    pub(crate) fn error_at(&mut self, span: Span, wrong: impl Display, help: impl Display) {
        self.errors.push(Error::new(span, message(wrong, help)));
    }

    /// An error in the place of code, which then makes no errors of its own.
    pub(crate) fn instead(span: Span, wrong: impl Display, help: impl Display) -> TokenStream {
        Error::new(span, message(wrong, help)).to_compile_error()
    }

    /// How many errors there are so far.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// Writes the errors out, as items that do not compile, before the expansion.
    pub(crate) fn before(self, expanded: TokenStream) -> TokenStream {
        if self.errors.is_empty() {
            return expanded;
        }
        let mut tokens: TokenStream = self.errors.iter().map(Error::to_compile_error).collect();
        tokens.extend(expanded);
        tokens
    }
}

fn message(wrong: impl Display, help: impl Display) -> String {
    format!("{wrong}\nhelp: {help}")
}

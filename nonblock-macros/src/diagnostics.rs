//! The errors of an expansion: collected, so that all are reported at once.

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
    /// Adds an error that underlines `tokens`. It says what is wrong, and what to write instead.
    pub(crate) fn error(
        &mut self,
        tokens: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        self.errors.push(Error::new_spanned(tokens, with_help(message, help)));
    }

    /// Like [`error`](Self::error), for a span.
    pub(crate) fn error_at(&mut self, span: Span, message: impl Display, help: impl Display) {
        self.errors.push(Error::new(span, with_help(message, help)));
    }

    /// Makes an error that takes the place of code in the expansion. The code itself then causes no further errors.
    pub(crate) fn compile_error(
        span: Span,
        message: impl Display,
        help: impl Display,
    ) -> TokenStream {
        Error::new(span, with_help(message, help)).to_compile_error()
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

fn with_help(message: impl Display, help: impl Display) -> String {
    format!("{message}\nhelp: {help}")
}

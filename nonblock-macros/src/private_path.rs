//! The path of the module that expansions call.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};

use crate::token_tree::construct::{ident, path_separator};

/// The path `::nonblock::__private`, or `path::__private` under `crate = path`.
#[derive(Clone, Debug)]
pub(crate) struct PrivatePath(Vec<TokenTree>);

impl PrivatePath {
    /// `crate_path` is the user's `crate = path`.
    pub(crate) fn new(crate_path: Option<&[TokenTree]>) -> Self {
        let span = Span::mixed_site();
        let mut path: Vec<TokenTree> = if let Some(path) = crate_path {
            path.to_vec()
        } else {
            let [first, second] = path_separator(span);
            vec![first, second, ident("nonblock", span)]
        };
        path.extend(path_separator(span));
        path.push(ident("__private", span));
        Self(path)
    }

    /// The path of an item of the module.
    pub(crate) fn item(&self, name: &str) -> Vec<TokenTree> {
        let span = Span::mixed_site();
        let mut path = self.0.clone();
        path.extend(path_separator(span));
        path.push(ident(name, span));
        path
    }
}

impl ToTokens for PrivatePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.0);
    }
}

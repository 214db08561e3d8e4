//! Tests of the expansions as token streams. What the compiler makes of them is tested from outside.

mod doc_line;
mod errors;
mod expansions;
mod fuzz;
mod module_order;
mod parsed_as_syn_does;
mod random_functions;

use proc_macro2::{TokenStream, TokenTree};

use crate::attribute::Attribute;
use crate::expand;

const BOTH: [Attribute; 2] = [Attribute::MaySleep, Attribute::NonBlock];

/// Expands source text.
fn expand_source(attribute: Attribute, args: &str, item: &str) -> TokenStream {
    expand::attribute(attribute, tokens(args), tokens(item))
}

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("the test's source is made of tokens")
}

/// Whether an identifier or keyword is anywhere in the tokens.
fn has_word(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(&group.stream(), word),
        _ => false,
    })
}

/// Whether the expansion reports an error.
fn is_refused(expanded: &TokenStream) -> bool {
    has_word(expanded, "compile_error")
}

/// The errors' messages.
fn messages(expanded: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = expanded.clone().into_iter().collect();
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            let of_error = i.checked_sub(2).and_then(|name| tokens.get(name));
            if matches!(of_error, Some(TokenTree::Ident(name)) if name == "compile_error") {
                let message: syn::LitStr = syn::parse2(group.stream()).expect("a message");
                found.push(message.value());
            } else {
                found.extend(messages(&group.stream()));
            }
        }
    }
    found
}

/// The source text of tokens without its white space.
fn squeezed(tokens: impl quote::ToTokens) -> String {
    tokens.into_token_stream().to_string().split_whitespace().collect()
}

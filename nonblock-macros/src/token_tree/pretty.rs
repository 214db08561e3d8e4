//! Tokens as source text, for messages.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Prints tokens on one line, spaced as rustfmt does. `TokenStream::to_string` spaces them in another way with each
/// version of the compiler.
pub(crate) fn to_source(tokens: TokenStream) -> String {
    let mut text = String::new();
    append(tokens, &mut text);
    text
}

fn append(tokens: TokenStream, text: &mut String) {
    let mut joint = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                if text.ends_with(|last: char| last == '>' && !joint) {
                    text.push(' ');
                }
                text.push_str(open);
                append(group.stream(), text);
                text.push_str(close);
                joint = false;
            }
            TokenTree::Punct(punct) => {
                let char = punct.as_char();
                let starts = !joint && matches!(char, '-' | '=' | '+');
                if starts && !text.is_empty() && !text.ends_with(' ') {
                    text.push(' ');
                }
                text.push(char);
                joint = punct.spacing() == Spacing::Joint;
                let ends_arrow = char == '>' && text.ends_with("->");
                let ends_colon = char == ':' && !joint && !text.ends_with("::");
                if ends_arrow || ends_colon || (!joint && matches!(char, ',' | '=' | '+' | ';')) {
                    text.push(' ');
                }
            }
            word => {
                // Two words need a space between them, and so does one after a closing delimiter.
                if text.ends_with(|last: char| {
                    last.is_alphanumeric() || matches!(last, '_' | '"' | ')')
                }) {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
                joint = false;
            }
        }
    }
}

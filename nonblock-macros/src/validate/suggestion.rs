//! The signature to write instead, for messages.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::FnArg;

use super::Check;
use crate::parameters::Role;

/// How long a signature may be in a message, in characters.
const LONGEST: usize = 90;

impl Check<'_> {
    /// Says that there is no token, and what to write.
    pub(crate) fn missing_text(&self) -> (String, String) {
        let ident = &self.signature.ident;
        let wrong = format!("`{ident}` may sleep, but takes no token that gives it the right to");
        let write = format!("write `{}`", self.corrected("cx: &mut Sleepable"));
        let unbounded =
            self.parameters.iter().find(|p| p.role == Role::Unbounded && p.reads_as_token());
        let help = if ident == "main" && self.signature.inputs.is_empty() {
            "a program starts with no token; `#[may_sleep(cx)]` binds one in the body".to_owned()
        } else if let Some(token) = unbounded {
            let ty = text(token.ty());
            let bounded = ty.rsplit(' ').next().unwrap_or(&ty);
            let name = token.name.map_or_else(|| "_".to_owned(), ToString::to_string);
            format!("add the bound `{bounded}: Context`, or take `{name}: &mut Sleepable`")
        } else if self.function.body.is_none() {
            write + &self.foreign_help()
        } else {
            format!(
                "{write}; or, if the signature is not yours to change, bind a token in the body with \
                 `#[may_sleep(cx)]` (a call in a section is then found at run time only)"
            )
        };
        (wrong, help + &self.skip_help())
    }

    /// What to add to a message about a function that may be a foreign one.
    pub(crate) fn foreign_help(&self) -> String {
        if self.may_be_foreign() {
            let name = self.attribute.name();
            format!("; if this is a foreign function, put `#[{name}]` on its `extern` block")
        } else {
            String::new()
        }
    }

    /// The signature with the token as its first parameter.
    pub(crate) fn corrected(&self, token: &str) -> String {
        let signature = self.signature;
        let (ident, output) = (&signature.ident, &signature.output);
        let generics = &signature.generics.params;
        let generics = if generics.is_empty() {
            String::new()
        } else {
            format!("<{}>", text(quote!(#generics)))
        };
        let mut parameters: Vec<String> =
            signature.inputs.iter().map(|arg| text(arg.to_token_stream())).collect();
        let receivers = usize::from(matches!(signature.inputs.first(), Some(FnArg::Receiver(_))));
        parameters.insert(receivers, token.to_owned());
        let output = text(quote!(#output));
        let space = if output.is_empty() { "" } else { " " };
        let full = format!("fn {ident}{generics}({}){space}{output}", parameters.join(", "));
        if full.len() <= LONGEST {
            return full;
        }
        parameters.truncate(receivers + 1);
        format!("fn {ident}({}, ...)", parameters.join(", "))
    }
}

/// The source of some tokens on one line, spaced as rustfmt does. The compiler's own text of tokens
/// changes from version to version.
fn text(tokens: TokenStream) -> String {
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

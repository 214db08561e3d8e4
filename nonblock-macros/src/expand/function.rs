//! The expansion of one function or method.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::Signature;

use super::declaration;
use super::doc_line as docs;
use super::prologue::Writer;
use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::token_tree::construct::{braces_around, punct};

use crate::item::{BlockKind, Function};
use crate::signature;
use crate::token_tree::inspect::{begins_plainly, is_word, split_inner_attributes};
use crate::validate::{Check, Entry, Place, remaining_attributes};

/// Expands a function: the same one, with an entry that checks its token or brings it about.
pub(crate) fn expand(
    attribute: Attribute,
    args: &Args,
    place: &Place,
    mut function: Function,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    remaining_attributes(attribute, &mut function.attrs, diagnostics);
    if place.block.is_none() && function.is_foreign() {
        foreign_alone(attribute, &function, diagnostics);
        return function.to_token_stream();
    }
    let signature: Signature = match signature::read(function.signature_tokens()) {
        Ok(signature) => signature,
        Err(error) => {
            let wrong = format!("`#[{}]` cannot read this signature: {error}", attribute.name());
            diagnostics.error_at(error.span(), wrong, "write a function's signature");
            return function.to_token_stream();
        }
    };
    let check = Check::new(attribute, args, place, &function, &signature);
    let entry = check.entry(diagnostics);
    let public = function.has_visibility()
        || function.body.is_none()
        || place.block == Some(BlockKind::Trait);
    let line = docs::line(attribute, &entry);
    if function.body.is_none() {
        let attrs = docs::with_line(function.attrs.clone(), line, public);
        return declaration::write(&check, &entry, &attrs.into_iter().collect());
    }
    let writer = Writer::new(&check);
    let source = function.source().map(str::to_owned);
    let Function { attrs, header, body, .. } = function;
    let mut tokens = docs::with_line(attrs, line, public);
    tokens.extend(header);
    tokens.extend(
        body.map(|body| TokenTree::from(write_body(&writer, body, source.as_deref(), entry))),
    );
    tokens.into_iter().collect()
}

/// Says where the attribute of a foreign function goes.
fn foreign_alone(attribute: Attribute, function: &Function, diagnostics: &mut Diagnostics) {
    let name = attribute.name();
    let ident = function.header.iter().skip_while(|token| !is_word(token, "fn")).nth(1);
    let called = ident.map_or_else(|| "this".to_owned(), |ident| format!("`{ident}`"));
    let wrong = format!(
        "{called} is a foreign function: its attribute goes on the `extern` block around it"
    );
    let help = format!(
        "put `#[{name}]` on the block, and `#[{name}(skip)]` on what it is not for; a function that is \
         not foreign needs a body"
    );
    diagnostics.error(ident, wrong, help);
}

/// Writes the body with its entry. What the author wrote stays as it is, in its place.
fn write_body(writer: &Writer, body: Group, source: Option<&str>, entry: Entry) -> Group {
    if let Entry::Nothing = entry {
        return body;
    }
    let place = body.span();
    let (inner, body) = Body::new(body, source);
    let mut content = inner;
    match entry {
        Entry::Nothing => content.extend(body.content()),
        Entry::Broken(error) => content.extend(error),
        Entry::Token(received) => {
            content.extend(writer.received(received));
            content.extend(body.content());
        }
        Entry::Proof(received, sleepables) => {
            content.extend(writer.received(received));
            content.extend(writer.none(&sleepables));
            content.extend(writer.no_stranger());
            content.extend(body.content());
        }
        Entry::Context(received) => {
            content.extend(writer.context(received));
            content.extend(body.content());
        }
        Entry::ContextByType(asked) => {
            content.extend(writer.by_type(&[asked]));
            content.extend(body.content());
        }
        Entry::ByType(asked) => {
            content.extend(writer.by_type(&asked));
            content.extend(body.content());
        }
        // What is held around the body is dropped after it: after its variables, and after the temporaries
        // of its last expression. Those outlive a block's variables in editions before 2024; but the
        // block around the body has the expansion's span, and so the edition of this crate.
        Entry::Bind(name, types) => {
            content.extend(writer.no_stranger());
            content.extend(writer.bind(&name, &types, &body.nested()));
        }
        Entry::Section(types) => {
            content.extend(writer.no_stranger());
            content.extend([writer.section(&types, body.nested())]);
        }
        Entry::Refused(name) => content.extend(writer.refused(&name, &body.nested())),
    }
    braces_around(content, place)
}

/// What the author wrote, without the inner attributes that must stay at the function's beginning.
enum Body {
    /// Braces that can stand inside others as they came.
    Whole(Group),
    /// What is in the braces, and the braces.
    Parts(TokenStream, Group),
}

impl Body {
    /// Splits the inner attributes off.
    fn new(body: Group, source: Option<&str>) -> (TokenStream, Self) {
        // Only of braces on one line does the compiler say that others make them unnecessary.
        if source.is_some_and(|source| begins_plainly(source) && source.contains('\n')) {
            return (TokenStream::new(), Self::Whole(body));
        }
        let (inner, rest) = split_inner_attributes(&body, source);
        (inner, Self::Parts(rest, body))
    }

    /// The body after an entry.
    fn content(self) -> TokenStream {
        match self {
            Self::Whole(body) => TokenTree::from(body).into(),
            Self::Parts(rest, _) => rest,
        }
    }

    /// The body as a block. An empty statement keeps the compiler from calling its braces unnecessary.
    fn nested(self) -> TokenTree {
        match self {
            Self::Whole(body) => body.into(),
            Self::Parts(rest, place) => {
                let mut tokens = TokenStream::from(punct(';', Span::mixed_site()));
                tokens.extend(rest);
                braces_around(tokens, place.span()).into()
            }
        }
    }
}

//! The expansion of one function or method.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Signature, Token};

use super::declaration;
use super::entry::Writer;
use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::docs;
use crate::header;
use crate::item::{BlockKind, Function, Tokens, is_word, split_inner_attributes};
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
    let signature: Signature = match header::read(function.signature_tokens()) {
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
    let attrs = docs::with_line(&function.attrs, docs::line(attribute, &entry), public);
    match &function.body {
        None => declaration::write(&check, &entry, &attrs),
        Some(body) => {
            let body = write_body(&Writer::new(&check), body, entry);
            function.with(attrs, Tokens(&function.header), Some(&body))
        }
    }
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
fn write_body(writer: &Writer<'_>, body: &Group, entry: Entry) -> Group {
    let (inner, rest) = split_inner_attributes(body);
    let content = match entry {
        Entry::Nothing => rest,
        Entry::Broken(error) => error,
        Entry::Token(received) => {
            let entry = writer.received(received);
            quote!(#entry #rest)
        }
        Entry::Proof(received, sleepables) => {
            let entry = writer.received(received);
            let no_sleepable = writer.no_sleepable(&sleepables);
            let no_stranger = writer.no_stranger();
            quote!(#entry #no_sleepable #no_stranger #rest)
        }
        Entry::Context(received) => {
            let entry = writer.context(received);
            quote!(#entry #rest)
        }
        Entry::ByType(types) => {
            let entry = writer.by_type(&types);
            quote!(#entry #rest)
        }
        // What is held around the body is dropped after it: after its variables, and after the temporaries
        // of its last expression. Those outlive a block's variables in editions before 2024; but the
        // block around the body has the expansion's span, and so the edition of this crate.
        Entry::Bind(name, types) => {
            let no_stranger = writer.no_stranger();
            let bound = writer.bind(&name, &types, &nested(&rest, body));
            quote!(#no_stranger #bound)
        }
        Entry::Section(types) => {
            let no_stranger = writer.no_stranger();
            let section = writer.section(&types, &nested(&rest, body));
            quote!(#no_stranger #section)
        }
        Entry::Refused(name) => writer.refused(&name, &nested(&rest, body)),
    };
    braces(quote!(#inner #content), body)
}

/// Puts the content in the braces' place.
fn braces(content: TokenStream, place: &Group) -> Group {
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(place.span());
    group
}

/// Puts the body's content in braces of its own. The empty statement keeps the compiler from calling
/// the author's braces unnecessary.
fn nested(content: &TokenStream, place: &Group) -> Group {
    let statement = Token![;](Span::mixed_site());
    braces(quote!(#statement #content), place)
}

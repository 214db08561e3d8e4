//! From an item to its expansion.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::TokenStreamExt as _;

use crate::args::{Args, Owner};
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::Item;
use crate::validate::Place;

mod block;
mod declaration;
mod entry;
mod foreign;
mod function;
mod test;

pub(crate) use test::test;

/// Expands `#[may_sleep]` or `#[non_block]`.
pub(crate) fn attribute(attribute: Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let args = Args::parse(Owner::Attribute(attribute), args, &mut diagnostics);
    let name = attribute.name();
    if let Some(skip) = &args.skip {
        let wrong =
            "`skip` leaves a method out of its block's attribute, and no such block is around this";
        let help = format!(
            "write `#[{name}]` on the `impl`, `trait` or `extern` block, or remove this attribute (a token \
             cannot be called `skip`)"
        );
        diagnostics.error(skip, wrong, help);
    }
    let expanded = match Item::parse(item.clone()) {
        _ if args.skip.is_some() => item,
        Item::Function(function) => {
            function::expand(attribute, &args, &Place::default(), function, &mut diagnostics)
        }
        Item::Block(block) => block::expand(attribute, &args, &block, &mut diagnostics),
        Item::Other(token, what) => {
            let wrong = format!("`#[{name}]` goes on functions, and this is {what}");
            let help = match what {
                "a module" => {
                    format!("put `#[{name}]` on each function in it, or on an `impl` block")
                }
                "a closure" | "a statement" => match attribute {
                    Attribute::MaySleep => {
                        "let the closure take the token: `|cx: &mut Sleepable| ...`"
                    }
                    Attribute::NonBlock => "open a section where it runs: `cx.non_block(|nb| ...)`",
                }
                .to_owned(),
                _ => format!(
                    "put `#[{name}]` on a function, or on an `impl`, `trait` or `extern` block"
                ),
            };
            diagnostics.error(token, wrong, help);
            item
        }
        Item::Empty => {
            let wrong = format!("`#[{name}]` stands before nothing");
            diagnostics.error_at(Span::call_site(), wrong, "put it on a function");
            item
        }
    };
    let mut tokens = diagnostics.into_items();
    tokens.extend(expanded);
    tokens
}

/// Writes a call whose location is `at`, as a report names it.
///
/// The compiler takes the location from the first and the last token of a statement, and from the attribute if
/// those are the expansion's own. What is between stays the expansion's, so that lints on the user's
/// code leave it alone. The braces make it a statement wherever it is put.
fn here(function: TokenStream, arguments: TokenStream, at: Span) -> TokenStream {
    let mut tokens = TokenStream::new();
    for (i, mut token) in function.into_iter().enumerate() {
        // `::` is two tokens.
        if i < 2 {
            token.set_span(at);
        }
        tokens.append(token);
    }
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(at);
    tokens.append(TokenTree::Group(arguments));
    let mut braces = Group::new(Delimiter::Brace, tokens);
    braces.set_span(Span::mixed_site());
    TokenTree::Group(braces).into()
}

//! Expands an item.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::args::{Args, Macro};
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::Item;
use crate::validate::Enclosing;

mod declaration;
mod doc_line;
mod foreign;
mod function;
mod impl_or_trait;
mod member_override;
mod prologue;
mod test_attribute;

pub(crate) use test_attribute::expand as test;

/// Expands `#[may_sleep]` or `#[non_block]`.
pub(crate) fn attribute(attribute: Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let args = Args::parse(Macro::Attribute(attribute), args, &mut diagnostics);
    let name = attribute.name();
    if let Some(skip) = &args.skip {
        let message =
            "`skip` leaves a method out of its block's attribute, and no such block is around this";
        let help = format!(
            "write `#[{name}]` on the `impl`, `trait` or `extern` block, or remove this attribute (a token \
             cannot be called `skip`)"
        );
        diagnostics.error(skip, message, help);
    }
    let expanded = match Item::parse(item.clone()) {
        _ if args.skip.is_some() => item,
        Item::Function(function) => {
            function::expand(attribute, &args, &Enclosing::default(), *function, &mut diagnostics)
        }
        Item::Block(block) => impl_or_trait::expand(attribute, &args, &block, &mut diagnostics),
        Item::Other(token, what) => {
            let message = format!("`#[{name}]` goes on functions, and this is {what}");
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
            diagnostics.error(token, message, help);
            if what == "a closure" {
                // A closure is an expression, and so must the expansion be.
                let expanded = diagnostics.prepend_to(item);
                return quote!({ #expanded });
            }
            item
        }
        Item::Empty => {
            let message = format!("there is nothing after `#[{name}]`");
            diagnostics.error_at(Span::call_site(), message, "put it on a function");
            item
        }
    };
    diagnostics.prepend_to(expanded)
}

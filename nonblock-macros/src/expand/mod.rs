//! From an item to its expansion.

use proc_macro2::{Span, TokenStream};

use crate::args::{Args, Owner};
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::Item;
use crate::validate::Place;

mod block;
mod declaration;
mod doc_line;
mod foreign;
mod function;
mod prologue;
mod test_attribute;

pub(crate) use test_attribute::test;

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
            function::expand(attribute, &args, &Place::default(), *function, &mut diagnostics)
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
    diagnostics.before(expanded)
}

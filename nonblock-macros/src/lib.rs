//! The attributes of the `nonblock` crate, which re-exports and documents them.
//!
//! An attribute's way: `args` reads its arguments, `item` splits what it is on into tokens, `header` reads a
//! signature, `parameters`
//! finds the token among the parameters, `validate` decides what the function's entry must do,
//! `expand` writes it. What is wrong on the way is collected in `diagnostics`,
//! and the item is emitted all the same.

#![allow(
    missing_docs,
    reason = "the documentation stands where `nonblock` hands the attributes on"
)]

mod args;
mod attribute;
mod diagnostics;
mod expand;
mod item;
mod parameters;
mod private_path;
mod signature;
mod token_tree;
mod validate;

#[cfg(test)]
mod tests;

use proc_macro::{Ident, Span, TokenStream, TokenTree};

use crate::attribute::Attribute;

#[proc_macro_attribute]
pub fn may_sleep(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::MaySleep, args.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn non_block(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::NonBlock, args.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::test(args.into(), item.into()).into()
}

// `Self`, for the expansion of a declared method: in an `extern` block it does not resolve, and the compiler's
// error names the macro that it came from.
#[proc_macro]
pub fn put_the_attribute_on_the_extern_block(_: TokenStream) -> TokenStream {
    TokenTree::from(Ident::new("Self", Span::mixed_site())).into()
}

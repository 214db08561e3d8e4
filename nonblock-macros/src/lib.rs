//! The attributes of the `nonblock` crate, which re-exports and documents them.
//!
//! `args` parses the arguments of an attribute, and `item` the item that it is on. `validate` decides what the
//! function's prologue has to do: the code that is added at its entry. `expand` writes the expansion. Errors are
//! collected in `diagnostics` on the way, and the item is part of the expansion even if there are errors.
//!
//! *The token* is the `&mut Sleepable` or the `&NonBlock` that a function takes. A `NonBlock` is also called the proof
//! of a section. *Token trees* are what the compiler hands to a macro.
//!
//! This table has the lowest module first. A file imports modules from the rows above its own, and files that come
//! before it in its own row. A test makes sure of that.
//!
//! | module | files | subject |
//! |---|---|---|
//! | `attribute` | | the two attributes, and what messages call their parts |
//! | `token_tree` | `inspect`, `angles`, `construct`, `keyword`, `pretty` | telling token trees apart, making and printing them |
//! | `diagnostics` | | the errors of an expansion |
//! | `private_path` | | the path of the module that expansions call |
//! | `item` | `attr`, `ast`, `inner_attributes`, `parse` | the item that an attribute is on |
//! | `signature` | `ast`, `path`, `ty`, `generics`, `pattern`, `parse` | a function's signature |
//! | `parameters` | `type_syntax`, `role`, `parameter`, `type_params` | which parameter is the token |
//! | `watched_layers` | | the layers of the watch that a test names |
//! | `args` | | the arguments of an attribute |
//! | `validate` | `prologue`, `annotated_fn`, `await_point`, `suggestion`, `checks`, `polls`, `mod` | what a prologue has to do |
//! | `expand` | `doc_line`, `member_override`, `declaration`, `prologue`, `function`, `foreign`, `impl_or_trait`, `test_attribute`, `mod` | the expansion |

#![allow(missing_docs, reason = "the attributes are documented where `nonblock` re-exports them")]

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
mod watched_layers;

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

// Expands to `Self`, for a declared method. In an `extern` block `Self` does not resolve, and the compiler's error
// shows the name of this macro.
#[proc_macro]
pub fn put_the_attribute_on_the_extern_block(_: TokenStream) -> TokenStream {
    TokenTree::from(Ident::new("Self", Span::mixed_site())).into()
}

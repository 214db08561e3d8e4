//! The expansion of a block of foreign functions: a wrapper for each.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, TokenStreamExt as _};

use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::{Attr, Block};

pub(crate) fn expand(
    _attribute: Attribute,
    _args: &Args,
    attrs: &[Attr],
    block: &Block,
    _diagnostics: &mut Diagnostics,
) -> TokenStream {
    let mut tokens = TokenStream::new();
    tokens.append_all(attrs);
    tokens.append_all(&block.header);
    block.body.to_tokens(&mut tokens);
    tokens
}

//! The expansion of a block: that of each function in it.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _};

use super::member_override::{Override, split_by_condition};
use super::{foreign, function};
use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::{Block, BlockKind, Member};
use crate::parameters::TypeParams;
use crate::signature::Generics;
use crate::token_tree::is_ident;
use crate::validate::{Enclosing, remove_further_attributes};

/// Expands a block.
pub(super) fn expand(
    attribute: Attribute,
    args: &Args,
    block: &Block,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let mut attrs = block.attrs.clone();
    remove_further_attributes(attribute, &mut attrs, diagnostics);
    if block.kind == BlockKind::Foreign {
        return foreign::expand(attribute, args, &attrs, block, diagnostics);
    }
    let enclosing = Enclosing { block: Some(block.kind), type_params: type_params(&block.header) };
    let (inner, members) = block.members();
    let mut content = inner;
    for member in members {
        content.extend(match member {
            Member::Other(tokens) => tokens,
            Member::Function(function) => {
                let mut expanded = TokenStream::new();
                for mut function in split_by_condition(function) {
                    let (cfgs, before) = (function.cfgs(), diagnostics.count());
                    expanded.extend(
                        match Override::take_from(&mut function, attribute, diagnostics) {
                            Override::None => {
                                function::expand(attribute, args, &enclosing, function, diagnostics)
                            }
                            Override::Skip | Override::Attribute => function.into_token_stream(),
                        },
                    );
                    diagnostics.put_under(&cfgs, before);
                }
                expanded
            }
        });
    }
    let mut body = Group::new(block.body.delimiter(), content);
    body.set_span(block.body.span());
    let mut tokens = TokenStream::new();
    tokens.append_all(&attrs);
    tokens.append_all(&block.header);
    tokens.append(body);
    tokens
}

/// The type parameters in the header of an `impl` or a `trait`.
fn type_params(header: &[TokenTree]) -> TypeParams {
    let mut type_params = TypeParams::default();
    let Some(keyword) =
        header.iter().position(|token| is_ident(token, "impl") || is_ident(token, "trait"))
    else {
        return type_params;
    };
    // A trait's name stands between the keyword and the generics.
    let name = usize::from(is_ident(&header[keyword], "trait"));
    let (mut generics, _) =
        Generics::split_off(header.get(keyword + 1 + name..).unwrap_or_default());
    if let Some(clause) = header.iter().position(|token| is_ident(token, "where")) {
        generics.where_clause = header[clause..].to_vec();
    }
    type_params.add(&generics);
    type_params
}

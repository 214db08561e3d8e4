//! The expansion of an `impl`, a `trait`, or a block of foreign functions: that of each function in it.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _};
use syn::parse::{ParseStream, Parser as _};
use syn::{Generics, WhereClause};

use super::{foreign, function};
use crate::args::{Args, Owner};
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::{Attr, Block, BlockKind, Function, Member};
use crate::parameters::Scope;
use crate::token_tree::inspect::is_word;
use crate::validate::{Place, remaining_attributes};

/// Expands a block.
pub(crate) fn expand(
    attribute: Attribute,
    args: &Args,
    block: &Block,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let mut attrs = block.attrs.clone();
    remaining_attributes(attribute, &mut attrs, diagnostics);
    if block.kind == BlockKind::Foreign {
        return foreign::expand(attribute, args, &attrs, block, diagnostics);
    }
    let place = Place { block: Some(block.kind), scope: scope(&block.header) };
    let (inner, members) = block.members();
    let mut content = inner;
    for member in members {
        content.extend(match member {
            Member::Other(tokens) => tokens,
            Member::Function(mut function) => match own(attribute, &mut function, diagnostics) {
                Own::Nothing => function::expand(attribute, args, &place, function, diagnostics),
                Own::Skip | Own::Attribute => function.into_token_stream(),
            },
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

/// What a function in a block says for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// Nothing: the block's attribute holds.
    Nothing,
    /// `skip`, which has been taken off.
    Skip,
    /// An attribute of its own, which takes the place of the block's.
    Attribute,
}

/// Finds what a function says for itself, and takes `skip` off.
pub(super) fn own(
    attribute: Attribute,
    function: &mut Function,
    diagnostics: &mut Diagnostics,
) -> Own {
    let mut own = Own::Nothing;
    let mut attrs = Vec::new();
    for attr in core::mem::take(&mut function.attrs) {
        match skips(&attr) {
            None => {}
            Some((other, None)) => {
                let _ = other;
                own = Own::Attribute;
            }
            Some((other, Some(skip))) => {
                if own == Own::Skip {
                    diagnostics.error(&attr, "`skip` is given twice", "keep one of the two");
                }
                own = Own::Skip;
                if other != attribute {
                    let wrong = format!(
                        "the block's attribute is `#[{}]`, which `#[{}(skip)]` does not leave out",
                        attribute.name(),
                        other.name()
                    );
                    diagnostics.error(
                        skip,
                        wrong,
                        format!("write `#[{}(skip)]`", attribute.name()),
                    );
                }
                continue;
            }
        }
        attrs.push(attr);
    }
    function.attrs = attrs;
    own
}

/// Returns which of our attributes this is, and the `skip` in its arguments, if that is all there is.
fn skips(attr: &Attr) -> Option<(Attribute, Option<Ident>)> {
    let attribute = Attribute::by_name(&attr.name()?.to_string())?;
    let arguments = match attr.content().last() {
        Some(TokenTree::Group(group)) => group.stream(),
        _ => TokenStream::new(),
    };
    // What is wrong with the arguments of a method's own attribute, its own expansion reports.
    let mut unreported = Diagnostics::default();
    let args = Args::parse(Owner::Attribute(attribute), arguments, &mut unreported);
    let skip = args.skip.filter(|_| unreported.count() == 0 && args.binding.is_none());
    Some((attribute, skip))
}

/// The type parameters of an `impl` or a `trait`, read off its header.
fn scope(header: &[TokenTree]) -> Scope {
    let mut scope = Scope::default();
    let Some(keyword) =
        header.iter().position(|token| is_word(token, "impl") || is_word(token, "trait"))
    else {
        return scope;
    };
    let name = usize::from(is_word(&header[keyword], "trait"));
    let after: TokenStream = header.iter().skip(keyword + 1 + name).cloned().collect();
    let mut generics = first::<Generics>(after).unwrap_or_default();
    let clause = header.iter().position(|token| is_word(token, "where"));
    if let Some(clause) = clause {
        let clause: TokenStream = header.iter().skip(clause).cloned().collect();
        generics.where_clause = first::<WhereClause>(clause);
    }
    scope.add(&generics);
    scope
}

/// Parses what stands first, whatever follows.
fn first<T: syn::parse::Parse>(tokens: TokenStream) -> Option<T> {
    let parser = |input: ParseStream<'_>| {
        let parsed = input.parse::<T>()?;
        input.parse::<TokenStream>()?;
        Ok(parsed)
    };
    parser.parse2(tokens).ok()
}

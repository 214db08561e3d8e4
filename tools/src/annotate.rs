//! Puts an attribute on the functions of a source file.
//!
//! Positions come from the parsed file, and the attribute is inserted at them into the text: all that was there stays
//! byte for byte, on the line it was on.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, ForeignItemFn, ImplItem, ImplItemFn, ItemFn, ItemImpl, ItemMacro, ItemTrait,
    Macro, Signature, TraitItem, TraitItemFn, Visibility,
};

/// What the attribute is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// Each function and method.
    Function,
    /// Each `impl` and `trait` block, and each function outside of one.
    Block,
}

/// Why a function was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is a `const fn`.
    Const,
    /// It is an `async fn`.
    Async,
    /// It is a trait's method, or a foreign function, that has no body.
    NoBody,
    /// It is in the arms of a `macro_rules!` macro.
    MacroRules,
    /// It is among the arguments of a macro.
    MacroArguments,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Const => "`const fn`",
            Self::Async => "`async fn`",
            Self::NoBody => "declared without a body",
            Self::MacroRules => "in a `macro_rules!` macro",
            Self::MacroArguments => "in the arguments of a macro",
        })
    }
}

/// What became of the functions of one file or more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many functions the attribute reaches.
    pub annotated: usize,
    /// How many `impl` and `trait` blocks it was put on.
    pub blocks: usize,
    /// How many functions were left out.
    pub left_out: BTreeMap<Reason, usize>,
}

impl Counts {
    /// How many functions there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.annotated + self.left_out.values().sum::<usize>()
    }

    /// Adds the counts of another file.
    pub fn add(&mut self, other: &Self) {
        self.annotated += other.annotated;
        self.blocks += other.blocks;
        for (reason, count) in &other.left_out {
            *self.left_out.entry(*reason).or_default() += count;
        }
    }
}

/// A file with the attribute in it.
#[derive(Clone, Debug)]
pub struct Annotated {
    /// The new text.
    pub text: String,
    /// What became of its functions.
    pub counts: Counts,
}

/// Puts `#[attribute]` on the functions in the text.
///
/// On every other item it stands before the item's own attributes, on the rest after them.
///
/// # Errors
///
/// If the text is not Rust that `syn` can read.
///
/// # Panics
///
/// If a function was not annotated, and was not counted as left out either.
pub fn annotate(text: &str, attribute: &str, granularity: Granularity) -> syn::Result<Annotated> {
    let file: syn::File = syn::parse_str(text)?;
    let mut visitor =
        Visitor { granularity, in_block: false, inserts: Vec::new(), counts: Counts::default() };
    visitor.visit_file(&file);
    let Visitor { mut inserts, counts, .. } = visitor;

    let tokens: TokenStream = text.parse().map_err(syn::Error::from)?;
    assert_eq!(functions_in(tokens), counts.total(), "a function was overlooked");

    inserts.sort_by_key(|insert| insert.at);
    let mut annotated = String::new();
    let mut from = 0;
    for Insert { at, skip } in inserts {
        annotated.push_str(&text[from..at]);
        let arguments = if skip { "(skip)" } else { "" };
        let _ = write!(annotated, "#[{attribute}{arguments}] ");
        from = at;
    }
    annotated.push_str(&text[from..]);
    Ok(Annotated { text: annotated, counts })
}

/// An attribute to insert.
struct Insert {
    /// Where in the text, in bytes.
    at: usize,
    /// Whether it leaves a method out of its block's attribute.
    skip: bool,
}

struct Visitor {
    granularity: Granularity,
    /// Whether the innermost block has the attribute.
    in_block: bool,
    inserts: Vec<Insert>,
    counts: Counts,
}

/// Where an item begins: its attributes, and what follows them.
struct Start<'a> {
    attrs: &'a [Attribute],
    after: Span,
}

impl Visitor {
    fn insert(&mut self, start: &Start<'_>, skip: bool) {
        let first = start.attrs.iter().find(|attr| matches!(attr.style, syn::AttrStyle::Outer));
        let span = match first {
            Some(first) if self.inserts.len().is_multiple_of(2) => first.pound_token.span,
            _ => start.after,
        };
        self.inserts.push(Insert { at: span.byte_range().start, skip });
    }

    fn leave_out(&mut self, reason: Reason, count: usize) {
        if count > 0 {
            *self.counts.left_out.entry(reason).or_default() += count;
        }
    }

    fn function(&mut self, start: &Start<'_>, signature: &Signature, body: Option<&Block>) {
        match reason(signature, body) {
            None => {
                self.counts.annotated += 1;
                if !self.in_block {
                    self.insert(start, false);
                }
            }
            Some(reason) => {
                self.leave_out(reason, 1);
                if self.in_block {
                    self.insert(start, true);
                }
            }
        }
    }

    /// Visits what is in a block, or in a function, for which another attribute may hold.
    fn inside(&mut self, in_block: bool, visit: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.in_block, in_block);
        visit(self);
        self.in_block = outside;
    }

    /// Puts the attribute on a block if a method in it can have it. Returns whether it was.
    fn block<'a>(
        &mut self,
        start: &Start<'_>,
        mut methods: impl Iterator<Item = (&'a Signature, Option<&'a Block>)>,
    ) -> bool {
        let annotate = self.granularity == Granularity::Block
            && methods.any(|(signature, body)| reason(signature, body).is_none());
        if annotate {
            self.counts.blocks += 1;
            self.insert(start, false);
        }
        annotate
    }
}

/// Why a function cannot have the attribute.
fn reason(signature: &Signature, body: Option<&Block>) -> Option<Reason> {
    if signature.constness.is_some() {
        Some(Reason::Const)
    } else if signature.asyncness.is_some() {
        Some(Reason::Async)
    } else if body.is_none() {
        Some(Reason::NoBody)
    } else {
        None
    }
}

/// The first of these that is written in the text.
fn start<'a>(attrs: &'a [Attribute], visibility: &Visibility, after: Span) -> Start<'a> {
    let after = match visibility {
        Visibility::Inherited => after,
        written => written.span(),
    };
    Start { attrs, after }
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.inside(false, |this| {
            this.function(
                &start(&item.attrs, &item.vis, item.sig.span()),
                &item.sig,
                Some(&item.block),
            );
            visit::visit_item_fn(this, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.function(
            &start(&item.attrs, &item.vis, item.sig.span()),
            &item.sig,
            Some(&item.block),
        );
        self.inside(false, |this| visit::visit_impl_item_fn(this, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        let start = start(&item.attrs, &Visibility::Inherited, item.sig.span());
        self.function(&start, &item.sig, item.default.as_ref());
        self.inside(false, |this| visit::visit_trait_item_fn(this, item));
    }

    fn visit_foreign_item_fn(&mut self, _item: &'ast ForeignItemFn) {
        self.leave_out(Reason::NoBody, 1);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let after = item.unsafety.map_or(item.impl_token.span, |token| token.span);
        let methods = item.items.iter().filter_map(|item| match item {
            ImplItem::Fn(method) => Some((&method.sig, Some(&method.block))),
            _ => None,
        });
        let annotated = self.block(&start(&item.attrs, &Visibility::Inherited, after), methods);
        self.inside(annotated, |this| visit::visit_item_impl(this, item));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        let after = item.unsafety.map_or(item.trait_token.span, |token| token.span);
        let methods = item.items.iter().filter_map(|item| match item {
            TraitItem::Fn(method) => Some((&method.sig, method.default.as_ref())),
            _ => None,
        });
        let annotated = self.block(&start(&item.attrs, &item.vis, after), methods);
        self.inside(annotated, |this| visit::visit_item_trait(this, item));
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if item.mac.path.is_ident("macro_rules") {
            self.leave_out(Reason::MacroRules, functions_in(item.mac.tokens.clone()));
        } else {
            visit::visit_item_macro(self, item);
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.leave_out(Reason::MacroArguments, functions_in(call.tokens.clone()));
    }
}

/// How many functions a stream of tokens has: `fn` and a name, which may be a macro's parameter.
fn functions_in(tokens: TokenStream) -> usize {
    let mut count = 0;
    let mut after_fn = false;
    for token in tokens {
        let is_name = match &token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => punct.as_char() == '$',
            _ => false,
        };
        count += usize::from(after_fn && is_name);
        after_fn = matches!(&token, TokenTree::Ident(word) if word == "fn");
        if let TokenTree::Group(group) = token {
            count += functions_in(group.stream());
        }
    }
    count
}

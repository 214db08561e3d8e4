//! The attributes that stand before an item.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _, quote};

use crate::attribute::Attribute;
use crate::token_tree::inspect::unwrap_invisible_groups;
use crate::token_tree::{TokenSlice, is_group, is_ident, is_punct};

/// An outer attribute: `#[...]`.
#[derive(Clone, Debug)]
pub(crate) struct Attr {
    pound: TokenTree,
    brackets: TokenTree,
    /// What is in the brackets. It is kept because asking the compiler for it again takes time.
    content: Vec<TokenTree>,
}

impl Attr {
    pub(super) fn new(pound: TokenTree, brackets: TokenTree) -> Self {
        let content = match &brackets {
            TokenTree::Group(group) => unwrap_invisible_groups(group.stream()),
            _ => Vec::new(),
        };
        Self { pound, brackets, content }
    }

    pub(crate) fn into_tokens(self) -> [TokenTree; 2] {
        [self.pound, self.brackets]
    }

    /// What is in the brackets.
    pub(crate) fn content(&self) -> &[TokenTree] {
        &self.content
    }

    /// Whether this is a doc comment, or `#[doc = ...]`.
    pub(crate) fn is_doc(&self) -> bool {
        matches!(self.content(), [doc, equals, ..] if is_ident(doc, "doc") && is_punct(equals, '='))
    }

    /// The last segment of the attribute's path.
    pub(crate) fn name(&self) -> Option<Ident> {
        last_segment(self.content()).cloned()
    }

    /// Returns `#[may_sleep]` or `#[non_block]`, if this is one of them.
    pub(crate) fn as_own(&self) -> Option<Attribute> {
        Attribute::from_name(&self.name()?.to_string())
    }

    /// Splits `#[cfg_attr(predicate, ...)]` that has `#[may_sleep]` or `#[non_block]` among its attributes: into
    /// `#[cfg(predicate)]` and `#[cfg(not(predicate))]`, these attributes by themselves, and the rest.
    pub(crate) fn split_condition(&self) -> Option<Condition> {
        if self.name()? != "cfg_attr" {
            return None;
        }
        let is_own = |name: &Ident| Attribute::from_name(&name.to_string()).is_some();
        let (own, others) = self.split_cfg_attr(is_own);
        let own = own?;
        let TokenTree::Group(arguments) = own.content().last()? else { return None };
        let arguments: Vec<TokenTree> = arguments.stream().into_iter().collect();
        let mut parts = arguments.split(|token| is_punct(token, ','));
        let predicate = TokenSlice(parts.next()?);
        let attr = |content: TokenStream| {
            let mut brackets = Group::new(Delimiter::Bracket, content);
            brackets.set_span(self.brackets.span());
            Self::new(self.pound.clone(), brackets.into())
        };
        let attrs = parts.filter(|part| !part.is_empty());
        let attrs = attrs.map(|part| attr(part.iter().cloned().collect())).collect();
        Some(Condition {
            holds: attr(quote!(cfg(#predicate))),
            fails: attr(quote!(cfg(not(#predicate)))),
            attrs,
            others,
        })
    }

    /// Splits `#[cfg_attr(predicate, ...)]` in two: one with the attributes whose name is among `names`, and one with
    /// the others.
    pub(crate) fn split_cfg_attr(
        &self,
        names: impl Fn(&Ident) -> bool,
    ) -> (Option<Self>, Option<Self>) {
        let content = self.content();
        let Some((TokenTree::Group(arguments), path)) = content.split_last() else {
            return (None, Some(self.clone()));
        };
        let tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
        let mut parts = tokens.split(|token| is_punct(token, ','));
        let Some(predicate) = parts.next() else { return (None, Some(self.clone())) };
        let (chosen, others): (Vec<_>, Vec<_>) = parts
            .filter(|part| !part.is_empty())
            .partition(|part| last_segment(part).is_some_and(&names));
        let rebuild = |parts: Vec<&[TokenTree]>| {
            let (first, rest) = (TokenSlice(predicate), parts.into_iter().map(TokenSlice));
            let mut group = Group::new(arguments.delimiter(), quote!(#first #(, #rest)*));
            group.set_span(arguments.span());
            let path = TokenSlice(path);
            let mut brackets = Group::new(Delimiter::Bracket, quote!(#path #group));
            brackets.set_span(self.brackets.span());
            Self::new(self.pound.clone(), brackets.into())
        };
        let chosen = (!chosen.is_empty()).then(|| rebuild(chosen));
        let others = (!others.is_empty() || chosen.is_none()).then(|| rebuild(others));
        (chosen, others)
    }
}

/// The last segment of the path with which the tokens begin.
fn last_segment(tokens: &[TokenTree]) -> Option<&Ident> {
    let mut name = None;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => name = Some(ident),
            TokenTree::Punct(punct) if punct.as_char() == ':' => {}
            _ => break,
        }
    }
    name
}

/// A `#[cfg_attr(predicate, ...)]`, taken apart.
pub(crate) struct Condition {
    /// `#[cfg(predicate)]`.
    pub(crate) holds: Attr,
    /// `#[cfg(not(predicate))]`.
    pub(crate) fails: Attr,
    /// The `#[may_sleep]` and `#[non_block]` under the condition.
    pub(crate) attrs: Vec<Attr>,
    /// What else is under the condition.
    pub(crate) others: Option<Attr>,
}

/// Splits off the outer attributes with which the tokens begin.
pub(crate) fn split_attributes(tokens: &[TokenTree]) -> (Vec<Attr>, &[TokenTree]) {
    let mut attrs = Vec::new();
    let mut rest = tokens;
    while let [pound, brackets, after @ ..] = rest
        && is_punct(pound, '#')
        && is_group(brackets, Delimiter::Bracket)
    {
        attrs.push(Attr::new(pound.clone(), brackets.clone()));
        rest = after;
    }
    (attrs, rest)
}

impl ToTokens for Attr {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append(self.pound.clone());
        tokens.append(self.brackets.clone());
    }
}

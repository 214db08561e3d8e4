//! A parameter, and what the expansion needs to know of it.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::TokenStreamExt as _;

use super::role::{AliasForm, Role};
use super::type_syntax::{TypesToAsk, collect_types_to_ask};
use crate::item::Attr;
use crate::signature::{FnArg, FnArgKind, ReceiverKind, TypeKind};
use crate::token_tree::TokenSlice;
use crate::token_tree::construct::{ident, punct};
use crate::token_tree::inspect::{first_span, last_span};

/// A parameter of a function, or its receiver.
pub(crate) struct Parameter<'a> {
    pub(crate) role: Role,
    pub(crate) arg: &'a FnArg,
    /// The parameter's name, unless it has a pattern that gives it none.
    pub(crate) name: Option<Ident>,
}

impl Parameter<'_> {
    /// Whether a parameter is worth a probe although its type does not have a token's name. It is if the parameter has
    /// a name that tokens usually have, or no name, or if its type has a lifetime.
    ///
    /// A probe takes the compiler time. A function that needs no token should not pay for it. Under a `#[cfg]` there is no
    /// token to be found: the type may be missing.
    pub(crate) fn looks_like_token(&self) -> bool {
        if self.cfgs().next().is_some() {
            return false;
        }
        if self.role == Role::Alias(AliasForm::Impl) {
            return self.has_token_name();
        }
        if self.name.is_none() {
            return !self.arg.is_receiver();
        }
        matches!(self.role, Role::Alias(AliasForm::Lifetime | AliasForm::Bound))
            || self.has_token_name()
    }

    /// Whether the parameter has a name that tokens usually have.
    pub(crate) fn has_token_name(&self) -> bool {
        const NAMES: [&str; 6] = ["cx", "nb", "ctx", "context", "token", "sleepable"];
        self.name
            .as_ref()
            .is_some_and(|name| NAMES.contains(&name.to_string().trim_start_matches('_')))
    }

    /// The types in this parameter that do not look like tokens, but may be tokens under other names.
    ///
    /// `is_inherent` says that the function is an inherent method if it has a receiver.
    pub(crate) fn non_tokens(&self, is_inherent: bool) -> Vec<NonToken> {
        let mut found = Vec::new();
        match &self.arg.kind {
            FnArgKind::Typed(..)
                if matches!(self.role, Role::Alias(_)) && self.looks_like_token() => {}
            FnArgKind::Typed(_, ty) => collect_types_to_ask(ty, &mut found),
            FnArgKind::Receiver(..) if is_inherent => {}
            // The user may implement a trait for a token, or for a reference to it.
            FnArgKind::Receiver(ReceiverKind::Value, word) => {
                found.push(vec![vec![ident("Self", *word)]]);
            }
            FnArgKind::Receiver(ReceiverKind::Mutable(and), word) => {
                found.push(vec![vec![punct('&', *and), ident("mut", *and), ident("Self", *word)]]);
            }
            FnArgKind::Receiver(ReceiverKind::Typed(ty), _) => {
                collect_types_to_ask(ty, &mut found);
            }
            FnArgKind::Receiver(ReceiverKind::Shared, _) => {}
        }
        // Where a `#[cfg]` takes the parameter away, its type may be missing as well.
        let mut cfgs = TokenStream::new();
        cfgs.append_all(self.arg.cfgs());
        found.into_iter().map(|types| NonToken { cfgs: cfgs.clone(), types }).collect()
    }

    /// The `#[cfg]` attributes of the parameter.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attr> {
        self.arg.cfgs()
    }

    /// The spans of the first and the last token of the parameter's type.
    pub(crate) fn type_ends(&self) -> (Span, Span) {
        let tokens = self.type_tokens();
        (first_span(tokens), last_span(tokens))
    }

    /// What a probe looks at to find out which token this is.
    ///
    /// It looks at the parameter itself if that has a name that tokens usually have, or a type that cannot be written
    /// again. Otherwise it looks at the type. Each choice has a price. To use the parameter keeps the compiler from
    /// saying that it is unused. To write the type again makes two errors if it cannot be found.
    pub(crate) fn probe_target(&self) -> ProbeTarget {
        let by_value = self.is_impl_trait() || self.has_token_name();
        ProbeTarget {
            ty: self.type_tokens().to_vec(),
            value: self.name.clone().filter(|_| by_value),
        }
    }

    /// Whether the parameter's type is a reference to an `impl Trait`. Such a type cannot be written in the body.
    pub(crate) fn is_impl_trait(&self) -> bool {
        let FnArgKind::Typed(_, ty) = &self.arg.kind else { return false };
        matches!(&ty.ungroup().kind, TypeKind::Reference(reference)
            if matches!(reference.elem.ungroup().kind, TypeKind::ImplTrait(_)))
    }

    /// The parameter's type. Of a receiver, this is the whole receiver.
    pub(crate) fn ty(&self) -> TokenSlice<'_> {
        TokenSlice(self.type_tokens())
    }

    /// The tokens of [`ty`](Self::ty).
    pub(crate) fn type_tokens(&self) -> &[TokenTree] {
        match &self.arg.kind {
            FnArgKind::Typed(_, ty) => &ty.tokens,
            FnArgKind::Receiver(..) => &self.arg.tokens,
        }
    }
}

/// What a probe looks at to find out which token a parameter is.
#[derive(Debug)]
pub(crate) struct ProbeTarget {
    /// The parameter's type. The compiler underlines it if the check fails.
    pub(crate) ty: Vec<TokenTree>,
    /// The parameter's name, if the probe looks at the parameter itself.
    pub(crate) value: Option<Ident>,
}

/// A type that must turn out to hold no token, under whatever name.
pub(crate) struct NonToken {
    /// The `#[cfg]` attributes of its parameter.
    pub(crate) cfgs: TokenStream,
    pub(crate) types: TypesToAsk,
}

//! A parameter, and what the expansion needs to know of it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{FnArg, ReceiverKind, Type};

use super::role::{AliasForm, Role};
use super::type_syntax::{collect_possible_tokens, ungroup};
use crate::token_tree::inspect::{first_span, last_span};

/// A parameter of a function, or its receiver.
pub(crate) struct Parameter<'a> {
    pub(crate) role: Role,
    pub(crate) arg: &'a FnArg,
    /// The parameter's name, unless it has a pattern that gives it none.
    pub(crate) name: Option<&'a Ident>,
}

impl Parameter<'_> {
    /// Whether a parameter is worth a probe although its type does not have a token's name. It is if the parameter has
    /// a name that tokens usually have, or no name, or if its type has a lifetime.
    ///
    /// A probe takes the compiler time. A function that needs no token should not pay for it.
    pub(crate) fn looks_like_token(&self) -> bool {
        if self.name.is_none() {
            return matches!(self.arg, FnArg::Typed(_));
        }
        matches!(self.role, Role::Alias(AliasForm::Lifetime | AliasForm::Bound))
            || self.has_token_name()
    }

    /// Whether the parameter has a name that tokens usually have.
    fn has_token_name(&self) -> bool {
        const NAMES: [&str; 6] = ["cx", "nb", "ctx", "context", "token", "sleepable"];
        self.name.is_some_and(|name| NAMES.contains(&name.to_string().trim_start_matches('_')))
    }

    /// The types in this parameter that do not look like tokens, but may be tokens under other names.
    ///
    /// `is_inherent` says that the function is an inherent method if it has a receiver.
    pub(crate) fn non_tokens(&self, is_inherent: bool) -> Vec<NonToken> {
        let mut found = Vec::new();
        match self.arg {
            FnArg::Typed(_) if matches!(self.role, Role::Alias(_)) && self.looks_like_token() => {}
            FnArg::Typed(typed) => collect_possible_tokens(&typed.ty, &mut found),
            FnArg::Receiver(_) if is_inherent => {}
            // The user may implement a trait for a token, or for a reference to it.
            FnArg::Receiver(receiver) => {
                let it = Ident::new("Self", receiver.self_token.span);
                match &receiver.kind {
                    ReceiverKind::Value => found.push(quote_spanned!(it.span()=> #it)),
                    ReceiverKind::Reference(and, _, Some(_)) => {
                        found.push(quote_spanned!(and.spans[0]=> &mut #it));
                    }
                    _ => {}
                }
            }
        }
        // Where a `#[cfg]` takes the parameter away, its type may be missing as well.
        let cfgs: TokenStream = self.cfgs().map(syn::Attribute::to_token_stream).collect();
        found.into_iter().map(|ty| NonToken { cfgs: cfgs.clone(), ty }).collect()
    }

    /// The `#[cfg]` attributes of the parameter.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &syn::Attribute> {
        let attrs = match self.arg {
            FnArg::Typed(typed) => &typed.attrs,
            FnArg::Receiver(receiver) => &receiver.attrs,
        };
        attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
    }

    /// The spans of the first and the last token of the parameter's type.
    pub(crate) fn type_ends(&self) -> (Span, Span) {
        if let FnArg::Typed(typed) = self.arg
            && let Type::Reference(reference) = &*typed.ty
            && let Type::Path(referent) = &*reference.elem
            && let Some(last) = referent.path.segments.last()
            && last.arguments.is_none()
        {
            return (reference.and_token.spans[0], last.ident.span());
        }
        let ty = self.ty();
        (first_span(&ty), last_span(&ty))
    }

    /// What a probe looks at to find out which token this is.
    ///
    /// It looks at the parameter itself if that has a name that tokens usually have, or a type that cannot be written
    /// again. Otherwise it looks at the type. Each choice has a price. To use the parameter keeps the compiler from
    /// saying that it is unused. To write the type again makes two errors if it cannot be found.
    pub(crate) fn probe_target(&self) -> ProbeTarget {
        let by_value = self.is_impl_trait() || self.has_token_name();
        ProbeTarget { ty: self.ty(), value: self.name.filter(|_| by_value).cloned() }
    }

    /// Whether the parameter's type is a reference to an `impl Trait`. Such a type cannot be written in the body.
    pub(crate) fn is_impl_trait(&self) -> bool {
        matches!(self.arg, FnArg::Typed(typed)
            if matches!(ungroup(&typed.ty), Type::Reference(reference)
                if matches!(ungroup(&reference.elem), Type::ImplTrait(_))))
    }

    /// The parameter's type. Of a receiver, this is the whole receiver.
    pub(crate) fn ty(&self) -> TokenStream {
        match self.arg {
            FnArg::Typed(typed) => typed.ty.to_token_stream(),
            FnArg::Receiver(receiver) => receiver.to_token_stream(),
        }
    }
}

/// What a probe looks at to find out which token a parameter is.
#[derive(Debug)]
pub(crate) struct ProbeTarget {
    /// The parameter's type. The compiler underlines it if the check fails.
    pub(crate) ty: TokenStream,
    /// The parameter's name, if the probe looks at the parameter itself.
    pub(crate) value: Option<Ident>,
}

/// A type that must turn out to be no token. It may be one under another name.
pub(crate) struct NonToken {
    /// The `#[cfg]` attributes of its parameter.
    pub(crate) cfgs: TokenStream,
    pub(crate) ty: TokenStream,
}

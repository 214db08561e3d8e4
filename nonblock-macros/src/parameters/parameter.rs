//! Which parameter is the token.
//!
//! Names only point to candidates here: the code that is emitted for a candidate compiles only if
//! its type really is the token.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{
    FnArg, GenericArgument, GenericParam, Generics, Pat, Path, PathArguments, ReceiverKind,
    Signature, Type, WherePredicate,
};

use super::type_syntax::{
    first_span, has_impl_trait, is_common, is_context, is_trait, last_span, may_be_tokens, nested,
    nested_in_arguments, peel, token,
};

/// What a parameter's type looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// `&mut Sleepable`.
    Sleepable,
    /// `&mut NonBlock` or `&NonBlock`.
    NonBlock,
    /// `&mut C` where `C: Context`, or `&mut impl Context`.
    Context,
    /// A token, but owned, or by shared reference where that gives no right.
    WrongShape(Token),
    /// A token inside another type, as `Option<&mut Sleepable>`.
    Nested(Token),
    /// A name that may stand for a token: a renamed import, a type alias, `Self`.
    Alias(Behind),
    /// `&mut T`, where `T` is a type parameter without a bound: no token, but may have been meant as one.
    Unbounded,
    /// No token.
    Other,
}

/// How a name that may stand for a token is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// `&mut Name`.
    Mutable,
    /// `&Name`.
    Shared,
    /// `Name<'a>`.
    Lifetime,
    /// `&mut T`, where `T` is a type parameter with a bound that may stand for `Context`.
    Bound,
}

/// One of the two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Sleepable,
    NonBlock,
}

/// A parameter, or the receiver.
pub(crate) struct Parameter<'a> {
    pub(crate) role: Role,
    pub(crate) arg: &'a FnArg,
    /// The parameter's name, if it is a plain one.
    pub(crate) name: Option<&'a Ident>,
}

impl Parameter<'_> {
    /// Whether a parameter whose type has another name is one that is worth asking for its type: it is
    /// called as a token is, or not at all, or its type has a lifetime.
    ///
    /// To ask takes the compiler time, which a function that needs no token should not cost.
    pub(crate) fn reads_as_token(&self) -> bool {
        if self.name.is_none() {
            return matches!(self.arg, FnArg::Typed(_));
        }
        matches!(self.role, Role::Alias(Behind::Lifetime | Behind::Bound))
            || self.is_called_as_token()
    }

    /// Whether the parameter has a name that tokens usually have.
    fn is_called_as_token(&self) -> bool {
        const NAMES: [&str; 6] = ["cx", "nb", "ctx", "context", "token", "sleepable"];
        self.name.is_some_and(|name| NAMES.contains(&name.to_string().trim_start_matches('_')))
    }

    /// The types of a parameter that does not read as a token, but may be one under another name, or have one in it.
    pub(crate) fn strangers(&self, inherent: bool) -> Vec<Stranger> {
        let mut found = Vec::new();
        match self.arg {
            FnArg::Typed(_) if matches!(self.role, Role::Alias(_)) && self.reads_as_token() => {}
            FnArg::Typed(typed) => may_be_tokens(&typed.ty, &mut found),
            FnArg::Receiver(_) if inherent => {}
            // A trait of the user's may be implemented for the token, or for a reference to it.
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
        // Where the parameter is not, its type need not be either.
        let conditions: Vec<_> = self.conditions().cloned().collect();
        found.into_iter().map(|ty| Stranger { conditions: conditions.clone(), ty }).collect()
    }

    /// The `#[cfg]` attributes of the parameter.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &syn::Attribute> {
        let attrs = match self.arg {
            FnArg::Typed(typed) => &typed.attrs,
            FnArg::Receiver(receiver) => &receiver.attrs,
        };
        attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
    }

    /// Where the parameter's type begins and ends.
    pub(crate) fn ends(&self) -> (Span, Span) {
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

    /// What to ask for the token that this is.
    ///
    /// A type that is written once more, and cannot be found, is two errors. But to ask the parameter itself is to use
    /// it, and the compiler would no longer say that the author does not.
    pub(crate) fn asked(&self) -> Asked {
        let by_value = self.has_impl() || self.is_called_as_token();
        Asked { ty: self.ty(), value: self.name.filter(|_| by_value).cloned() }
    }

    /// Whether the parameter's type is a reference to an `impl Trait`, which only a signature can name.
    pub(crate) fn has_impl(&self) -> bool {
        matches!(self.arg, FnArg::Typed(typed)
            if matches!(peel(&typed.ty), Type::Reference(reference)
                if matches!(peel(&reference.elem), Type::ImplTrait(_))))
    }

    /// The parameter's type, as it can be written in the body.
    pub(crate) fn ty(&self) -> TokenStream {
        match self.arg {
            FnArg::Typed(typed) => typed.ty.to_token_stream(),
            FnArg::Receiver(receiver) => receiver.to_token_stream(),
        }
    }
}

/// A parameter that is asked which token it is.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Its type, where the compiler underlines it.
    pub(crate) ty: TokenStream,
    /// The parameter itself, if that is to be asked.
    pub(crate) value: Option<Ident>,
}

/// A type that may be a token under another name, or have one in it.
pub(crate) struct Stranger {
    /// The conditions under which its parameter is there.
    pub(crate) conditions: Vec<syn::Attribute>,
    pub(crate) ty: TokenStream,
}

/// The type parameters in scope: those that are a `Context`, those with another bound, which may stand for it
/// (a renamed import, or a trait above `Context`), and those without any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    contexts: Vec<Ident>,
    bounded: Vec<Ident>,
    unbounded: Vec<Ident>,
}

impl Scope {
    /// Adds the type parameters of a function, an `impl` or a `trait`.
    pub(crate) fn add(&mut self, generics: &Generics) {
        for param in &generics.params {
            let GenericParam::Type(param) = param else { continue };
            if param.bounds.iter().any(is_context) {
                self.contexts.push(param.ident.clone());
            } else if param.bounds.iter().any(is_trait) {
                self.bounded.push(param.ident.clone());
            } else {
                self.unbounded.push(param.ident.clone());
            }
        }
        for predicate in generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate
                && let Type::Path(bounded) = peel(&predicate.bounded_ty)
                && let Some(ident) = bounded.path.get_ident()
                && predicate.bounds.iter().any(is_trait)
            {
                self.unbounded.retain(|unbounded| unbounded != ident);
                if predicate.bounds.iter().any(is_context) {
                    self.contexts.push(ident.clone());
                } else {
                    self.bounded.push(ident.clone());
                }
            }
        }
    }

    /// Looks at every parameter of a function, the receiver included.
    pub(crate) fn parameters<'a>(&self, signature: &'a Signature) -> Vec<Parameter<'a>> {
        signature.inputs.iter().map(|arg| self.parameter(arg)).collect()
    }

    fn parameter<'a>(&self, arg: &'a FnArg) -> Parameter<'a> {
        let typed = match arg {
            FnArg::Typed(typed) => typed,
            // The method's object, which no inherent method can have of the token's type.
            FnArg::Receiver(_) => return Parameter { role: Role::Other, arg, name: None },
        };
        let name = match peel_pattern(&typed.pat) {
            Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => {
                Some(&ident.ident)
            }
            _ => None,
        };
        Parameter { role: self.role(&typed.ty), arg, name }
    }

    fn role(&self, ty: &Type) -> Role {
        match peel(ty) {
            Type::Reference(reference) => {
                let mutable = reference.mutability.is_some();
                match peel(&reference.elem) {
                    Type::Path(referent) => match token(&referent.path) {
                        Some(Token::Sleepable) if mutable => Role::Sleepable,
                        Some(Token::NonBlock) => Role::NonBlock,
                        Some(token) => Role::WrongShape(token),
                        None if mutable => self.named(&referent.path, Behind::Mutable),
                        None => self.named(&referent.path, Behind::Shared),
                    },
                    Type::ImplTrait(it) if mutable && it.bounds.iter().any(is_context) => {
                        Role::Context
                    }
                    other => nested(other).map_or(Role::Other, Role::Nested),
                }
            }
            Type::Path(path) => match token(&path.path) {
                Some(token) => Role::WrongShape(token),
                None => self.named(&path.path, Behind::Lifetime),
            },
            Type::Macro(_) => Role::Alias(Behind::Lifetime),
            other => nested(other).map_or(Role::Other, Role::Nested),
        }
    }

    /// The role of a type by its name alone, behind a reference or not.
    fn named(&self, path: &Path, behind: Behind) -> Role {
        if let Some(ident) = path.get_ident() {
            if behind == Behind::Mutable && self.contexts.contains(ident) {
                return Role::Context;
            }
            if behind == Behind::Mutable && self.bounded.contains(ident) {
                return Role::Alias(Behind::Bound);
            }
            if behind == Behind::Mutable && self.unbounded.contains(ident) {
                return Role::Unbounded;
            }
            if self.unbounded.contains(ident) || self.contexts.contains(ident) || is_common(ident) {
                return Role::Other;
            }
        }
        if let Some(token) = nested_in_arguments(path) {
            return Role::Nested(token);
        }
        match &path.segments.last().map_or(&PathArguments::None, |last| &last.arguments) {
            PathArguments::None if behind != Behind::Lifetime => Role::Alias(behind),
            // The tokens' types have no parameters, so another name for one has none either; another name
            // for the reference has its lifetime.
            PathArguments::AngleBracketed(arguments)
                if behind == Behind::Lifetime
                    && arguments
                        .args
                        .iter()
                        .any(|it| matches!(it, GenericArgument::Lifetime(_)))
                    && !has_impl_trait(path) =>
            {
                Role::Alias(behind)
            }
            _ => Role::Other,
        }
    }
}

fn peel_pattern(mut pattern: &Pat) -> &Pat {
    while let Pat::Paren(inner) = pattern {
        pattern = &inner.pat;
    }
    pattern
}

/// The names that a function's patterns bind.
pub(crate) fn bound_names(signature: &Signature) -> Vec<&Ident> {
    let mut names = Vec::new();
    for arg in &signature.inputs {
        if let FnArg::Typed(arg) = arg {
            names_in(&arg.pat, &mut names);
        }
    }
    names
}

fn names_in<'a>(pattern: &'a Pat, names: &mut Vec<&'a Ident>) {
    match pattern {
        Pat::Ident(ident) => {
            names.push(&ident.ident);
            if let Some((_, inner)) = &ident.subpat {
                names_in(inner, names);
            }
        }
        Pat::Paren(inner) => names_in(&inner.pat, names),
        Pat::Reference(inner) => names_in(&inner.pat, names),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|inner| names_in(inner, names)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|inner| names_in(inner, names)),
        Pat::Slice(slice) => slice.elems.iter().for_each(|inner| names_in(inner, names)),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| names_in(&field.pat, names)),
        _ => {}
    }
}

//! The type parameters in scope, and what they make of a function's parameters.

use proc_macro2::Ident;

use super::parameter::Parameter;
use super::role::{AliasForm, Role};
use super::type_syntax::{
    TokenType, has_signature_only_argument, is_context, is_std_type, token_by_name,
    token_in_arguments, token_inside,
};
use crate::signature::{
    Arguments, Bound, FnArg, FnArgKind, Generics, Path, Signature, Type, TypeKind,
};

/// The type parameters in scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeParams {
    /// Those with the bound `Context`.
    contexts: Vec<Ident>,
    /// Those with another bound. It may stand for `Context`, as a renamed import or a subtrait does.
    bounded: Vec<Ident>,
    /// Those without a bound.
    unbounded: Vec<Ident>,
}

impl TypeParams {
    /// Adds the type parameters of a function, an `impl` or a `trait`.
    pub(crate) fn add(&mut self, generics: &Generics) {
        for (ident, bounds) in generics.type_params() {
            if bounds.iter().any(is_context) {
                self.contexts.push(ident);
            } else if bounds.iter().any(is_trait) {
                self.bounded.push(ident);
            } else {
                self.unbounded.push(ident);
            }
        }
        for (bounded, bounds) in generics.predicates() {
            if let TypeKind::Path(path) = &bounded.ungroup().kind
                && let Some(ident) = path.as_ident()
                && bounds.iter().any(is_trait)
            {
                self.unbounded.retain(|unbounded| unbounded != ident);
                if bounds.iter().any(is_context) {
                    self.contexts.push(ident.clone());
                } else {
                    self.bounded.push(ident.clone());
                }
            }
        }
    }

    /// Classifies the parameters of a function, the receiver included.
    pub(crate) fn classify<'a>(&self, signature: &'a Signature) -> Vec<Parameter<'a>> {
        signature.inputs.iter().map(|arg| self.parameter(arg)).collect()
    }

    fn parameter<'a>(&self, arg: &'a FnArg) -> Parameter<'a> {
        let role = match &arg.kind {
            FnArgKind::Typed(_, ty) => self.role(ty),
            // Only a method of a trait can have a token as its receiver. `Parameter::non_tokens` covers it.
            FnArgKind::Receiver(..) => Role::Other,
        };
        Parameter { role, arg, name: arg.name() }
    }

    fn role(&self, ty: &Type) -> Role {
        match &ty.ungroup().kind {
            TypeKind::Reference(reference) => {
                let mutable = reference.mutable;
                match &reference.elem.ungroup().kind {
                    TypeKind::Path(referent) => match token_by_name(referent) {
                        Some(TokenType::Sleepable) if mutable => Role::Sleepable,
                        Some(TokenType::NonBlock) => Role::NonBlock,
                        Some(token) => Role::WrongShape(token),
                        None if mutable => self.alias_role(referent, AliasForm::Mutable),
                        None => self.alias_role(referent, AliasForm::Shared),
                    },
                    TypeKind::ImplTrait(bounds) if mutable && bounds.iter().any(is_context) => {
                        Role::Context
                    }
                    TypeKind::ImplTrait(bounds) if mutable && bounds.iter().any(is_trait) => {
                        Role::Alias(AliasForm::Impl)
                    }
                    _ => token_inside(&reference.elem).map_or(Role::Other, Role::Nested),
                }
            }
            TypeKind::Path(path) => match token_by_name(path) {
                Some(token) => Role::WrongShape(token),
                None => self.alias_role(path, AliasForm::Lifetime),
            },
            TypeKind::Macro => Role::Alias(AliasForm::Lifetime),
            _ => token_inside(ty).map_or(Role::Other, Role::Nested),
        }
    }

    /// Whether a path names an associated type: `Self::Name`, `T::Name`, or `<T as Trait>::Name`.
    fn is_associated_type(&self, path: &Path) -> bool {
        let mut params = self.contexts.iter().chain(&self.bounded).chain(&self.unbounded);
        let of_param = match path.segments.as_slice() {
            [first, _] => first.ident == "Self" || params.any(|param| *param == first.ident),
            _ => false,
        };
        let has_arguments = path.last().is_some_and(|last| !last.arguments.is_none());
        (of_param || path.has_self_type) && !has_arguments
    }

    /// The role of a type whose name is not a token's. `form` says whether it is behind a reference.
    fn alias_role(&self, path: &Path, form: AliasForm) -> Role {
        if let Some(ident) = path.as_ident() {
            if form == AliasForm::Mutable && self.contexts.contains(ident) {
                return Role::Context;
            }
            if form == AliasForm::Mutable && self.bounded.contains(ident) {
                return Role::Alias(AliasForm::Bound);
            }
            if form == AliasForm::Mutable && self.unbounded.contains(ident) {
                return Role::Unbounded;
            }
            if self.unbounded.contains(ident) || self.contexts.contains(ident) || is_std_type(ident)
            {
                return Role::Other;
            }
        }
        if let Some(token) = token_in_arguments(path) {
            return Role::Nested(token);
        }
        let arguments = path.last().map_or(&Arguments::None, |last| &last.arguments);
        // An alias for a token has no arguments, because a token's type has none. An alias for the reference to it has
        // the reference's lifetime.
        if form == AliasForm::Mutable && self.is_associated_type(path) {
            return Role::Alias(AliasForm::Associated);
        }
        let is_alias = match form {
            AliasForm::Lifetime => arguments.has_lifetime() && !has_signature_only_argument(path),
            _ => arguments.is_none(),
        };
        if is_alias { Role::Alias(form) } else { Role::Other }
    }
}

/// Whether a bound is a trait. A lifetime and `?Sized` are none.
fn is_trait(bound: &Bound) -> bool {
    bound.as_trait().is_some()
}

//! The type parameters in scope, and what they make of a function's parameters.

use proc_macro2::Ident;
use syn::{FnArg, GenericParam, Generics, Path, PathArguments, Signature, Type, WherePredicate};

use super::parameter::Parameter;
use super::pattern::plain_name;
use super::role::{AliasForm, Role};
use super::type_syntax::{
    TokenType, has_lifetime, has_signature_only_argument, is_context, is_std_type, is_trait,
    token_by_name, token_in_arguments, token_inside, ungroup,
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
                && let Type::Path(bounded) = ungroup(&predicate.bounded_ty)
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

    /// Classifies the parameters of a function, the receiver included.
    pub(crate) fn classify<'a>(&self, signature: &'a Signature) -> Vec<Parameter<'a>> {
        signature.inputs.iter().map(|arg| self.parameter(arg)).collect()
    }

    fn parameter<'a>(&self, arg: &'a FnArg) -> Parameter<'a> {
        let typed = match arg {
            FnArg::Typed(typed) => typed,
            // Only a method of a trait can have a token as its receiver. `Parameter::non_tokens` covers it.
            FnArg::Receiver(_) => return Parameter { role: Role::Other, arg, name: None },
        };
        Parameter { role: self.role(&typed.ty), arg, name: plain_name(&typed.pat) }
    }

    fn role(&self, ty: &Type) -> Role {
        match ungroup(ty) {
            Type::Reference(reference) => {
                let mutable = reference.mutability.is_some();
                match ungroup(&reference.elem) {
                    Type::Path(referent) => match token_by_name(&referent.path) {
                        Some(TokenType::Sleepable) if mutable => Role::Sleepable,
                        Some(TokenType::NonBlock) => Role::NonBlock,
                        Some(token) => Role::WrongShape(token),
                        None if mutable => self.alias_role(&referent.path, AliasForm::Mutable),
                        None => self.alias_role(&referent.path, AliasForm::Shared),
                    },
                    Type::ImplTrait(it) if mutable && it.bounds.iter().any(is_context) => {
                        Role::Context
                    }
                    other => token_inside(other).map_or(Role::Other, Role::Nested),
                }
            }
            Type::Path(path) => match token_by_name(&path.path) {
                Some(token) => Role::WrongShape(token),
                None => self.alias_role(&path.path, AliasForm::Lifetime),
            },
            Type::Macro(_) => Role::Alias(AliasForm::Lifetime),
            other => token_inside(other).map_or(Role::Other, Role::Nested),
        }
    }

    /// The role of a type whose name is not a token's. `form` says whether it is behind a reference.
    fn alias_role(&self, path: &Path, form: AliasForm) -> Role {
        if let Some(ident) = path.get_ident() {
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
        let arguments = path.segments.last().map_or(&PathArguments::None, |last| &last.arguments);
        // An alias for a token has no arguments, because a token's type has none. An alias for the reference to it has
        // the reference's lifetime.
        let is_alias = match form {
            AliasForm::Lifetime => has_lifetime(arguments) && !has_signature_only_argument(path),
            _ => arguments.is_none(),
        };
        if is_alias { Role::Alias(form) } else { Role::Other }
    }
}

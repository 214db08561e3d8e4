//! A function with an attribute on it, and what the attribute sees of it.

use crate::args::Args;
use crate::attribute::Attribute;
use crate::item::{BlockKind, Function};
use crate::parameters::{AliasForm, NonToken, Parameter, Role, TokenType, TypeParams};
use crate::signature::Signature;

/// A function with an attribute on it.
pub(crate) struct AnnotatedFn<'a> {
    pub(crate) attribute: Attribute,
    pub(crate) args: &'a Args,
    pub(crate) enclosing: &'a Enclosing,
    pub(crate) function: &'a Function,
    pub(crate) signature: &'a Signature,
    pub(crate) parameters: Vec<Parameter<'a>>,
}

/// What is around a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Enclosing {
    /// The block that has the attribute, unless the function has it itself.
    pub(crate) block: Option<BlockKind>,
    /// The type parameters of the block.
    pub(crate) type_params: TypeParams,
}

impl<'a> AnnotatedFn<'a> {
    pub(crate) fn new(
        attribute: Attribute,
        args: &'a Args,
        enclosing: &'a Enclosing,
        function: &'a Function,
        signature: &'a Signature,
    ) -> Self {
        let mut type_params = enclosing.type_params.clone();
        type_params.add(&signature.generics);
        let parameters = type_params.classify(signature);
        Self { attribute, args, enclosing, function, signature, parameters }
    }

    /// Whether the function may stand in an `extern` block. An attribute on a function does not see what is around it.
    pub(crate) fn may_be_foreign(&self) -> bool {
        self.function.body.is_none()
            && self.enclosing.block.is_none()
            && self.signature.receiver().is_none()
    }

    /// The types of the parameters that must turn out to be no tokens, except those that get a probe.
    pub(crate) fn non_tokens(&self) -> Vec<NonToken> {
        // Users can add methods to a token only through a trait, and the methods of a trait have no visibility.
        let is_inherent = self.function.has_visibility();
        // The other roles are those of tokens. Beside a `NonBlock` in another type, there may be something else.
        let has_other_name = |parameter: &&Parameter<'_>| {
            matches!(
                parameter.role,
                Role::Alias(_) | Role::Other | Role::Nested(TokenType::NonBlock)
            )
        };
        let parameters = self.parameters.iter().filter(has_other_name);
        parameters.flat_map(|parameter| parameter.non_tokens(is_inherent)).collect()
    }

    /// Whether a parameter whose type has the name of a `Sleepable` or a `Context` gets a probe. A probe decides by the
    /// real type. Without a body there is no place for one, and without a parameter's name there may be no way to write
    /// one. Then the type's name decides.
    pub(super) fn is_probed(&self, parameter: &Parameter<'_>) -> bool {
        let can_be_written = match parameter.role {
            Role::Sleepable => true,
            Role::Context => parameter.name.is_some() || !parameter.is_impl_trait(),
            _ => return false,
        };
        can_be_written && self.function.body.is_some()
    }

    /// Whether a parameter may be the token under another name. A shared reference gives no right to sleep, and a type that
    /// cannot be written again can only be asked by the parameter's name.
    pub(super) fn may_be_token(&self, parameter: &Parameter<'_>) -> bool {
        if parameter.cfgs().next().is_some() {
            return false;
        }
        match parameter.role {
            Role::Alias(AliasForm::Impl) => {
                parameter.name.is_some() && self.function.body.is_some()
            }
            Role::Alias(AliasForm::Shared) => self.attribute == Attribute::NonBlock,
            Role::Alias(_) => true,
            _ => false,
        }
    }

    /// Whether this is the token that the attribute asks for.
    pub(super) fn wants(&self, token: TokenType) -> bool {
        matches!(
            (self.attribute, token),
            (Attribute::MaySleep, TokenType::Sleepable)
                | (Attribute::NonBlock, TokenType::NonBlock)
        )
    }

    /// Whether the token that the attribute asks for is missing, going by the names of the types.
    pub(super) fn lacks_token(&self) -> bool {
        let role = match self.attribute {
            Attribute::MaySleep => Role::Sleepable,
            Attribute::NonBlock => Role::NonBlock,
        };
        self.with_role(role).chain(self.with_role(Role::Context)).next().is_none()
    }

    /// Whether a token is owned, shared, or inside another type, so that it is of no use.
    pub(super) fn has_wrong_shape(&self) -> bool {
        self.parameters.iter().any(|parameter| match parameter.role {
            Role::WrongShape(_) => true,
            Role::Nested(token) => self.wants(token),
            _ => false,
        })
    }

    /// The parameters with this role.
    pub(super) fn with_role(&self, role: Role) -> impl Iterator<Item = &Parameter<'a>> {
        self.parameters.iter().filter(move |parameter| parameter.role == role)
    }
}

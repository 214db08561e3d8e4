//! Decides what a function's prologue has to do, and reports every mistake in the function.

mod annotated_fn;
mod await_point;
mod checks;
mod polls;
mod prologue;
mod suggestion;

use proc_macro2::Ident;

use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::parameters::{AliasForm, Parameter, Role, TokenType};

pub(crate) use annotated_fn::{AnnotatedFn, Enclosing};
pub(crate) use checks::remove_further_attributes;
pub(crate) use polls::ReturnedFuture;
pub(crate) use prologue::{Prologue, TokenParameter};

impl AnnotatedFn<'_> {
    /// Decides what the function's prologue does, and reports what is wrong with the function.
    pub(crate) fn validate(&self, diagnostics: &mut Diagnostics) -> Prologue {
        if self.refuse_qualifiers(diagnostics) {
            return self.args.binding.clone().map_or(Prologue::Nothing, Prologue::BindRefused);
        }
        if self.returned_future() == Some(ReturnedFuture::AsyncFn) {
            return self.async_prologue(diagnostics);
        }
        let prologue = match (self.attribute, &self.args.binding) {
            (_, Some(binding)) => self.bind_prologue(binding, diagnostics),
            (Attribute::MaySleep, None) => self.may_sleep_prologue(diagnostics),
            (Attribute::NonBlock, None) => self.non_block_prologue(diagnostics),
        };
        if self.attribute == Attribute::NonBlock
            && let Some(await_point) = await_point::find(self.function)
        {
            return Prologue::Error(Diagnostics::compile_error(
                await_point,
                "`.await` in a section: a section cannot be suspended and resumed",
                "await before the section and after it, and put what must not block into a function of its \
                 own",
            ));
        }
        match self.refuse_bare_future() {
            Some(error) => Prologue::Error(error),
            None => prologue,
        }
    }

    /// The prologue under `#[may_sleep]`.
    fn may_sleep_prologue(&self, diagnostics: &mut Diagnostics) -> Prologue {
        if self.refuse_cfg(diagnostics) {
            return Prologue::Nothing;
        }
        self.report_wrong_shapes(diagnostics);
        let token = self.with_role(Role::Sleepable).next();
        let context = self.with_role(Role::Context).next();
        let proof = self.with_role(Role::NonBlock).next();
        if let (Some(proof), Some(_)) = (proof, token.or(context)) {
            diagnostics.error(
                proof.ty(),
                "two tokens: a function that takes a `NonBlock` must not sleep, and this one may",
                "take `cx: &mut Sleepable` alone, and open a section inside with `cx.non_block(|nb| ...)`",
            );
        }
        self.report_second_token(diagnostics);
        if let Some(token) = token {
            return Prologue::Token(self.token_parameter(token));
        }
        if let Some(context) = context {
            if context.name.is_none() && context.is_impl_trait() && self.function.body.is_some() {
                diagnostics.error(
                    context.ty(),
                    "this token has no name, and the attribute needs one to check it",
                    "give it a name: `_cx: &mut impl Context`",
                );
                return Prologue::Nothing;
            }
            if context.name.is_none() && self.function.body.is_some() {
                return Prologue::ContextByType(context.probe_target());
            }
            return Prologue::Context(self.token_parameter(context));
        }
        if let Some(proof) = proof {
            let help = format!(
                "write `cx: &mut Sleepable` if it may sleep, or `#[non_block]` on the function if it must not{}",
                self.skip_help()
            );
            diagnostics.error(
                proof.ty(),
                "a `#[may_sleep]` function takes a `&mut Sleepable`, not a `NonBlock`",
                help,
            );
            return Prologue::Nothing;
        }
        if self.has_wrong_shape() {
            return Prologue::Nothing;
        }
        if self.function.body.is_none() {
            return self.declaration_prologue(diagnostics);
        }
        let aliases: Vec<_> = self
            .parameters
            .iter()
            .filter(|p| self.may_be_token(p))
            .map(Parameter::probe_target)
            .collect();
        if aliases.is_empty() {
            self.report_missing_token(diagnostics);
            return Prologue::Nothing;
        }
        Prologue::ByType(aliases)
    }

    /// The prologue under `#[non_block]`.
    fn non_block_prologue(&self, diagnostics: &mut Diagnostics) -> Prologue {
        if self.refuse_cfg(diagnostics) {
            return Prologue::Nothing;
        }
        self.report_wrong_shapes(diagnostics);
        self.report_sleepable(diagnostics);
        self.report_second_token(diagnostics);
        if let Some(proof) = self.with_role(Role::NonBlock).next() {
            // Only a mutable reference to a `Sleepable` gives the right to sleep.
            let sleepables = self.parameters.iter().filter(|p| match p.role {
                Role::Alias(
                    AliasForm::Mutable
                    | AliasForm::Associated
                    | AliasForm::Lifetime
                    | AliasForm::Bound
                    | AliasForm::Impl,
                ) => p.looks_like_token(),
                _ => self.is_probed(p),
            });
            return Prologue::Proof(
                self.token_parameter(proof),
                sleepables.map(Parameter::probe_target).collect(),
            );
        }
        let refused = |p: &Parameter<'_>| {
            matches!(p.role, Role::Sleepable | Role::Context) && !self.is_probed(p)
        };
        if self.has_wrong_shape() || self.parameters.iter().any(refused) {
            return Prologue::Nothing;
        }
        if self.function.body.is_none() {
            return self.declaration_prologue(diagnostics);
        }
        let probed = self.parameters.iter().filter(|p| match p.role {
            Role::Alias(_) => p.looks_like_token(),
            _ => self.is_probed(p),
        });
        Prologue::Section(probed.map(Parameter::probe_target).collect())
    }

    /// The prologue of a declared method in which no type has the token's name. A parameter whose type has another name
    /// may be the token.
    fn declaration_prologue(&self, diagnostics: &mut Diagnostics) -> Prologue {
        let aliases: Vec<_> = self.parameters.iter().filter(|p| self.may_be_token(p)).collect();
        // `type Cx: Context` is a token of either kind.
        if let [alias] = aliases.as_slice()
            && self.attribute == Attribute::MaySleep
            && alias.role == Role::Alias(AliasForm::Associated)
        {
            return Prologue::Context(self.token_parameter(alias));
        }
        if let [alias] = aliases.as_slice() {
            return Prologue::Token(self.token_parameter(alias));
        }
        match self.attribute {
            Attribute::MaySleep => self.report_missing_token(diagnostics),
            Attribute::NonBlock => {
                let message =
                    format!("`{}` has no body that could run in a section", self.signature.ident);
                let help = format!(
                    "take the proof of one: `{}`; or put `#[non_block]` on each implementation{}{}",
                    self.signature_with("nb: &NonBlock"),
                    self.foreign_help(),
                    self.skip_help()
                );
                diagnostics.error(&self.signature.ident, message, help);
            }
        }
        Prologue::Nothing
    }

    /// The prologue under an attribute that binds a token.
    fn bind_prologue(&self, binding: &Ident, diagnostics: &mut Diagnostics) -> Prologue {
        let name = self.attribute.name();
        if self.function.body.is_none() {
            let message = format!("`{}` has no body to bind `{binding}` in", self.signature.ident);
            let help = format!(
                "take the token: `{}` under `#[{name}]`{}{}",
                self.signature_with(self.attribute.suggested_parameter()),
                self.foreign_help(),
                self.skip_help()
            );
            diagnostics.error(&self.signature.ident, message, help);
            return Prologue::Nothing;
        }
        let named_alike = self.signature.bound_names().contains(binding);
        let token = self.parameters.iter().find(|p| {
            matches!(
                p.role,
                Role::Sleepable
                    | Role::NonBlock
                    | Role::Context
                    | Role::WrongShape(_)
                    | Role::Nested(_)
            )
        });
        if let Some(token) = token {
            let message = format!(
                "two tokens: the attribute binds `{binding}`, but this parameter is a token already"
            );
            let help = match (self.attribute, token.role) {
                (
                    Attribute::NonBlock,
                    Role::Sleepable | Role::Context | Role::Nested(TokenType::Sleepable),
                ) => {
                    "open the section in the body with `cx.non_block(|nb| ...)`, which keeps the token \
                     borrowed meanwhile"
                        .to_owned()
                }
                (Attribute::MaySleep, Role::NonBlock | Role::Nested(TokenType::NonBlock)) => {
                    "a function that takes a `NonBlock` must not sleep: remove the attribute".to_owned()
                }
                (_, Role::Nested(_)) => format!(
                    "take it as a parameter of its own, `{}`, under `#[{name}]`",
                    self.attribute.suggested_parameter()
                ),
                _ => format!("write `#[{name}]`: it needs no other token than the one that it takes"),
            };
            diagnostics.error(token.ty(), message, help);
            return if named_alike {
                Prologue::Nothing
            } else {
                Prologue::BindRefused(binding.clone())
            };
        }
        if named_alike {
            let message = format!("`{binding}` is already the name of a parameter");
            let alias = self
                .parameters
                .iter()
                .any(|p| p.name.as_ref() == Some(binding) && self.may_be_token(p));
            let keep = if alias {
                format!("write `#[{name}]` if that is the token, and if not, ")
            } else {
                "write ".to_owned()
            };
            let help = format!("{keep}another name: `#[{name}({binding}_token)]`");
            diagnostics.error(binding, message, help);
            return Prologue::Nothing;
        }
        let aliases = self
            .parameters
            .iter()
            .filter(|p| matches!(p.role, Role::Alias(_)) && p.looks_like_token());
        Prologue::Bind(binding.clone(), aliases.map(Parameter::probe_target).collect())
    }

    fn token_parameter(&self, parameter: &Parameter<'_>) -> TokenParameter {
        TokenParameter::new(parameter, self.function.body.is_some())
    }
}

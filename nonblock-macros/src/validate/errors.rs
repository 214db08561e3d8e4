//! The mistakes in what an attribute is on, and what to say of each.

use super::Check;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::Attr;
use crate::parameters::{Parameter, Role, Token};

impl Check<'_> {
    /// Refuses what no function of these attributes can be.
    pub(super) fn refuse_kind(&self, diagnostics: &mut Diagnostics) -> bool {
        let name = self.attribute.name();
        let skip = self.skip_help();
        let mut refused = false;
        if let Some(token) = self.signature.asyncness {
            let (wrong, help) = match self.attribute {
                Attribute::MaySleep => (
                    "an `async fn` must not sleep: it would hold up every task of its executor",
                    "await instead of sleeping; or write a plain `fn` that takes `cx: &mut Sleepable`, and \
                     call it on a thread that may sleep",
                ),
                Attribute::NonBlock => (
                    "an `async fn` cannot be a section: it is left at every `.await`",
                    "put what must not block into a plain `fn` with `#[non_block]`, and call it here",
                ),
            };
            diagnostics.error(token, wrong, format!("{help}{skip}"));
            refused = true;
        }
        if let Some(token) = self.signature.constness {
            let wrong = format!("a `const fn` cannot be checked at run time, as `#[{name}]` does");
            let help = format!(
                "remove `const`, or remove `#[{name}]`: what the compiler runs never sleeps{skip}"
            );
            diagnostics.error(token, wrong, help);
            refused = true;
        }
        if let Some(attr) =
            self.function.attrs.iter().find(|attr| attr.name().is_some_and(|n| n == "naked"))
        {
            let wrong = format!("a naked function has no entry for `#[{name}]` to check");
            let help = "put the attribute on a function that calls this one";
            diagnostics.error(attr, wrong, format!("{help}{skip}"));
            refused = true;
        }
        refused
    }

    /// Reports tokens that are owned, shared, or inside another type.
    pub(super) fn wrong_shapes(&self, parameters: &[Parameter<'_>], diagnostics: &mut Diagnostics) {
        for parameter in parameters {
            let name = parameter.name.map_or_else(|| "_".to_owned(), ToString::to_string);
            let (wrong, help) = match parameter.role {
                // It has been reported as what must not come in; or else it is not needed where the token is there as
                // well.
                Role::WrongShape(Token::Sleepable) | Role::Nested(Token::Sleepable)
                    if self.attribute == Attribute::NonBlock =>
                {
                    continue;
                }
                Role::WrongShape(Token::Sleepable) => (
                    "the right to sleep is lent by `&mut` reference: it is never owned nor shared",
                    format!("write `{name}: &mut Sleepable`"),
                ),
                Role::WrongShape(Token::NonBlock) => (
                    "the proof of a section is lent by reference: it is never owned",
                    format!(
                        "write `{name}: &NonBlock`, or `{name}: &mut NonBlock` to open sections inside"
                    ),
                ),
                Role::Nested(token) if self.lacks_token(parameters) && self.wants(token) => (
                    "the token is inside another type",
                    format!("make it a parameter of its own: `{}`", self.attribute.parameter()),
                ),
                _ => continue,
            };
            diagnostics.error(parameter.ty(), wrong, help);
        }
    }

    /// Reports the right to sleep among the parameters of a function that must not.
    pub(super) fn sleepable_comes_in(
        &self,
        parameters: &[Parameter<'_>],
        diagnostics: &mut Diagnostics,
    ) {
        for parameter in parameters.iter().filter(|p| !self.is_asked(p)) {
            let (wrong, help) = match parameter.role {
                Role::Sleepable | Role::WrongShape(Token::Sleepable) => (
                    "a `Sleepable` comes into a function that must not block",
                    "take `nb: &mut NonBlock` instead; the caller opens the section: `cx.non_block(|nb| ...)`",
                ),
                Role::Context => (
                    "this may be a `Sleepable`, and comes into a function that must not block",
                    "take `nb: &mut NonBlock`; or serve both contexts without the attribute, and open a section \
                     in the body with `cx.non_block(|nb| ...)`",
                ),
                Role::Nested(Token::Sleepable) => (
                    "a `Sleepable` comes into a function that must not block, inside another type",
                    "remove it; where the section ends, the caller has its `Sleepable` again",
                ),
                _ => continue,
            };
            diagnostics.error(parameter.ty(), wrong, help);
        }
    }

    /// Reports a token that comes in twice.
    pub(super) fn second(&self, parameters: &[Parameter<'_>], diagnostics: &mut Diagnostics) {
        let mine = match self.attribute {
            Attribute::MaySleep => [Role::Sleepable, Role::Context],
            Attribute::NonBlock => [Role::NonBlock, Role::NonBlock],
        };
        for second in parameters.iter().filter(|p| mine.contains(&p.role)).skip(1) {
            diagnostics.error(
                second.ty(),
                "a second token: one thread has one at a time",
                "take one, and pass it on",
            );
        }
    }

    /// Reports that there is no token at all.
    pub(super) fn missing(&self, diagnostics: &mut Diagnostics) {
        // An argument that could not be read may have been meant to bind one.
        if self.args.unreadable {
            return;
        }
        let (wrong, help) = self.missing_text();
        diagnostics.error(&self.signature.ident, wrong, help);
    }
}

/// Reports attributes of ours on a function that has one already, and takes them off.
pub(crate) fn remaining_attributes(
    attribute: Attribute,
    attrs: &mut Vec<Attr>,
    diagnostics: &mut Diagnostics,
) {
    attrs.retain(|attr| {
        let other = attr.name().and_then(|name| Attribute::by_name(&name.to_string()));
        let Some(other) = other else { return true };
        let (wrong, help) = if other == attribute {
            (format!("`#[{}]` is given twice", other.name()), "keep one of the two".to_owned())
        } else {
            (
                "what may sleep cannot be non-blocking as well".to_owned(),
                "keep `#[may_sleep]` if it waits for anything, and `#[non_block]` if it must not"
                    .to_owned(),
            )
        };
        diagnostics.error(attr, wrong, help);
        false
    });
}

/// Refuses a token that a `#[cfg]` takes away.
pub(super) fn refuse_conditions(
    parameters: &[Parameter<'_>],
    diagnostics: &mut Diagnostics,
) -> bool {
    let before = diagnostics.count();
    let tokens = parameters.iter().filter(|parameter| match parameter.role {
        Role::Sleepable | Role::NonBlock | Role::Context => true,
        Role::Alias(_) => parameter.reads_as_token(),
        _ => false,
    });
    for condition in tokens.flat_map(Parameter::conditions) {
        diagnostics.error(
            condition,
            "a token that is there only sometimes is no right and no proof",
            "write the function twice, each with a `#[cfg]` of its own: with the token, and without",
        );
    }
    diagnostics.count() > before
}

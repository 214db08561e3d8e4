//! The checks of the function that an attribute is on, and what each says if it fails.

use super::annotated_fn::AnnotatedFn;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::Attr;
use crate::parameters::{Parameter, Role, TokenType};

impl AnnotatedFn<'_> {
    /// Refuses a function that is `const` or naked, or `async` and may sleep. Returns whether it is.
    pub(super) fn refuse_qualifiers(&self, diagnostics: &mut Diagnostics) -> bool {
        let name = self.attribute.name();
        let skip = self.skip_help();
        let mut refused = false;
        if self.attribute == Attribute::MaySleep
            && let Some(token) = self.signature.qualifier("async")
        {
            let message =
                "an `async fn` must not sleep: it would hold up every task of its executor";
            let help = "await instead of sleeping; or write a plain `fn` that takes `cx: &mut Sleepable`, and \
                        call it on a thread that may sleep: `nonblock::tokio::spawn_blocking(|cx| ...).await`, \
                        or with another executor what it has for that";
            diagnostics.error(token, message, format!("{help}{skip}"));
            refused = true;
        }
        if let Some(token) = self.signature.qualifier("const") {
            let message =
                format!("a `const fn` cannot be checked at run time, as `#[{name}]` does");
            let help = format!(
                "remove `const`, or remove `#[{name}]`: what the compiler runs never sleeps{skip}"
            );
            diagnostics.error(token, message, help);
            refused = true;
        }
        if let Some(attr) =
            self.function.attrs.iter().find(|attr| attr.name().is_some_and(|n| n == "naked"))
        {
            let message = format!(
                "`#[{name}]` adds code at a function's entry, which a naked function cannot have"
            );
            let help = "put the attribute on a function that calls this one";
            diagnostics.error(attr, message, format!("{help}{skip}"));
            refused = true;
        }
        refused
    }

    /// Reports tokens that are owned, shared, or inside another type.
    pub(super) fn report_wrong_shapes(&self, diagnostics: &mut Diagnostics) {
        for parameter in &self.parameters {
            let name = parameter.name.as_ref().map_or_else(|| "_".to_owned(), ToString::to_string);
            let (message, help) = match parameter.role {
                // `report_sleepable` reports it if it must not come in.
                Role::WrongShape(TokenType::Sleepable) | Role::Nested(TokenType::Sleepable)
                    if self.attribute == Attribute::NonBlock =>
                {
                    continue;
                }
                Role::WrongShape(TokenType::Sleepable) => (
                    "a `Sleepable` is passed as `&mut Sleepable`, and in no other way",
                    format!("write `{name}: &mut Sleepable`"),
                ),
                Role::WrongShape(TokenType::NonBlock) => (
                    "a `NonBlock` is passed by reference, and never by value",
                    format!(
                        "write `{name}: &NonBlock`, or `{name}: &mut NonBlock` to open sections inside"
                    ),
                ),
                Role::Nested(token) if self.lacks_token() && self.wants(token) => (
                    "the token is inside another type",
                    format!(
                        "make it a parameter of its own: `{}`",
                        self.attribute.suggested_parameter()
                    ),
                ),
                _ => continue,
            };
            diagnostics.error(parameter.ty(), message, help);
        }
    }

    /// Reports each `Sleepable` among the parameters of a function that must not block.
    pub(super) fn report_sleepable(&self, diagnostics: &mut Diagnostics) {
        for parameter in self.parameters.iter().filter(|p| !self.is_probed(p)) {
            let (message, help) = match parameter.role {
                Role::Sleepable | Role::WrongShape(TokenType::Sleepable) => (
                    "a `Sleepable` comes into a function that must not block",
                    "take `nb: &mut NonBlock` instead; the caller opens the section: `cx.non_block(|nb| ...)`",
                ),
                Role::Context => (
                    "this may be a `Sleepable`, and comes into a function that must not block",
                    "take `nb: &mut NonBlock`; or serve both contexts without the attribute, and open a section \
                     in the body with `cx.non_block(|nb| ...)`",
                ),
                Role::Nested(TokenType::Sleepable) => (
                    "a `Sleepable` comes into a function that must not block, inside another type",
                    "remove it: the caller keeps its `Sleepable`, and can use it again when the section has ended",
                ),
                _ => continue,
            };
            diagnostics.error(parameter.ty(), message, help);
        }
    }

    /// Reports every token after the first.
    pub(super) fn report_second_token(&self, diagnostics: &mut Diagnostics) {
        let wanted = match self.attribute {
            Attribute::MaySleep => [Role::Sleepable, Role::Context],
            Attribute::NonBlock => [Role::NonBlock, Role::NonBlock],
        };
        for second in self.parameters.iter().filter(|p| wanted.contains(&p.role)).skip(1) {
            diagnostics.error(
                second.ty(),
                "a second token: a function takes one",
                "take one, and pass it on",
            );
        }
    }

    /// Reports that there is no token.
    pub(super) fn report_missing_token(&self, diagnostics: &mut Diagnostics) {
        // The invalid argument may have been meant to bind one.
        if self.args.has_invalid {
            return;
        }
        let (message, help) = self.missing_token();
        diagnostics.error(&self.signature.ident, message, help);
    }

    /// Refuses a token that has a `#[cfg]`. Returns whether there is one.
    pub(super) fn refuse_cfg(&self, diagnostics: &mut Diagnostics) -> bool {
        let before = diagnostics.count();
        let tokens = self.parameters.iter().filter(|parameter| match parameter.role {
            Role::Sleepable | Role::NonBlock | Role::Context => true,
            Role::Alias(_) => parameter.has_token_name(),
            _ => false,
        });
        for cfg in tokens.flat_map(Parameter::cfgs) {
            diagnostics.error(
                cfg,
                "a token cannot have a `#[cfg]`: where the condition fails, the function would have none",
                "write the function twice, each with a `#[cfg]` of its own: with the token, and without",
            );
        }
        diagnostics.count() > before
    }
}

/// Reports a further `#[may_sleep]` or `#[non_block]` on the same item, and takes it off.
pub(crate) fn remove_further_attributes(
    attribute: Attribute,
    attrs: &mut Vec<Attr>,
    diagnostics: &mut Diagnostics,
) {
    attrs.retain(|attr| {
        let Some(other) = attr.as_own() else { return true };
        let (message, help) = if other == attribute {
            (format!("`#[{}]` is given twice", other.name()), "keep one of the two".to_owned())
        } else {
            (
                "a function cannot be both `#[may_sleep]` and `#[non_block]`".to_owned(),
                "keep `#[may_sleep]` if it waits for anything, and `#[non_block]` if it must not"
                    .to_owned(),
            )
        };
        diagnostics.error(attr, message, help);
        false
    });
}

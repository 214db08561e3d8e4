//! What messages suggest to write instead.

use quote::ToTokens as _;

use super::annotated_fn::AnnotatedFn;
use crate::parameters::Role;
use crate::token_tree::{TokenSlice, to_source};

/// How long a signature may be in a message, in characters.
const LONGEST: usize = 90;

impl AnnotatedFn<'_> {
    /// The message and the help for a function without a token.
    pub(super) fn missing_token(&self) -> (String, String) {
        let ident = &self.signature.ident;
        let message =
            format!("`{ident}` may sleep, but takes no token that gives it the right to sleep");
        let write = format!("write `{}`", self.signature_with("cx: &mut Sleepable"));
        let unbounded =
            self.parameters.iter().find(|p| p.role == Role::Unbounded && p.looks_like_token());
        let help = if ident == "main" && self.signature.inputs.is_empty() {
            "a program starts with no token; `#[may_sleep(cx)]` binds one in the body".to_owned()
        } else if let Some(token) = unbounded {
            let ty = to_source(token.ty().to_token_stream());
            let bounded = ty.rsplit(' ').next().unwrap_or(&ty);
            let name = token.name.as_ref().map_or_else(|| "_".to_owned(), ToString::to_string);
            format!("add the bound `{bounded}: Context`, or take `{name}: &mut Sleepable`")
        } else if self.function.body.is_none() {
            write + &self.foreign_help()
        } else {
            format!(
                "{write}; or, if the signature is not yours to change, bind a token in the body with \
                 `#[may_sleep(cx)]` (a call in a section is then found at run time only)"
            )
        };
        (message, help + &self.skip_help())
    }

    /// The help to add if the function may be a foreign one.
    pub(super) fn foreign_help(&self) -> String {
        if self.may_be_foreign() {
            let name = self.attribute.name();
            format!("; if this is a foreign function, put `#[{name}]` on its `extern` block")
        } else {
            String::new()
        }
    }

    /// The signature with `token` as its first parameter.
    pub(super) fn signature_with(&self, token: &str) -> String {
        let signature = self.signature;
        let (ident, output) = (&signature.ident, &signature.output);
        let generics = &signature.generics.params;
        let generics = if generics.is_empty() {
            String::new()
        } else {
            format!("<{}>", to_source(TokenSlice(generics).to_token_stream()))
        };
        let mut parameters: Vec<String> =
            signature.inputs.iter().map(|arg| to_source(arg.to_token_stream())).collect();
        let receivers = usize::from(signature.receiver().is_some());
        parameters.insert(receivers, token.to_owned());
        let output = to_source(TokenSlice(output).to_token_stream());
        let space = if output.is_empty() { "" } else { " " };
        let full = format!("fn {ident}{generics}({}){space}{output}", parameters.join(", "));
        if full.len() <= LONGEST {
            return full;
        }
        parameters.truncate(receivers + 1);
        format!("fn {ident}({}, ...)", parameters.join(", "))
    }

    /// The help to add if the attribute of a block has reached the function.
    pub(super) fn skip_help(&self) -> String {
        match self.enclosing.block {
            Some(_) => format!("; or leave it out with `#[{}(skip)]`", self.attribute.name()),
            None => String::new(),
        }
    }
}

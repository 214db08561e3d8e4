//! Which parameter is the token.

mod parameter;
mod type_syntax;

pub(crate) use parameter::{Asked, Behind, Parameter, Role, Scope, Stranger, Token, bound_names};
pub(crate) use type_syntax::{first_span, last_span};

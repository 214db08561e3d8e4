//! Which parameter is the token.
//!
//! Nothing here knows a type: a macro sees only how it is written. So a name merely makes a parameter a candidate, and
//! the code that the expansion contains for a candidate compiles only if its type really is the token.

mod parameter;
mod role;
mod type_params;
mod type_syntax;

pub(crate) use parameter::{NonToken, Parameter, ProbeTarget};
pub(crate) use role::{AliasForm, Role};
pub(crate) use type_params::TypeParams;
pub(crate) use type_syntax::TokenType;

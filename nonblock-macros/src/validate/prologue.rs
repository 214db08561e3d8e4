//! What a function's prologue has to do.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use crate::parameters::{Parameter, ProbeTarget};

/// The code that the expansion puts at a function's entry.
#[derive(Debug)]
pub(crate) enum Prologue {
    /// None: the function was refused, or has no body and nothing to check.
    Nothing,
    /// Checks the token that comes in.
    Token(TokenParameter),
    /// Checks the proof of a section, and that none of these parameters is a `Sleepable` under another name.
    Proof(TokenParameter, Vec<ProbeTarget>),
    /// Checks a token of either kind.
    Context(TokenParameter),
    /// Checks a token of either kind by its type, because its pattern gives it no name.
    ContextByType(ProbeTarget),
    /// Finds the token among these parameters, by their types.
    ByType(Vec<ProbeTarget>),
    /// Binds a token to this name, and checks that none of these parameters is a token already.
    Bind(Ident, Vec<ProbeTarget>),
    /// Opens a section, unless one of these parameters is the proof of one.
    Section(Vec<ProbeTarget>),
    /// Makes the body of an `async fn` a future whose polls are sections, and checks that none of these parameters is a token.
    Polls(Vec<ProbeTarget>),
    /// This error takes the place of the body.
    Error(TokenStream),
    /// The function was refused. The name is bound nevertheless, so that its uses in the body are no further errors.
    BindRefused(Ident),
}

/// The parameter that is the token.
#[derive(Debug)]
pub(crate) struct TokenParameter {
    /// The parameter's name, unless it has a pattern that gives it none.
    pub(crate) name: Option<Ident>,
    /// The parameter's type, or nothing where the name is enough: to write the type takes a call into the compiler.
    pub(crate) ty: Vec<TokenTree>,
    /// The spans of the first and the last token of the type.
    pub(crate) type_ends: (Span, Span),
}

impl TokenParameter {
    /// `has_body` is whether the function has a body, in which the name can stand.
    pub(super) fn new(parameter: &Parameter<'_>, has_body: bool) -> Self {
        let name = parameter.name.clone();
        let is_named = name.is_some() && has_body;
        let ty = if is_named { Vec::new() } else { parameter.type_tokens().to_vec() };
        Self { name, ty, type_ends: parameter.type_ends() }
    }
}

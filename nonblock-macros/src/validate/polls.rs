//! Functions that return a future, under `#[non_block]`: each poll of it is a section.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

use super::annotated_fn::AnnotatedFn;
use super::prologue::Prologue;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::parameters::{Parameter, Role};
use crate::signature::{Argument, Arguments, Bound, Path, Type, TypeKind};
use crate::token_tree::inspect::last_span;
use crate::token_tree::{is_ident, is_punct};

/// How a function hands out a future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReturnedFuture {
    /// It is an `async fn`.
    AsyncFn,
    /// It returns `impl Future`.
    Opaque,
    /// It returns `Pin<Box<dyn Future>>`, or an alias of that.
    Boxed,
}

impl AnnotatedFn<'_> {
    /// How the function hands out a future, if it does.
    pub(crate) fn returned_future(&self) -> Option<ReturnedFuture> {
        if self.attribute != Attribute::NonBlock {
            return None;
        }
        if self.signature.qualifier("async").is_some() {
            return Some(ReturnedFuture::AsyncFn);
        }
        let [minus, angle, ty @ ..] = self.signature.output.as_slice() else { return None };
        debug_assert!(is_punct(minus, '-') && is_punct(angle, '>'), "this is an arrow");
        match &Type::new(ty).ungroup().kind {
            TypeKind::ImplTrait(bounds) if bounds.iter().any(is_future) => {
                Some(ReturnedFuture::Opaque)
            }
            TypeKind::Path(path) if is_boxed_future(path) => Some(ReturnedFuture::Boxed),
            _ => None,
        }
    }

    /// The type that an `async fn` returns, as tokens, if it can be written in the body.
    pub(crate) fn output_of_async(&self) -> Option<Vec<TokenTree>> {
        let [_, _, ty @ ..] = self.signature.output.as_slice() else { return None };
        let is_never = matches!(ty, [bang] if is_punct(bang, '!'));
        (!is_never && !has_ident(ty.iter().cloned(), "impl")).then(|| ty.to_vec())
    }

    /// The prologue of an `async fn`.
    pub(super) fn async_prologue(&self, diagnostics: &mut Diagnostics) -> Prologue {
        if self.refuse_tokens(diagnostics) {
            return Prologue::Nothing;
        }
        if self.function.body.is_none() {
            let name = &self.signature.ident;
            let message = format!("`{name}` has no body whose polls could be sections");
            let help = format!("put `#[non_block]` on each implementation{}", self.skip_help());
            diagnostics.error(name, message, help);
            return Prologue::Nothing;
        }
        let probed = self
            .parameters
            .iter()
            .filter(|p| matches!(p.role, Role::Alias(_)) && p.looks_like_token());
        Prologue::Polls(probed.map(Parameter::probe_target).collect())
    }

    /// Refuses a function that returns a future in a way by which its polls would be no sections.
    pub(super) fn refuse_bare_future(&self) -> Option<TokenStream> {
        let body = self.function.body.as_ref()?;
        let future = self.returned_future().filter(|future| *future != ReturnedFuture::AsyncFn)?;
        let may_return = self.function.body_source().is_none_or(|source| source.contains("return"));
        if may_return && let Some(at) = find_return(body.stream()) {
            return Some(Diagnostics::compile_error(
                at,
                "`return` in a function that returns a future, which would then be polled in no section",
                "let the function end in the future; or leave the attribute out, and write \
                 `nonblock::future::NonBlocking::new(future)`",
            ));
        }
        if future == ReturnedFuture::Boxed && !ends_in_pin(body) {
            return Some(Diagnostics::compile_error(
                last_span(&self.signature.output),
                "this returns a boxed future, and the attribute cannot reach the future in the box",
                "let the body end in `Box::pin(...)`; or leave the attribute out, and write \
                 `Box::pin(nonblock::future::NonBlocking::new(future))`",
            ));
        }
        None
    }

    /// Refuses tokens that an `async fn` would keep across its awaits. Returns whether there are any.
    fn refuse_tokens(&self, diagnostics: &mut Diagnostics) -> bool {
        const HELP: &str =
            "between two awaits, lend one to a closure: `nonblock::non_block(|nb| ...)`";
        let before = diagnostics.count();
        if let Some(binding) = &self.args.binding {
            diagnostics.error(
                binding,
                "a token cannot be kept across an `.await`: the section ends there",
                format!("write `#[non_block]`; {HELP}"),
            );
        }
        for parameter in &self.parameters {
            let is_token = matches!(
                parameter.role,
                Role::Sleepable
                    | Role::NonBlock
                    | Role::Context
                    | Role::WrongShape(_)
                    | Role::Nested(_)
            );
            if is_token {
                diagnostics.error(
                    parameter.ty(),
                    "an `async fn` cannot take a token: it would keep it across its awaits",
                    format!("remove it; {HELP}"),
                );
            }
        }
        diagnostics.count() > before
    }
}

fn is_future(bound: &Bound) -> bool {
    matches!(bound, Bound::Trait(path) if path.segments.last().is_some_and(|last| last.ident == "Future"))
}

/// Whether a path is `Pin<Box<dyn Future>>`, or one of the usual aliases.
fn is_boxed_future(path: &Path) -> bool {
    let Some(last) = path.segments.last() else { return false };
    if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
        return true;
    }
    let argument = |path: &Path, name: &str| {
        let last = path.segments.last()?;
        let Arguments::Angles(arguments) = &last.arguments else { return None };
        let [Argument::Type(ty)] = arguments.as_slice() else { return None };
        (last.ident == name).then(|| ty.ungroup().clone())
    };
    let Some(pinned) = argument(path, "Pin") else { return false };
    let TypeKind::Path(pinned) = pinned.kind else { return false };
    let Some(boxed) = argument(&pinned, "Box") else { return false };
    matches!(boxed.kind, TypeKind::TraitObject) && has_ident(boxed.tokens.into_iter(), "Future")
}

fn has_ident(tokens: impl Iterator<Item = TokenTree>, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_ident(group.stream().into_iter(), name),
        token => is_ident(&token, name),
    })
}

/// Whether a body ends in `Box::pin(...)`.
fn ends_in_pin(body: &Group) -> bool {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    match tokens.as_slice() {
        [.., name, first, second, pin, TokenTree::Group(arguments)] => {
            is_ident(name, "Box")
                && is_punct(first, ':')
                && is_punct(second, ':')
                && is_ident(pin, "pin")
                && arguments.delimiter() == Delimiter::Parenthesis
        }
        _ => false,
    }
}

/// Finds the first `return` that belongs to the body itself, and not to an `async` block or a macro.
fn find_return(body: TokenStream) -> Option<Span> {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let mut in_async = false;
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) if ident == "async" => in_async = true,
            TokenTree::Ident(ident) if ident == "return" => return Some(ident.span()),
            TokenTree::Group(group) => {
                let is_of_async = in_async && group.delimiter() == Delimiter::Brace;
                let is_of_macro =
                    i.checked_sub(1).and_then(|i| tokens.get(i)).is_some_and(|t| is_punct(t, '!'));
                if is_of_async {
                    in_async = false;
                } else if !is_of_macro && let Some(found) = find_return(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

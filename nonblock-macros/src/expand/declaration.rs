//! The expansion of a declared method: one without a body.
//!
//! It has no place for code, so a `where` clause checks the token's type. The clause has no bounds, so callers and
//! implementors have nothing to prove. The documentation does not show it.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, quote, quote_spanned};

use crate::attribute::Attribute;
use crate::signature::{Type, TypeKind};
use crate::token_tree::inspect::{first_span, last_span};
use crate::token_tree::{TokenSlice, is_ident, is_punct};
use crate::validate::{AnnotatedFn, Prologue};

/// Expands a declared method.
pub(super) fn expand(
    declared: &AnnotatedFn<'_>,
    prologue: &Prologue,
    attrs: &TokenStream,
) -> TokenStream {
    let function = declared.function;
    let (token, check) = match (prologue, declared.attribute) {
        (Prologue::Token(token), Attribute::MaySleep) => (token, "IsSleepable"),
        (Prologue::Token(token) | Prologue::Proof(token, _), _) => (token, "IsNonBlock"),
        (Prologue::Context(token), _) if !is_impl_trait(&token.ty) => (token, "IsContext"),
        _ => return function.declaration(attrs, TokenSlice(&function.header)),
    };
    let hidden = Span::mixed_site();
    let predicate = token_predicate(declared, &token.ty, check);
    let self_predicate = declared.may_be_foreign().then(|| self_predicate(declared));
    let has_clause = function.header.iter().any(|token| is_ident(token, "where"));
    let ends_clause = function
        .header
        .last()
        .is_some_and(|token| is_punct(token, ',') || is_ident(token, "where"));
    let before = match (has_clause, ends_clause) {
        (false, _) => quote_spanned!(hidden=> where),
        (true, true) => TokenStream::new(),
        (true, false) => quote_spanned!(hidden=> ,),
    };
    let plain = TokenSlice(&function.header);
    let header = quote!(#plain #before #predicate #self_predicate);
    let checked = function.declaration(quote_spanned!(hidden=> #[cfg(not(doc))] #attrs), header);
    let shown = function.declaration(quote_spanned!(hidden=> #[cfg(doc)] #attrs), plain);
    quote!(#checked #shown)
}

/// Writes `Self:,`, a predicate without a bound. It does not compile in an `extern` block.
///
/// In a trait it always holds, and the trait can still be used as `dyn`. A foreign function must not compile, because
/// it would pass the token on to C, and in an `extern` block there is no `Self`. This `Self` comes from a macro whose
/// name says what to do, and the compiler's error shows that name.
fn self_predicate(declared: &AnnotatedFn<'_>) -> TokenStream {
    let hidden = Span::mixed_site();
    let private = declared.args.private_path();
    let at = declared.signature.ident.span();
    let it = quote_spanned!(hidden=> #private::put_the_attribute_on_the_extern_block!());
    let mut path = TokenStream::new();
    for mut token in it {
        // This is what the compiler underlines.
        token.set_span(at.resolved_at(token.span()));
        path.append(token);
    }
    quote_spanned!(hidden=> #path:,)
}

/// Writes `IsSleepable<T>:,`, a predicate that compiles only if `T` is the token. `check` is the name before the `<`.
///
/// The compiler underlines from the predicate's first token to its last. So these two have the spans of the type that
/// the user wrote.
fn token_predicate(declared: &AnnotatedFn<'_>, written: &[TokenTree], check: &str) -> TokenStream {
    let hidden = Span::mixed_site();
    let private = declared.args.private_path();
    let check = Ident::new(check, hidden);
    let (first, last) = (first_span(written), last_span(written));
    let ty = replace_elided_lifetimes(TokenSlice(&referent(written)).into_token_stream());
    let mut path = TokenStream::new();
    for (i, mut token) in quote_spanned!(hidden=> #private::#check<).into_iter().enumerate() {
        // `::` is two tokens.
        if i < 2 {
            token.set_span(first);
        }
        path.append(token);
    }
    let end = quote_spanned!(last=> >);
    quote_spanned!(hidden=> #path #ty #end:,)
}

/// The type behind a reference. Any other type stays as it is.
fn referent(ty: &[TokenTree]) -> Vec<TokenTree> {
    match &Type::new(ty).ungroup().kind {
        TypeKind::Reference(reference) => reference.elem.tokens.clone(),
        _ => ty.to_vec(),
    }
}

/// Whether a type is an `impl Trait`, or a reference to one.
fn is_impl_trait(ty: &[TokenTree]) -> bool {
    matches!(Type::new(&referent(ty)).ungroup().kind, TypeKind::ImplTrait(_))
}

/// Replaces `'_` by `'static`: a `where` clause cannot contain `'_`.
fn replace_elided_lifetimes(ty: TokenStream) -> TokenStream {
    let mut after_apostrophe = false;
    ty.into_iter()
        .map(|token| {
            let is_lifetime = after_apostrophe;
            after_apostrophe = is_punct(&token, '\'');
            match token {
                TokenTree::Ident(ident) if ident == "_" && is_lifetime => {
                    Ident::new("static", ident.span()).into()
                }
                TokenTree::Group(group) => {
                    let content = replace_elided_lifetimes(group.stream());
                    let mut inner = Group::new(group.delimiter(), content);
                    inner.set_span(group.span());
                    inner.into()
                }
                other => other,
            }
        })
        .collect()
}

//! The expansion of a declared method: one without a body.
//!
//! No code can stand there, so a `where` clause checks the token's type. It has nothing to prove for
//! callers and implementors, and the documentation does without it.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, quote, quote_spanned};
use syn::Type;

use crate::args::is_punct;
use crate::attribute::Attribute;
use crate::parameters::{first_span, last_span};
use crate::token_tree::inspect::{Tokens, is_word};
use crate::validate::{Check, Entry};

/// Writes a declared method.
pub(crate) fn write(check: &Check<'_>, entry: &Entry, attrs: &TokenStream) -> TokenStream {
    let function = check.function;
    let (received, is) = match (entry, check.attribute) {
        (Entry::Token(received), Attribute::MaySleep) => (received, "IsSleepable"),
        (Entry::Token(received) | Entry::Proof(received, _), _) => (received, "IsNonBlock"),
        (Entry::Context(received), _) if !is_impl(&received.ty) => (received, "IsContext"),
        _ => return function.declared(attrs, Tokens(&function.header)),
    };
    let hidden = Span::mixed_site();
    let predicate = predicate(check, &received.ty, is);
    let in_a_trait = check.may_be_foreign().then(|| in_a_trait(check));
    let has_clause = function.header.iter().any(|token| is_word(token, "where"));
    let ends_clause =
        function.header.last().is_some_and(|token| is_punct(token, ',') || is_word(token, "where"));
    let before = match (has_clause, ends_clause) {
        (false, _) => quote_spanned!(hidden=> where),
        (true, true) => TokenStream::new(),
        (true, false) => quote_spanned!(hidden=> ,),
    };
    let plain = Tokens(&function.header);
    let header = quote!(#plain #before #predicate #in_a_trait);
    let checked = function.declared(quote_spanned!(hidden=> #[cfg(not(doc))] #attrs), header);
    let shown = function.declared(quote_spanned!(hidden=> #[cfg(doc)] #attrs), plain);
    quote!(#checked #shown)
}

/// Says nothing of `Self`, but says it: in a trait that holds always, and leaves it usable as `dyn`. In an
/// `extern` block, whose functions would pass the token on to C, there is no `Self`, and the compiler's error
/// names the macro that stands for it.
fn in_a_trait(check: &Check<'_>) -> TokenStream {
    let hidden = Span::mixed_site();
    let private = check.args.private(hidden);
    let at = check.signature.ident.span();
    let it = quote_spanned!(hidden=> #private::put_the_attribute_on_the_extern_block!());
    let mut path = TokenStream::new();
    for mut token in it {
        // What the compiler underlines.
        token.set_span(at.resolved_at(token.span()));
        path.append(token);
    }
    quote_spanned!(hidden=> #path:,)
}

/// Names a type that has this parameter only if it is the token: `IsSleepable<T>:`. The compiler underlines
/// it from its first token to its last.
fn predicate(check: &Check<'_>, written: &TokenStream, is: &str) -> TokenStream {
    let hidden = Span::mixed_site();
    let private = check.args.private(hidden);
    let checks = Ident::new(is, hidden);
    let (first, last) = (first_span(written), last_span(written));
    let ty = without_elided_lifetimes(referent(written.clone()));
    let mut path = TokenStream::new();
    for (i, mut token) in quote_spanned!(hidden=> #private::#checks<).into_iter().enumerate() {
        // `::` is two tokens.
        if i < 2 {
            token.set_span(first);
        }
        path.append(token);
    }
    let end = quote_spanned!(last=> >);
    quote_spanned!(hidden=> #path #ty #end:,)
}

/// Takes the reference off a token's type, with its lifetime.
fn referent(ty: TokenStream) -> TokenStream {
    match syn::parse2::<Type>(ty.clone()) {
        Ok(Type::Reference(reference)) => reference.elem.into_token_stream(),
        Ok(Type::Paren(inner)) => referent(inner.elem.into_token_stream()),
        Ok(Type::Group(inner)) => referent(inner.elem.into_token_stream()),
        _ => ty,
    }
}

/// Whether only a signature can name what a reference is to: an `impl Trait`.
fn is_impl(ty: &TokenStream) -> bool {
    matches!(syn::parse2::<Type>(referent(ty.clone())), Ok(Type::ImplTrait(_)))
}

/// Writes `'static` for `'_`, which a `where` clause cannot hold.
fn without_elided_lifetimes(ty: TokenStream) -> TokenStream {
    let mut quote = false;
    ty.into_iter()
        .map(|token| {
            let of_lifetime = quote;
            quote = is_punct(&token, '\'');
            match token {
                TokenTree::Ident(ident) if ident == "_" && of_lifetime => {
                    Ident::new("static", ident.span()).into()
                }
                TokenTree::Group(group) => {
                    let content = without_elided_lifetimes(group.stream());
                    let mut inner = Group::new(group.delimiter(), content);
                    inner.set_span(group.span());
                    inner.into()
                }
                other => other,
            }
        })
        .collect()
}

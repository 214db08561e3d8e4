//! The expansion of one function or method.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, quote, quote_spanned};
use syn::Signature;
use syn::spanned::Spanned as _;

use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::docs;
use crate::item::{BlockKind, Function, split_inner_attributes};
use crate::validate::{Check, Entry, Place, Received, remaining_attributes};

/// Expands a function: the same one, with an entry that checks its token or brings it about.
pub(crate) fn expand(
    attribute: Attribute,
    args: &Args,
    place: &Place,
    mut function: Function,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    remaining_attributes(attribute, &mut function.attrs, diagnostics);
    let signature: Signature = match syn::parse2(function.signature()) {
        Ok(signature) => signature,
        Err(error) => {
            let wrong = format!("`#[{}]` cannot read this signature: {error}", attribute.name());
            diagnostics.error_at(error.span(), wrong, "write a function's signature");
            return function.to_token_stream();
        }
    };
    let check = Check { attribute, args, place, function: &function, signature: &signature };
    let entry = check.entry(diagnostics);
    let line = docs::line(attribute, &entry, function.body.is_none());
    let public = function.has_visibility()
        || function.body.is_none()
        || place.block == Some(BlockKind::Trait);
    let attrs = docs::with_line(&function.attrs, line, public);
    let Some(body) = &function.body else {
        return declaration(attribute, args, &function, &entry, attrs);
    };
    let body = Writer { attribute, private: args.private(Span::mixed_site()), check: &check }
        .body(body, entry);
    let mut header = TokenStream::new();
    header.append_all(&function.header);
    function.with(attrs, header, Some(TokenTree::Group(body)))
}

/// Writes bodies.
struct Writer<'a> {
    attribute: Attribute,
    /// The path of what expansions call.
    private: TokenStream,
    check: &'a Check<'a>,
}

impl Writer<'_> {
    fn body(&self, body: &Group, entry: Entry) -> Group {
        let (inner, rest) = split_inner_attributes(body);
        let private = &self.private;
        // Seen by nobody else: a name of this span resolves in expansions alone.
        let hidden = Span::mixed_site();
        let content = match entry {
            Entry::Nothing => quote!(#inner #rest),
            Entry::Token(received) => {
                let entry = self.received(received);
                quote!(#inner #entry #rest)
            }
            Entry::Proof(received, sleepables) => {
                let entry = self.received(received);
                let no_sleepable = self.no_sleepable(&sleepables);
                quote!(#inner #entry #no_sleepable #rest)
            }
            Entry::Context(Received { name: Some(name), ty }) => {
                let name = located(&name, ty.span());
                let call = quote_spanned!(hidden=> #private::context(#name););
                quote!(#inner #call #rest)
            }
            Entry::Context(Received { name: None, ty }) if ty.to_string().contains("impl") => {
                // A type without a name, behind a pattern: there is nothing to call it by.
                quote!(#inner #rest)
            }
            Entry::Context(Received { name: None, ty }) => {
                let entry = self.by_type(&[ty]);
                quote!(#inner #entry #rest)
            }
            Entry::ByType(types) => {
                let entry = self.by_type(&types);
                quote!(#inner #entry #rest)
            }
            Entry::Bind(name) => {
                let binder = Ident::new(
                    if self.attribute == Attribute::MaySleep { "sleepable" } else { "non_block" },
                    hidden,
                );
                let call = self.here(quote_spanned!(hidden=> #private::Bound::#binder), None);
                let body = braces(rest, body);
                let expanded = quote_spanned! {hidden=>
                    match #call {
                        mut holder => match holder.token() {
                            #name => #body
                        }
                    }
                };
                quote!(#inner #expanded)
            }
            Entry::Section(types) => {
                let call = if types.is_empty() {
                    self.here(quote_spanned!(hidden=> #private::Section::enter), None)
                } else {
                    let found = self.found(&types, &Ident::new("beside", hidden));
                    self.here(quote_spanned!(hidden=> #private::section), Some(found))
                };
                let body = braces(rest, body);
                let expanded = quote_spanned! {hidden=>
                    match #call {
                        _section => #body
                    }
                };
                quote!(#inner #expanded)
            }
            Entry::Refused(name) => {
                let token = Ident::new(
                    if self.attribute == Attribute::MaySleep { "Sleepable" } else { "NonBlock" },
                    hidden,
                );
                let body = braces(rest, body);
                let expanded = quote_spanned! {hidden=>
                    match #private::refused::<#private::#token>() {
                        #name => #body
                    }
                };
                quote!(#inner #expanded)
            }
        };
        let mut group = Group::new(Delimiter::Brace, content);
        group.set_span(body.span());
        group
    }
}

impl Writer<'_> {
    /// The check of a token that comes in, at the type of its parameter.
    fn received(&self, Received { name, ty }: Received) -> TokenStream {
        let private = &self.private;
        let hidden = Span::mixed_site();
        let enter = Ident::new(self.attribute.name(), hidden);
        if let Some(name) = name {
            let token = located(&name, ty.span());
            let call =
                self.here(quote_spanned!(hidden=> #private::#enter), Some(token.to_token_stream()));
            return quote_spanned!(hidden=> #call;);
        }
        // A pattern leaves no value to pass on: its type is checked in a closure that is never called.
        let token = Ident::new("token", hidden.located_at(ty.span()));
        let enter_by_type = Ident::new(&format!("{}_by_type", self.attribute.name()), hidden);
        let closure = quote_spanned!(hidden=> |#token: #ty| #private::#enter(#token));
        let call = self.here(quote_spanned!(hidden=> #private::#enter_by_type), Some(closure));
        quote_spanned!(hidden=> #call;)
    }

    /// The check that none of these types is a `Sleepable`.
    fn no_sleepable(&self, types: &[TokenStream]) -> TokenStream {
        if types.is_empty() {
            return TokenStream::new();
        }
        let hidden = Span::mixed_site();
        let found = self.found(types, &Ident::new("beside", hidden));
        quote_spanned!(hidden=> #found;)
    }

    /// The entry of a function that may sleep, and whose token may have any name.
    fn by_type(&self, types: &[TokenStream]) -> TokenStream {
        let private = &self.private;
        let hidden = Span::mixed_site();
        let found = self.found(types, &Ident::new("or", hidden));
        let (wrong, help) = self.check.missing_text();
        // The compiler underlines the argument.
        let at = self.check.signature.ident.span();
        let found = Group::new(Delimiter::None, found);
        let found = TokenTree::Group(found);
        let _ = at;
        let call = self.here(quote_spanned!(hidden=> TakesToken::enter), Some(found.into()));
        quote_spanned! {hidden=>
            {
                #[diagnostic::on_unimplemented(message = #wrong, label = "takes no `&mut Sleepable`", note = #help)]
                trait TakesToken: #private::MayEnter {
                    fn enter(self);
                }
                #[diagnostic::do_not_recommend]
                impl<T: #private::MayEnter> TakesToken for T {
                    #[inline]
                    #[track_caller]
                    fn enter(self) {
                        #private::MayEnter::enter(self);
                    }
                }
                #call;
            }
        }
    }

    /// Asks each type which token it is, and joins the answers.
    fn found(&self, types: &[TokenStream], join: &Ident) -> TokenStream {
        let private = &self.private;
        let hidden = Span::mixed_site();
        let mut found = quote_spanned!(hidden=> #private::Nothing);
        for ty in types {
            let at = hidden.located_at(ty.span());
            let answer = quote_spanned!(at=> #private::Probe::<#ty>::new().answer());
            found.extend(quote_spanned!(hidden=> .#join(#answer)));
        }
        found
    }

    /// A call whose location, as a report names it, is the function's name.
    fn here(&self, function: TokenStream, argument: Option<TokenStream>) -> TokenStream {
        let at = self.check.signature.ident.span();
        super::here(function, argument.unwrap_or_default(), at)
    }
}

/// A declared method: its token's type is checked in a `where` clause, which holds for every caller.
fn declaration(
    attribute: Attribute,
    args: &Args,
    function: &Function,
    entry: &Entry,
    attrs: TokenStream,
) -> TokenStream {
    let mut header = TokenStream::new();
    header.append_all(&function.header);
    let (Entry::Token(received) | Entry::Proof(received, _)) = entry else {
        return function.with(attrs, header, None);
    };
    let _ = (attribute, args, received);
    function.with(attrs, header, None)
}

/// The name as the function's body sees it, at another place in the source.
fn located(name: &Ident, at: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(at.resolved_at(name.span()));
    name
}

/// The function's body without its inner attributes, in braces where it stood.
fn braces(content: TokenStream, body: &Group) -> Group {
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(body.span());
    group
}

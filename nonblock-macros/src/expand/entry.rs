//! What stands at a function's entry.
//!
//! The names that it binds have the span of the expansion, so that the author's code can neither use nor
//! disturb them. What the compiler underlines if a check fails has the span of what is at fault.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::Token;

use super::here;
use crate::attribute::Attribute;
use crate::validate::{Check, Received};

/// Writes entries.
pub(crate) struct Writer<'a> {
    check: &'a Check<'a>,
    /// The path of what expansions call.
    private: TokenStream,
    /// The span of the expansion's own names.
    hidden: Span,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(check: &'a Check<'a>) -> Self {
        let hidden = Span::mixed_site();
        Self { check, private: check.args.private(hidden), hidden }
    }

    /// The check of a token that comes in, at the type of its parameter.
    pub(crate) fn received(&self, Received { name, ty }: Received) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        let enter = Ident::new(self.check.attribute.name(), hidden);
        let call = if let Some(name) = name {
            let token = self.reborrow(&name, &ty);
            let call = self.here(quote_spanned!(hidden=> #private::#enter), token);
            self.on_purpose(&name, call)
        } else {
            // A pattern leaves no value to pass on: a closure that is never called checks the type.
            let name = Ident::new("token", last_span(&ty));
            let token = self.reborrow(&name, &ty);
            let by_type = format_ident!("{enter}_by_type", span = hidden);
            let closure = quote_spanned!(hidden=> |#name: #ty| #private::#enter(#token));
            self.here(quote_spanned!(hidden=> #private::#by_type), closure)
        };
        quote_spanned!(hidden=> #call;)
    }

    /// The check of a token of either kind.
    pub(crate) fn context(&self, Received { name, ty }: Received) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        match name {
            Some(name) => {
                let token = self.reborrow(&name, &ty);
                let call = self.here(quote_spanned!(hidden=> #private::context), token);
                let call = self.on_purpose(&name, call);
                quote_spanned!(hidden=> #call;)
            }
            // Behind a pattern, a type without a name leaves nothing to check it by.
            None if is_impl_trait(&ty) => TokenStream::new(),
            None => self.by_type(&[ty]),
        }
    }

    /// The check that none of these types is a `Sleepable`.
    pub(crate) fn no_sleepable(&self, types: &[TokenStream]) -> TokenStream {
        self.none(types, "beside")
    }

    /// The check that no parameter is a token that neither its type's name nor its own gives away. It takes the
    /// compiler far less than asking, and so can be made of every one.
    pub(crate) fn no_stranger(&self) -> TokenStream {
        let types = self.check.strangers();
        if types.is_empty() {
            return TokenStream::new();
        }
        let (private, hidden) = (&self.private, self.hidden);
        let check = match self.check.attribute {
            Attribute::MaySleep => "no_token",
            Attribute::NonBlock => "no_sleepable",
        };
        let mut checks = TokenStream::new();
        for ty in types {
            // The compiler underlines the path, from its first token to its last.
            let open = Token![<](first_span(&ty));
            let check = Ident::new(check, last_span(&ty));
            checks.extend(quote_spanned!(hidden=> let _ = #open #private::Probe<#ty>>::#check;));
        }
        quote_spanned!(hidden=> { use #private::Stranger as _; #checks })
    }

    /// The check that none of these types is a token that `join` refuses.
    fn none(&self, types: &[TokenStream], join: &str) -> TokenStream {
        if types.is_empty() {
            return TokenStream::new();
        }
        let (answers, found) = self.found(types, join);
        let hidden = self.hidden;
        quote_spanned!(hidden=> { #answers #found; })
    }

    /// The entry of a function that may sleep, and whose token may have any name.
    pub(crate) fn by_type(&self, types: &[TokenStream]) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        let (answers, joined) = self.found(types, "or");
        // The compiler underlines the argument: the function's name.
        let at = self.check.signature.ident.span();
        let found = Ident::new("found", at);
        let and = Token![&](at);
        let enter = self.here(quote_spanned!(hidden=> #private::enter), found.to_token_stream());
        quote_spanned! {hidden=>
            {
                #answers
                let #found = #joined;
                #private::TakesToken::check(#and #found);
                #enter;
            }
        }
    }

    /// The body with a token bound around it.
    pub(crate) fn bind(&self, name: &Ident, types: &[TokenStream], body: &Group) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        let (binder, join) = match self.check.attribute {
            Attribute::MaySleep => (Ident::new("sleepable", hidden), "alone"),
            Attribute::NonBlock => (Ident::new("non_block", hidden), "beside"),
        };
        let no_other = self.none(types, join);
        let bound =
            self.here(quote_spanned!(hidden=> #private::Bound::#binder), TokenStream::new());
        quote_spanned! {hidden=>
            {
                #no_other
                let mut holder = #bound;
                let #name = holder.token();
                #body
            }
        }
    }

    /// The body in a section, unless one of these types is the proof that it is in one already.
    pub(crate) fn section(&self, types: &[TokenStream], body: &Group) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        let section = if types.is_empty() {
            self.here(quote_spanned!(hidden=> #private::Section::enter), TokenStream::new())
        } else {
            let (answers, found) = self.found(types, "beside");
            let section = self.here(quote_spanned!(hidden=> #private::section), found);
            quote_spanned!(hidden=> { #answers #section })
        };
        quote_spanned! {hidden=>
            {
                let _section = #section;
                #body
            }
        }
    }

    /// The body of a refused function, in which the name of its token means something all the same.
    pub(crate) fn refused(&self, name: &Ident, body: &Group) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        let token = match self.check.attribute {
            Attribute::MaySleep => Ident::new("Sleepable", hidden),
            Attribute::NonBlock => Ident::new("NonBlock", hidden),
        };
        quote_spanned! {hidden=>
            {
                let #name = #private::refused::<#private::#token>();
                #body
            }
        }
    }

    /// Asks each type which token it is. Returns the answers' statements, and what joins them.
    fn found(&self, types: &[TokenStream], join: &str) -> (TokenStream, TokenStream) {
        let (private, hidden) = (&self.private, self.hidden);
        let join = Ident::new(join, hidden);
        let mut answers = TokenStream::new();
        let mut joined = quote_spanned!(hidden=> #private::Nothing);
        for (i, ty) in types.iter().enumerate() {
            let answer = Ident::new(&format!("parameter{i}"), last_span(ty));
            let and = Token![&](first_span(ty));
            answers.extend(
                quote_spanned!(hidden=> let #answer = #private::Probe::<#ty>::new().answer();),
            );
            joined.extend(quote_spanned!(hidden=> .#join(#and #answer)));
        }
        (answers, joined)
    }

    /// Reborrows a token, where its type is written: the compiler underlines from the first token to the
    /// last.
    fn reborrow(&self, name: &Ident, ty: &TokenStream) -> TokenStream {
        let context = name.span();
        let mut name = name.clone();
        name.set_span(last_span(ty).resolved_at(context));
        let first = first_span(ty).resolved_at(context);
        match self.check.attribute {
            Attribute::MaySleep => quote_spanned!(first=> &mut *#name),
            Attribute::NonBlock => quote_spanned!(first=> &*#name),
        }
    }

    /// Keeps clippy from finding fault with the use of a parameter that the author's code leaves unused: the
    /// name, which must resolve as the author's, is the author's to the lint as well.
    fn on_purpose(&self, name: &Ident, call: TokenStream) -> TokenStream {
        if name.to_string().starts_with('_') {
            quote_spanned!(self.hidden=> #[allow(clippy::used_underscore_binding)] #call)
        } else {
            call
        }
    }

    /// A call whose location, as a report names it, is the function's name.
    fn here(&self, function: TokenStream, arguments: TokenStream) -> TokenStream {
        here(function, arguments, self.check.signature.ident.span())
    }
}

fn is_impl_trait(ty: &TokenStream) -> bool {
    ty.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "impl"))
}

/// Where a type begins.
pub(super) fn first_span(ty: &TokenStream) -> Span {
    ty.clone().into_iter().next().map_or_else(Span::mixed_site, |token| token.span())
}

/// Where a type ends.
pub(super) fn last_span(ty: &TokenStream) -> Span {
    ty.clone().into_iter().last().map_or_else(Span::mixed_site, |token| match token {
        TokenTree::Group(group) => group.span_close(),
        token => token.span(),
    })
}

//! What stands at a function's entry.
//!
//! The names that it binds have the span of the expansion, so that the author's code can neither use nor
//! disturb them. What the compiler underlines if a check fails has the span of what is at fault.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::Token;

use crate::attribute::Attribute;
use crate::build::{Private, braces, call, here, punct, word};
use crate::parameters::{Stranger, first_span, last_span};
use crate::validate::{Check, Received};

/// Writes entries.
pub(crate) struct Writer {
    attribute: Attribute,
    /// The path of what expansions call.
    path: Private,
    /// The same, for longer expansions.
    private: TokenStream,
    /// The span of the expansion's own names.
    hidden: Span,
    /// Where the function's name stands.
    at: Span,
    /// The types that may be tokens under other names.
    strangers: Vec<Stranger>,
}

impl Writer {
    pub(crate) fn new(check: &Check<'_>) -> Self {
        let hidden = Span::mixed_site();
        Self {
            attribute: check.attribute,
            path: Private::new(check.args, hidden),
            private: check.args.private(hidden),
            hidden,
            at: check.signature.ident.span(),
            strangers: check.strangers(),
        }
    }

    /// The check of a token that comes in, at the type of its parameter.
    pub(crate) fn received(&self, Received { name, ty, ends }: Received) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        let enter = self.attribute.name();
        if let Some(name) = name {
            let token = self.reborrow(&name, ends);
            return self.on_purpose(&name, self.call(enter, token));
        }
        // A pattern leaves no value to pass on: a closure that is never called checks the type.
        let name = Ident::new("token", ends.1);
        let token = self.reborrow(&name, ends);
        let enter = Ident::new(enter, hidden);
        let by_type = format!("{enter}_by_type");
        let closure = quote_spanned!(hidden=> |#name: #ty| #private::#enter(#token));
        self.statement(self.call(&by_type, closure))
    }

    /// The check of a token of either kind.
    pub(crate) fn context(&self, Received { name, ty, ends }: Received) -> TokenStream {
        match name {
            Some(name) => {
                let token = self.reborrow(&name, ends);
                self.on_purpose(&name, self.call("context", token))
            }
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
        let types = &self.strangers;
        if types.is_empty() {
            return TokenStream::new();
        }
        let (private, hidden) = (&self.private, self.hidden);
        let check = match self.attribute {
            Attribute::MaySleep => "no_token",
            Attribute::NonBlock => "no_sleepable",
        };
        let mut checks = TokenStream::new();
        for Stranger { conditions, ty } in types {
            // The compiler underlines the path, from its first token to its last.
            let open = Token![<](first_span(ty));
            let check = Ident::new(check, last_span(ty));
            checks.extend(quote_spanned!(hidden=> #(#conditions)* let _ = #open #private::Probe<#ty>>::#check;));
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
        let at = self.at;
        let found = Ident::new("found", at);
        let and = Token![&](at);
        let enter = self.here("enter", found.to_token_stream());
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
    pub(crate) fn bind(
        &self,
        name: &Ident,
        types: &[TokenStream],
        body: &TokenTree,
    ) -> TokenStream {
        let hidden = self.hidden;
        let (binder, join) = match self.attribute {
            Attribute::MaySleep => ("bind_sleepable", "alone"),
            Attribute::NonBlock => ("bind_non_block", "beside"),
        };
        let no_other = self.none(types, join);
        let bound = self.here(binder, TokenStream::new());
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
    pub(crate) fn section(&self, types: &[TokenStream], body: TokenTree) -> TokenTree {
        let hidden = self.hidden;
        let mut held = vec![word("let", hidden), word("_section", hidden), punct('=', hidden)];
        if types.is_empty() {
            held.extend(self.call("enter_section", TokenStream::new()));
        } else {
            let (answers, found) = self.found(types, "beside");
            let section = self.here("section", found);
            held.push(braces(answers.into_iter().chain([section]), hidden).into());
        }
        held.extend([punct(';', hidden), body]);
        braces(held, hidden).into()
    }

    /// The body of a refused function, in which the name of its token means something all the same.
    pub(crate) fn refused(&self, name: &Ident, body: &TokenTree) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        let token = match self.attribute {
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
    fn reborrow(&self, name: &Ident, (first, last): (Span, Span)) -> TokenStream {
        let context = name.span();
        let mut name = name.clone();
        name.set_span(last.resolved_at(context));
        let first = first.resolved_at(context);
        let mut tokens = vec![punct('&', first)];
        if self.attribute == Attribute::MaySleep {
            tokens.push(word("mut", first));
        }
        tokens.extend([punct('*', first), name.into()]);
        tokens.into_iter().collect()
    }

    /// Keeps clippy from finding fault with the use of a parameter that the author's code leaves unused: the
    /// name, which must resolve as the author's, is the author's to the lint as well.
    fn on_purpose(&self, name: &Ident, call: Vec<TokenTree>) -> TokenStream {
        let call = self.statement(call);
        if name.to_string().starts_with('_') {
            quote_spanned!(self.hidden=> #[allow(clippy::used_underscore_binding)] #call)
        } else {
            call
        }
    }

    fn statement(&self, call: Vec<TokenTree>) -> TokenStream {
        call.into_iter().chain([punct(';', self.hidden)]).collect()
    }

    /// As [`here`](Self::here), for where a call cannot be taken for anything else.
    fn call(&self, function: &str, arguments: TokenStream) -> Vec<TokenTree> {
        call(self.path.path(function, self.hidden), arguments, self.at)
    }

    /// A call of what has this name in the crate, whose location, as a report names it, is the function's name.
    fn here(&self, function: &str, arguments: TokenStream) -> TokenTree {
        here(self.path.path(function, self.hidden), arguments, self.at)
    }
}

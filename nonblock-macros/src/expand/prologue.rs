//! What stands at a function's entry.
//!
//! The names that it binds have the span of the expansion, so that the author's code can neither use nor
//! disturb them. What the compiler underlines if a check fails has the span of what is at fault.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::Token;

use crate::attribute::Attribute;
use crate::parameters::{Asked, Stranger, first_span, last_span};
use crate::token_tree::construct::{Private, braces, call, here, punct, word};
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
    pub(crate) fn context(&self, Received { name, ends, .. }: Received) -> TokenStream {
        let Some(name) = name else { return TokenStream::new() };
        let token = self.reborrow(&name, ends);
        self.on_purpose(&name, self.call("context", token))
    }

    /// The check that no parameter is a token that neither its type's name nor its own gives away. It takes the
    /// compiler less than asking, and so can be made of every one.
    pub(crate) fn no_stranger(&self) -> TokenStream {
        let types = &self.strangers;
        if types.is_empty() {
            return TokenStream::new();
        }
        let (private, hidden) = (&self.private, self.hidden);
        let refusal = match self.attribute {
            Attribute::MaySleep => "NoOther",
            Attribute::NonBlock => "NotSleepable",
        };
        let mut checks = TokenStream::new();
        for Stranger { conditions, ty } in types {
            let ends = (first_span(ty), last_span(ty));
            let (and, answer) = (Token![&](ends.0), Ident::new("answer", ends.1));
            let check = self.refuse(refusal, quote_spanned!(hidden=> #and #answer), ends);
            checks.extend(quote_spanned! {hidden=>
                #(#conditions)* { let #answer = <#private::Probe<#ty>>::ask(); #check }
            });
        }
        quote_spanned!(hidden=> { use #private::Stranger as _; #checks })
    }

    /// The check that none of these types is a token that must not come in.
    pub(crate) fn none(&self, asked: &[Asked]) -> TokenStream {
        if asked.is_empty() {
            return TokenStream::new();
        }
        let (answers, _) = self.found(asked, self.refusals());
        let hidden = self.hidden;
        quote_spanned!(hidden=> { #answers })
    }

    /// What tokens must not be, where none but the proof of a section may come in.
    const fn refusals(&self) -> &'static [&'static str] {
        match self.attribute {
            Attribute::MaySleep => &["NoOther"],
            Attribute::NonBlock => &["NotSleepable", "NotGeneric"],
        }
    }

    /// The check of an answer.
    ///
    /// The called path has the same ends as its argument: where they differ, the compiler says that a call at the
    /// attribute asks for the bound.
    fn refuse(
        &self,
        refusal: &str,
        asked: TokenStream,
        (first, last): (Span, Span),
    ) -> TokenStream {
        let mut path = self.path.path(refusal, self.hidden);
        path.extend(Private::last("check", last));
        // `::` is two tokens.
        for token in path.iter_mut().take(2) {
            if matches!(token, TokenTree::Punct(_)) {
                token.set_span(first);
            }
        }
        path.push(Group::new(Delimiter::Parenthesis, asked).into());
        path.push(punct(';', self.hidden));
        path.into_iter().collect()
    }

    /// The entry of a function that may sleep, and whose token may have any name.
    pub(crate) fn by_type(&self, asked: &[Asked]) -> TokenStream {
        let (answers, joined) = self.found(asked, &[]);
        let (at, hidden) = (self.at, self.hidden);
        // The compiler underlines the argument: the function's name.
        let found = Ident::new("found", at);
        let and = Token![&](at);
        let check = self.refuse("TakesToken", quote_spanned!(hidden=> #and #found), (at, at));
        let enter = self.here("enter", found.to_token_stream());
        quote_spanned! {hidden=>
            {
                #answers
                let #found = #joined;
                #check
                #enter;
            }
        }
    }

    /// The body with a token bound around it.
    pub(crate) fn bind(&self, name: &Ident, asked: &[Asked], body: &TokenTree) -> TokenStream {
        let hidden = self.hidden;
        let binder = match self.attribute {
            Attribute::MaySleep => "bind_sleepable",
            Attribute::NonBlock => "bind_non_block",
        };
        let no_other = self.none(asked);
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
    pub(crate) fn section(&self, asked: &[Asked], body: TokenTree) -> TokenTree {
        let hidden = self.hidden;
        let mut held = vec![word("let", hidden), word("_section", hidden), punct('=', hidden)];
        if asked.is_empty() {
            held.extend(self.call("enter_section", TokenStream::new()));
        } else {
            let (answers, found) = self.found(asked, self.refusals());
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

    /// Asks each type which token it is, and checks that it is none that is refused. Returns the statements, and what
    /// joins the answers.
    fn found(&self, asked: &[Asked], refusals: &[&str]) -> (TokenStream, TokenStream) {
        let (private, hidden) = (&self.private, self.hidden);
        let mut answers = TokenStream::new();
        let mut joined = quote_spanned!(hidden=> #private::Nothing);
        for (i, Asked { ty, value }) in asked.iter().enumerate() {
            let ends = (first_span(ty), last_span(ty));
            let answer = Ident::new(&format!("parameter{i}"), ends.1);
            let and = Token![&](ends.0);
            let probe = match value {
                None => quote_spanned!(hidden=> #private::Probe::<#ty>::new()),
                Some(name) => quote_spanned!(hidden=> #private::Probe::of(&#name)),
            };
            let allow = value.as_ref().and_then(Self::allowance);
            answers.extend(quote_spanned!(hidden=> #allow let #answer = #probe.answer();));
            for refusal in refusals {
                answers.extend(self.refuse(refusal, quote_spanned!(hidden=> #and #answer), ends));
            }
            joined.extend(quote_spanned!(hidden=> .or(#and #answer)));
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
        match Self::allowance(name) {
            Some(allow) => quote_spanned!(self.hidden=> #allow #call),
            None => call,
        }
    }

    /// What a statement that uses this parameter needs before it.
    fn allowance(name: &Ident) -> Option<TokenStream> {
        name.to_string()
            .starts_with('_')
            .then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::used_underscore_binding)]))
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

//! The code at a function's entry.
//!
//! The names that it binds have the span of the expansion, so the user's code can neither use them nor get in their
//! way. If a check fails, the compiler underlines tokens of the expansion. These have the span of what is wrong in the
//! user's code.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};

use crate::attribute::Attribute;
use crate::parameters::{NonToken, ProbeTarget};
use crate::private_path::PrivatePath;
use crate::token_tree::TokenSlice;
use crate::token_tree::construct::{
    braced_call, braces, braces_around, call, ident, own_name, path_segment, punct,
};
use crate::token_tree::inspect::{first_span, last_span};
use crate::validate::{AnnotatedFn, TokenParameter};

/// Writes the parts of a prologue.
pub(super) struct PrologueWriter {
    attribute: Attribute,
    private: PrivatePath,
    /// The span of the expansion's own names.
    hidden: Span,
    /// The span of the function's name.
    at: Span,
    non_tokens: Vec<NonToken>,
}

impl PrologueWriter {
    pub(super) fn new(function: &AnnotatedFn<'_>) -> Self {
        Self {
            attribute: function.attribute,
            private: function.args.private_path(),
            hidden: Span::mixed_site(),
            at: function.signature.ident.span(),
            non_tokens: function.non_tokens(),
        }
    }

    /// Checks a token that comes in.
    pub(super) fn check_token(&self, token: TokenParameter) -> TokenStream {
        let TokenParameter { name, ty, type_ends } = token;
        let (private, hidden) = (&self.private, self.hidden);
        let enter = self.attribute.name();
        if let Some(name) = name {
            let token = self.reborrow(&name, type_ends);
            return self.without_lint(&name, self.call(enter, token));
        }
        // Without a name there is no value to pass on. A closure that is never called checks the type.
        let name = own_name("token", type_ends.1);
        let token = self.reborrow(&name, type_ends);
        let enter = Ident::new(enter, hidden);
        let by_type = format!("{enter}_by_type");
        let ty = TokenSlice(&ty);
        let closure = quote_spanned!(hidden=> |#name: #ty| #private::#enter(#token));
        self.statement(self.call(&by_type, closure))
    }

    /// Checks a token of either kind.
    pub(super) fn check_context(&self, token: TokenParameter) -> TokenStream {
        let Some(name) = token.name else { return TokenStream::new() };
        let token = self.reborrow(&name, token.type_ends);
        self.without_lint(&name, self.call("context", token))
    }

    /// Checks that no parameter is a token that does not look like one. This takes the compiler less time than
    /// [`probe`](Self::probe) does, so it can be done for each type.
    pub(super) fn check_non_tokens(&self) -> TokenStream {
        if self.non_tokens.is_empty() {
            return TokenStream::new();
        }
        let (private, hidden) = (&self.private, self.hidden);
        let requirement = match self.attribute {
            Attribute::MaySleep => "NoOther",
            Attribute::NonBlock => "NotSleepable",
        };
        let mut checks = TokenStream::new();
        let ask = own_name("ask", hidden);
        for NonToken { cfgs, types } in &self.non_tokens {
            let Some(whole) = types.first() else { continue };
            let ends = (first_span(whole), last_span(whole));
            let (and, answer) = (punct('&', ends.0), own_name("answer", ends.1));
            let mut answers = TokenStream::new();
            for (i, ty) in types.iter().enumerate() {
                let (declared, probe) = self.probe_of_type(ty);
                // Of several answers, the first that found a token remains.
                let asked = quote_spanned!(hidden=> #probe.#ask());
                let joined =
                    if i == 0 { asked } else { quote_spanned!(hidden=> #answer.or(&#asked)) };
                answers.extend(quote_spanned! {hidden=>
                    #declared
                    let #answer = #joined;
                });
            }
            let check =
                self.check_requirement(requirement, quote_spanned!(hidden=> #and #answer), ends);
            checks.extend(quote_spanned!(hidden=> #cfgs { #answers #check }));
        }
        // Only the types count. So nothing of it need be run, nor compiled to code.
        quote_spanned!(hidden=> { if false { use #private::Stranger as _; #checks } })
    }

    /// Writes a statement and, for after it, an expression for the probe of a type.
    ///
    /// The signature has the type too, and whatever lint is about it.
    fn probe_of_type(&self, ty: &[TokenTree]) -> (TokenStream, TokenStream) {
        let (private, hidden, ty) = (&self.private, self.hidden, TokenSlice(ty));
        let elements = own_name("elements", hidden);
        let declared = quote_spanned! {hidden=>
            #[allow(deprecated)]
            let #elements: [#ty; 0] = [];
        };
        (declared, quote_spanned!(hidden=> #private::Probe::of_elements(&#elements)))
    }

    /// Checks that none of these parameters is a token that must not come in.
    pub(super) fn check_no_token(&self, targets: &[ProbeTarget]) -> TokenStream {
        if targets.is_empty() {
            return TokenStream::new();
        }
        let (answers, _) = self.probe(targets, self.requirements());
        let hidden = self.hidden;
        quote_spanned!(hidden=> { #answers })
    }

    /// The requirements that keep out every token but the proof of a section.
    const fn requirements(&self) -> &'static [&'static str] {
        match self.attribute {
            Attribute::MaySleep => &["NoOther"],
            Attribute::NonBlock => &["NotSleepable", "NotGeneric"],
        }
    }

    /// Checks that the answer of a probe meets a requirement, which is a trait in `__private`.
    ///
    /// `first` and `last` are the ends of the answer, and the called path gets them too. If they differed, the compiler
    /// would add that the trait is required by a call at the attribute.
    fn check_requirement(
        &self,
        requirement: &str,
        answer: TokenStream,
        (first, last): (Span, Span),
    ) -> TokenStream {
        let mut path = self.private.item(requirement);
        path.extend(path_segment("check", last));
        // `::` is two tokens.
        for token in path.iter_mut().take(2) {
            if matches!(token, TokenTree::Punct(_)) {
                token.set_span(first);
            }
        }
        path.push(Group::new(Delimiter::Parenthesis, answer).into());
        path.push(punct(';', self.hidden));
        path.into_iter().collect()
    }

    /// Finds the token among these parameters, by their types, and checks it.
    pub(super) fn check_by_type(&self, targets: &[ProbeTarget]) -> TokenStream {
        let (answers, joined) = self.probe(targets, &[]);
        let (at, hidden) = (self.at, self.hidden);
        // The compiler underlines the argument, which has the span of the function's name.
        let found = own_name("found", at);
        let and = punct('&', at);
        let check =
            self.check_requirement("TakesToken", quote_spanned!(hidden=> #and #found), (at, at));
        let enter = self.braced_call("enter", found.to_token_stream());
        quote_spanned! {hidden=>
            {
                #answers
                let #found = #joined;
                #check
                #enter;
            }
        }
    }

    /// Writes the body with a token bound before it.
    pub(super) fn bind(
        &self,
        name: &Ident,
        targets: &[ProbeTarget],
        body: &TokenTree,
    ) -> TokenStream {
        let hidden = self.hidden;
        let bind = match self.attribute {
            Attribute::MaySleep => "bind_sleepable",
            Attribute::NonBlock => "bind_non_block",
        };
        let no_token = self.check_no_token(targets);
        let bound = self.braced_call(bind, TokenStream::new());
        let (private, holder) = (&self.private, own_name("holder", hidden));
        // The binding is an unsafe function, so that only an expansion can own a token, and no safe code of the user's. With
        // the span of the expansion, this is no unsafe code of the user's either.
        quote_spanned! {hidden=>
            {
                #no_token
                let mut #holder = unsafe #bound;
                let #name = #private::BoundToken::token(&mut #holder);
                #body
            }
        }
    }

    /// Writes the body in a section, unless one of these parameters is the proof of one.
    pub(super) fn section(&self, targets: &[ProbeTarget], body: TokenTree) -> TokenTree {
        let hidden = self.hidden;
        let section = own_name("section", hidden);
        let mut tokens = vec![ident("let", hidden), section.into(), punct('=', hidden)];
        if targets.is_empty() {
            tokens.extend(self.call("enter_section", TokenStream::new()));
        } else {
            let (answers, found) = self.probe(targets, self.requirements());
            let section = self.braced_call("section", found);
            tokens.push(braces(answers.into_iter().chain([section]), hidden).into());
        }
        tokens.extend([punct(';', hidden), body]);
        braces(tokens, hidden).into()
    }

    /// Writes the body of an `async fn`, as a future whose polls are sections.
    ///
    /// `output` is the type that the function returns, if it can be written. The compiler does not see it through the `.await`, so
    /// the first statement tells.
    pub(super) fn polls(&self, output: Option<&[TokenTree]>, body: &TokenTree) -> TokenStream {
        let (private, hidden) = (&self.private, self.hidden);
        let returned = own_name("returned", hidden);
        let told = output.map(|output| {
            let output = TokenSlice(output);
            quote_spanned! {hidden=>
                if let #private::Some(#returned) = #private::None::<#output> {
                    return #returned;
                }
            }
        });
        let future = self.call("non_blocking", quote_spanned!(hidden=> async move { #told #body }));
        let future = TokenSlice(&future);
        quote_spanned!(hidden=> #future.await)
    }

    /// Makes the value of a body, which is a future, one whose polls are sections.
    pub(super) fn wrap_future(&self, content: TokenStream) -> TokenStream {
        let block = braces_around(content, self.hidden);
        self.call("non_blocking", TokenTree::from(block).into()).into_iter().collect()
    }

    /// Makes the future in `Box::pin(...)`, by which a body ends, one whose polls are sections.
    pub(super) fn wrap_boxed_future(&self, body: &Group) -> Group {
        let mut tokens: Vec<TokenTree> = body.stream().into_iter().collect();
        if let Some(TokenTree::Group(arguments)) = tokens.pop() {
            let wrapped = self.call("non_blocking", arguments.stream()).into_iter().collect();
            let mut arguments = Group::new(Delimiter::Parenthesis, wrapped);
            arguments.set_span(self.hidden);
            tokens.push(arguments.into());
        }
        braces_around(tokens.into_iter().collect(), body.span())
    }

    /// Writes the body of a refused function, with the name of the token bound so that its uses are no further errors.
    pub(super) fn bind_refused(&self, name: &Ident, body: &TokenTree) -> TokenStream {
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

    /// Probes which token each of these parameters is, and checks that the answers meet the requirements.
    ///
    /// Returns the statements, and an expression for the token found by any of them.
    fn probe(&self, targets: &[ProbeTarget], requirements: &[&str]) -> (TokenStream, TokenStream) {
        let (private, hidden) = (&self.private, self.hidden);
        let answer = own_name("answer", hidden);
        let mut answers = TokenStream::new();
        let mut joined = quote_spanned!(hidden=> #private::Nothing);
        for (i, ProbeTarget { ty, value }) in targets.iter().enumerate() {
            let ends = (first_span(ty), last_span(ty));
            let found = own_name(&format!("parameter{i}"), ends.1);
            let and = punct('&', ends.0);
            let (declared, probe) = match value {
                None => self.probe_of_type(ty),
                Some(name) => {
                    (TokenStream::new(), quote_spanned!(hidden=> #private::Probe::of(&#name)))
                }
            };
            let allow = value.as_ref().and_then(Self::allow_lint);
            answers
                .extend(quote_spanned!(hidden=> #declared #allow let #found = #probe.#answer();));
            for requirement in requirements {
                answers.extend(self.check_requirement(
                    requirement,
                    quote_spanned!(hidden=> #and #found),
                    ends,
                ));
            }
            joined.extend(quote_spanned!(hidden=> .or(#and #found)));
        }
        (answers, joined)
    }

    /// Writes a reborrow of the token: `&mut *name` or `&*name`.
    ///
    /// If the types do not match, the compiler underlines it, from its first token to its last. These two have the
    /// spans of the ends of the parameter's type.
    fn reborrow(&self, name: &Ident, (first, last): (Span, Span)) -> TokenStream {
        let hygiene = name.span();
        let mut name = name.clone();
        name.set_span(last.resolved_at(hygiene));
        let first = first.resolved_at(hygiene);
        let mut tokens = vec![punct('&', first)];
        if self.attribute == Attribute::MaySleep {
            tokens.push(ident("mut", first));
        }
        tokens.extend([punct('*', first), name.into()]);
        tokens.into_iter().collect()
    }

    /// Writes a statement that uses a parameter, without a lint if its name begins with `_`.
    ///
    /// The name has to resolve like the user's own code, so clippy takes its use for the user's.
    fn without_lint(&self, name: &Ident, call: Vec<TokenTree>) -> TokenStream {
        let call = self.statement(call);
        match Self::allow_lint(name) {
            Some(allow) => quote_spanned!(self.hidden=> #allow #call),
            None => call,
        }
    }

    /// The attribute that a statement needs if it uses a parameter whose name begins with `_`.
    fn allow_lint(name: &Ident) -> Option<TokenStream> {
        name.to_string()
            .starts_with('_')
            .then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::used_underscore_binding)]))
    }

    fn statement(&self, call: Vec<TokenTree>) -> TokenStream {
        call.into_iter().chain([punct(';', self.hidden)]).collect()
    }

    /// Calls a function of `__private`. The call's location at run time is the function's name.
    fn call(&self, function: &str, arguments: TokenStream) -> Vec<TokenTree> {
        call(self.private.item(function), arguments, self.at)
    }

    /// Like [`call`](Self::call), in braces. It is needed where the call does not begin a statement of its own.
    fn braced_call(&self, function: &str, arguments: TokenStream) -> TokenTree {
        braced_call(self.private.item(function), arguments, self.at)
    }
}

//! The expansion of `#[nonblock::test]`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, quote, quote_spanned};

use crate::args::{Args, Macro};
use crate::diagnostics::Diagnostics;
use crate::item::{Attr, Function, Item};
use crate::signature::Signature;
use crate::token_tree::TokenSlice;
use crate::token_tree::construct::braced_call;

/// Expands `#[nonblock::test]` into a test of the test harness, with the user's function in it.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let args = Args::parse(Macro::Test, args, &mut diagnostics);
    let expanded = match Item::parse(item.clone()) {
        Item::Function(function) => expand_function(&args, &function, &mut diagnostics),
        Item::Block(_) => {
            diagnostics.error(
                item.clone().into_iter().next(),
                "`#[nonblock::test]` goes on a function, and this is a block",
                "put it on each test",
            );
            item
        }
        Item::Other(token, what) => {
            let message = format!("`#[nonblock::test]` goes on a function, and this is {what}");
            diagnostics.error(token, message, "write `#[nonblock::test] fn name() { ... }`");
            item
        }
        Item::Empty => {
            let help = "write `#[nonblock::test] fn name() { ... }`";
            diagnostics.error_at(
                Span::call_site(),
                "`#[nonblock::test]` stands before nothing",
                help,
            );
            item
        }
    };
    diagnostics.prepend_to(expanded)
}

fn expand_function(args: &Args, function: &Function, diagnostics: &mut Diagnostics) -> TokenStream {
    let signature = match Signature::parse(function.signature()) {
        Ok(signature) => signature,
        Err(error) => {
            let message = format!("`#[nonblock::test]` cannot read this signature: {error}");
            diagnostics.error_at(error.span, message, "write `fn name()`");
            return function.to_token_stream();
        }
    };
    let reported = diagnostics.count();
    validate(function, &signature, diagnostics);
    let Some(body) = &function.body else { return function.to_token_stream() };
    if diagnostics.count() > reported {
        return function.to_token_stream();
    }
    let private = args.private_path();
    // An attribute that binds a token belongs on the function with the body.
    let (of_body, of_test): (Vec<&Attr>, Vec<&Attr>) =
        function.attrs.iter().partition(|attr| attr.as_own().is_some());
    let (ident, output) = (&signature.ident, TokenSlice(&signature.output));
    let visibility = function.visibility();
    let header = TokenSlice(function.signature());
    let hidden = Span::mixed_site();
    let mut tokens = quote_spanned!(hidden=> #[#private::test]);
    tokens.append_all(of_test);
    tokens.append_all(visibility);
    tokens.extend(quote_spanned! {ident.span()=> fn #ident() #output });
    let mut inner = TokenStream::new();
    inner.append_all(of_body);
    header.to_tokens(&mut inner);
    inner.append(TokenTree::Group(body.clone()));
    let run_body = private.item("run_body");
    let body = braced_call(run_body, quote!(#ident), ident.span());
    tokens.extend(quote_spanned! {hidden=> { #inner #private::run_test(|| #body) } });
    tokens
}

/// Reports why a function cannot be a test.
fn validate(function: &Function, signature: &Signature, diagnostics: &mut Diagnostics) {
    let twice = function.attrs.iter().find(|attr| attr.name().is_some_and(|name| name == "test"));
    if let Some(twice) = twice {
        diagnostics.error(
            twice,
            "`#[nonblock::test]` makes the function a test already",
            "keep `#[nonblock::test]` alone",
        );
    }
    let shape = "write `fn name()`, `fn name(cx: &mut Sleepable)` or `fn name(nb: &mut NonBlock)`";
    if function.body.is_none() {
        diagnostics.error(&signature.ident, "a test needs a body", "write `fn name() { ... }`");
    }
    if let Some(token) = signature.qualifier("async") {
        diagnostics.error(
            token,
            "a test cannot be an `async fn`: nothing would poll it",
            "write `fn name(cx: &mut Sleepable)`, and run the future in it with your executor",
        );
    }
    if let Some(token) = signature.qualifier("const") {
        diagnostics.error(token, "a test cannot be a `const fn`: it runs when the tests do", shape);
    }
    if let Some(token) = signature.qualifier("unsafe") {
        diagnostics.error(token, "a test cannot be an `unsafe fn`: the harness calls it", shape);
    }
    if let Some(abi) = signature.abi() {
        diagnostics.error(
            TokenSlice(abi),
            "a test cannot have an ABI of its own: the harness calls it",
            shape,
        );
    }
    let generics = &signature.generics;
    if !generics.has_only_lifetimes() {
        diagnostics.error(
            TokenSlice(&generics.params),
            "a test cannot be generic: the harness would not know for which arguments to call it",
            shape,
        );
    }
    if let Some(second) = signature.inputs.get(1) {
        diagnostics.error(second, "a test takes one token, or nothing", shape);
    }
    if let Some(receiver) = signature.receiver() {
        diagnostics.error(receiver, "a test cannot be a method", shape);
    }
    if let Some(variadic) = &signature.variadic {
        diagnostics.error(TokenSlice(variadic), "a test takes one token, or nothing", shape);
    }
}

//! The expansion of `#[nonblock::test]`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, quote, quote_spanned};

use crate::args::{Args, Macro};
use crate::diagnostics::Diagnostics;
use crate::item::{Attr, Function, Item, split_inner_attributes};
use crate::parameters::{Role, TypeParams};
use crate::signature::Signature;
use crate::token_tree::construct::{braced_call, braces_around, own_name, punct};
use crate::token_tree::{TokenSlice, is_ident};

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
                "there is nothing after `#[nonblock::test]`",
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
    let has_cases = function.attrs.iter().any(makes_tests);
    validate(args, function, &signature, has_cases, diagnostics);
    let Some(body) = &function.body else { return function.to_token_stream() };
    if diagnostics.count() > reported {
        return function.to_token_stream();
    }
    let writer = TestWriter { args, function, signature: &signature };
    if has_cases { writer.with_cases(body) } else { writer.test(body) }
}

/// Whether an attribute of another crate makes tests of the function, one for each of its cases.
fn makes_tests(attr: &Attr) -> bool {
    const NAMES: [&str; 5] = ["test_case", "test_matrix", "case", "rstest", "parameterized"];
    attr.name().is_some_and(|name| NAMES.iter().any(|known| name == known))
}

/// Whether the harness expects a panic of the test. One under a condition, in a `#[cfg_attr]`, may not be there.
fn is_should_panic(attr: &Attr) -> bool {
    attr.name().is_some_and(|name| name == "should_panic")
}

/// Writes the expansion of a test.
struct TestWriter<'a> {
    args: &'a Args,
    function: &'a Function,
    signature: &'a Signature,
}

impl TestWriter<'_> {
    /// Writes a test of the harness, with the user's function in it.
    fn test(&self, body: &Group) -> TokenStream {
        let (function, private, hidden) =
            (self.function, self.args.private_path(), Span::mixed_site());
        // An attribute that binds a token belongs on the function with the body.
        let (of_body, of_test): (Vec<&Attr>, Vec<&Attr>) =
            function.attrs.iter().partition(|attr| attr.as_own().is_some());
        let (ident, output) = (&self.signature.ident, TokenSlice(&self.signature.output));
        let mut tokens = quote_spanned!(hidden=> #[#private::test]);
        tokens.append_all(of_test);
        tokens.append_all(function.visibility());
        tokens.extend(quote_spanned! {ident.span()=> fn #ident() #output });
        let mut inner = TokenStream::new();
        inner.append_all(of_body);
        inner.append_all(function.signature());
        inner.append(self.body(body));
        let run_body = private.item("run_body");
        let body = braced_call(run_body, quote!(#ident), ident.span());
        let runs = own_name("RUNS", hidden);
        let name = ident.to_string();
        // With any other output, the harness refuses the test by itself.
        let should_panic = function.attrs.iter().any(is_should_panic) && self.returns_unit();
        let run = if should_panic { "run_should_panic" } else { "run" };
        let run = Ident::new(run, hidden);
        let test =
            self.watched(&run, quote_spanned!(hidden=> #private::TestRuns::#run(&#runs, || #body)));
        tokens.extend(quote_spanned! {hidden=>
            {
                static #runs: #private::TestRuns =
                    #private::TestRuns::new(#private::module_path!(), #name);
                #inner
                #test
            }
        });
        tokens
    }

    /// Writes `test` with the watch on around it, if the attribute has `watch = "..."`.
    ///
    /// The watch is around the run, and not in it: under `#[should_panic]` it must not be a success that the watch cannot start.
    fn watched(&self, run: &Ident, test: TokenStream) -> TokenStream {
        let Some(watched) = &self.args.watched else { return test };
        let mut make = self.args.private_path().item("test_watch");
        // Where the macro refuses the watch, the compiler shows the layers.
        for token in &mut make {
            token.set_span(token.span().located_at(watched.span));
        }
        make.push(punct('!', watched.span));
        let mut layers = Group::new(Delimiter::Parenthesis, watched.constants());
        layers.set_span(watched.span);
        make.push(layers.into());
        let make = TokenSlice(&make);
        quote_spanned!(Span::mixed_site()=> #make.#run(move || #test))
    }

    /// Whether the test returns `()`, written out or not.
    fn returns_unit(&self) -> bool {
        match self.signature.output.as_slice() {
            [] => true,
            [.., TokenTree::Group(output)] => output.stream().is_empty(),
            _ => false,
        }
    }

    /// Writes the function that another attribute makes tests of: it stays no test by itself.
    fn with_cases(&self, body: &Group) -> TokenStream {
        let (function, private, hidden) =
            (self.function, self.args.private_path(), Span::mixed_site());
        let body = self.body(body);
        let output = &self.signature.output;
        // A closure cannot return an `impl Trait`. What it returns is then inferred.
        let is_written = !output.iter().any(|token| is_ident(token, "impl"));
        let output = is_written.then_some(TokenSlice(output));
        let mut tokens = TokenStream::new();
        tokens.append_all(&function.attrs);
        tokens.append_all(&function.header);
        let test = self.watched(
            &Ident::new("run", hidden),
            quote_spanned!(hidden=> #private::run_test(move || #output { #body })),
        );
        tokens.extend(quote_spanned!(hidden=> { #test }));
        tokens
    }

    /// Writes the body, with the token that the attribute binds.
    fn body(&self, body: &Group) -> TokenTree {
        let Some(name) = &self.args.binding else { return body.clone().into() };
        let (private, hidden) = (self.args.private_path(), Span::mixed_site());
        let at = self.signature.ident.span();
        let bound = braced_call(private.item("bind_sleepable"), TokenStream::new(), at);
        let holder = own_name("holder", hidden);
        let (inner, rest) = split_inner_attributes(body, self.function.body_source());
        // Only an expansion binds a token, as in `PrologueWriter::bind`.
        let content = quote_spanned! {hidden=>
            #inner
            let mut #holder = unsafe #bound;
            let #name = #private::BoundToken::token(&mut #holder);
        };
        // The block makes the token outlive the temporaries of the body's last expression.
        let block = braces_around(quote_spanned!(hidden=> ; #rest), body.span());
        braces_around(quote!(#content #block), body.span()).into()
    }
}

/// Reports why a function cannot be a test.
fn validate(
    args: &Args,
    function: &Function,
    signature: &Signature,
    has_cases: bool,
    diagnostics: &mut Diagnostics,
) {
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
    if !has_cases && !generics.has_only_lifetimes() {
        diagnostics.error(
            TokenSlice(&generics.params),
            "a test cannot be generic: the harness would not know for which arguments to call it",
            shape,
        );
    }
    if has_cases {
        report_token_beside_cases(signature, diagnostics);
    } else if let (Some(binding), Some(first)) = (&args.binding, signature.inputs.first()) {
        let help = format!("remove one: `{binding}: &mut Sleepable` is bound already");
        diagnostics.error(first, "a test takes one token: a parameter or a bound name", help);
    } else if let Some(second) = signature.inputs.get(1) {
        diagnostics.error(second, "a test takes one token, or nothing", shape);
    }
    if let Some(receiver) = signature.receiver() {
        diagnostics.error(receiver, "a test cannot be a method", shape);
    }
    if let Some(variadic) = &signature.variadic {
        diagnostics.error(TokenSlice(variadic), "a test takes one token, or nothing", shape);
    }
}

/// Reports a token among the parameters that a test's cases fill.
fn report_token_beside_cases(signature: &Signature, diagnostics: &mut Diagnostics) {
    let mut type_params = TypeParams::default();
    type_params.add(&signature.generics);
    for parameter in type_params.classify(signature) {
        if matches!(parameter.role, Role::Sleepable | Role::NonBlock | Role::Context) {
            let name = parameter.name.as_ref().map_or_else(|| "cx".to_owned(), ToString::to_string);
            diagnostics.error(
                parameter.ty(),
                "the cases of a test fill its parameters, and no case has a token",
                format!("remove the parameter, and write `#[nonblock::test({name})]`"),
            );
        }
    }
}

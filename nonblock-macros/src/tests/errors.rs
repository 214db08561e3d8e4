//! The errors: one for each mistake, each with help, and never instead of the item.

use proc_macro2::TokenStream;

use super::{BOTH, expand_source, is_refused, messages, squeezed, tokens};
use crate::attribute::Attribute::{MaySleep, NonBlock};
use crate::expand;

/// Asserts that there is exactly one error, that its message begins with `begins`, and that it has help.
#[track_caller]
fn assert_one_error(expanded: &TokenStream, begins: &str) {
    let messages = messages(expanded);
    let [message] = messages.as_slice() else { panic!("not one error: {messages:#?}") };
    assert!(message.starts_with(begins), "{message}");
    assert!(message.contains("\nhelp: "), "no help: {message}");
}

#[test]
fn every_method_reports() {
    let expanded =
        expand_source(MaySleep, "", "impl X { fn a(&self) {} async fn b() {} fn c(n: u32) {} }");
    let messages = messages(&expanded);
    assert_eq!(messages.len(), 3, "{messages:#?}");
    assert!(messages.iter().all(|message| message.contains("#[may_sleep(skip)]")));
    assert!(messages[0].contains("`fn a(&self, cx: &mut Sleepable)`"), "{}", messages[0]);
}

#[test]
fn one_error_for_one_mistake() {
    let cases = [
        (MaySleep, "", "fn f() {}", "`f` may sleep, but takes no token"),
        (MaySleep, "", "fn f(cx: &Sleepable) {}", "a `Sleepable` is passed as `&mut Sleepable`"),
        (MaySleep, "", "fn f(cx: Option<&mut Sleepable>) {}", "the token is inside another type"),
        (
            MaySleep,
            "",
            "fn f(nb: &NonBlock) {}",
            "a `#[may_sleep]` function takes a `&mut Sleepable`",
        ),
        (MaySleep, "", "async fn f(cx: &mut Sleepable) {}", "an `async fn` must not sleep"),
        (MaySleep, "", "const fn f(cx: &mut Sleepable) {}", "a `const fn` cannot be checked"),
        (
            MaySleep,
            "",
            "#[naked] fn f(cx: &mut Sleepable) {}",
            "`#[may_sleep]` adds code at a function's entry",
        ),
        (MaySleep, "x", "fn f(cx: &mut Sleepable) {}", "two tokens: the attribute binds `x`"),
        (MaySleep, "x", "fn f((x, _): (u32, u32)) {}", "`x` is already the name of a parameter"),
        (MaySleep, "x", "fn f(&self);", "`f` has no body to bind `x` in"),
        (MaySleep, "x, y", "fn f() {}", "a second name"),
        (MaySleep, "mut x", "fn f() {}", "only the name of the token"),
        (MaySleep, "x: &mut Sleepable", "fn f() {}", "only the name of the token"),
        (MaySleep, "_", "fn f() {}", "`_` binds nothing"),
        (MaySleep, "self", "fn f() {}", "`self` is a keyword"),
        (MaySleep, "x = 1", "fn f() {}", "`#[may_sleep]` takes no such argument"),
        (MaySleep, "watch = \"trap\"", "fn f() {}", "`#[may_sleep]` takes no such argument"),
        (MaySleep, "skip", "fn f() {}", "`skip` leaves a method out"),
        (MaySleep, "crate =", "fn f(cx: &mut Sleepable) {}", "no path after `crate =`"),
        (MaySleep, "crate = \"a\"", "fn f(cx: &mut Sleepable) {}", "this is not a path"),
        (MaySleep, "crate = a, crate = a", "fn f(cx: &mut Sleepable) {}", "`crate` is given twice"),
        (MaySleep, "x crate = a", "fn f() {}", "no comma before this argument"),
        (MaySleep, ",", "fn f(cx: &mut Sleepable) {}", "no argument before this comma"),
        (MaySleep, "", "#[may_sleep] fn f(cx: &mut Sleepable) {}", "`#[may_sleep]` is given twice"),
        (MaySleep, "", "#[non_block] fn f(cx: &mut Sleepable) {}", "a function cannot be both"),
        (MaySleep, "", "struct X;", "`#[may_sleep]` goes on functions, and this is a struct"),
        (MaySleep, "", "pub mod x {}", "`#[may_sleep]` goes on functions, and this is a module"),
        (MaySleep, "", "", "there is nothing after `#[may_sleep]`"),
        (
            MaySleep,
            "",
            "fn f(cx: &mut Sleepable, n: &NonBlock) {}",
            "two tokens: a function that takes",
        ),
        (MaySleep, "", "fn f(cx: &mut Sleepable, d: &mut Sleepable) {}", "a second token"),
        (NonBlock, "", "fn f(&self, cx: &mut Sleepable);", "a `Sleepable` comes into a function"),
        (NonBlock, "", "fn f(cx: Sleepable) {}", "a `Sleepable` comes into a function"),
        (NonBlock, "", "fn f<C: Context>(&self, cx: &mut C);", "this may be a `Sleepable`"),
        (NonBlock, "", "fn f(_: &mut impl Context) {}", "this may be a `Sleepable`"),
        (
            NonBlock,
            "",
            "fn f(cx: Option<&mut Sleepable>) {}",
            "a `Sleepable` comes into a function",
        ),
        (NonBlock, "", "fn f(nb: NonBlock) {}", "a `NonBlock` is passed by reference"),
        (NonBlock, "", "fn f(nb: &NonBlock, mb: &NonBlock) {}", "a second token"),
        (NonBlock, "", "fn f(&self);", "`f` has no body that could run in a section"),
        (MaySleep, "", "pub fn f();", "`f` is a foreign function"),
        (MaySleep, "", "safe fn f() where T: U;", "`f` is a foreign function"),
        (NonBlock, "", "pub(crate) fn f(nb: &NonBlock);", "`f` is a foreign function"),
        (NonBlock, "", "safe fn f();", "`f` is a foreign function"),
        (NonBlock, "nb", "fn f(format: *const u8, ...,);", "`f` is a foreign function"),
        (MaySleep, "cx", "fn f(cx: &mut Sleepable) {}", "two tokens: the attribute binds `cx`"),
        (NonBlock, "nb", "fn f(nb: &mut NonBlock) {}", "two tokens: the attribute binds `nb`"),
        (NonBlock, "", "fn f() { g().await }", "`.await` in a section"),
        (
            NonBlock,
            "",
            "extern \"C\" { fn f(x: u8, ...); }",
            "a variadic function cannot be wrapped",
        ),
        (NonBlock, "nb", "extern \"C\" { fn f(); }", "there is no body here to bind `nb` in"),
        (
            NonBlock,
            "",
            "extern \"C\" { fn f(x: &NonBlock); }",
            "a foreign function cannot take a token",
        ),
        (
            NonBlock,
            "",
            "extern \"C\" { #[may_sleep] fn f(); }",
            "a foreign function has no attribute",
        ),
    ];
    for (attribute, args, item, begins) in cases {
        assert_one_error(&expand_source(attribute, args, item), begins);
    }
}

#[test]
fn one_error_for_one_mistake_about_a_future() {
    let cases = [
        ("nb", "async fn f() {}", "a token cannot be kept across an `.await`"),
        ("", "async fn f(nb: &NonBlock) {}", "an `async fn` cannot take a token"),
        ("", "async fn f(nb: NonBlock) {}", "an `async fn` cannot take a token"),
        ("", "async fn f(x: Option<&NonBlock>) {}", "an `async fn` cannot take a token"),
        ("", "async fn f();", "`f` has no body whose polls could be sections"),
        ("", "fn f() -> impl Future { return g(); }", "`return` in a function that"),
        ("", "fn f() -> BoxFuture<'static, u8> { g() }", "this returns a boxed future"),
        (
            "",
            "fn f() -> Pin<Box<dyn Send + Future<Output = u8>>> { let x = 1; h(Box::pin(g())) }",
            "this returns a boxed future",
        ),
    ];
    for (args, item, begins) in cases {
        assert_one_error(&expand_source(NonBlock, args, item), begins);
    }
}

#[test]
fn help_fits_the_place() {
    let help = |attribute, args: &str, item: &str| {
        let messages = messages(&expand_source(attribute, args, item));
        let [message] = messages.as_slice() else { panic!("not one error: {messages:#?}") };
        message.split_once("\nhelp: ").expect("each message has help").1.to_owned()
    };
    for (attribute, args) in [(MaySleep, ""), (MaySleep, "x"), (NonBlock, ""), (NonBlock, "x")] {
        let of_block = format!("`#[{}]` on its `extern` block", attribute.name());
        assert!(help(attribute, args, "fn f(n: i32);").ends_with(&of_block));
        assert!(!help(attribute, args, "fn f(&self);").contains("extern"));
    }
    let bound = "add the bound `C: Context`, or take `cx: &mut Sleepable`";
    assert_eq!(help(MaySleep, "", "fn f<C>(cx: &mut C) {}"), bound);
    assert_eq!(help(MaySleep, "", "fn f<'a, C: ?Sized + 'a>(cx: &'a mut C) {}"), bound);
    assert!(help(MaySleep, "", "fn f<W>(writer: &mut W) {}").starts_with("write `fn f<W>(cx: "));
    let alias = "write `#[may_sleep]` if that is the token, and if not, another name: `#[may_sleep(x_token)]`";
    assert_eq!(help(MaySleep, "x", "fn f(x: &mut S) {}"), alias);
    assert_eq!(
        help(NonBlock, "x", "fn f(x: u8) {}"),
        "write another name: `#[non_block(x_token)]`"
    );
}

#[test]
fn what_is_refused_is_emitted_all_the_same() {
    for item in [
        "async fn f(nb: &NonBlock, cx: Option<&mut Sleepable>) {}",
        "struct X { y: u32 }",
        "const fn f() {}",
        "fn f(x: &Sleepable) {}",
    ] {
        for attribute in BOTH {
            let expanded = expand_source(attribute, "", item);
            assert!(is_refused(&expanded));
            assert!(squeezed(&expanded).ends_with(&squeezed(tokens(item))), "{expanded}");
        }
    }
}

#[test]
fn what_stands_for_a_closure_is_an_expression() {
    for closure in ["|x| x", "move || 1", "move |x: u8| { x }"] {
        let expanded = expand_source(NonBlock, "nb", closure);
        assert_one_error(&expanded, "`#[non_block]` goes on functions, and this is a closure");
        syn::parse2::<syn::Expr>(expanded).expect("an expression");
    }
}

#[test]
fn one_error_for_one_mistake_in_a_test() {
    let cases = [
        ("", "async fn t() {}", "a test cannot be an `async fn`"),
        ("", "const fn t() {}", "a test cannot be a `const fn`"),
        ("", "unsafe fn t() {}", "a test cannot be an `unsafe fn`"),
        ("", "extern \"C\" fn t() {}", "a test cannot have an ABI"),
        ("", "fn t<T>() {}", "a test cannot be generic"),
        ("", "fn t(&self) {}", "a test cannot be a method"),
        ("", "fn t(a: u32, b: u32) {}", "a test takes one token, or nothing"),
        ("", "fn t();", "a test needs a body"),
        ("", "#[test] fn t() {}", "`#[nonblock::test]` makes the function a test already"),
        ("", "struct T;", "`#[nonblock::test]` goes on a function, and this is a struct"),
        ("", "impl T {}", "`#[nonblock::test]` goes on a function, and this is a block"),
        ("", "", "there is nothing after `#[nonblock::test]`"),
        ("5", "fn t() {}", "`#[nonblock::test]` takes no such argument"),
        ("cx", "fn t(nb: &NonBlock) {}", "a test takes one token: a parameter or a bound name"),
        ("should_panic", "fn t() {}", "`should_panic` would be the name of a token"),
        ("cx, nb", "fn t() {}", "a second name"),
        ("", "#[rstest] fn t(cx: &mut Sleepable) {}", "the cases of a test fill its parameters"),
        (
            "watch = \"trap,shedule\"",
            "fn t() {}",
            "`shedule` is no layer that a test can be watched",
        ),
        ("watch = \"all\"", "fn t() {}", "`all` is no layer that a test can be watched by"),
        ("watch = \"budget\"", "fn t() {}", "the layer `budget` needs a length"),
        ("watch = \"trap, budget=50us\"", "fn t() {}", "the layer `budget` needs a length"),
        ("watch = \"alloc=256\"", "fn t() {}", "`alloc=256` has a value"),
        ("watch = \" , \"", "fn t() {}", "no layer is named here"),
        ("watch = \"tr\\x61p\"", "fn t() {}", "`tr\\x61p` is no layer"),
        ("watch = b\"trap\"", "fn t() {}", "the layers of `watch` are one string"),
        ("watch = \"trap\"_suffix", "fn t() {}", "the layers of `watch` are one string"),
        ("watch = trap", "fn t() {}", "the layers of `watch` are one string"),
        ("watch = \"trap\" \"alloc\"", "fn t() {}", "the layers of `watch` are one string"),
        ("watch =", "fn t() {}", "no layers after `watch =`"),
        ("watch(\"trap\")", "fn t() {}", "`watch` takes its layers after `=`"),
        ("watch: \"trap\"", "fn t() {}", "`watch` takes its layers after `=`"),
        ("watch", "fn t() {}", "`watch` would be the name of a token"),
        ("watch = \"trap\", watch = \"alloc\"", "fn t() {}", "`watch` is given twice"),
        ("cx watch = \"trap\"", "fn t() {}", "no comma before this argument"),
        ("watch = \"trap\" crate = a", "fn t() {}", "no comma before this argument"),
        ("crate = a watch = \"trap\"", "fn t() {}", "no comma before this argument"),
        ("wacth = \"trap\"", "fn t() {}", "`#[nonblock::test]` takes no such argument"),
    ];
    for (args, item, begins) in cases {
        let expanded = expand::test(tokens(args), tokens(item));
        assert_one_error(&expanded, begins);
    }
}

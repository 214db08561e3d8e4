//! Each placement: what it keeps, and what it says when it is refused.

use proc_macro2::TokenStream;

use super::{BOTH, expand, has_word, is_refused, messages, squeezed, tokens};
use crate::attribute::Attribute::{MaySleep, NonBlock};
use crate::expand as expansions;

/// Asserts that there is exactly one error, that it begins so, and that it helps.
#[track_caller]
fn assert_one_error(expanded: &TokenStream, begins: &str) {
    let messages = messages(expanded);
    let [message] = messages.as_slice() else { panic!("not one error: {messages:#?}") };
    assert!(message.starts_with(begins), "{message}");
    assert!(message.contains("\nhelp: "), "no help: {message}");
}

/// Bodies as they are while somebody writes them. An editor closes the delimiters before it expands anything.
const HALF_WRITTEN: [&str; 12] = [
    "disk .",
    "disk . read ( cx ,",
    "let x =",
    "let x : Vec < =",
    "let x = disk . blocks . iter ( ) . map ( | block | block .",
    "match disk",
    "match disk { Disk {",
    "if disk . is_full ( ) & &",
    "return",
    "a . b . c ( } ) ;",
    "for block in",
    "fn inner ( x : u32",
];

/// Closes what is open, and drops what closes nothing.
fn closed(source: &str) -> String {
    let (mut text, mut open) = (String::new(), Vec::new());
    for char in source.chars() {
        match char {
            '(' => open.push(')'),
            '{' => open.push('}'),
            ')' | '}' if open.last() == Some(&char) => drop(open.pop()),
            ')' | '}' => continue,
            _ => {}
        }
        text.push(char);
    }
    text.extend(open.into_iter().rev());
    text
}

#[test]
fn half_written_bodies_are_passed_through() {
    for body in HALF_WRITTEN.map(closed) {
        let expected = squeezed(tokens(&body));
        for (attribute, args, signature) in [
            (MaySleep, "", "pub fn f<'a>(cx: &'a mut Sleepable, disk: &Disk) -> Option<&'a u8>"),
            (MaySleep, "cx", "pub fn f(disk: &Disk) -> u32"),
            (MaySleep, "", "fn f(cx: &mut Right, disk: &Disk)"),
            (MaySleep, "", "fn f(disk: &Disk)"),
            (NonBlock, "", "fn f(nb: &NonBlock, disk: &Disk)"),
            (NonBlock, "", "fn f<T: Copy>(disk: &Disk<T>) -> T where T: Debug"),
            (NonBlock, "nb", "unsafe extern \"C\" fn f(disk: &Disk)"),
        ] {
            let item = format!("{signature} {{ {body} }}");
            let expanded = squeezed(expand(attribute, args, &item));
            assert!(expanded.contains(&(squeezed(tokens(signature)) + "{")), "{expanded}");
            assert!(expanded.contains(&expected), "{expanded}");
            // The same in a block, beside a method that is whole.
            let block = format!("impl X {{ {item} fn whole(&self, cx: &mut Sleepable) {{ 1 }} }}");
            let expanded = squeezed(expand(attribute, args, &block));
            assert!(expanded.contains(&(squeezed(tokens(signature)) + "{")), "{expanded}");
            assert!(expanded.contains(&expected), "{expanded}");
            assert!(expanded.contains("fnwhole(&self,cx:&mutSleepable){"), "{expanded}");
        }
    }
}

#[test]
fn inner_attributes_stay_first() {
    for attribute in BOTH {
        for args in ["", "x"] {
            let token =
                if attribute == MaySleep && args.is_empty() { "cx: &mut Sleepable" } else { "" };
            let item = format!("fn f({token}) {{ #![allow(unused)] #![doc = \"x\"] g() }}");
            let expanded = expand(attribute, args, &item);
            let function: syn::ItemFn = syn::parse2(expanded).expect("a function");
            let inner =
                function.attrs.iter().filter(|attr| matches!(attr.style, syn::AttrStyle::Inner(_)));
            // `syn` counts a body's inner attributes among the function's own, if they stand first.
            assert_eq!(inner.count(), 2);
        }
    }
}

#[test]
fn methods_of_a_block_speak_for_themselves() {
    let expanded = expand(
        NonBlock,
        "",
        "impl X {
            const K: u32 = { 1 } + 1;
            type T = u32;
            many! { of them }
            fn section(&self) -> u32 { 1 }
            #[non_block(skip)] async fn skipped(&self) {}
            #[may_sleep] fn own(&self, cx: &mut Sleepable) {}
            half_written
        }",
    );
    assert!(!is_refused(&expanded), "{expanded}");
    let text = expanded.to_string();
    assert_eq!(text.matches("enter").count(), 1, "{text}");
    assert_eq!(text.matches("skip").count(), 1, "only in the method's name: {text}");
    assert!(has_word(&expanded, "may_sleep") && has_word(&expanded, "half_written"));
}

#[test]
fn every_method_reports() {
    let expanded =
        expand(MaySleep, "", "impl X { fn a(&self) {} async fn b() {} fn c(n: u32) {} }");
    let messages = messages(&expanded);
    assert_eq!(messages.len(), 3, "{messages:#?}");
    assert!(messages.iter().all(|message| message.contains("#[may_sleep(skip)]")));
    assert!(messages[0].contains("`fn a(&self, cx: &mut Sleepable)`"), "{}", messages[0]);
}

#[test]
fn declared_methods_are_checked_by_type() {
    let expanded = expand(MaySleep, "", "fn f(&self, cx: &'a mut S<'_>) -> u32 where T: U;");
    assert!(is_refused(&expanded), "no type that may be the token: {expanded}");
    let expanded = expand(MaySleep, "", "fn f(&self, cx: &mut S) -> u32 where T: U;");
    let text = squeezed(&expanded);
    assert!(text.contains("whereT:U,::nonblock::__private::IsSleepable<S>:,;"), "{text}");
    assert!(text.ends_with("whereT:U;"), "the documentation's has no such clause: {text}");
    let expanded = expand(MaySleep, "", "fn f(cx: Cx<'_>);");
    assert!(squeezed(&expanded).contains("IsSleepable<Cx<'static>>"), "{expanded}");
}

#[test]
fn declared_functions_name_self_where_they_may_be_foreign() {
    const SELF: &str = "put_the_attribute_on_the_extern_block!():,";
    for (attribute, token) in [(MaySleep, "cx: &mut Sleepable"), (NonBlock, "nb: &NonBlock")] {
        for item in [
            format!("fn f({token}, n: i32);"),
            format!("unsafe fn f({token}) -> u8 where T: U;"),
            format!("fn f(n: i32, _: {});", token.split_at(4).1),
        ] {
            let text = squeezed(expand(attribute, "", &item));
            assert_eq!(text.matches(SELF).count(), 1, "{text}");
            let renamed = squeezed(expand(attribute, "crate = a::b", &item));
            assert!(renamed.contains(&format!("a::b::__private::{SELF}")), "{renamed}");
        }
        // A foreign function has neither a receiver nor a trait around it.
        for item in [
            format!("fn f(&self, {token});"),
            format!("fn f(self: Box<Self>, {token});"),
            format!("fn f({token}) {{}}"),
            format!("trait T {{ fn f({token}); }}"),
        ] {
            let text = squeezed(expand(attribute, "", &item));
            assert!(!text.contains(SELF), "{text}");
        }
    }
}

#[test]
fn foreign_functions_keep_their_names_and_safety() {
    let expanded = expand(
        MaySleep,
        "",
        r#"#[link(name = "c")] unsafe extern "C" {
            /// Waits.
            #[link_name = "usleep"] #[must_use] pub safe fn wait(us: u32, _: &u32) -> i32;
            #[cfg_attr(x, link_name = "y", deprecated)] fn time(time: *mut u64) -> u64;
            #[may_sleep(skip)] fn printf(format: *const u8, ...) -> i32;
            static environ: *const u8;
        }"#,
    );
    assert!(!is_refused(&expanded), "{expanded}");
    let file: syn::File = syn::parse2(expanded.clone()).expect("items");
    let [kept, wait, time] = file.items.as_slice() else { panic!("three items: {expanded}") };
    let kept = squeezed(quote::quote!(#kept));
    assert!(
        kept.contains("fnprintf") && kept.contains("staticenviron") && !kept.contains("skip"),
        "{kept}"
    );
    let (syn::Item::Fn(wait), syn::Item::Fn(time)) = (wait, time) else { panic!("functions") };
    assert!(
        matches!(wait.sig.safety, syn::Safety::Default)
            && matches!(time.sig.safety, syn::Safety::Unsafe(_))
    );
    assert_eq!(squeezed(quote::quote!(#wait)).matches("link_name").count(), 1);
    assert!(wait.attrs.iter().any(|attr| attr.path().is_ident("must_use")));
    assert_eq!(wait.sig.inputs.len(), 3);
    let body = &time.block;
    let body = squeezed(quote::quote!(#body));
    assert!(
        body.contains(r#"#[link(name="c")]unsafeextern"C"{#[cfg_attr(x,link_name="y")]fntime"#),
        "{body}"
    );
    let attrs = &time.attrs;
    assert!(squeezed(quote::quote!(#(#attrs)*)).contains("cfg_attr(x,deprecated)"));
}

#[test]
fn one_error_for_one_mistake() {
    let cases = [
        (MaySleep, "", "fn f() {}", "`f` may sleep, but takes no token"),
        (MaySleep, "", "fn f(cx: &Sleepable) {}", "the right to sleep is lent by `&mut`"),
        (MaySleep, "", "fn f(cx: Option<&mut Sleepable>) {}", "the token is inside another type"),
        (MaySleep, "", "fn f(nb: &NonBlock) {}", "a function that may sleep is lent a `Sleepable`"),
        (MaySleep, "", "async fn f(cx: &mut Sleepable) {}", "an `async fn` must not sleep"),
        (MaySleep, "", "const fn f(cx: &mut Sleepable) {}", "a `const fn` cannot be checked"),
        (MaySleep, "", "#[naked] fn f(cx: &mut Sleepable) {}", "a naked function has no entry"),
        (MaySleep, "x", "fn f(cx: &mut Sleepable) {}", "two tokens: `x` is to be bound"),
        (MaySleep, "x", "fn f((x, _): (u32, u32)) {}", "`x` is already the name of a parameter"),
        (MaySleep, "x", "fn f(&self);", "`f` has no body to bind `x` in"),
        (MaySleep, "x, y", "fn f() {}", "a second name"),
        (MaySleep, "mut x", "fn f() {}", "only the name of the token"),
        (MaySleep, "x: &mut Sleepable", "fn f() {}", "only the name of the token"),
        (MaySleep, "_", "fn f() {}", "`_` binds nothing"),
        (MaySleep, "self", "fn f() {}", "`self` is a keyword"),
        (MaySleep, "x = 1", "fn f() {}", "`#[may_sleep]` takes no such argument"),
        (MaySleep, "skip", "fn f() {}", "`skip` leaves a method out"),
        (MaySleep, "crate =", "fn f(cx: &mut Sleepable) {}", "no path after `crate =`"),
        (MaySleep, "crate = \"a\"", "fn f(cx: &mut Sleepable) {}", "this is not a path"),
        (MaySleep, "crate = a, crate = a", "fn f(cx: &mut Sleepable) {}", "`crate` is given twice"),
        (MaySleep, "x crate = a", "fn f() {}", "no comma before this argument"),
        (MaySleep, ",", "fn f(cx: &mut Sleepable) {}", "no argument before this comma"),
        (MaySleep, "", "#[may_sleep] fn f(cx: &mut Sleepable) {}", "`#[may_sleep]` is given twice"),
        (MaySleep, "", "#[non_block] fn f(cx: &mut Sleepable) {}", "what may sleep cannot be"),
        (MaySleep, "", "struct X;", "`#[may_sleep]` goes on functions, and this is a struct"),
        (MaySleep, "", "pub mod x {}", "`#[may_sleep]` goes on functions, and this is a module"),
        (MaySleep, "", "", "`#[may_sleep]` stands before nothing"),
        (MaySleep, "", "fn f(cx: &mut Sleepable, n: &NonBlock) {}", "two tokens: whoever holds"),
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
        (NonBlock, "", "fn f(nb: NonBlock) {}", "the proof of a section is lent by reference"),
        (NonBlock, "", "fn f(nb: &NonBlock, mb: &NonBlock) {}", "a second token"),
        (NonBlock, "", "fn f(&self);", "`f` has no body that could run in a section"),
        (MaySleep, "", "pub fn f();", "`f` is a foreign function"),
        (MaySleep, "", "safe fn f() where T: U;", "`f` is a foreign function"),
        (NonBlock, "", "pub(crate) fn f(nb: &NonBlock);", "`f` is a foreign function"),
        (NonBlock, "", "safe fn f();", "`f` is a foreign function"),
        (NonBlock, "nb", "fn f(format: *const u8, ...,);", "`f` is a foreign function"),
        (MaySleep, "cx", "fn f(cx: &mut Sleepable) {}", "two tokens: `cx` is to be bound"),
        (NonBlock, "nb", "fn f(nb: &mut NonBlock) {}", "two tokens: `nb` is to be bound"),
        (NonBlock, "", "async fn f() {}", "an `async fn` cannot be a section"),
        (NonBlock, "", "fn f() { g().await }", "`.await` in a section"),
        (
            NonBlock,
            "",
            "extern \"C\" { fn f(x: u8, ...); }",
            "a variadic function cannot be wrapped",
        ),
        (NonBlock, "nb", "extern \"C\" { fn f(); }", "there is no body here to bind `nb` in"),
        (NonBlock, "", "extern \"C\" { fn f(x: &NonBlock); }", "a foreign function knows nothing"),
        (
            NonBlock,
            "",
            "extern \"C\" { #[may_sleep] fn f(); }",
            "a foreign function has no attribute",
        ),
    ];
    for (attribute, args, item, begins) in cases {
        assert_one_error(&expand(attribute, args, item), begins);
    }
}

#[test]
fn types_decide_where_code_can_stand() {
    for (item, asks) in [
        ("fn f(right: &mut Sleepable) {}", "Probe::<&mutSleepable>::new()"),
        ("fn f(nb: &NonBlock, _: &mut Sleepable) {}", "Probe::<&mutSleepable>::new()"),
        ("fn f<C: Context>(either: &mut C) {}", "Probe::<&mutC>::new()"),
        ("fn f(cx: &mut Sleepable) {}", "Probe::of(&cx)"),
        ("fn f(either: &mut impl Context) {}", "Probe::of(&either)"),
    ] {
        let expanded = expand(NonBlock, "", item);
        assert!(!is_refused(&expanded), "{expanded}");
        assert!(squeezed(&expanded).contains(asks), "{expanded}");
    }
    let declared = squeezed(expand(MaySleep, "", "fn f<C: Context>(&self, cx: &mut C);"));
    assert!(declared.contains("where::nonblock::__private::IsContext<C>:,"), "{declared}");
    let opaque = squeezed(expand(MaySleep, "", "fn f(&self, cx: &mut impl Context);"));
    assert!(!opaque.contains("where"), "{opaque}");
}

#[test]
fn unused_tokens_are_used_without_a_lint() {
    const ALLOWED: &str = "#[allow(clippy::used_underscore_binding)]";
    for (attribute, item) in [
        (MaySleep, "fn f(NAME: &mut Sleepable) {}"),
        (MaySleep, "fn f<C: Context>(NAME: &mut C) {}"),
        (NonBlock, "fn f(NAME: &NonBlock) {}"),
    ] {
        let unused = squeezed(expand(attribute, "", &item.replace("NAME", "_unused")));
        assert_eq!(unused.matches(ALLOWED).count(), 1, "{unused}");
        let used = squeezed(expand(attribute, "", &item.replace("NAME", "used")));
        assert!(!used.contains("allow"), "{used}");
    }
}

#[test]
fn help_fits_the_place() {
    let help = |attribute, args: &str, item: &str| {
        let messages = messages(&expand(attribute, args, item));
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
    for item in
        ["async fn f() {}", "struct X { y: u32 }", "const fn f() {}", "fn f(x: &Sleepable) {}"]
    {
        for attribute in BOTH {
            let expanded = expand(attribute, "", item);
            assert!(is_refused(&expanded));
            assert!(squeezed(&expanded).ends_with(&squeezed(tokens(item))), "{expanded}");
        }
    }
}

#[test]
fn awaiting_is_for_async_blocks() {
    let allowed = [
        "async { x.await }",
        "async move { if y { x.await } }",
        "spawn(async { x.await });",
        "let f = async |x| { x.await };",
        "async fn g() { x.await }",
        "select! { x.await }",
        "macro_rules! m { () => { x.await } }",
        "x.awaits()",
    ];
    for body in allowed {
        let expanded = expand(NonBlock, "", &format!("fn f() {{ {body} }}"));
        assert!(!is_refused(&expanded), "{body}");
    }
    for body in
        ["x.await", "if y { x.await }", "g(x.await)", "async { 1 }; x.await", "if !y { x.await }"]
    {
        let expanded = expand(NonBlock, "", &format!("fn f() {{ {body} }}"));
        assert!(is_refused(&expanded), "{body}");
    }
}

#[test]
fn expansions_name_one_module() {
    let items = [
        (MaySleep, "", "fn f(cx: &mut Sleepable) {}"),
        (MaySleep, "", "fn f(cx: &mut S) {}"),
        (MaySleep, "", "fn f<C: Context>(cx: &mut C) {}"),
        (MaySleep, "x", "fn f() {}"),
        (NonBlock, "", "fn f(nb: &NonBlock, cx: &mut S) {}"),
        (NonBlock, "", "fn f(cx: &mut S) {}"),
        (NonBlock, "x", "fn f() {}"),
        (NonBlock, "", "extern \"C\" { fn f(); }"),
    ];
    for (attribute, args, item) in items {
        let text = squeezed(expand(attribute, args, item));
        for rest in text.split("::nonblock::").skip(1) {
            assert!(rest.starts_with("__private::"), "{text}");
        }
        assert!(!text.contains("::core::") && !text.contains("::std::"), "{text}");
        let comma = if args.is_empty() { "" } else { ", " };
        let renamed = squeezed(expand(attribute, &format!("{args}{comma}crate = a::b"), item));
        assert!(
            renamed.contains("a::b::__private") && !renamed.contains("nonblock::"),
            "{renamed}"
        );
    }
}

#[test]
fn tests_take_one_token() {
    let expand = |args: &str, item: &str| expansions::test(tokens(args), tokens(item));
    for item in [
        "fn t() {}",
        "fn t(cx: &mut Sleepable) -> Result<(), E> { Ok(()) }",
        "#[ignore] pub fn t(_: &NonBlock) {}",
    ] {
        let expanded = expand("", item);
        assert!(!is_refused(&expanded), "{expanded}");
        syn::parse2::<syn::ItemFn>(expanded).expect("a function");
    }
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
        ("", "", "`#[nonblock::test]` stands before nothing"),
        ("cx", "fn t() {}", "`#[nonblock::test]` takes no such argument"),
    ];
    for (args, item, begins) in cases {
        assert_one_error(&expand(args, item), begins);
    }
}

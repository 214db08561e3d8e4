//! What the expansion of each kind of item keeps and adds.

use proc_macro2::{Delimiter, Group};

use super::{BOTH, expand_source, has_word, is_refused, squeezed, tokens};
use crate::attribute::Attribute::{MaySleep, NonBlock};
use crate::expand;

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

/// Closes each open delimiter, and drops each closing one that closes nothing.
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
            let expanded = squeezed(expand_source(attribute, args, &item));
            assert!(expanded.contains(&(squeezed(tokens(signature)) + "{")), "{expanded}");
            assert!(expanded.contains(&expected), "{expanded}");
            // The same in a block, beside a complete method.
            let block = format!("impl X {{ {item} fn whole(&self, cx: &mut Sleepable) {{ 1 }} }}");
            let expanded = squeezed(expand_source(attribute, args, &block));
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
            let expanded = expand_source(attribute, args, &item);
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
    let expanded = expand_source(
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
fn declared_methods_are_checked_by_type() {
    let expanded = expand_source(MaySleep, "", "fn f(&self, cx: &'a mut S<'_>) -> u32 where T: U;");
    assert!(is_refused(&expanded), "no type that may be the token: {expanded}");
    let expanded = expand_source(MaySleep, "", "fn f(&self, cx: &mut S) -> u32 where T: U;");
    let text = squeezed(&expanded);
    assert!(text.contains("whereT:U,::nonblock::__private::IsSleepable<S>:,;"), "{text}");
    assert!(text.ends_with("whereT:U;"), "the documentation's has no such clause: {text}");
    let expanded = expand_source(MaySleep, "", "fn f(cx: Cx<'_>);");
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
            let text = squeezed(expand_source(attribute, "", &item));
            assert_eq!(text.matches(SELF).count(), 1, "{text}");
            let renamed = squeezed(expand_source(attribute, "crate = a::b", &item));
            assert!(renamed.contains(&format!("a::b::__private::{SELF}")), "{renamed}");
        }
        // A foreign function has neither a receiver nor a trait around it.
        for item in [
            format!("fn f(&self, {token});"),
            format!("fn f(self: Box<Self>, {token});"),
            format!("fn f({token}) {{}}"),
            format!("trait T {{ fn f({token}); }}"),
        ] {
            let text = squeezed(expand_source(attribute, "", &item));
            assert!(!text.contains(SELF), "{text}");
        }
    }
}

#[test]
fn foreign_functions_keep_their_names_and_safety() {
    let expanded = expand_source(
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
fn types_decide_where_code_can_stand() {
    for (item, asks) in [
        ("fn f(right: &mut Sleepable) {}", "[&mutSleepable;0]"),
        ("fn f(nb: &NonBlock, _: &mut Sleepable) {}", "[&mutSleepable;0]"),
        ("fn f<C: Context>(either: &mut C) {}", "[&mutC;0]"),
        ("fn f(cx: &mut Sleepable) {}", "Probe::of(&cx)"),
        ("fn f(either: &mut impl Context) {}", "Probe::of(&either)"),
    ] {
        let expanded = expand_source(NonBlock, "", item);
        assert!(!is_refused(&expanded), "{expanded}");
        assert!(squeezed(&expanded).contains(asks), "{expanded}");
    }
    let declared = squeezed(expand_source(MaySleep, "", "fn f<C: Context>(&self, cx: &mut C);"));
    assert!(declared.contains("where::nonblock::__private::IsContext<C>:,"), "{declared}");
    let opaque = squeezed(expand_source(MaySleep, "", "fn f(&self, cx: &mut impl Context);"));
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
        let unused = squeezed(expand_source(attribute, "", &item.replace("NAME", "_unused")));
        assert_eq!(unused.matches(ALLOWED).count(), 1, "{unused}");
        let used = squeezed(expand_source(attribute, "", &item.replace("NAME", "used")));
        assert!(!used.contains("allow"), "{used}");
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
        let expanded = expand_source(NonBlock, "", &format!("fn f() {{ {body} }}"));
        assert!(!is_refused(&expanded), "{body}");
    }
    for body in
        ["x.await", "if y { x.await }", "g(x.await)", "async { 1 }; x.await", "if !y { x.await }"]
    {
        let expanded = expand_source(NonBlock, "", &format!("fn f() {{ {body} }}"));
        assert!(is_refused(&expanded), "{body}");
    }
}

#[test]
fn a_returned_future_is_wrapped_where_it_is_made() {
    let boxed = "Pin<Box<dyn Future<Output = u8> + Send + '_>>";
    let wrapped = [
        ("async fn f() { x.await }".to_owned(), "non_blocking(asyncmove{"),
        ("fn f() -> impl Send + Future<Output = u8> { g() }".to_owned(), "non_blocking({{let"),
        (format!("fn f(&self) -> {boxed} {{ h(); Box::pin(g()) }}"), "Box::pin(::nonblock"),
        ("fn f() -> LocalBoxFuture<'_, u8> { Box::pin(g()) }".to_owned(), "Box::pin(::nonblock"),
        // As `async_trait` writes it.
        (
            "fn f<'a, 'life>(&'a self) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = (u8, u8)> + \
             ::core::marker::Send + 'life>> where 'a: 'life, Self: 'life { Box::pin(async move { g() }) }"
                .to_owned(),
            "Box::pin(::nonblock",
        ),
        // The `return` of an `async` block is its own.
        ("fn f() -> impl Future { async { return 1 } }".to_owned(), "non_blocking({{let"),
    ];
    for (item, form) in wrapped {
        let expanded = expand_source(NonBlock, "", &item);
        assert!(!is_refused(&expanded), "{item}");
        let text = squeezed(expanded);
        assert!(text.contains(form) && text.matches("non_blocking").count() == 1, "{text}");
    }
    for item in [
        "fn f() -> impl Iterator<Item = u8> { g() }",
        "fn f() -> Box<u8> { Box::pin(g()) }",
        "fn f() -> Self::Future { Box::pin(g()) }",
        "fn f() { async { g() }; }",
    ] {
        let text = squeezed(expand_source(NonBlock, "", item));
        assert!(!text.contains("non_blocking"), "{text}");
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
        (NonBlock, "", "async fn f(cx: &mut S) -> u8 { 1 }"),
        (NonBlock, "", "fn f() -> impl Future<Output = u8> { g() }"),
        (NonBlock, "", "fn f() -> BoxFuture<'static, u8> { Box::pin(g()) }"),
        (NonBlock, "", "extern \"C\" { fn f(); }"),
    ];
    for (attribute, args, item) in items {
        let text = squeezed(expand_source(attribute, args, item));
        for rest in text.split("::nonblock::").skip(1) {
            assert!(rest.starts_with("__private::"), "{text}");
        }
        assert!(!text.contains("::core::") && !text.contains("::std::"), "{text}");
        let comma = if args.is_empty() { "" } else { ", " };
        let renamed =
            squeezed(expand_source(attribute, &format!("{args}{comma}crate = a::b"), item));
        assert!(
            renamed.contains("a::b::__private") && !renamed.contains("nonblock::"),
            "{renamed}"
        );
    }
}

#[test]
fn tests_take_one_token() {
    for item in [
        "fn t() {}",
        "fn t(cx: &mut Sleepable) -> Result<(), E> { Ok(()) }",
        "#[ignore] pub fn t(_: &NonBlock) {}",
    ] {
        let expanded = expand::test(tokens(""), tokens(item));
        assert!(!is_refused(&expanded), "{expanded}");
        syn::parse2::<syn::ItemFn>(expanded).expect("a function");
    }
}

#[test]
fn a_test_with_cases_is_no_test_by_itself() {
    for attr in ["#[test_case(1)]", "#[rstest] #[case(1)]", "#[test_case::test_case(1)]"] {
        let item = format!("{attr} pub fn t(x: u32) -> Result<(), E> {{ cx; x }}");
        let expanded = expand::test(tokens("cx"), tokens(&item));
        assert!(!is_refused(&expanded), "{expanded}");
        let text = squeezed(&expanded);
        let (signature, _) = item.split_once('{').expect("a body");
        assert!(text.starts_with(&squeezed(tokens(signature))), "{text}");
        assert!(!text.contains("__private::test]"), "{text}");
        assert!(text.contains("run_test(move||->Result<(),E>{"), "{text}");
        assert!(text.contains("letcx=::nonblock::__private::BoundToken::token("), "{text}");
        syn::parse2::<syn::ItemFn>(expanded).expect("a function");
    }
}

#[test]
fn a_test_can_bind_a_token() {
    let expanded = expand::test(tokens("cx"), tokens("fn t() { cx; }"));
    assert!(!is_refused(&expanded), "{expanded}");
    let text = squeezed(&expanded);
    assert_eq!(text.matches("__private::test]").count(), 1, "{text}");
    assert_eq!(text.matches("bind_sleepable").count(), 1, "{text}");
    let expanded = expand::test(tokens(""), tokens("fn t<'a>(cx: &'a mut Sleepable) {}"));
    assert!(!is_refused(&expanded), "{expanded}");
}

#[test]
fn a_watched_test_has_the_watch_around_its_run() {
    const WATCH: &str = "::nonblock::__private::test_watch!(TRAPSCHEDULE).";
    for (args, item, call) in [
        (
            "watch = \"trap,schedule\"",
            "fn t() {}",
            "run(move||::nonblock::__private::TestRuns::run(",
        ),
        ("cx, watch = \" trap , schedule, \"", "fn t() {}", "run(move||::nonblock"),
        ("watch = r#\"trap,schedule\"#, cx", "fn t() {}", "run(move||::nonblock"),
        (
            "watch = \"trap,schedule\"",
            "#[should_panic] fn t() {}",
            "run_should_panic(move||::nonblock::__private::TestRuns::run_should_panic(",
        ),
        (
            "watch = \"trap,schedule\"",
            "#[rstest] fn t(x: u32) {}",
            "run(move||::nonblock::__private::run_test(move||",
        ),
    ] {
        let expanded = expand::test(tokens(args), tokens(item));
        assert!(!is_refused(&expanded), "{expanded}");
        let text = squeezed(&expanded);
        assert_eq!(text.matches(&format!("{WATCH}{call}")).count(), 1, "{text}");
        assert_eq!(text.contains("letcx="), args.contains("cx"), "{text}");
        syn::parse2::<syn::ItemFn>(expanded).expect("a function");
    }
    let renamed = expand::test(tokens("watch = \"alloc\", crate = a::b"), tokens("fn t() {}"));
    let text = squeezed(&renamed);
    assert!(text.contains("a::b::__private::test_watch!(ALLOC).run("), "{text}");
    assert!(!text.contains("nonblock::"), "{text}");
    let plain = squeezed(expand::test(tokens("cx"), tokens("fn t() {}")));
    assert!(!plain.contains("watch"), "{plain}");
}

/// The string may come from a `macro_rules` macro, in an invisible group.
#[test]
fn the_layers_may_be_passed_on_by_a_macro() {
    let layers = Group::new(Delimiter::None, tokens("\"trap\""));
    let args = quote::quote!(watch = #layers);
    let text = squeezed(expand::test(args, tokens("fn t() {}")));
    assert!(text.contains("test_watch!(TRAP)."), "{text}");
}

//! Where the attribute is put, and what is left out.

use std::collections::BTreeMap;

use nonblock_tools::annotate::{Annotated, Granularity, Reason, annotate};

#[track_caller]
fn annotated(text: &str, granularity: Granularity) -> Annotated {
    let annotated = annotate(text, "a", granularity).expect("it is Rust");
    // Whatever is inserted, the rest stays as it was.
    assert_eq!(annotated.text.replace("#[a] ", "").replace("#[a(skip)] ", ""), text);
    annotated
}

#[track_caller]
fn functions(text: &str) -> String {
    annotated(text, Granularity::Function).text
}

#[track_caller]
fn blocks(text: &str) -> String {
    annotated(text, Granularity::Block).text
}

#[test]
fn it_stands_before_the_visibility_and_every_qualifier() {
    assert_eq!(functions("fn f() {}"), "#[a] fn f() {}");
    assert_eq!(functions("pub(crate) fn f() {}"), "#[a] pub(crate) fn f() {}");
    assert_eq!(
        functions("pub unsafe extern \"C\" fn f() {}"),
        "#[a] pub unsafe extern \"C\" fn f() {}"
    );
    assert_eq!(functions("impl S { fn f(self) {} }"), "impl S { #[a] fn f(self) {} }");
    assert_eq!(functions("trait T { fn f(self) {} }"), "trait T { #[a] fn f(self) {} }");
}

#[test]
fn it_stands_before_and_after_other_attributes_in_turn() {
    let text = "/// é\n#[inline]\nfn f() {}\n/// é\n#[inline]\npub fn g() {}\n";
    let expected = "#[a] /// é\n#[inline]\nfn f() {}\n/// é\n#[inline]\n#[a] pub fn g() {}\n";
    assert_eq!(functions(text), expected);
}

#[test]
fn inner_attributes_are_in_the_body() {
    assert_eq!(functions("fn f() { #![allow(x)] }"), "#[a] fn f() { #![allow(x)] }");
}

#[test]
fn functions_in_functions_have_it_too() {
    assert_eq!(functions("fn f() { fn g() {} }"), "#[a] fn f() { #[a] fn g() {} }");
    assert_eq!(
        blocks("impl S { fn f() { impl R { fn g() {} } fn h() {} } }"),
        "#[a] impl S { fn f() { #[a] impl R { fn g() {} } #[a] fn h() {} } }"
    );
}

#[test]
fn what_cannot_have_it_is_counted_by_reason() {
    let text = "
        const fn a() {}
        async fn b() {}
        trait T { fn c(); }
        extern \"C\" { fn d(); fn e(f: fn(u8)); }
        macro_rules! m { ($name:ident) => { fn f() {} fn $name() {} } }
        m! { fn g() {} }
        fn h() { n!(fn i() {}); }
        type Pointer = fn();
    ";
    let annotated = annotated(text, Granularity::Function);
    let expected = BTreeMap::from([
        (Reason::Const, 1),
        (Reason::Async, 1),
        (Reason::NoBody, 3),
        (Reason::MacroRules, 2),
        (Reason::MacroArguments, 2),
    ]);
    assert_eq!(annotated.counts.left_out, expected);
    assert_eq!((annotated.counts.annotated, annotated.counts.total()), (1, 10));
}

#[test]
fn a_block_leaves_out_what_cannot_have_it() {
    assert_eq!(
        blocks("pub trait T { fn a(); fn b() {} }"),
        "#[a] pub trait T { #[a(skip)] fn a(); fn b() {} }"
    );
    assert_eq!(
        blocks("unsafe impl T for S { const fn a() {} fn b() {} }"),
        "#[a] unsafe impl T for S { #[a(skip)] const fn a() {} fn b() {} }"
    );
    // Nothing in it could have the attribute.
    assert_eq!(blocks("trait T { fn a(); }"), "trait T { fn a(); }");
    let counts =
        annotated("impl S { fn a() {} const fn b() {} } fn c() {}", Granularity::Block).counts;
    assert_eq!((counts.blocks, counts.annotated, counts.left_out[&Reason::Const]), (1, 2, 1));
}

#[test]
fn what_is_not_rust_is_an_error() {
    assert!(annotate("fn f( {", "a", Granularity::Function).is_err());
}

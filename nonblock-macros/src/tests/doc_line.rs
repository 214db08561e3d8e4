//! The place of the line that an attribute adds to the documentation.

use super::{expand_source, tokens};
use crate::attribute::Attribute;

/// The lines of documentation of an expanded function.
fn lines(item: &str) -> Vec<String> {
    let expanded = expand_source(Attribute::NonBlock, "", item);
    let function: syn::ItemFn = syn::parse2(expanded).expect("a function");
    function
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .map(|attr| match &attr.meta {
            syn::Meta::NameValue(pair) => match &pair.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => text.value(),
                other => panic!("not a text: {}", quote::quote!(#other)),
            },
            _ => panic!("not a line of documentation"),
        })
        .flat_map(|text| text.split('\n').map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

const LINE: &str = " Does not block: runs in a section.";

/// The blank lines around it. They hold spaces, so that rustdoc keeps them.
const BEFORE: &str = " ";
const AFTER: &str = "  ";

#[test]
fn after_the_summary() {
    let found = lines("/// Sums.\n/// Up.\n///\n/// More.\npub fn f() {}");
    assert_eq!(found, [" Sums.", " Up.", BEFORE, LINE, AFTER, "", " More."]);
}

#[test]
fn before_a_heading_or_a_list() {
    assert_eq!(
        lines("/// Sums.\n/// # Panics\nfn f() {}"),
        [" Sums.", BEFORE, LINE, AFTER, " # Panics"]
    );
    assert_eq!(lines("/// Sums.\n/// * a\nfn f() {}"), [" Sums.", BEFORE, LINE, AFTER, " * a"]);
}

#[test]
fn not_inside_the_summary() {
    let found = lines("/// Sums up\n/// `all` of\n/// *them*.\nfn f() {}");
    assert_eq!(found, [" Sums up", " `all` of", " *them*.", BEFORE, LINE, AFTER]);
}

#[test]
fn not_inside_code() {
    let found = lines("/// ```\n/// a();\n///\n/// b();\n/// ```\nfn f() {}");
    assert_eq!(found, [BEFORE, LINE, AFTER, " ```", " a();", "", " b();", " ```"]);
    let found = lines("/// ~~~\n///\n/// ~~~\nfn f() {}");
    assert_eq!(found, [BEFORE, LINE, AFTER, " ~~~", "", " ~~~"]);
    let found = lines("/** Sums.\n```\na();\n\n```\n*/\nfn f() {}");
    assert_eq!(found, [" Sums.", "```", "a();", "", "```", "", BEFORE, LINE, AFTER]);
    let found = lines("/// Sums.\n#[doc = \"```\\na();\\n```\"]\nfn f() {}");
    assert_eq!(found, [" Sums.", BEFORE, LINE, AFTER, "```", "a();", "```"]);
    let found = lines("#[doc = \"```\\n\\na();\\n```\"]\nfn f() {}");
    assert_eq!(found, [BEFORE, LINE, AFTER, "```", "", "a();", "```"]);
}

#[test]
fn does_not_make_code_of_what_is_indented() {
    let found = lines("///      Sums.\n///\n///      Up.\nfn f() {}");
    let indented = format!("      {}", LINE.trim());
    assert_eq!(found, ["      Sums.", BEFORE, &indented, AFTER, "", "      Up."]);
    // Here it is code already.
    let found = lines("///     a();\n///\n/// Sums.\nfn f() {}");
    assert_eq!(found, [BEFORE, LINE, AFTER, "     a();", "", " Sums."]);
}

#[test]
fn undocumented_functions_stay_undocumented_outside_rustdoc() {
    let expanded = expand_source(Attribute::NonBlock, "", "pub fn f() {}");
    let function: syn::ItemFn = syn::parse2(expanded).expect("a function");
    let [attr] = function.attrs.as_slice() else { panic!("one attribute") };
    assert!(attr.path().is_ident("cfg_attr"));
    // A method of a trait implementation inherits the documentation of the trait's method.
    let expanded = expand_source(Attribute::NonBlock, "", "fn f() {}");
    let function: syn::ItemFn = syn::parse2(expanded).expect("a function");
    assert!(function.attrs.is_empty());
}

#[test]
fn refused_functions_promise_nothing() {
    let expanded = expand_source(Attribute::MaySleep, "", "/// Sums.\nasync fn f() {}").to_string();
    assert!(!expanded.contains("May sleep"), "{expanded}");
    let _ = tokens(&expanded);
}

//! Random functions: the expansion parses again, and keeps every attribute, generic and argument.

use proptest::prelude::*;
use quote::quote;

use super::parsed_as_syn_does::assert_parsed_as_syn_does;
use super::{is_refused, messages, squeezed, tokens};
use crate::attribute::Attribute;
use crate::expand;

/// The parts of a function. The expansion must keep all of them.
#[derive(Clone, Debug)]
struct Parts {
    attrs: Vec<&'static str>,
    before: &'static str,
    generics: Vec<&'static str>,
    receiver: &'static str,
    parameters: Vec<&'static str>,
    output: &'static str,
    clause: &'static str,
    body: &'static str,
}

impl Parts {
    /// The function's source text, with `token` as one more parameter unless it is empty.
    fn source(&self, token: &str) -> String {
        let Self { attrs, before, generics, receiver, parameters, output, clause, body } = self;
        let mut list: Vec<&str> = vec![receiver];
        list.extend(parameters);
        // In the middle, because the first and the last parameter could be special cases.
        list.insert(list.len() / 2 + usize::from(!receiver.is_empty() && list.len() == 1), token);
        list.retain(|parameter| !parameter.is_empty());
        format!(
            "{}\n{before} fn f<{}>({}) {output} {clause} {body}",
            attrs.join("\n"),
            generics.join(", "),
            list.join(", ")
        )
    }
}

fn some(of: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(of, 0..=most.min(of.len()))
}

fn one(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(of)
}

fn parts() -> impl Strategy<Value = Parts> {
    let attrs = some(
        &[
            "/// Documented.",
            "#[inline(always)]",
            "#[track_caller]",
            "#[cfg(not(x))]",
            "#[must_use = \"why\"]",
            "#[cfg_attr(x, cold, doc = \"y\")]",
            "#[unsafe(no_mangle)]",
            "#[some::other(macro, of = \"another's\")]",
        ],
        8,
    );
    let before = one(&[
        "",
        "pub",
        "pub(crate)",
        "pub(in a::b)",
        "unsafe",
        "extern \"C\"",
        "pub unsafe extern \"system\"",
        "extern",
        "default",
        "pub default unsafe",
    ]);
    let generics =
        some(&["'a", "'b: 'a", "T", "U: Clone + 'a", "const N: usize", "const B: bool"], 6);
    let receiver = one(&[
        "",
        "self",
        "mut self",
        "&self",
        "&mut self",
        "&'a mut self",
        "self: Box<Self>",
        "self: Pin<&mut Self>",
        "mut self: Rc<Self>",
    ]);
    let parameters = some(
        &[
            "a: u32",
            "mut b: &'a [T; N]",
            "(c, [d, ..]): (u8, [T; 3])",
            "_: impl Fn(u32) -> U + Send",
            "#[cfg(y)] e: Vec<Option<Box<dyn Fn(&mut Sleepable) -> T>>>",
            "Wrapper { g, ref h, .. }: Wrapper<{ N + 1 }>",
            "&i: &(u8, fn(&NonBlock))",
            "j: &mut dyn Iterator<Item = <T as Tr>::X>",
            "k: *const [u8]",
            "l: Other<'_>",
            "m: &mut Another",
        ],
        11,
    );
    let output = one(&[
        "",
        "-> u32",
        "-> !",
        "-> impl Fn(u8) -> T + 'a",
        "-> Result<Vec<T>, Box<dyn E>>",
        "-> [T; { N }]",
    ]);
    let clause = one(&[
        "",
        "where T: Clone",
        "where T: Clone, [u8; { N }]: Sized,",
        "where for<'c> &'c T: Tr<X = U>",
    ]);
    let body = one(&[
        "{}",
        "{ 1 }",
        "{ #![allow(unused)] let x = a?; return x; }",
        "{ loop { break 'a { } } }",
        "{ if x { y } else { z }; w! { v } }",
    ]);
    (attrs, before, generics, receiver, parameters, output, clause, body).prop_map(
        |(attrs, before, generics, receiver, parameters, output, clause, body)| Parts {
            attrs,
            before,
            generics,
            receiver,
            parameters,
            output,
            clause,
            body,
        },
    )
}

/// Asserts that nothing of the function was lost.
fn assert_kept(parts: &Parts, source: &str, expanded: &proc_macro2::TokenStream) {
    let text = squeezed(expanded);
    assert!(!is_refused(expanded), "{source}\n{:#?}", messages(expanded));
    // Parsed in an `impl`, because a function outside of one cannot be `default`.
    let item = quote!(impl X { #expanded });
    let parsed: syn::ItemImpl =
        syn::parse2(item).unwrap_or_else(|error| panic!("{error}:\n{expanded}"));
    assert_eq!(parsed.items.len(), 1);
    let signature = squeezed(tokens(source));
    let header = &signature
        [signature.find("fnf").unwrap()..signature.find(&squeezed(tokens(parts.body))).unwrap()];
    assert!(text.contains(header), "{header}\n{text}");
    assert!(text.contains(&squeezed(tokens(parts.before))));
    for attr in &parts.attrs {
        assert!(text.contains(&squeezed(tokens(attr))), "{attr} in {text}");
    }
    let body = parts.body.trim_start_matches('{').trim_end_matches('}');
    assert!(
        text.contains(&squeezed(tokens(body.trim_start_matches(" #![allow(unused)]")))),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_signatures(parts in parts()) {
        use Attribute::{MaySleep, NonBlock};
        let forms = [
            (MaySleep, "", "cx: &mut Sleepable"),
            (MaySleep, "", "_: &mut nonblock::Sleepable"),
            (MaySleep, "", "cx: &mut impl Context"),
            (MaySleep, "", "cx: Cx<'_>"),
            (MaySleep, "cx", ""),
            (NonBlock, "", ""),
            (NonBlock, "", "nb: &NonBlock"),
            (NonBlock, "", "_nb: &'static mut NonBlock"),
            (NonBlock, "nb, crate = a", ""),
        ];
        for (attribute, args, token) in forms {
            let source = parts.source(token);
            let expanded = expand::attribute(attribute, tokens(args), tokens(&source));
            assert_kept(&parts, &source, &expanded);
        }
    }

    /// What is parsed here is what `syn` would have parsed.
    #[test]
    fn random_signatures_are_parsed_as_syn_does(parts in parts()) {
        let plain = Parts { attrs: vec![], before: "", body: "", ..parts };
        for token in ["", "cx: &mut Sleepable", "_: &'a b::NonBlock", "mut cx: ::a::Cx<'_>", "d: Self", "e: m!(u8)"] {
            let source = plain.source(token);
            assert_parsed_as_syn_does(&source);
        }
    }

    #[test]
    fn random_signatures_in_blocks(functions in prop::collection::vec(parts(), 1..4)) {
        let sources: Vec<_> = functions.iter().map(|parts| parts.source("")).collect();
        let item = format!("impl<T> X for Y<{{ 3 }}> where T: Z {{ {} }}", sources.join("\n"));
        let expanded = expand::attribute(Attribute::NonBlock, tokens(""), tokens(&item));
        prop_assert!(!is_refused(&expanded), "{:#?}", messages(&expanded));
        let parsed: syn::ItemImpl = syn::parse2(expanded.clone()).expect("an impl");
        prop_assert_eq!(parsed.items.len(), functions.len());
        prop_assert_eq!(expanded.to_string().matches("let __nonblock_section").count(), functions.len());
    }
}

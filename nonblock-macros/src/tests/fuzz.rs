//! Random tokens: never a panic, and always an error or the same item.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use proptest::prelude::*;

use super::{BOTH, has_word, is_refused};
use crate::expand;
use crate::item::Item;

const WORDS: [&str; 46] = [
    "fn",
    "impl",
    "trait",
    "extern",
    "unsafe",
    "safe",
    "async",
    "const",
    "pub",
    "struct",
    "enum",
    "mod",
    "use",
    "type",
    "static",
    "let",
    "move",
    "mut",
    "ref",
    "self",
    "Self",
    "where",
    "for",
    "dyn",
    "in",
    "crate",
    "super",
    "default",
    "auto",
    "macro_rules",
    "await",
    "skip",
    "cx",
    "nb",
    "_",
    "f",
    "T",
    "Sleepable",
    "NonBlock",
    "Context",
    "doc",
    "cfg",
    "cfg_attr",
    "may_sleep",
    "non_block",
    "test",
];

fn token() -> impl Strategy<Value = TokenTree> {
    let leaf = prop_oneof![
        4 => prop::sample::select(&WORDS[..]).prop_map(|word| TokenTree::Ident(Ident::new(word, Span::call_site()))),
        3 => (prop::sample::select(&b"&:;,<>=!#|*+-.?$@"[..]), any::<bool>()).prop_map(|(char, joint)| {
            let spacing = if joint { Spacing::Joint } else { Spacing::Alone };
            TokenTree::Punct(Punct::new(char::from(char), spacing))
        }),
        1 => any::<u8>().prop_map(|number| TokenTree::Literal(Literal::u8_unsuffixed(number))),
        1 => "[a-z# ]{0,4}".prop_map(|text| TokenTree::Literal(Literal::string(&text))),
    ];
    leaf.prop_recursive(3, 24, 8, |inner| {
        let delimiters =
            [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
        (prop::sample::select(delimiters.to_vec()), prop::collection::vec(inner, 0..8)).prop_map(
            |(delimiter, tokens)| {
                TokenTree::Group(Group::new(delimiter, tokens.into_iter().collect()))
            },
        )
    })
}

fn stream(length: usize) -> impl Strategy<Value = TokenStream> {
    prop::collection::vec(token(), 0..length).prop_map(|tokens| tokens.into_iter().collect())
}

/// Something that begins like a function, so that more of the expansion runs.
fn almost_function() -> impl Strategy<Value = TokenStream> {
    (stream(3), stream(6), stream(4), stream(8)).prop_map(|(before, parameters, after, body)| {
        quote::quote!(#before fn f(#parameters) #after { #body })
    })
}

fn almost_block() -> impl Strategy<Value = TokenStream> {
    let headers =
        ["impl X", "trait X", "unsafe extern \"C\"", "impl<C: Context> X for Y<C>", "impl"];
    (
        prop::sample::select(headers.to_vec()),
        prop::collection::vec(almost_function(), 0..3),
        stream(6),
    )
        .prop_map(|(header, functions, rest)| {
            let header: TokenStream = header.parse().expect("tokens");
            quote::quote!(#header { #(#functions)* #rest })
        })
}

/// The kind of an item, as the macros see it.
fn item_kind(tokens: TokenStream) -> u8 {
    match Item::parse(tokens) {
        Item::Function(_) => 0,
        Item::Block(_) => 1,
        Item::Other(..) => 2,
        Item::Empty => 3,
    }
}

/// Asserts that each macro either refuses the item, or is for items of its kind and expands it.
fn assert_sound(args: &TokenStream, item: &TokenStream) {
    for attribute in BOTH {
        let expanded = expand::attribute(attribute, args.clone(), item.clone());
        assert!(
            is_refused(&expanded) || item_kind(item.clone()) < 2,
            "neither refused nor expanded:\n{item}\n{expanded}"
        );
        if !is_refused(&expanded) && item_kind(item.clone()) == 0 {
            assert!(
                has_word(&expanded, "__private") || has_word(&expanded, "impl"),
                "{item}\n{expanded}"
            );
        }
    }
    let expanded = expand::test(args.clone(), item.clone());
    assert!(
        is_refused(&expanded) || item_kind(item.clone()) == 0,
        "neither refused nor expanded:\n{item}\n{expanded}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_items(args in stream(4), item in stream(16)) {
        assert_sound(&args, &item);
    }

    #[test]
    fn random_functions(args in stream(4), item in almost_function()) {
        assert_sound(&args, &item);
        assert_sound(&TokenStream::new(), &item);
    }

    #[test]
    fn random_blocks(args in stream(4), item in almost_block()) {
        assert_sound(&args, &item);
        assert_sound(&TokenStream::new(), &item);
    }

    #[test]
    fn random_arguments_are_read_strictly(args in stream(5)) {
        let item: TokenStream = "fn f() {}".parse().expect("tokens");
        let expanded = expand::attribute(super::BOTH[1], args.clone(), item);
        if !is_refused(&expanded) {
            // It accepts nothing, a name, `crate = path`, or both with a comma between them.
            let mut names = 0;
            for argument in args.into_iter().collect::<Vec<_>>().split(|token| token.to_string() == ",") {
                let words: Vec<String> =
                    argument.iter().map(ToString::to_string).filter(|word| !word.is_empty()).collect();
                match words.as_slice() {
                    [] => {}
                    [key, equals, _, ..] if key == "crate" && equals == "=" => {}
                    [name] => {
                        names += 1;
                        prop_assert!(syn::parse_str::<Ident>(name).is_ok() && name != "skip");
                    }
                    _ => prop_assert!(false, "{words:?}"),
                }
            }
            prop_assert!(names <= 1);
        }
    }
}

//! The names of functions: as people write them, and as patterns are compared with them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The name of a function.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Name {
    /// The name with all its types, without the compiler's hash.
    pub full: String,
    /// The name without generic arguments, which patterns are compared with: `alloc::vec::Vec::push`, and for the method of a trait
    /// `<std::fs::File as std::io::Read>::read`.
    pub plain: String,
}

/// The crates that come with the compiler, and what the standard library is made of.
const STD: [&str; 11] = [
    "std",
    "core",
    "alloc",
    "__rustc",
    "compiler_builtins",
    "panic_unwind",
    "std_detect",
    "hashbrown",
    "gimli",
    "addr2line",
    "rustc_demangle",
];

/// The types that no crate has. The last one is that of `()` and of arrays.
const PRIMITIVE: [&str; 18] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f32", "f64", "",
];

impl Name {
    /// Makes the name of a symbol readable. A symbol that is not Rust's, such as a C function's, stays as it is. One that looks like a
    /// path and is none is in quotation marks: what is known of the function with this path is not known of it.
    pub fn of_symbol(symbol: &str) -> Self {
        if let Ok(demangled) = rustc_demangle::try_demangle(symbol) {
            let mut full = String::with_capacity(symbol.len() * 2);
            // Nothing goes wrong when it is written to a text.
            let _ = write!(full, "{demangled:#}");
            full.shrink_to_fit();
            let plain = without_generics(&full).into_owned();
            return Self { full, plain };
        }
        let full = if symbol.contains("::") { format!("\"{symbol}\"") } else { symbol.to_owned() };
        Self { plain: full.clone(), full }
    }

    /// Makes a name of one that is readable already.
    pub fn of_function(full: &str) -> Self {
        Self { full: full.to_owned(), plain: without_generics(full).into_owned() }
    }

    /// Whether the function belongs to one of the crates that come with the compiler, or is a method of a type that no crate has.
    pub fn is_in_std(&self) -> bool {
        let krate = self.crate_name();
        !self.plain.starts_with('"') && (STD.contains(&krate) || PRIMITIVE.contains(&krate))
    }

    /// Whether the function's code is the standard library's, and so no method of a trait of another crate for one of its types. Generic
    /// arguments may be anybody's.
    pub(crate) fn has_code_of_std(&self) -> bool {
        let is_path =
            |path: &str| ["std::", "core::", "alloc::"].iter().any(|name| path.starts_with(name));
        match self.plain.strip_prefix('<') {
            Some(rest) => split_at_as(rest).is_some_and(|(of, by)| is_path(of) && is_path(by)),
            None => is_path(&self.plain),
        }
    }

    /// Returns the name of the crate that the function is from. For a method of a trait it is that of the type. It is the whole name
    /// for a function that is not Rust's.
    pub fn crate_name(&self) -> &str {
        let path = self.plain.trim_start_matches(['<', '&', '*', '[', '(']);
        let path =
            path.strip_prefix("mut ").or_else(|| path.strip_prefix("const ")).unwrap_or(path);
        let path = path.strip_prefix("dyn ").unwrap_or(path);
        path.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or(path)
    }

    /// Whether the function is one that the compiler makes to drop a value.
    pub(crate) fn is_drop_glue(&self) -> bool {
        self.plain == "core::ptr::drop_in_place" || self.plain == "core::ptr::drop_glue"
    }

    /// Whether it is one of Rust's names, with a path.
    pub fn is_rust(&self) -> bool {
        self.plain.contains("::")
    }
}

/// Returns the characters of a name with where each stands, but those in literals of characters: a bracket there is none. Such a literal is
/// an argument of a generic type, as in `a::B<'>'>`.
fn outside_literals(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut goes_on_at = 0;
    text.char_indices().filter(move |(at, c)| {
        if *at < goes_on_at {
            return false;
        }
        if *c == '\'' {
            goes_on_at = at + literal(&text[*at..]);
        }
        true
    })
}

/// Returns how long the literal of a character is with which a text begins. That of a lifetime, which has no second quotation mark, is 0.
fn literal(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    let end = match chars.next() {
        Some((_, '\\')) => chars.skip(1).find(|(_, c)| *c == '\''),
        Some(_) => chars.next().filter(|(_, c)| *c == '\''),
        None => None,
    };
    end.map_or(0, |(at, _)| at + 1)
}

/// Returns where the generic arguments end that begin at `start`, with the `<` there: the index after the `>`.
pub(crate) fn end_of_generics(text: &str, start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in outside_literals(text.get(start..)?) {
        match c {
            '<' => depth += 1,
            // Not the arrow of a function's type.
            '>' if before != '-' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(start + at + 1);
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

/// Returns the two sides of the ` as ` that stands in no brackets.
pub(crate) fn split_at_as(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in outside_literals(text) {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if before == '-' => {}
            '>' | ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 => {
                if let Some(right) = text[at..].strip_prefix(" as ") {
                    return Some((&text[..at], right));
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

/// Splits a list of generic arguments into all but the last, and the last: `A<B, C>, D` at the comma before `D`.
pub(crate) fn split_last_argument(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let mut before = ' ';
    let mut last = None;
    for (at, c) in text.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if before == '-' => {}
            '>' | ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => last = Some(at),
            _ => {}
        }
        before = c;
    }
    let (rest, argument) = text.split_at(last?);
    Some((rest, argument.strip_prefix(',')?.trim_start()))
}

/// Leaves the generic arguments out of a name: `<a::B<T>>::c::<U>` becomes `a::B::c`.
pub(crate) fn without_generics(name: &str) -> Cow<'_, str> {
    if !name.contains('<') {
        return Cow::Borrowed(name);
    }
    let mut plain = String::with_capacity(name.len());
    let mut at = 0;
    if name.starts_with('<')
        && let Some(end) = end_of_generics(name, 0)
    {
        let inner = &name[1..end - 1];
        match split_at_as(inner) {
            Some((own, of)) => {
                plain.push('<');
                plain.push_str(&without_generics(own));
                plain.push_str(" as ");
                plain.push_str(&without_generics(of));
                plain.push('>');
            }
            None => plain.push_str(&without_generics(inner)),
        }
        at = end;
    }
    while let Some(rest) = name.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        if c == '<'
            && let Some(end) = end_of_generics(name, at)
        {
            // The old mangling writes the method of an impl as `a::<impl b::C for D>::e`: there the path goes on.
            if plain.ends_with("::") && !rest.starts_with("<impl ") {
                plain.truncate(plain.len() - 2);
            } else if rest.starts_with("<impl ") {
                plain.push('<');
                plain.push_str(&without_generics(&name[at + 1..end - 1]));
                plain.push('>');
            }
            at = end;
            continue;
        }
        plain.push(c);
        at += c.len_utf8();
    }
    Cow::Owned(plain)
}

/// Shorter ones are in many symbols by chance.
const SHORTEST_WORD: usize = 4;

/// Words in readable names that symbols have not: manglings have letters for them.
const WRITTEN: [&str; 20] = [
    "closure",
    "constant",
    "shim",
    "vtable",
    "reify",
    "impl",
    "unsafe",
    "extern",
    "unwind",
    "system",
    "true",
    "false",
    "usize",
    "isize",
    "u128",
    "i128",
    "f128",
    "bool",
    "char",
    // Where a symbol cannot be read.
    "punycode recursion size limit reached invalid syntax",
];

/// A pattern for names: a whole name without generic arguments, in which `*` stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    /// What stands before the first star and behind the last. Without a star it is the whole text.
    ends: Option<(String, String)>,
    /// What stands between two stars.
    middle: Vec<String>,
    has_generics: bool,
}

impl Pattern {
    /// Makes a pattern of its text.
    pub fn new(text: &str) -> Self {
        let text = text.trim().to_owned();
        let mut parts: Vec<_> = text.split('*').map(str::to_owned).collect();
        let last = if parts.len() > 1 { parts.pop() } else { None };
        let ends = last.map(|last| (std::mem::take(&mut parts[0]), last));
        let middle = parts.into_iter().skip(1).filter(|part| !part.is_empty()).collect();
        let has_generics = text.contains('<');
        Self { text, ends, middle, has_generics }
    }

    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a name fits the pattern: without its generic arguments, or with them if the pattern has any.
    pub fn matches(&self, name: &Name) -> bool {
        self.matches_text(&name.plain) || (self.has_generics && self.matches_text(&name.full))
    }

    /// Returns the longest word that each symbol has whose name fits the pattern, if there is one: manglings leave the names of modules,
    /// types and functions as they are. Names of other letters than those of C are encoded, all but these letters.
    pub(crate) fn word_in_symbols(&self) -> Option<&str> {
        let words = self.text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let of_names = words.filter(|word| {
            let is_number = word.starts_with(|first: char| first.is_ascii_digit());
            word.len() >= SHORTEST_WORD
                && !is_number
                && !WRITTEN.iter().any(|written| written.contains(word))
        });
        // Letters in quotes are constants.
        of_names
            .max_by_key(|word| word.len())
            .filter(|_| self.text.is_ascii() && !self.text.contains('"'))
    }

    /// Whether a text fits the pattern.
    pub fn matches_text(&self, text: &str) -> bool {
        let Some((first, last)) = &self.ends else { return text == self.text };
        let rest =
            text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
        let Some(mut rest) = rest else { return false };
        for part in &self.middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_arguments_are_left_out() {
        let cases = [
            ("<a::B<T>>::c::<U>", "a::B::c"),
            ("<a::B>::run_at::<(), m::f::{closure#0}>", "a::B::run_at"),
            ("<a::B<T> as c::D<U>>::e::<V>", "<a::B as c::D>::e"),
            ("core::ptr::drop_in_place<alloc::string::String>", "core::ptr::drop_in_place"),
            ("core::ptr::drop_in_place::<fn(u8) -> u8>", "core::ptr::drop_in_place"),
            ("<fn() -> a::B as c::D>::e", "<fn() -> a::B as c::D>::e"),
            ("a::b::<impl c::D for e::F<T>>::g", "a::b::<impl c::D for e::F>::g"),
            ("m::f::{closure#0}::<T>", "m::f::{closure#0}"),
            ("<[T]>::len", "[T]::len"),
            ("a::operator<", "a::operator<"),
            ("read", "read"),
            ("<a::B<'>'> as c::D>::e::<'<'>", "<a::B as c::D>::e"),
            ("<a::B<'\\''> as c::D<'\\u{1f}'>>::e", "<a::B as c::D>::e"),
            ("<&'a a::B<'('> as c::D>::e", "<&'a a::B as c::D>::e"),
        ];
        for (full, plain) in cases {
            assert_eq!(without_generics(full), plain, "{full}");
        }
    }

    #[test]
    fn a_symbol_that_only_looks_like_a_path_is_no_function_of_that_path() {
        let name = Name::of_symbol("core::panicking::panic");
        assert_eq!(name.plain, "\"core::panicking::panic\"");
        assert_eq!(Name::of_symbol("<b>bold</b>").plain, "<b>bold</b>");
        assert!(!Pattern::new("core::panicking::*").matches(&name));
        assert!(!name.is_in_std());
    }

    #[test]
    fn a_star_stands_for_anything() {
        let name = Name::of_symbol("_ZN5audio7process17h0123456789abcdefE");
        assert_eq!(name.full, "audio::process");
        for pattern in
            ["audio::process", "audio::*", "*process", "*", "a*::p*s", "*audio::process*"]
        {
            assert!(Pattern::new(pattern).matches(&name), "{pattern}");
        }
        for pattern in ["audio", "process", "audio::process::*", "*x*", "a*q*s", ""] {
            assert!(!Pattern::new(pattern).matches(&name), "{pattern}");
        }
        // The parts of a pattern do not share letters.
        assert!(!Pattern::new("ab*ba").matches_text("aba"));
    }

    #[test]
    fn the_word_of_a_pattern_is_in_each_symbol_that_fits() {
        let word = |pattern: &str| Pattern::new(pattern).word_in_symbols().map(str::to_owned);
        assert_eq!(word("player::audio::process").as_deref(), Some("process"));
        assert_eq!(word("<* as player::Source>::next").as_deref(), Some("Source"));
        // What the compiler names itself, and numbers, are written in other ways.
        for pattern in ["*", "*closure*", "*losur*", "f::<10000>", "a::b", "*ström*", "*\"abcd\"*"]
        {
            assert_eq!(word(pattern), None, "{pattern}");
        }
        let symbols = [
            // The second `audio` of it is a number that says where the first is.
            "_RNvMNtCs1234_6player5audioNtB2_5Voice7process",
            "_ZN6player5audio5Voice7process17h0123456789abcdefE",
            "_RNCNvCs1234_6player7process0B3_",
        ];
        for symbol in symbols {
            let name = Name::of_symbol(symbol);
            assert_ne!(name.full, symbol);
            for pattern in ["*process*", "player::*", "*audio::Voice*", "*{closure#0}", "*yer*"] {
                let pattern = Pattern::new(pattern);
                let has_word = pattern.word_in_symbols().is_none_or(|word| symbol.contains(word));
                assert!(has_word || !pattern.matches(&name), "{pattern:?} {symbol}");
            }
        }
    }

    #[test]
    fn the_crate_of_a_trait_method_is_that_of_the_type() {
        let name = |plain: &str| Name { full: plain.to_owned(), plain: plain.to_owned() };
        assert_eq!(name("<&mut a::B as std::io::Read>::read").crate_name(), "a");
        assert_eq!(name("<dyn a::B as c::D>::e").crate_name(), "a");
        assert!(name("std::thread::sleep").is_in_std());
        assert!(name("std::thread::sleep").has_code_of_std());
        assert!(name("<std::a::Packet<m::T> as core::ops::drop::Drop>::drop").has_code_of_std());
        assert!(!name("<alloc::vec::Vec<u8> as m::Serve>::serve").has_code_of_std());
        assert!(!name("<m::Serve as core::ops::drop::Drop>::drop").has_code_of_std());
        assert!(name("<&str as core::any::Any>::type_id").is_in_std());
        assert!(name("<() as core::fmt::Debug>::fmt").is_in_std());
        assert!(!name("<&mut a::B as std::io::Read>::read").is_in_std());
        assert!(!name("read").is_rust());
    }
}

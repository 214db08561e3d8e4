//! What the names of functions in tables of methods tell: of which trait each is a method.

use rustc_hash::FxHashMap;

use crate::demangle::{Name, end_of_generics, split_at_as, without_generics};

/// Generic arguments, as two tools write them in different ways. `None` if they may be any: closures, constants and lifetimes are
/// written in several ways.
pub(super) type Arguments = Option<Text>;

/// The number of a text.
pub(super) type Text = u32;

/// The number of a text that nothing in the program has.
pub(super) const UNKNOWN_TEXT: Text = Text::MAX;

/// What a function is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Is {
    /// A method of this trait.
    Method { of: Text, arguments: Arguments, name: Text },
    /// The body of a closure, or of something else that the compiler makes and that has a trait of the standard library.
    Closure,
    /// No method of a trait.
    Other,
    /// Its name does not tell.
    Unknown,
}

/// The numbers of texts.
#[derive(Debug, Default)]
pub(super) struct Texts(FxHashMap<Box<str>, Text>);

impl Texts {
    pub(super) fn add(&mut self, text: &str) -> Text {
        if let Some(&known) = self.0.get(text) {
            return known;
        }
        let number = Text::try_from(self.0.len()).unwrap_or(UNKNOWN_TEXT);
        self.0.insert(text.into(), number);
        number
    }

    pub(super) fn known(&self, text: &str) -> Text {
        self.0.get(text).copied().unwrap_or(UNKNOWN_TEXT)
    }
}

impl Is {
    pub(super) fn of(symbol: &str, name: &Name, texts: &mut Texts) -> Self {
        let full = name.full.as_str();
        if !symbol.starts_with("_R") {
            return Self::Unknown;
        }
        if full.rsplit("::").any(|part| part.starts_with("{closure")) && ends_in_closure(full) {
            return Self::Closure;
        }
        if full.starts_with('<') && end_of_generics(full, 0).is_none() {
            return Self::Unknown;
        }
        let Some((of, method)) = trait_and_method(full) else { return Self::Other };
        let (of, arguments) = parts(of);
        Self::Method {
            of: texts.add(&of),
            arguments: comparable(arguments).map(|arguments| texts.add(&arguments)),
            name: texts.add(method),
        }
    }

    pub(super) fn tells_no_method(self) -> bool {
        matches!(self, Self::Closure | Self::Unknown)
    }

    /// Whether two may be the same method for two types.
    pub(super) fn may_be(self, other: Self) -> bool {
        match (self, other) {
            (
                Self::Method { of, arguments, name },
                Self::Method { of: other, arguments: others, name: theirs },
            ) => of == other && name == theirs && may_be_the_same(arguments, others),
            (Self::Other, Self::Other) => true,
            (Self::Other, _) | (_, Self::Other) => false,
            _ => true,
        }
    }
}

/// Whether a name is that of a closure's own body: nothing but what the compiler makes of it follows.
fn ends_in_closure(full: &str) -> bool {
    let at = full.rfind("::{closure").map(|at| &full[at + 2..]);
    at.is_some_and(|rest| {
        let rest = &rest[rest.find('}').map_or(rest.len(), |end| end + 1)..];
        rest.is_empty() || rest.starts_with("::<") || rest.starts_with("::{")
    })
}

/// Splits the name of a method of a trait: `<T as Trait>::method`.
fn trait_and_method(full: &str) -> Option<(&str, &str)> {
    let end = end_of_generics(full, 0).filter(|_| full.starts_with('<'))?;
    let (_, of) = split_at_as(&full[1..end - 1])?;
    let method = full[end..].strip_prefix("::")?;
    let length = method.find([':', '<']).unwrap_or(method.len());
    Some((of, &method[..length]))
}

/// Splits a trait into its path and its generic arguments.
pub(super) fn parts(of: &str) -> (String, &str) {
    let arguments = of.find('<').map_or("", |at| &of[at..]);
    (without_generics(of).into_owned(), arguments)
}

pub(super) fn is_in_std(path: &str) -> bool {
    ["core::", "alloc::", "std::"].iter().any(|name| path.starts_with(name))
}

/// Whether generic arguments may be the same. In doubt they are.
pub(super) fn may_be_the_same(one: Arguments, other: Arguments) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// Returns what generic arguments have in common, whichever tool has written them. `None` if that does not tell.
pub(super) fn comparable(arguments: &str) -> Option<String> {
    // Closures, constants and lifetimes are written in several ways.
    if arguments.contains(['{', '\'', '"', '=']) {
        return None;
    }
    let mut words: Vec<_> = arguments
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !["", "dyn", "mut", "const", "for", "_"].contains(word))
        .collect();
    words.sort_unstable();
    Some(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_method_tells_its_trait() {
        let mut texts = Texts::default();
        let mut is = |symbol: &str, full: &str| {
            let plain = without_generics(full).into_owned();
            Is::of(symbol, &Name { full: full.to_owned(), plain }, &mut texts)
        };
        let names = [
            ("<a::B as c::D>::e", ["c::D", "", "e"]),
            ("<a::B<f32> as c::D<f64>>::e", ["c::D", "f64", "e"]),
            (
                "<a::b::{closure#0} as c::FnOnce<()>>::call_once::{shim:vtable#0}",
                ["c::FnOnce", "", "call_once"],
            ),
        ];
        let found = names.map(|(full, texts)| (is("_R", full), texts));
        assert_eq!(is("_R", "a::b::{closure#0}"), Is::Closure);
        assert_eq!(is("_R", "<a::B as c::D>::e::{closure#0}"), Is::Closure);
        assert_eq!(is("_R", "a::b::{closure#0}::<u8>"), Is::Closure);
        assert_eq!(is("_R", "<a::B>::c"), Is::Other);
        assert_eq!(is("_R", "core::ptr::drop_in_place::<a::b::{closure#0}>"), Is::Other);
        assert_eq!(is("exported", "exported"), Is::Unknown);
        for (is, [of, arguments, name]) in found {
            let (of, arguments, name) =
                (texts.known(of), Some(texts.known(arguments)), texts.known(name));
            assert_eq!(is, Is::Method { of, arguments, name });
            assert!(![Some(of), arguments, Some(name)].contains(&Some(UNKNOWN_TEXT)));
        }
    }

    #[test]
    fn arguments_differ_only_where_that_is_certain() {
        let mut texts = Texts::default();
        let mut may_be_the_same = |one: &str, other: &str| {
            let mut arguments =
                |text: &str| comparable(text).map(|arguments| texts.add(&arguments));
            super::may_be_the_same(arguments(one), arguments(other))
        };
        assert!(may_be_the_same("<f32>", "<f32>"));
        assert!(may_be_the_same("<(&mut [f32])>", "<(&mut [f32],)>"));
        assert!(!may_be_the_same("<f32>", "<f64>"));
        assert!(!may_be_the_same("<()>", "<(f32, u16)>"));
        assert!(may_be_the_same("<a::{closure_env#0}>", "<a::{closure#0}>"));
    }
}

//! The kinds of channels that a program never makes.
//!
//! A `Sender` of the standard library or of crossbeam has one of several kinds of channels behind it, and asks when it runs which it is.
//! An unbounded one waits for nobody, and another does. But each kind is made by a function of its own, for each type of value: if the program
//! has none of these functions, neither on its own nor inlined, then the methods of that kind never run.

use std::collections::HashSet;
use std::sync::OnceLock;

use memchr::memmem;

use crate::demangle::{Name, end_of_generics};
use crate::elf::Program;
use crate::typed::Typed;

/// The modules of the kinds, each of which has a `Channel`: std 1.95, and crossbeam-channel 0.5.
const KINDS: [&str; 6] = [
    "std::sync::mpmc::array::",
    "std::sync::mpmc::list::",
    "std::sync::mpmc::zero::",
    "crossbeam_channel::flavors::array::",
    "crossbeam_channel::flavors::list::",
    "crossbeam_channel::flavors::zero::",
];

/// How the names of the functions begin that make one.
const MAKERS: [&str; 2] = ["new", "with_"];

/// The types of channels that a program makes. They are found when somebody asks first.
#[derive(Debug, Default)]
pub(crate) struct Channels(OnceLock<Option<HashSet<String>>>);

impl Channels {
    /// Whether a function is a method of a kind of channel that the program never makes, by its name. In doubt it is not.
    pub(crate) fn never_make(
        &self,
        name: &Name,
        program: &Program<'_>,
        typed: &Typed<'_, '_>,
    ) -> bool {
        let Some((of, _)) = channel_and_method(&name.full) else { return false };
        let made = self.0.get_or_init(|| made(program, typed));
        made.as_ref().is_some_and(|made| !made.contains(of))
    }
}

/// Returns the types of channels for which there is a function that makes one. `None` if there may be others: where a function is not
/// described, nobody knows what was inlined into it, and the optimizer leaves nothing of a function that only sets values.
fn made(program: &Program<'_>, typed: &Typed<'_, '_>) -> Option<HashSet<String>> {
    // Another file may make channels that it gives to this one.
    let is_shared = |name: &str| name.starts_with('_') && Name::of_symbol(name).is_rust();
    if program.shared_names()?.any(is_shared) {
        return None;
    }
    let mut made = HashSet::new();
    for function in program.functions() {
        if !typed.names_all_in(function.address, function.symbol) {
            return None;
        }
        for symbol in function.symbols() {
            made.extend(made_by(symbol));
        }
    }
    let texts = program.debug_section(".debug_str");
    for at in memmem::find_iter(texts, "7Channel") {
        let start = memchr::memrchr(0, &texts[..at]).map_or(0, |zero| zero + 1);
        let end = memchr::memchr(0, &texts[at..]).map_or(texts.len(), |zero| at + zero);
        if let Ok(symbol) = std::str::from_utf8(&texts[start..end]) {
            made.extend(made_by(symbol));
        }
    }
    Some(made)
}

/// Returns the type of channel that a function makes, if it is one that does.
fn made_by(symbol: &str) -> Option<String> {
    if !symbol.contains("7Channel") {
        return None;
    }
    let name = Name::of_symbol(symbol);
    let (of, method) = channel_and_method(&name.full)?;
    MAKERS.iter().any(|maker| method.starts_with(maker)).then(|| of.to_owned())
}

/// Splits the name of a method of a channel: `<std::sync::mpmc::zero::Channel<T>>::recv`.
fn channel_and_method(full: &str) -> Option<(&str, &str)> {
    let of = full.strip_prefix('<')?;
    let kind = KINDS.iter().find(|kind| of.starts_with(*kind))?;
    if !of[kind.len()..].starts_with("Channel<") {
        return None;
    }
    let end = end_of_generics(full, 0)?;
    Some((&full[1..end - 1], full[end..].strip_prefix("::")?))
}

#[cfg(test)]
mod tests {
    use super::channel_and_method;

    #[test]
    fn the_type_of_a_channel_is_in_the_names_of_its_methods() {
        let of = "std::sync::mpmc::zero::Channel<alloc::vec::Vec<u8>>";
        let full = format!("<{of}>::recv::{{closure#1}}");
        assert_eq!(channel_and_method(&full), Some((of, "recv::{closure#1}")));
        assert_eq!(channel_and_method("<std::sync::mpmc::zero::Inner>::new"), None);
        assert_eq!(channel_and_method("<a::Channel<u8>>::new"), None);
        let full = format!("<{of} as core::ops::drop::Drop>::drop");
        assert_ne!(channel_and_method(&full).map(|(of, _)| of), Some(of));
    }
}

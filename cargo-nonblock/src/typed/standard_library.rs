//! What of a program is the precompiled standard library's.

use super::debug_information::UnitCode;
use crate::elf::Program;

/// The crates that the standard library is made of.
const STD: [&str; 15] = [
    "std",
    "core",
    "alloc",
    "addr2line",
    "adler2",
    "compiler_builtins",
    "gimli",
    "hashbrown",
    "libc",
    "memchr",
    "miniz_oxide",
    "object",
    "panic_unwind",
    "rustc_demangle",
    "unwind",
];

/// Whether code at an address is that of the precompiled standard library. Some crates that it is made of are in no unit.
pub(super) fn is_of_std(program: &Program<'_>, code: &UnitCode, address: u64) -> bool {
    code.is_of_std(address).unwrap_or_else(|| {
        let function = program.function_around(address);
        function.is_some_and(|function| is_symbol_of_std(program.functions()[function].symbol))
    })
}

/// Returns the names of the crates in a symbol with where each ends, and perhaps what only looks like one: `Cs`, a number, and a name with
/// its length before.
fn crates(symbol: &str) -> impl Iterator<Item = (&str, usize)> {
    symbol.match_indices("Cs").filter_map(move |(at, _)| {
        let (_, rest) = symbol.get(at + 2..)?.split_once('_')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length: usize = rest.get(..digits)?.parse().ok()?;
        let end = digits.checked_add(length)?;
        Some((rest.get(digits..end)?, symbol.len() - rest.len() + end))
    })
}

/// Whether a symbol is one of the crates that the standard library is made of, and of no other.
pub(super) fn is_symbol_of_std(symbol: &str) -> bool {
    let mut crates = crates(symbol).peekable();
    crates.peek().is_some() && crates.all(|(name, _)| STD.contains(&name))
}

/// Whether the path in a symbol is one of these crates, with generic arguments of no other. Whichever crate has made the function may stand
/// behind the path.
pub(crate) fn has_path_of_std(symbol: &str) -> bool {
    let mut crates = crates(symbol).filter(|(_, end)| *end < symbol.len()).peekable();
    crates.peek().is_some() && crates.all(|(name, _)| STD.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::{crates, has_path_of_std, is_symbol_of_std};

    #[test]
    fn the_crates_of_a_symbol_are_in_it() {
        let symbol = "_RNvXs_NtNtCslNYArtu3iFV_6object4readRShNtCs2_4core1a";
        assert_eq!(crates(symbol).map(|(name, _)| name).collect::<Vec<_>>(), ["object", "core"]);
        assert_eq!(crates("main").next(), None);
    }

    #[test]
    fn who_has_made_a_function_says_nothing_of_its_path() {
        let symbol = "_RINvNtCs1_4core3ptr13drop_in_placeNtNtCs2_3std2io5ErrorECs3_6player";
        assert!(has_path_of_std(symbol));
        assert!(!is_symbol_of_std(symbol));
        let symbol = "_RINvNtCs1_4core3ptr13drop_in_placeNtCs3_6player5VoiceECs2_3std";
        assert!(!has_path_of_std(symbol));
    }
}

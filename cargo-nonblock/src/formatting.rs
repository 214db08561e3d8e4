//! What the standard library calls when it formats, by the functions in which it does so.
//!
//! The library is precompiled and optimized, and nothing describes its types. But who calls is told by its names, also where a function
//! was inlined; and what these functions call through tables and by pointers, their source says. Looked at was each such call in the library
//! of 1.95.0 as it is linked, what of its functions has its address taken, and its tables; in 1.96.0 and the nightly of 1.97 the latter two
//! are the same, but for one `Debug` of `Wtf8` that 1.96.0 has not. Of the source `core::fmt::rt` was read, and most of `core::fmt::builders`.

/// What is called when text is formatted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Formatted {
    /// The function that an argument of `format_args!` has beside its value: mostly `<T as Display>::fmt`.
    Argument,
    /// `Debug::fmt` of a `&dyn Debug`, of which a structure's fields and the entries of a list are made.
    Field,
    /// A method of the `&mut dyn Write` that the text goes to.
    Writer,
}

/// The trait of the fields of what is written.
pub(crate) const DEBUG: &str = "core::fmt::Debug";

/// The trait of errors. The first two methods in its tables are those by which it is written: of `Debug` and of `Display`.
pub(crate) const ERROR: &str = "core::error::Error";

/// Functions that call nothing but methods of the writer.
const WRITES: [&str; 15] = [
    "core::fmt::Formatter::pad",
    "core::fmt::Formatter::pad_formatted_parts",
    "core::fmt::Formatter::pad_integral",
    "core::fmt::Formatter::pad_integral::write_prefix",
    "core::fmt::Formatter::padding",
    "core::fmt::Formatter::write_fmt",
    "core::fmt::Formatter::write_formatted_parts",
    "core::fmt::Formatter::write_formatted_parts::write_bytes",
    "core::fmt::Formatter::write_str",
    "<core::fmt::Formatter as core::fmt::Write>::write_char",
    "<core::fmt::Formatter as core::fmt::Write>::write_fmt",
    "<core::fmt::Formatter as core::fmt::Write>::write_str",
    "core::fmt::PostPadding::write",
    "<core::fmt::builders::PadAdapter as core::fmt::Write>::write_char",
    "<core::fmt::builders::PadAdapter as core::fmt::Write>::write_str",
];

/// How the names begin of the functions that write what `derive(Debug)` asks for. They are given each field as a `&dyn Debug`.
const BUILDERS: [&str; 2] = ["core::fmt::builders::Debug", "core::fmt::Formatter::debug_"];

/// The releases of Rust, of which the library was looked at.
const KNOWN: [&str; 2] = ["1.95.", "1.97."];

/// Those of them that are given a field which somebody may have from elsewhere, and which of their arguments are tables of methods, counted
/// from 0. What only the expansion of `derive(Debug)` calls is not among them: each field is made an object right there.
const GIVEN_FIELDS: [(&str, &[usize]); 7] = [
    ("core::fmt::builders::DebugList::entry", &[2]),
    ("core::fmt::builders::DebugMap::entry", &[2, 4]),
    ("core::fmt::builders::DebugMap::key", &[2]),
    ("core::fmt::builders::DebugMap::value", &[2]),
    ("core::fmt::builders::DebugSet::entry", &[2]),
    ("core::fmt::builders::DebugStruct::field", &[4]),
    ("core::fmt::builders::DebugTuple::field", &[2]),
];

/// Functions that are given none, and those that only what the compiler has derived calls.
const GIVEN_NO_FIELD: [&str; 15] = [
    "core::fmt::Formatter::debug_list",
    "core::fmt::Formatter::debug_map",
    "core::fmt::Formatter::debug_set",
    "core::fmt::Formatter::debug_struct",
    "core::fmt::Formatter::debug_struct_field1_finish",
    "core::fmt::Formatter::debug_struct_field2_finish",
    "core::fmt::Formatter::debug_struct_field3_finish",
    "core::fmt::Formatter::debug_struct_field4_finish",
    "core::fmt::Formatter::debug_struct_field5_finish",
    "core::fmt::Formatter::debug_struct_fields_finish",
    "core::fmt::Formatter::debug_tuple",
    "core::fmt::Formatter::debug_tuple_field1_finish",
    "core::fmt::Formatter::debug_tuple_field2_finish",
    "core::fmt::Formatter::debug_tuple_field3_finish",
    "core::fmt::Formatter::debug_tuple_fields_finish",
];

/// How the names end of the methods of builders that are given none.
const FINISH: [&str; 2] = ["::finish", "::finish_non_exhaustive"];

/// Whether a function writes what `derive(Debug)` asks for, by its name without generic arguments.
fn is_builder(plain: &str) -> bool {
    BUILDERS.iter().any(|start| plain.starts_with(start))
}

/// What a function is given that calls `Debug::fmt` of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenFields {
    /// These of its arguments are tables of methods.
    Tables(&'static [usize]),
    /// Nobody knows which.
    Some,
}

/// Returns what a function is given that calls `Debug::fmt` of an object which its caller may have from elsewhere, by its name without
/// generic arguments.
pub(crate) fn given_fields(plain: &str) -> Option<GivenFields> {
    if !is_builder(plain)
        || GIVEN_NO_FIELD.contains(&plain)
        || FINISH.iter().any(|end| plain.ends_with(end))
    {
        return None;
    }
    let tables = GIVEN_FIELDS.iter().find(|(name, _)| *name == plain);
    Some(tables.map_or(GivenFields::Some, |(_, tables)| GivenFields::Tables(tables)))
}

/// Returns what a function calls through tables and by pointers, by its name without generic arguments. What of it one call calls, nobody
/// says: a pointer may have been loaded long before, and calls may have been put together, which are then at the place of the function
/// around both.
pub(crate) fn called_in(plain: &str) -> Option<&'static [Formatted]> {
    match plain {
        "core::fmt::rt::Argument::fmt" => Some(&[Formatted::Argument]),
        "core::fmt::write" => Some(&[Formatted::Argument, Formatted::Writer]),
        _ if WRITES.contains(&plain) => Some(&[Formatted::Writer]),
        _ if is_builder(plain) => Some(&[Formatted::Field, Formatted::Writer]),
        _ => None,
    }
}

/// Whether the library of a compiler was looked at, by what the compiler says of itself.
pub(crate) fn is_known(producer: &str) -> bool {
    let version = producer.split_once("rustc version ").map_or("", |(_, version)| version);
    KNOWN.iter().any(|known| version.starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::{Formatted, GivenFields, called_in, given_fields, is_known};

    #[test]
    fn only_functions_that_were_looked_at_are_known() {
        assert_eq!(called_in("core::fmt::Formatter::pad"), Some(&[Formatted::Writer][..]));
        assert_eq!(
            called_in("core::fmt::builders::DebugStruct::field::{closure#0}"),
            Some(&[Formatted::Field, Formatted::Writer][..])
        );
        assert_eq!(called_in("core::fmt::Formatter::padded"), None);
        assert_eq!(called_in("player::core::fmt::write"), None);
        assert_eq!(called_in("<core::fmt::builders::FromFn as core::fmt::Debug>::fmt"), None);
    }

    #[test]
    fn a_field_is_given_to_some_functions_only() {
        let map = "core::fmt::builders::DebugMap::entry";
        assert_eq!(given_fields(map), Some(GivenFields::Tables(&[2, 4])));
        let others = "core::fmt::builders::DebugMap::entries";
        assert_eq!(given_fields(others), Some(GivenFields::Some));
        for plain in [
            "core::fmt::Formatter::debug_struct",
            "core::fmt::Formatter::debug_struct_field1_finish",
            "core::fmt::builders::DebugStruct::finish_non_exhaustive",
            "core::fmt::Formatter::pad",
        ] {
            assert_eq!(given_fields(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_release_is_known_by_the_compilers_own_words() {
        assert!(is_known("clang LLVM (rustc version 1.95.0 (59807616e 2026-04-14))"));
        assert!(!is_known("clang LLVM (rustc version 1.94.1 (e408947bf 2026-03-25))"));
        assert!(!is_known("clang LLVM (rustc version 1.950.0 (59807616e 2026-04-14))"));
        assert!(!is_known("GNU C17 12.2.0"));
    }
}

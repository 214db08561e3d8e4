//! Whether two names of types, as rustc writes them into the debugging information, may be those of the same type.
//!
//! rustc writes the generic arguments of a type with their whole paths and without lifetimes, and in each crate in the same way. Where a
//! program forgets on purpose of what type something is, it writes `()`, `u8` or a type without a size in its place.

use super::object_names::split_at_top;

/// The name of what may be of any type.
pub(super) const ANY: &str = "_";

/// The types by which programs say that something is of any type. C's `void` has its name in several crates.
const ERASED: [&str; 5] = [ANY, "()", "u8", "i8", "core::ffi::c_void"];

/// How the names of pointers begin, and what closes them.
const POINTERS: [(&str, &str); 6] = [
    ("&mut ", ""),
    ("&", ""),
    ("*mut ", ""),
    ("*const ", ""),
    ("core::ptr::non_null::NonNull<", ">"),
    ("alloc::boxed::Box<", ", alloc::alloc::Global>"),
];

/// Types that have a size.
const SIZED: [&str; 18] = [
    "bool",
    "char",
    "u8",
    "i8",
    "u16",
    "i16",
    "u32",
    "i32",
    "u64",
    "i64",
    "u128",
    "i128",
    "usize",
    "isize",
    "f32",
    "f64",
    "alloc::string::String",
    "std::io::error::Error",
];

/// Whether two may be the same type. In doubt they are.
pub(super) fn may_be_the_same(one: &str, other: &str) -> bool {
    if one == other || [one, other].contains(&ANY) || !(is_plain(one) && is_plain(other)) {
        return true;
    }
    if is_function(one) && is_function(other) {
        return true;
    }
    match (generics(one), generics(other)) {
        (Some((path, arguments)), Some((of, others))) => {
            (path == of || (is_made(path) && is_made(of)))
                && arguments.len() == others.len()
                && arguments.iter().zip(others).all(|(one, other)| may_be_given(one, other))
        }
        _ => is_made(one) && is_made(other),
    }
}

/// Whether two are the same type, where nothing is forgotten of it. In doubt they are.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let is_sure = [one, other].iter().all(|name| is_plain(name) && !is_made(name));
    one == other || (!is_sure && may_be_the_same(one, other))
}

/// Whether two generic arguments may be the same.
fn may_be_given(one: &str, other: &str) -> bool {
    match (pointee(one), pointee(other)) {
        _ if is_erased(one) || is_erased(other) => true,
        (Some(one), Some(other)) => may_be_given(one, other),
        _ => may_be_the_same(one, other),
    }
}

/// Whether a generic argument says that something is of any type.
pub(super) fn is_erased(name: &str) -> bool {
    ERASED.contains(&name) || name.ends_with("::c_void")
}

/// Whether a name is sure to be written in the same way each time: nothing is left in it that depends on other types, and no type that
/// contains itself.
fn is_plain(name: &str) -> bool {
    !name.contains(" as ") && !name.contains("<recursive_type>")
}

/// Whether the compiler has made a type, such as that of a closure. Which number it has is not compared.
fn is_made(name: &str) -> bool {
    name.contains('{')
}

fn is_function(name: &str) -> bool {
    ["fn(", "unsafe ", "extern "].iter().any(|start| name.starts_with(start))
}

/// Returns what a pointer points to, by the pointer's name.
fn pointee(name: &str) -> Option<&str> {
    POINTERS.iter().find_map(|(start, end)| name.strip_prefix(start)?.strip_suffix(end))
}

/// Whether a type of this name is sure to have a size, whatever others are.
pub(super) fn has_size(name: &str) -> bool {
    if SIZED.contains(&name) || is_function(name) || pointee(name).is_some() {
        return true;
    }
    let Some((path, arguments)) = generics(name) else { return false };
    let mut arguments = arguments.into_iter();
    match path {
        "alloc::vec::Vec" => true,
        // A value of the argument's type can be there, or not.
        "core::option::Option" | "core::task::poll::Poll" => {
            arguments.next().is_some_and(|of| of == "()" || has_size(of))
        }
        // A tuple, or the one of two.
        "" | "core::result::Result" => arguments.any(has_size),
        _ => false,
    }
}

/// Returns the name of a structure or an enumeration without its path. Others have none.
pub(super) fn without_path(name: &str) -> &str {
    let path = name.find('<').map_or(name, |end| &name[..end]);
    let is_path = path.chars().all(|c| c.is_alphanumeric() || "_:{}#".contains(c));
    path.rfind("::").filter(|_| is_path).map_or(name, |at| &name[at + 2..])
}

/// Splits a name into the path of the type and its generic arguments. A tuple has no path.
pub(super) fn generics(name: &str) -> Option<(&str, Vec<&str>)> {
    if let Some(fields) = name.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return Some(("", split_at_top(fields, ", ")));
    }
    let (path, arguments) = name.strip_suffix('>')?.split_once('<')?;
    Some((path, split_at_top(arguments, ", ")))
}

#[cfg(test)]
mod tests {
    use super::{has_size, is_same, may_be_the_same, without_path};

    #[test]
    fn types_of_other_names_are_others() {
        for (one, other) in [
            ("a::B", "a::C"),
            ("A<u16>", "A<u32>"),
            ("A<u16>", "B<u16>"),
            ("A<b::C, u32>", "A<b::D, u32>"),
            ("A<&b::C>", "A<&b::D>"),
            ("(u32, u16)", "(u32, u64)"),
            ("(u32, u16)", "(u32, u16, u16)"),
            ("A<4>", "A<8>"),
            ("{closure_env#0}", "A"),
            ("A<b::{closure_env#0}>", "C<b::{closure_env#0}>"),
            ("[u16; 4]", "[u16; 8]"),
            ("Option<fn() -> u32>", "Result<fn() -> u32, ()>"),
        ] {
            assert!(!may_be_the_same(one, other), "{one} {other}");
            assert!(!may_be_the_same(other, one), "{other} {one}");
        }
    }

    #[test]
    fn what_a_program_forgets_of_a_type_is_not_compared() {
        for (one, other) in [
            ("_", "a::B"),
            ("A<()>", "A<b::C>"),
            ("A<*mut ()>", "A<&b::C>"),
            (
                "A<core::ptr::non_null::NonNull<()>>",
                "A<alloc::boxed::Box<b::C, alloc::alloc::Global>>",
            ),
            ("(*const libc::c_void, usize)", "(&b::C, usize)"),
            ("A<b::C<()>, u32>", "A<b::C<u64>, u32>"),
            ("A<b::{closure_env#0}>", "A<b::{closure_env#1}>"),
            ("{closure_env#0}<u32>", "{closure_env#1}<u32>"),
            ("A<fn(u8) -> u8>", "A<unsafe extern \"C\" fn(*mut u8)>"),
            ("A<<b::C as b::D>::E>", "A<u32>"),
        ] {
            assert!(may_be_the_same(one, other), "{one} {other}");
            assert!(may_be_the_same(other, one), "{other} {one}");
        }
    }

    #[test]
    fn what_is_the_same_is_so_to_its_arguments() {
        assert!(is_same("A<b::C>", "A<b::C>"));
        assert!(!is_same("A<b::C>", "A<()>"));
        assert!(is_same("A<b::{closure_env#0}>", "A<b::{closure_env#1}>"));
        assert!(!is_same("A<b::{closure_env#0}>", "C<b::{closure_env#0}>"));
        assert!(is_same("<a::B as c::D>::E", "u8"));
    }

    #[test]
    fn only_structures_and_enumerations_have_paths() {
        for (name, without) in [
            ("a::b::C", "C"),
            ("a::B<c::D<e::F>>", "B<c::D<e::F>>"),
            ("a::b::{closure_env#0}<c::D>", "{closure_env#0}<c::D>"),
            ("B", "B"),
            ("&a::B", "&a::B"),
            ("(a::B, c::D)", "(a::B, c::D)"),
            ("fn(a::B) -> c::D", "fn(a::B) -> c::D"),
            ("dyn a::B<c::D>", "dyn a::B<c::D>"),
        ] {
            assert_eq!(without_path(name), without);
        }
    }

    #[test]
    fn some_types_are_sure_to_have_a_size() {
        for name in [
            "bool",
            "&a::B",
            "alloc::boxed::Box<a::B, alloc::alloc::Global>",
            "fn()",
            "alloc::vec::Vec<a::B, alloc::alloc::Global>",
            "core::option::Option<()>",
            "core::task::poll::Poll<core::option::Option<u8>>",
            "core::result::Result<a::B, std::io::error::Error>",
            "(a::B, u8)",
        ] {
            assert!(has_size(name), "{name}");
        }
        for name in [
            "a::B",
            "()",
            "a::Option<u8>",
            "core::option::Option<a::B>",
            "core::task::poll::Poll<!>",
            "core::result::Result<(), a::B>",
            "(a::B, ())",
            "[u8; 0]",
        ] {
            assert!(!has_size(name), "{name}");
        }
    }
}

//! What the names of trait objects' types tell, as the debugging information writes them.

use crate::demangle::{Name, split_at_as};

/// Returns the trait in the name of the type of a trait object, with the types that go with it, and without what threads may do with it.
pub(super) fn principal(name: &str) -> Option<&str> {
    let inner = name.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(name);
    split_at_top(inner.strip_prefix("dyn ")?, " + ").into_iter().next()
}

/// Returns the trait in the name of the type of a trait object, as a table of its methods has it: without the types that go with it, too.
pub(crate) fn principal_trait(name: &str) -> Option<String> {
    Some(split_bindings(principal(name)?).0)
}

/// Splits the trait of an object into what a table of its methods has for a name, and the types that go with it, each with its name:
/// `Output=f32`.
pub(super) fn split_bindings(of: &str) -> (String, Vec<(&str, &str)>) {
    let Some((path, arguments)) =
        of.split_once('<').and_then(|(path, rest)| Some((path, rest.strip_suffix('>')?)))
    else {
        return (of.to_owned(), Vec::new());
    };
    let arguments = split_at_top(arguments, ", ");
    let bindings = arguments.iter().filter_map(|argument| binding(argument)).collect();
    let own: Vec<_> =
        arguments.into_iter().filter(|argument| binding(argument).is_none()).collect();
    let of = if own.is_empty() { path.to_owned() } else { format!("{path}<{}>", own.join(", ")) };
    (of, bindings)
}

/// Returns the trait whose object lies in the box that a function drops, if that is all that the function does: with its generic arguments,
/// as the debugging information writes them.
pub(crate) fn dropped_object(function: &Name) -> Option<String> {
    if !function.is_drop_glue() {
        return None;
    }
    let (_, dropped) = function.full.split_once('<')?;
    let object = dropped.strip_prefix("alloc::boxed::Box<")?.strip_suffix(">>")?;
    // Lifetimes and closures are written in several ways.
    if object.contains(['\'', '{']) {
        return None;
    }
    let object = object.replace(" = ", "=");
    // Types are written in another way than in the debugging information: those that go with the trait are not compared.
    principal_trait(&object)
}

/// Returns the trait whose object is written by a function, if all that the function does is to call the object's own method for it: that
/// of a box or a reference, `<Box<dyn Trait> as Display>::fmt`.
pub(crate) fn formatted_object(function: &Name) -> Option<String> {
    let (written, of) = split_at_as(function.full.strip_prefix('<')?.strip_suffix(">::fmt")?)?;
    let boxed = written.strip_prefix("alloc::boxed::Box<").and_then(|rest| rest.strip_suffix('>'));
    let object = boxed.or_else(|| {
        let referred = written.strip_prefix('&')?;
        Some(referred.strip_prefix("mut ").unwrap_or(referred))
    })?;
    if !of.starts_with("core::fmt::") || object.contains(['\'', '{']) {
        return None;
    }
    principal_trait(&object.replace(" = ", "="))
}

/// Splits a generic argument that is a type which goes with the trait.
fn binding(argument: &str) -> Option<(&str, &str)> {
    let (name, rest) = argument.split_once('=')?;
    let is_one = !rest.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_one.then_some((name, rest))
}

/// Splits a text where a separator stands in no brackets.
pub(super) fn split_at_top<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut before) = (0_usize, 0, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if before == '-' => {}
            '>' | ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && at >= start && text[at..].starts_with(separator) => {
                parts.push(&text[start..at]);
                start = at + separator.len();
            }
            _ => {}
        }
        before = c;
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::{dropped_object, formatted_object, principal, split_bindings};
    use crate::demangle::Name;

    #[test]
    fn the_trait_of_a_written_object_is_in_the_functions_name() {
        let cases = [
            (
                "<alloc::boxed::Box<dyn core::error::Error + core::marker::Send> as core::fmt::Display>::fmt",
                Some("core::error::Error"),
            ),
            ("<&dyn core::fmt::Debug as core::fmt::Debug>::fmt", Some("core::fmt::Debug")),
            ("<&mut dyn a::B as core::fmt::Display>::fmt", Some("a::B")),
            ("<&u8 as core::fmt::Display>::fmt", None),
            ("<&dyn a::B as a::C>::fmt", None),
            ("<alloc::rc::Rc<dyn a::B> as core::fmt::Display>::fmt", None),
        ];
        for (name, of) in cases {
            assert_eq!(formatted_object(&Name::of_function(name)).as_deref(), of, "{name}");
        }
    }

    #[test]
    fn the_trait_of_a_dropped_box_is_in_the_functions_name() {
        let cases = [
            (
                "core::ptr::drop_in_place::<alloc::boxed::Box<dyn core::error::Error + core::marker::Send>>",
                Some("core::error::Error"),
            ),
            (
                "core::ptr::drop_in_place::<alloc::boxed::Box<dyn a::F<(), Output = ()>>>",
                Some("a::F<()>"),
            ),
            ("core::ptr::drop_in_place::<alloc::boxed::Box<u8>>", None),
            ("core::ptr::drop_in_place::<alloc::vec::Vec<alloc::boxed::Box<dyn a::B>>>", None),
            ("core::ptr::drop_in_place::<alloc::boxed::Box<dyn for<'a> a::F<(&'a u8,)>>>", None),
            ("m::f::<alloc::boxed::Box<dyn a::B>>", None),
        ];
        for (name, of) in cases {
            assert_eq!(dropped_object(&Name::of_function(name)).as_deref(), of, "{name}");
        }
    }

    #[test]
    fn the_name_of_an_object_has_the_trait_as_tables_have_it() {
        let cases = [
            ("dyn a::B", Some("a::B")),
            ("(dyn a::B + core::marker::Send)", Some("a::B")),
            ("dyn a::B<f32>", Some("a::B<f32>")),
            ("(dyn a::Fn<(f32, u16), Output=f32> + core::marker::Send)", Some("a::Fn<(f32, u16)>")),
            ("dyn a::Iterator<Item=alloc::boxed::Box<(dyn a::B + a::C)>>", Some("a::Iterator")),
            ("dyn a::B<fn(u8) -> u8, dyn a::C<D=u8>>", Some("a::B<fn(u8) -> u8, dyn a::C<D=u8>>")),
            ("a::B", None),
        ];
        for (name, of) in cases {
            let found = principal(name).map(|of| split_bindings(of).0);
            assert_eq!(found.as_deref(), of, "{name}");
        }
    }

    #[test]
    fn the_types_that_go_with_a_trait_are_in_its_name() {
        let cases = [
            ("a::B", vec![]),
            ("a::B<f32>", vec![]),
            ("a::B<c::D<E=u8>>", vec![]),
            ("a::Fn<(f32, u16), Output=a::B<u8, C=u8>>", vec![("Output", "a::B<u8, C=u8>")]),
            ("a::B<A=(), C=fn() -> u8>", vec![("A", "()"), ("C", "fn() -> u8")]),
        ];
        for (of, bindings) in cases {
            assert_eq!(split_bindings(of).1, bindings, "{of}");
        }
    }
}

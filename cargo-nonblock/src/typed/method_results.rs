//! What the methods of objects return, for traits whose objects say that in their types: `dyn FnMut(A) -> B`.
//!
//! A table of methods has the name of the trait without the types that go with it, so those of `FnMut(A) -> B` and of `FnMut(A) -> C` have
//! the same. But their methods are described, with what they return.

use super::debug_information::DebugInformation;
use super::type_names;
use super::types::Types;
use crate::elf::Program;

/// A trait with a type that goes with it, which its first methods return.
struct Returning {
    path: &'static str,
    binding: &'static str,
    /// What stands before and behind the type in what they return.
    around: (&'static str, &'static str),
    /// How many of them there are, with those of its supertraits.
    methods: usize,
}

const RETURNING: [Returning; 5] = [
    Returning {
        path: "core::ops::function::FnOnce",
        binding: "Output",
        around: ("", ""),
        methods: 1,
    },
    Returning {
        path: "core::ops::function::FnMut",
        binding: "Output",
        around: ("", ""),
        methods: 2,
    },
    Returning { path: "core::ops::function::Fn", binding: "Output", around: ("", ""), methods: 3 },
    Returning {
        path: "core::future::future::Future",
        binding: "Output",
        around: ("core::task::poll::Poll<", ">"),
        methods: 1,
    },
    Returning {
        path: "core::iter::traits::iterator::Iterator",
        binding: "Item",
        around: ("core::option::Option<", ">"),
        methods: 1,
    },
];

/// The name of what returns nothing, and of what never returns.
const NOTHING: [&str; 2] = ["()", "!"];

/// What the first methods of an object return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Returned {
    name: Box<str>,
    pub(super) methods: usize,
}

impl Returned {
    /// Returns what the objects of a trait return, by the types that go with it.
    pub(super) fn of(path: &str, bindings: &[(&str, &str)]) -> Option<Self> {
        let known = RETURNING.iter().find(|known| known.path == path)?;
        let (_, of) = bindings.iter().find(|(name, _)| *name == known.binding)?;
        let (before, behind) = known.around;
        Some(Self { name: format!("{before}{of}{behind}").into(), methods: known.methods })
    }

    /// Whether something with a type of this name may be what is returned. `None` stands for nothing, and for what has no size.
    fn may_be(&self, name: Option<&str>) -> bool {
        let own = Some(&*self.name).filter(|name| !NOTHING.contains(name));
        let name = name.filter(|name| !NOTHING.contains(name));
        match (own, name) {
            (None, None) => true,
            (Some(own), None) => !type_names::has_size(own),
            // What is described has a name without its path.
            (Some(own), Some(name)) => [own, type_names::without_path(own)]
                .iter()
                .any(|own| type_names::is_same(own, name)),
            (None, Some(_)) => false,
        }
    }
}

/// Tells what functions return.
pub(super) struct Results<'a, 'data> {
    program: &'a Program<'data>,
    information: &'a DebugInformation<'data>,
    types: &'a Types<'data>,
}

impl<'a, 'data> Results<'a, 'data> {
    pub(super) fn new(
        program: &'a Program<'data>,
        information: &'a DebugInformation<'data>,
        types: &'a Types<'data>,
    ) -> Self {
        Self { program, information, types }
    }

    /// Whether a function may return something. In doubt it may.
    pub(super) fn may_be(&self, function: usize, returned: &Returned) -> bool {
        self.is_returned(function, returned).unwrap_or(true)
    }

    /// Whether a function returns something. `None` if nobody knows.
    fn is_returned(&self, function: usize, returned: &Returned) -> Option<bool> {
        let function = self.program.functions().get(function)?;
        let information = self.information;
        let at = information.function(function.address)?;
        // In optimized code, and where a linker has put functions together, what is described may be another function of equal code.
        let is_known = information.has_types(at)
            && information.is_rust(at)
            && information.is_not_optimized(at)
            && function.aliases.is_empty();
        if !is_known {
            return None;
        }
        let Some(ty) = self.types.type_of(at) else { return Some(returned.may_be(None)) };
        let name = information.entry_alone(ty).and_then(|entry| information.name(ty, &entry))?;
        Some(returned.may_be(Some(&name)))
    }
}

#[cfg(test)]
mod tests {
    use super::Returned;

    #[test]
    fn what_a_method_returns_is_compared_by_name() {
        let returned = |path: &str, name: &str, of: &str| Returned::of(path, &[(name, of)]);
        let function = |of| returned("core::ops::function::FnMut", "Output", of).expect("a type");
        assert!(function("bool").may_be(Some("bool")));
        assert!(!function("bool").may_be(Some("u8")));
        assert!(!function("bool").may_be(None));
        assert!(function("()").may_be(None));
        assert!(function("!").may_be(None));
        assert!(!function("()").may_be(Some("u8")));
        // It may have no size.
        assert!(function("a::B").may_be(None));
        assert!(function("a::B<c::D>").may_be(Some("B<c::D>")));
        assert!(!function("a::B<c::D>").may_be(Some("B<c::E>")));
        assert!(!function("a::B<c::D>").may_be(Some("D>")));
        assert!(function("&a::B").may_be(Some("&a::B")));
        assert!(function("a::{closure_env#0}<u8>").may_be(Some("{closure_env#1}<u8>")));
        let future = returned("core::future::future::Future", "Output", "()").expect("a type");
        assert!(future.may_be(Some("Poll<()>")));
        assert!(!future.may_be(Some("Poll<u8>")));
        assert_eq!(returned("a::B", "Output", "u8"), None);
        assert_eq!(returned("core::ops::function::Fn", "Item", "u8"), None);
    }
}

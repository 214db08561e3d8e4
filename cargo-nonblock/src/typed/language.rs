//! Whether functions were written in Rust, as far as that is known.

use std::cell::OnceCell;

use super::debug_information::DebugInformation;
use super::standard_library::is_of_std;
use crate::demangle::Name;
use crate::elf::{Function, Program};

/// The languages of a program's functions.
pub(super) struct Language<'a, 'data> {
    program: &'a Program<'data>,
    information: &'a DebugInformation<'data>,
    is_rust_described: OnceCell<bool>,
}

impl<'a, 'data> Language<'a, 'data> {
    pub(super) fn new(
        program: &'a Program<'data>,
        information: &'a DebugInformation<'data>,
    ) -> Self {
        Self { program, information, is_rust_described: OnceCell::new() }
    }

    /// Whether a function may have been written in Rust. If not, Rust's pointers and tables of methods do not lead there, since it is
    /// called in another way.
    pub(super) fn may_be_rust(&self, function: &Function<'data>) -> bool {
        self.described_as_rust(function).unwrap_or_else(|| {
            let mut names = function.symbols();
            names.any(|symbol| Name::of_symbol(symbol).is_rust()) || !self.is_rust_described()
        })
    }

    /// Whether a function is described as one of Rust's. `None` if nothing, or more than one thing, is said of it.
    fn described_as_rust(&self, function: &Function<'data>) -> Option<bool> {
        let described = self.information.function(function.address)?;
        // What a unit without types says of a function is nothing.
        self.information.has_types(described).then(|| self.information.is_rust(described))
    }

    /// Whether all functions that were written in Rust are described, but for the library's. Then what is not, and has a name without a
    /// path, was written in another language.
    fn is_rust_described(&self) -> bool {
        *self.is_rust_described.get_or_init(|| {
            self.program.functions().iter().all(|function| {
                self.described_as_rust(function).is_some()
                    || is_of_std(self.program, self.information.code(), function.address)
                    || {
                        let name = Name::of_symbol(function.symbol);
                        // The allocator's functions, which the compiler makes.
                        !name.is_rust() || name.crate_name() == "__rustc"
                    }
            })
        })
    }
}

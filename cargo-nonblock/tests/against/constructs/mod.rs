//! The ways in which a generated section comes to what it does in the end.
//!
//! Each construct is the text of a module with a type `State`, a function `make` that makes one before the section, and a function `call`
//! that is called in it. `call` goes on to the `call` of the module `next`, and perhaps to that of `other`. A leaf goes on to none.
//! `Tag` and `Out` are types of a size of their own, so that the types of functions and traits are no other module's.

mod functions;
mod leaves;
mod library;
mod objects;

/// The text of a module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Construct {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    is_leaf: bool,
    /// Whether it may block by itself, whatever it goes on to.
    pub(crate) blocks: bool,
}

impl Construct {
    const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, is_leaf: false, blocks: false }
    }

    const fn blocks(self) -> Self {
        Self { blocks: true, ..self }
    }

    const fn leaf(self) -> Self {
        Self { is_leaf: true, ..self }
    }

    /// How many modules it goes on to.
    pub(crate) fn children(self) -> usize {
        if self.is_leaf { 0 } else { 1 + usize::from(self.text.contains("other::")) }
    }
}

/// Those that call something else.
pub(crate) const GOING_ON: [&[Construct]; 3] = [functions::LIST, objects::LIST, library::LIST];
/// One that takes the addresses of functions of the standard library. Of these nobody knows the types, so a call by any pointer of the same
/// program may lead there.
pub(crate) const FUNCTIONS_OF_STD: Construct = functions::FUNCTIONS_OF_STD;
pub(crate) const HARMLESS: &[Construct] = leaves::HARMLESS;
pub(crate) const BLOCKING: &[Construct] = leaves::BLOCKING;

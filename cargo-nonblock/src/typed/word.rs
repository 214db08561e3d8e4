//! What a word of memory or a register holds.

use std::sync::Arc;

use crate::formatting::Formatted;

/// The place of a type in the debugging information, from the beginning of its section.
pub(crate) type TypeId = usize;

/// What eight bytes are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Word {
    /// The address of something, plus a distance.
    Pointer { to: Pointee, distance: i64 },
    /// A table of the methods of a trait, by the trait's name.
    Table(Arc<str>),
    /// What lies at an offset of such a table.
    Method { of: Arc<str>, offset: u64 },
    /// A pointer to a function of this type, which is called as Rust calls or in another way.
    Function { of: TypeId, is_rust: bool },
    /// Such a pointer of Rust's, at an offset of a table that is a constant: `layout` is the table's type, of this path.
    InTable { path: Arc<str>, layout: TypeId, offset: u64, of: TypeId },
    /// What the standard library calls when it formats.
    Formatted(Formatted),
}

/// What a pointer points to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Pointee {
    /// Something of this type.
    Type(TypeId),
    /// Memory of which only these words are known, each with its offset.
    Words(Arc<[(i64, Word)]>),
}

impl Word {
    /// Returns a pointer to something of a type.
    pub(crate) const fn pointer_to(ty: TypeId) -> Self {
        Self::Pointer { to: Pointee::Type(ty), distance: 0 }
    }
}

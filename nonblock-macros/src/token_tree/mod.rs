//! Token trees: telling them apart, making them, and printing them.

pub(crate) mod construct;
pub(crate) mod inspect;
mod pretty;

pub(crate) use inspect::{TokenSlice, is_group, is_ident, is_punct};
pub(crate) use pretty::to_source;

//! Token trees: telling them apart, and making them.

pub(crate) mod construct;
pub(crate) mod inspect;

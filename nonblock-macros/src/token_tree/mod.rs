//! Token trees: telling them apart, making them, and printing them.

mod angles;
pub(crate) mod construct;
pub(crate) mod inspect;
mod keyword;
mod pretty;

pub(crate) use angles::{position_outside_angles, split_angles, split_outside_angles};
pub(crate) use inspect::{TokenSlice, after_path_separator, is_group, is_ident, is_punct};
pub(crate) use keyword::{is_keyword, is_path_word};
pub(crate) use pretty::to_source;

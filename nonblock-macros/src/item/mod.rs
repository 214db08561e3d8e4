//! The item that an attribute is on, split into token trees.
//!
//! A body stays the group that it came as, so a half-written body is passed on as it is. A signature is parsed, but
//! the expansion contains the tokens that the user wrote.

mod ast;
mod attr;
mod inner_attributes;
mod parse;

pub(crate) use ast::{Block, BlockKind, Function, Item, Member};
pub(crate) use attr::{Attr, split_attributes};
pub(crate) use inner_attributes::{has_no_inner_attributes, split_inner_attributes};

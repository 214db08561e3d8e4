//! The item that an attribute is on, split into token trees.

mod ast;
mod parse;

pub(crate) use ast::{Attr, Block, BlockKind, Function, Item, Member};

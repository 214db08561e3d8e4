//! A function's signature, parsed as far as the attributes look into it.

mod ast;
mod generics;
mod parse;
mod path;
mod pattern;
mod ty;

pub(crate) use ast::{
    Argument, Arguments, Bound, FnArg, FnArgKind, Generics, Path, ReceiverKind, Reference, Segment,
    Signature, Type, TypeKind,
};

//! `cargo nonblock check` proves from a linked program that no section, and no function you name, can reach a call that blocks: in
//! your code, in its dependencies, in the standard library, and in C that is linked in.
//!
//! This library is what the command stands on. [`check::check`] takes the bytes of a program, and returns an [`check::Outcome`]:
//!
//! ```no_run
//! use cargo_nonblock::check::{self, Options, Verdict};
//! use cargo_nonblock::demangle::Pattern;
//!
//! let bytes = std::fs::read("target/debug/player")?;
//! let options = Options { entries: vec![Pattern::new("player::process")], ..Options::default() };
//! let outcome = check::check(&bytes, &options)?;
//! assert_eq!(outcome.verdict(), Verdict::Proved);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! 1. [`objects`] lays out object files and static libraries as a linker would. [`elf`] reads the functions of the program, what the linker filled in (`--emit-relocs`), and what the dynamic loader writes.
//! 2. [`entries`] finds the sections: the functions that call those of nonblock's that begin one. `inlined` finds by the debugging
//!    information where these were inlined. The user names other functions by patterns ([`demangle`]).
//! 3. `graph` has the `calls` of each function. `call_reader` finds them in its `disassembly` when the function is reached first, so
//!    code that no section reaches costs nothing. Where a call by a computed address may lead, `typed` finds out by the debugging
//!    information; if it cannot, the call is a node of its own.
//! 4. `assumptions` decide of each node whether it is followed, cut off, a leaf that blocks, or an obstacle. What is known of
//!    functions is data ([`catalogue`]), and so are the user's rules ([`rules`]). Ways are cut before anything is searched.
//! 5. `search` goes from each entry, breadth first, so each chain of calls is a shortest one. What is made for the time
//!    of a call only (`handed_on`), as when text is formatted (`formatting`), waits until something that was reached makes it.
//! 6. [`places`] names files, lines and inlined functions, for what is reported only, and [`origin`] how the file was made.
//!    [`suppressions`] take out what the user's rules say does not count, and [`baseline`] what is known already. [`report`] writes
//!    the rest, and [`against`] compares it with what the watch saw in a run.
//!
//! # What a result says
//!
//! *Proved*: every call that the entry can reach was followed to its end, but for those that the listed assumptions cut off. *Reaches*:
//! there is a chain of calls to something that blocks; whether a run takes it, nobody says. *Not proved*: something could not be followed.
//! In doubt the result is *not proved*: a call of an unknown function, through a pointer, or into bytes that are no instruction is an
//! obstacle with its reason, and never left out.
//!
//! [`cache`] keeps what came out, so that nothing is checked twice.
//!
//! The crate's README lists what it cannot see.

pub mod against;
pub mod baseline;
pub mod cache;
pub mod catalogue;
pub mod check;
pub mod command;
pub mod debug_sections;
pub mod demangle;
pub mod elf;
pub mod entries;
pub mod machine;
pub mod mapped;
pub mod objects;
pub mod origin;
pub mod places;
pub mod report;
pub mod rules;
pub mod suppressions;
pub mod why;

mod address_index;
mod assumptions;
mod call_reader;
mod calls;
mod channels;
mod control_flow;
mod disassembly;
mod dwarf;
mod error;
mod formatting;
mod function_code;
mod functions;
mod given;
mod graph;
mod handed_on;
mod inlined;
mod instructions;
mod landing_pads;
mod loader;
mod method_tables;
mod neighbours;
mod parallel;
mod relocation_types;
mod relocations;
mod search;
mod table;
mod typed;

pub use error::Error;

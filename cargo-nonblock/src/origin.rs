//! What a file says of its own making: for which machine it is, and which compilers made it.

use std::collections::BTreeMap;

use gimli::Dwarf;

use crate::dwarf::{self, Header, Reader};
use crate::elf::Program;
use crate::parallel;

/// What a file says of its own making.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// For which machine it is, and what loads it. It is empty if the file does not say.
    pub machine: String,
    /// The compilers, by their own words, with how many units of the debugging information each has made. The one that made most
    /// comes first.
    pub compilers: Vec<Compiler>,
}

/// A compiler.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Compiler {
    /// Its name and version. C compilers add their options.
    pub text: String,
    /// How many units it has made.
    pub units: usize,
}

impl Origin {
    pub(crate) fn of(bytes: &[u8], program: &Program<'_>) -> Self {
        Self { machine: machine(bytes, program), compilers: compilers(program) }
    }
}

fn machine(bytes: &[u8], program: &Program<'_>) -> String {
    let processor = match bytes.get(..20) {
        Some([0x7f, b'E', b'L', b'F', .., low, high]) => u16::from_le_bytes([*low, *high]),
        _ => return String::new(),
    };
    let processor = match processor {
        62 => "x86-64",
        183 => "AArch64",
        _ => return String::new(),
    };
    let loader = program.debug_section(".interp");
    let loader = loader.split(|byte| *byte == 0).next().unwrap_or(&[]);
    if loader.is_empty() {
        return format!("{processor} Linux, without a dynamic loader of its own");
    }
    format!("{processor} Linux, loaded by {}", String::from_utf8_lossy(loader))
}

/// Reads who made each unit. What cannot be read says nothing.
fn compilers(program: &Program<'_>) -> Vec<Compiler> {
    let Ok(dwarf) = dwarf::load(program) else { return Vec::new() };
    let mut headers = Vec::new();
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        headers.push(header);
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in parallel::map(&headers, |header| producer(&dwarf, *header)).into_iter().flatten() {
        *counts.entry(text).or_default() += 1;
    }
    let mut compilers: Vec<_> =
        counts.into_iter().map(|(text, units)| Compiler { text, units }).collect();
    compilers.sort_by(|a, b| b.units.cmp(&a.units).then_with(|| a.text.cmp(&b.text)));
    compilers
}

/// Reads who made a unit.
fn producer<'data>(dwarf: &Dwarf<Reader<'data>>, header: Header<'data>) -> Option<String> {
    let unit = dwarf.unit(header).ok()?;
    let root = unit.entry(unit.header.root_offset()).ok()?;
    let text = dwarf.attr_string(&unit, root.attr_value(gimli::DW_AT_producer)?).ok()?;
    Some(readable(&text.to_string_lossy()))
}

/// rustc writes `clang LLVM (rustc version 1.95.0 (…))`.
fn readable(text: &str) -> String {
    let rustc = text.strip_prefix("clang LLVM (").and_then(|rest| rest.strip_suffix(')'));
    match rustc.and_then(|rest| rest.strip_prefix("rustc version ")) {
        Some(version) => format!("rustc {version}"),
        None => text.to_owned(),
    }
}

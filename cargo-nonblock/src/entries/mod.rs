//! Where sections begin: the functions from which nothing that blocks may be reached.
//!
//! A section leaves its mark by calling one of nonblock's functions that begin one. In a build without optimization these are never
//! inlined, so each function that calls one holds a section. A closure that is given to `non_block` is called by an instance of
//! `Section::run_at` of its own. A poll of `NonBlocking` is such a closure; the user knows the future within it.

mod entry;
pub(crate) mod tokio_tasks;
mod ways_in;

use std::collections::{BTreeMap, HashSet};

pub(crate) use entry::Entry;
pub use entry::EntryKind;
use memchr::memmem;
use rustc_hash::FxHashMap;
pub(crate) use ways_in::leads_in;
use ways_in::{INLINED, RUN, WaysIn};

use crate::demangle::{Name, Pattern};
use crate::graph::{Callees, Graph, Node, NodeId};
use crate::inlined;

/// The functions that begin a section for their caller.
const BEGIN: [&str; 8] = [
    "nonblock::section::Section::enter",
    "nonblock::section::Section::enter_at",
    "nonblock::__private::prologue::enter_section",
    "nonblock::__private::prologue::section",
    "nonblock::__private::prologue::bind_non_block",
    "<* as nonblock::__private::prologue::EnterNonBlock>::enter",
    // These say that their caller was lent the token of a section.
    "nonblock::__private::prologue::non_block",
    "nonblock::__private::prologue::non_block_by_type",
];

/// The functions that begin a section which may outlive their caller.
const BEGIN_RAW: [&str; 3] =
    ["nonblock::raw::non_block_start", "nonblock_start", "nonblock_start_at"];

/// Parts of symbols, of which each function that begins a section has one.
const MARKS: [&str; 2] = ["nonblock", "non_block"];

/// A part of the symbol of each function that begins a section and that may be inlined, by either mangling.
const HINTS: [&str; 3] = ["nonblock7section", "non_block_start", "nonblock_start"];

const OPTIMIZED: &str = "The program is optimized. Sections that were inlined are found by what is left of them, and nothing may be left of some. Let `cargo nonblock check` build it, or name functions with `--entry`, and `--no-sections`.";

/// The sections of a program, and what keeps others from being found.
pub(crate) struct Sections {
    pub(crate) entries: Vec<Entry>,
    pub(crate) doubts: Vec<String>,
}

/// Finds the sections of a program.
pub(crate) fn sections(graph: &mut Graph<'_, '_>) -> Sections {
    let begin = BEGIN.map(Pattern::new);
    let raw = BEGIN_RAW.map(Pattern::new);
    let kind = |name: &Name| {
        if begin.iter().any(|pattern| pattern.matches(name)) {
            Some(EntryKind::Section)
        } else {
            raw.iter().any(|pattern| pattern.matches(name)).then_some(EntryKind::Raw)
        }
    };
    let mut beginners = FxHashMap::default();
    let marks = MARKS.map(memmem::Finder::new);
    let has_mark = |symbol: &str| marks.iter().any(|mark| mark.find(symbol.as_bytes()).is_some());
    for (number, function) in graph.program.functions().iter().enumerate() {
        // Most symbols need not be made readable. Some linkers put functions with equal code together.
        let mut symbols = function.symbols();
        let kind =
            symbols.find_map(
                |symbol| {
                    if has_mark(symbol) { kind(&Name::of_symbol(symbol)) } else { None }
                },
            );
        if let Some(kind) = kind {
            beginners.insert(function.address, (number, kind));
        }
    }
    let own: HashSet<usize> = beginners.values().map(|(number, _)| *number).collect();
    let mut found = BTreeMap::new();
    // An object file calls those of another.
    let imported = |symbol: &str| {
        if has_mark(symbol) { kind(&Name::of_symbol(symbol)) } else { None }
    };
    let relocations = graph.program.code_relocations();
    let addresses = relocations
        .addresses
        .iter()
        .filter_map(|(place, target)| beginners.get(target).map(|(_, kind)| (*place, *kind)));
    let imports = relocations
        .imports
        .iter()
        .filter_map(|(place, symbol)| imported(symbol).map(|kind| (*place, kind)));
    let mut calls: Vec<_> = addresses.chain(imports).collect();
    calls.sort_by_key(|(place, _)| *place);
    for (place, kind) in calls {
        let Some(function) = graph.program.function_around(place) else { continue };
        if !own.contains(&function) {
            found.entry(function).or_insert(kind);
        }
    }
    let mut doubts = Vec::new();
    let sites = inlined::sites(graph.program, &HINTS, |symbol| {
        let name = Name::of_symbol(symbol);
        kind(&name).or_else(|| INLINED.contains(&name.plain.as_str()).then_some(EntryKind::Section))
    });
    match sites {
        Ok(sites) => {
            if !sites.is_empty() {
                doubts.push(OPTIMIZED.to_owned());
            }
            for (site, kind) in sites {
                let function =
                    graph.program.function_around(site).filter(|function| !own.contains(function));
                if let Some(function) = function {
                    found.entry(function).or_insert(kind);
                }
            }
        }
        Err(error) => {
            doubts.push(format!(
                "The debugging information cannot be read, so sections that were inlined are not found: {error}."
            ));
        }
    }
    let ways = WaysIn::of(graph);
    let mut entries: Vec<_> =
        found.into_iter().map(|(function, kind)| entry(graph, function, kind, &ways)).collect();
    if tokio_tasks::are_sections(graph) {
        match tokio_tasks::entries(graph) {
            Ok(tasks) => entries.extend(tasks),
            Err(doubt) => doubts.push(doubt),
        }
    }
    Sections { entries, doubts }
}

/// Finds the functions that fit a pattern of the user's.
pub(crate) fn named(graph: &Graph<'_, '_>, pattern: &Pattern) -> Vec<Entry> {
    let functions = graph.program.functions().iter().enumerate();
    // Most symbols need not be made readable.
    let word = pattern.word_in_symbols().map(memmem::Finder::new);
    let found = functions.filter(|(number, function)| {
        let mut symbols = function.symbols();
        let has_word =
            |symbol: &str| word.as_ref().is_none_or(|word| word.find(symbol.as_bytes()).is_some());
        symbols.any(has_word) && graph.all_names(*number).any(|name| pattern.matches(name))
    });
    let entries = found.map(|(function, of)| Entry {
        function,
        kind: EntryKind::Named,
        name: graph.name(function).clone(),
        is_poll: false,
        at: of.address,
    });
    entries.collect()
}

fn entry(graph: &mut Graph<'_, '_>, function: usize, kind: EntryKind, ways: &WaysIn) -> Entry {
    let address = graph.program.functions()[function].address;
    let name = graph.name(function).clone();
    let plain = Entry { function, kind, name, is_poll: false, at: address };
    if plain.name.plain != RUN {
        return plain;
    }
    // The user knows the closure, and not what runs it; and of a poll the future.
    let Some(closure) = callee(graph, function) else { return plain };
    let wrapper = ways_in::wrapped(graph.name(closure)).map(str::to_owned);
    let is_poll = wrapper.is_some();
    let (known, begins) = match wrapper {
        Some(wrapper) => {
            (callee(graph, closure).unwrap_or(closure), ways.wraps_at(graph, &wrapper))
        }
        None => (closure, ways.begins(graph, address)),
    };
    let at = begins.unwrap_or(graph.program.functions()[known].address);
    Entry { name: graph.name(known).clone(), is_poll, at, ..plain }
}

/// Returns the first function that another one calls and that is not one of those which sections call for themselves.
fn callee(graph: &mut Graph<'_, '_>, function: usize) -> Option<usize> {
    let node = graph.function(function);
    let edges = graph.edges(node);
    edges.iter().find_map(|edge| {
        let is_other = |node: &NodeId| match *graph.node(*node) {
            Node::Function(callee) if !is_own(&graph.name(callee).plain) => Some(callee),
            _ => None,
        };
        match edge.to {
            Callees::One(to) => is_other(&to),
            Callees::OneOf(set) => graph.set(set).iter().find_map(is_other),
        }
    })
}

/// Whether a function is one of those that a section calls beside the closure.
fn is_own(plain: &str) -> bool {
    let modules = ["nonblock::section::", "nonblock::future::", "core::ptr::drop"];
    modules.iter().any(|module| plain.starts_with(module))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{BEGIN, BEGIN_RAW, INLINED};

    /// The texts of all files below a folder.
    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(folder).expect("the library's sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                text.push_str(&sources(&path));
            } else {
                text.push_str(&fs::read_to_string(&path).expect("a text"));
            }
        }
        text
    }

    /// Sections are found by the names of nonblock's functions, and so is what says that it may sleep. One that has another name now
    /// would be missed in silence.
    #[test]
    fn the_functions_of_nonblock_that_are_known_by_name_are_there() {
        let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../nonblock/src"));
        let known = include_str!("../catalogue/functions.tsv").lines();
        let known = known
            .filter_map(|line| line.split('\t').next())
            .filter(|name| name.contains("nonblock"));
        let names = BEGIN
            .into_iter()
            .chain(BEGIN_RAW)
            .chain(INLINED)
            .chain([super::tokio_tasks::MAKES_SECTIONS, crate::assumptions::SUSPENDS_POLLS])
            .chain(known.filter(|name| !name.starts_with('#')));
        let mut count = 0;
        for name in names {
            let last = name.rsplit("::").next().unwrap_or(name);
            // An assembler's begins with a label.
            let begins = [format!("fn {last}("), format!("fn {last}<"), format!("\"{last}:\"")];
            let is_there = begins.iter().any(|begin| sources.contains(begin));
            assert!(is_there, "{name}");
            count += 1;
        }
        assert!(count > 30, "{count}");
    }
}

//! Where sections begin: the functions from which nothing that blocks may be reached.
//!
//! A section leaves its mark by calling one of nonblock's functions that begin one. In a build without optimization these are never
//! inlined, so each function that calls one holds a section. A closure that is given to `non_block` is called by an instance of
//! `Section::run_at` of its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::demangle::{Name, Pattern};
use crate::elf::Reference;
use crate::graph::{Graph, Node};
use crate::inlined;

/// What an entry is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum EntryKind {
    /// A closure that runs in a section, or a function under `#[non_block]`.
    Section,
    /// A function that begins a section and leaves it open: by `raw::non_block_start`, or from C.
    Raw,
    /// A function that the user named.
    Named,
}

impl EntryKind {
    /// Returns the name by which reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Section => "section",
            Self::Raw => "raw section",
            Self::Named => "named",
        }
    }
}

/// A function from which nothing that blocks may be reached.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The number of the function.
    pub(crate) function: usize,
    pub(crate) kind: EntryKind,
    /// The name that the user knows it by.
    pub(crate) name: Name,
    /// The address of which the source line is where the section is.
    pub(crate) at: u64,
}

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

/// The function that runs a closure in a section.
const RUN: &str = "nonblock::section::Section::run_at";

/// The closure in which a future is polled in a section.
const POLL: &str =
    "<nonblock::future::NonBlocking as core::future::future::Future>::poll::{closure#0}";

/// The functions which, where they are inlined, show that a section begins.
const INLINED: [&str; 2] = [RUN, "nonblock::section::Section::run"];

/// A part of the symbol of each function that begins a section, by either mangling.
const HINTS: [&str; 3] = ["nonblock7section", "non_block_start", "nonblock_start"];

const OPTIMIZED: &str = "The program is optimized. Sections that were inlined are found by what is left of them, and nothing may be left of some. Let `cargo nonblock check` build it, or name functions with `--entry`, and `--no-sections`.";

/// The sections of a program, and what keeps others from being found.
pub(crate) struct Sections {
    pub(crate) entries: Vec<Entry>,
    pub(crate) doubt: Option<String>,
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
    let mut beginners = BTreeMap::new();
    for (number, function) in graph.program.functions().iter().enumerate() {
        // Most symbols need not be made readable. Some linkers put functions with equal code together.
        let mut symbols = std::iter::once(&function.symbol).chain(&function.aliases);
        let kind = symbols.find_map(|symbol| {
            let may_be = symbol.contains("non_block") || symbol.contains("nonblock");
            if may_be { kind(&Name::of_symbol(symbol)) } else { None }
        });
        if let Some(kind) = kind {
            beginners.insert(function.address, (number, kind));
        }
    }
    let own: HashSet<usize> = beginners.values().map(|(number, _)| *number).collect();
    let mut found = BTreeMap::new();
    // An object file calls those of another.
    let imported = |symbol: &str| {
        if symbol.contains("nonblock") || symbol.contains("non_block") {
            kind(&Name::of_symbol(symbol))
        } else {
            None
        }
    };
    for relocation in graph.program.relocations().iter().filter(|relocation| relocation.in_code) {
        let kind = match relocation.target {
            Reference::Address(target) => beginners.get(&target).map(|(_, kind)| *kind),
            Reference::Import(symbol) => imported(symbol),
        };
        let Some(kind) = kind else { continue };
        let Some(function) = graph.program.function_around(relocation.place) else { continue };
        if !own.contains(&function) {
            found.entry(function).or_insert(kind);
        }
    }
    let mut doubt = None;
    let sites = inlined::sites(graph.program, &HINTS, |symbol| {
        let name = Name::of_symbol(symbol);
        kind(&name).or_else(|| INLINED.contains(&name.plain.as_str()).then_some(EntryKind::Section))
    });
    match sites {
        Ok(sites) => {
            if !sites.is_empty() {
                doubt = Some(OPTIMIZED.to_owned());
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
            doubt = Some(format!(
                "The debugging information cannot be read, so sections that were inlined are not found: {error}."
            ));
        }
    }
    let callers = callers(graph);
    let entries =
        found.into_iter().map(|(function, kind)| entry(graph, function, kind, &callers)).collect();
    Sections { entries, doubt }
}

/// Finds the functions that fit a pattern of the user's.
pub(crate) fn named(graph: &Graph<'_, '_>, pattern: &Pattern) -> Vec<Entry> {
    let functions = graph.program.functions().iter().enumerate();
    let found = functions
        .filter(|(number, _)| graph.all_names(*number).iter().any(|name| pattern.matches(name)));
    let entries = found.map(|(function, of)| Entry {
        function,
        kind: EntryKind::Named,
        name: graph.name(function).clone(),
        at: of.address,
    });
    entries.collect()
}

fn entry(
    graph: &mut Graph<'_, '_>,
    function: usize,
    kind: EntryKind,
    callers: &HashMap<u64, Vec<u64>>,
) -> Entry {
    let address = graph.program.functions()[function].address;
    let plain = Entry { function, kind, name: graph.name(function).clone(), at: address };
    if plain.name.plain != RUN {
        return plain;
    }
    // The user knows the closure, and not what runs it.
    let node = graph.function(function);
    let edges = graph.edges(node);
    let closure = edges.iter().find_map(|edge| match *graph.node(edge.to) {
        Node::Function(callee) if !is_own(&graph.name(callee).plain) => Some(callee),
        _ => None,
    });
    let Some(closure) = closure else { return plain };
    if let Some(future) = polled(graph, closure) {
        let at = graph.program.functions()[future].address;
        return Entry { name: graph.name(future).clone(), at, ..plain };
    }
    let begins = begins(graph, address, callers);
    let at = begins.unwrap_or(graph.program.functions()[closure].address);
    Entry { name: graph.name(closure).clone(), at, ..plain }
}

/// Returns the user's future that a closure of nonblock's polls: the section is known by it, since the closure is the same for each.
fn polled(graph: &mut Graph<'_, '_>, closure: usize) -> Option<usize> {
    if graph.name(closure).plain != POLL {
        return None;
    }
    let node = graph.function(closure);
    let edges = graph.edges(node);
    edges.iter().find_map(|edge| match *graph.node(edge.to) {
        Node::Function(callee) => {
            let name = graph.name(callee);
            (name.crate_name() != "nonblock" && !name.is_in_std()).then_some(callee)
        }
        _ => None,
    })
}

/// Returns where a section begins that a function runs: the call in code that is not one of those that run sections. `None` if there are
/// several.
fn begins(graph: &Graph<'_, '_>, run: u64, callers: &HashMap<u64, Vec<u64>>) -> Option<u64> {
    let mut address = run;
    // They call each other, but not in a ring.
    for _ in 0..8 {
        let [site] = callers.get(&address)?[..] else { return None };
        let caller = graph.program.function_around(site)?;
        if !runs_sections(graph.name(caller)) {
            return Some(site);
        }
        address = graph.program.functions()[caller].address;
    }
    None
}

/// Returns the calls of each function that runs sections, by its address.
fn callers(graph: &Graph<'_, '_>) -> HashMap<u64, Vec<u64>> {
    let functions = graph.program.functions().iter().enumerate();
    let runs = functions.filter(|(number, function)| {
        function.symbol.contains("nonblock") && runs_sections(graph.name(*number))
    });
    let mut callers: HashMap<u64, Vec<u64>> =
        runs.map(|(_, function)| (function.address, Vec::new())).collect();
    for relocation in graph.program.relocations().iter().filter(|relocation| relocation.in_code) {
        if let Reference::Address(target) = relocation.target
            && let Some(sites) = callers.get_mut(&target)
        {
            sites.push(relocation.place);
        }
    }
    callers
}

/// Whether a function is one of those by which sections are run: the roots, and the methods of tokens.
pub(crate) fn runs_sections(name: &Name) -> bool {
    let plain = &name.plain;
    let is_run = INLINED.contains(&plain.as_str());
    let is_method = ["::non_block", "::non_block_at"].iter().any(|end| plain.ends_with(end));
    is_run || (is_method && (plain.starts_with("nonblock::") || plain.contains(" as nonblock::")))
}

/// Whether a function is one of those that a section calls beside the closure.
fn is_own(plain: &str) -> bool {
    plain.starts_with("nonblock::section::") || plain.starts_with("core::ptr::drop")
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
        let known = include_str!("catalogue/functions.tsv").lines();
        let known = known
            .filter_map(|line| line.split('\t').next())
            .filter(|name| name.contains("nonblock"));
        let names = BEGIN
            .into_iter()
            .chain(BEGIN_RAW)
            .chain(INLINED)
            .chain(known.filter(|name| !name.starts_with('#')));
        let mut count = 0;
        for name in names {
            let last = name.rsplit("::").next().unwrap_or(name);
            let is_there =
                ["(", "<"].iter().any(|end| sources.contains(&format!("fn {last}{end}")));
            assert!(is_there, "{name}");
            count += 1;
        }
        assert!(count > 30, "{count}");
    }
}

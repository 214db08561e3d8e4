//! How the user's code comes into a section: the calls of nonblock's functions that lead there.

use rustc_hash::FxHashMap;

use crate::demangle::{self, Name};
use crate::graph::Graph;

/// The function that runs a closure in a section.
pub(super) const RUN: &str = "nonblock::section::Section::run_at";

/// The functions which, where they are inlined, show that a section begins.
pub(super) const INLINED: [&str; 2] = [RUN, "nonblock::section::Section::run"];

/// The type that makes each poll of the future in it a section.
const WRAPPER: &str = "nonblock::future::NonBlocking";

/// Returns the type that makes each poll a section, with the future in it, if the function is one of its methods.
pub(super) fn wrapped(name: &Name) -> Option<&str> {
    let path = name.full.strip_prefix('<').unwrap_or(&name.full);
    let generics = path.strip_prefix(WRAPPER)?;
    generics.starts_with('<').then_some(())?;
    path.get(..demangle::end_of_generics(path, WRAPPER.len())?)
}

/// Whether a type is the one that makes each poll a section.
pub(super) fn is_wrapper(ty: &str) -> bool {
    ty.strip_prefix(WRAPPER).is_some_and(|rest| rest.starts_with('<'))
}

/// The calls of the functions that lead from the user's code into sections.
pub(super) struct WaysIn {
    /// The calls of each, by its address.
    calls: FxHashMap<u64, Vec<u64>>,
    /// The functions that wrap a future, by the type that they make of it.
    wrap: FxHashMap<String, Vec<u64>>,
}

impl WaysIn {
    pub(super) fn of(graph: &Graph<'_, '_>) -> Self {
        let mut ways = Self { calls: FxHashMap::default(), wrap: FxHashMap::default() };
        for (number, function) in graph.program.functions().iter().enumerate() {
            if !function.symbol.contains("nonblock") {
                continue;
            }
            let name = graph.name(number);
            if leads_in(name) {
                ways.calls.insert(function.address, Vec::new());
            }
            if name.plain.strip_prefix(WRAPPER) == Some("::new")
                && let Some(wrapper) = wrapped(name)
            {
                ways.wrap.entry(wrapper.to_owned()).or_default().push(function.address);
            }
        }
        for (place, target) in &graph.program.code_relocations().addresses {
            if let Some(sites) = ways.calls.get_mut(target) {
                sites.push(*place);
            }
        }
        ways
    }

    /// Returns where a section begins that a function runs: the call in code that is not nonblock's. `None` if there are several.
    pub(super) fn begins(&self, graph: &Graph<'_, '_>, function: u64) -> Option<u64> {
        let mut address = function;
        // They call each other, but not in a ring.
        for _ in 0..8 {
            let [site] = self.calls.get(&address)?[..] else { return None };
            let caller = graph.program.function_around(site)?;
            if !leads_in(graph.name(caller)) {
                return Some(site);
            }
            address = graph.program.functions()[caller].address;
        }
        None
    }

    /// Returns where futures are wrapped, of which each poll is a section then. `None` if there are several places.
    pub(super) fn wraps_at(&self, graph: &Graph<'_, '_>, wrapper: &str) -> Option<u64> {
        match self.wrap.get(wrapper)?[..] {
            [function] => self.begins(graph, function),
            _ => None,
        }
    }
}

/// Whether a function leads from the user's code into a section.
pub(crate) fn leads_in(name: &Name) -> bool {
    let path = name.plain.strip_prefix('<').unwrap_or(&name.plain);
    let polls = ["nonblock::future::", "nonblock::tokio::"];
    runs_sections(name) || polls.iter().any(|module| path.starts_with(module))
}

/// Whether a function is one of those by which sections are run: the roots, and the methods of tokens.
fn runs_sections(name: &Name) -> bool {
    let plain = &name.plain;
    let is_run = INLINED.contains(&plain.as_str());
    let is_method = ["::non_block", "::non_block_at"].iter().any(|end| plain.ends_with(end));
    is_run || (is_method && (plain.starts_with("nonblock::") || plain.contains(" as nonblock::")))
}

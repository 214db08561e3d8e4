//! The ways from one function to another, and whether a program has such functions at all.

use crate::assumptions::Judgement;
use crate::catalogue::{Catalogue, Class};
use crate::check::{Finding, Options, Writer, assumptions};
use crate::demangle::{Name, Pattern};
use crate::elf::{Function, Reference};
use crate::entries;
use crate::error::Error;
use crate::graph::{Graph, Node, NodeId};
use crate::objects::Image;
use crate::places::Places;
use crate::search::Search;

/// Finds the chains from the entries that fit a pattern to the functions or system calls that fit another, the shortest first.
///
/// # Errors
///
/// As [`check`](crate::check::check).
pub fn why(
    bytes: &[u8],
    options: &Options,
    from: &Pattern,
    to: &Pattern,
) -> Result<Vec<Finding>, Error> {
    let image = Image::of(bytes)?;
    let program = image.program()?;
    let mut catalogue = Catalogue::new();
    catalogue.add_rules(&options.rules);
    let assumptions = assumptions(&catalogue, options);
    let places = Places::new(&program);
    let mut graph = Graph::new(&program, &catalogue, &places);
    let mut entries = entries::sections(&mut graph).entries;
    entries.retain(|entry| from.matches(&entry.name) || from.matches(graph.name(entry.function)));
    if entries.is_empty() {
        entries = entries::named(&graph, from);
    }
    let mut findings = Vec::new();
    let mut search = Search::new(&assumptions);
    for entry in &entries {
        let node = graph.function(entry.function);
        let fits = |graph: &Graph<'_, '_>, node: NodeId| is_called(graph, node, to);
        for chain in search.chains_to(&mut graph, node, fits) {
            let (class, reason) = match assumptions.judge(&mut graph, chain.end, chain.end) {
                Judgement::Leaf(class, reason) => (class, reason),
                _ => (Class::Sleep, String::new()),
            };
            let writer = Writer { graph: &graph, places: &places, entry, node };
            findings.push(Finding {
                leaf: writer.what(chain.end),
                class,
                reason,
                chain: writer.calls(&chain),
            });
        }
    }
    findings.sort_by_key(|finding| finding.chain.len());
    Ok(findings)
}

/// What of a program has a name that fits a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Whether a function of its own has.
    pub a_function: bool,
    /// Whether a function of its own, one of another library, or a system call has.
    pub anything: bool,
}

/// Finds out what of a program has a name that fits a pattern.
///
/// # Errors
///
/// If the file is none that can be checked.
pub fn named(bytes: &[u8], pattern: &Pattern) -> Result<Named, Error> {
    let image = Image::of(bytes)?;
    let program = image.program()?;
    let mut symbols = program.functions().iter().flat_map(Function::symbols);
    let a_function = symbols.any(|symbol| pattern.matches(&Name::of_symbol(symbol)));
    let in_code = program.code_relocations().imports.iter().map(|(_, name)| *name);
    let in_data =
        program.data_relocations().iter().filter_map(|relocation| match relocation.target {
            Reference::Import(name) => Some(name),
            Reference::Address(_) => None,
        });
    let anything = a_function
        || in_code.chain(in_data).any(|name| pattern.matches_text(name))
        || Catalogue::new().system_calls.names().any(|name| pattern.matches_text(name));
    Ok(Named { a_function, anything })
}

/// Whether a node has a name that fits.
fn is_called(graph: &Graph<'_, '_>, node: NodeId, pattern: &Pattern) -> bool {
    match graph.node(node) {
        Node::Function(function) => graph.all_names(*function).any(|name| pattern.matches(name)),
        Node::Import(name) => pattern.matches_text(name),
        Node::SystemCall { number, by, .. } => {
            let name = number.and_then(|number| graph.system_call(number));
            [*by, name].into_iter().flatten().any(|name| pattern.matches_text(name))
        }
        _ => false,
    }
}

//! The tasks of tokio: the futures that its runtimes poll.
//!
//! A runtime polls each future by an instance of one function of its own, by whose type arguments the future is known. Threads that
//! may block run by the same function, with another scheduler.

use super::entry::{Entry, EntryKind};
use super::ways_in;
use crate::demangle::{self, Name};
use crate::graph::{Callees, Graph, Node, NodeId};

/// The function that polls a task (tokio 1.54).
const POLL: &str = "tokio::runtime::task::core::Core::poll::{closure#0}";

/// The type whose method it is part of.
const CORE: &str = "tokio::runtime::task::core::Core";

/// The scheduler of those that may block: `spawn_blocking`, and the runtime's own threads.
const MAY_BLOCK: &str = "tokio::runtime::blocking::schedule::BlockingSchedule";

/// The function of nonblock by which each poll of a runtime's tasks becomes a section.
pub(super) const MAKES_SECTIONS: &str = "<tokio::runtime::builder::Builder as nonblock::tokio::runtime_hooks::BuilderExt>::non_block_polls";

const NONE: &str = "No task of tokio was found: the program spawns none, or it was optimized and they were inlined, or its version of tokio polls them in another way.";

const NO_TYPES: &str =
    "The symbols do not tell the tasks of tokio apart: build with `-C symbol-mangling-version=v0`.";

/// Whether a runtime of the program makes the polls of its tasks sections.
pub(super) fn are_sections(graph: &Graph<'_, '_>) -> bool {
    let mut functions = graph.program.functions().iter().enumerate();
    functions.any(|(number, function)| {
        function.symbol.contains("non_block_polls") && graph.name(number).plain == MAKES_SECTIONS
    })
}

/// Finds the tasks of a program, but for those whose polls are sections of their own.
///
/// # Errors
///
/// If there is none, or the symbols do not say which future is polled where. The text says what to do.
pub(crate) fn entries(graph: &mut Graph<'_, '_>) -> Result<Vec<Entry>, String> {
    let functions = graph.program.functions().iter().enumerate();
    let polls: Vec<usize> = functions
        .filter(|(number, function)| {
            function.symbol.contains("tokio") && is_poll(graph.name(*number))
        })
        .map(|(number, _)| number)
        .collect();
    let mut entries = Vec::new();
    let mut has_tasks = false;
    for poll in polls {
        let Some((future, scheduler)) = task(&graph.name(poll).full) else {
            return Err(NO_TYPES.to_owned());
        };
        if scheduler == MAY_BLOCK {
            continue;
        }
        has_tasks = true;
        if ways_in::is_wrapper(future) {
            continue;
        }
        let future = future.to_owned();
        entries.push(entry(graph, poll, &future));
    }
    if has_tasks { Ok(entries) } else { Err(NONE.to_owned()) }
}

fn is_poll(name: &Name) -> bool {
    // The old mangling writes closures in another way.
    name.plain == POLL || name.plain == POLL.replace("{closure#0}", "{{closure}}")
}

/// Returns the types of the future and of the scheduler, by the name of what polls it.
fn task(full: &str) -> Option<(&str, &str)> {
    let generics = full.strip_prefix('<')?.strip_prefix(CORE)?;
    let end = demangle::end_of_generics(generics, 0)?;
    demangle::split_last_argument(generics.get(1..end - 1)?)
}

/// The entry is the future's own `poll`: what tokio does around it is not the user's.
fn entry(graph: &mut Graph<'_, '_>, poll: usize, future: &str) -> Entry {
    let method = format!("<{future} as core::future::future::Future>::poll");
    let node = graph.function(poll);
    let edges = graph.edges(node);
    let is_own = |node: &NodeId| match *graph.node(*node) {
        // What an `async` block makes has the block's own name.
        Node::Function(callee) => {
            let full = &graph.name(callee).full;
            (full == future || *full == method).then_some(callee)
        }
        _ => None,
    };
    let own = edges.iter().find_map(|edge| match edge.to {
        Callees::One(to) => is_own(&to),
        Callees::OneOf(set) => graph.set(set).iter().find_map(is_own),
    });
    let function = own.unwrap_or(poll);
    Entry {
        function,
        kind: EntryKind::Task,
        name: graph.name(function).clone(),
        is_poll: true,
        at: graph.program.functions()[function].address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_known_by_the_name_of_what_polls_it() {
        let name = "<tokio::runtime::task::core::Core<m::main::{closure#0}, alloc::sync::Arc<tokio::runtime::scheduler::current_thread::Handle>>>::poll::{closure#0}";
        let handle = "alloc::sync::Arc<tokio::runtime::scheduler::current_thread::Handle>";
        assert!(is_poll(&Name::of_function(name)));
        assert_eq!(task(name), Some(("m::main::{closure#0}", handle)));
        let two =
            "<tokio::runtime::task::core::Core<m::Join<m::A, (m::B, m::C)>, S>>::poll::{closure#0}";
        assert_eq!(task(two), Some(("m::Join<m::A, (m::B, m::C)>", "S")));
        // By the old mangling, nothing is known.
        assert_eq!(task("tokio::runtime::task::core::Core<T,S>::poll::{{closure}}"), None);
        assert_eq!(task("<tokio::runtime::task::core::Core<T>>::poll::{closure#0}"), None);
    }
}

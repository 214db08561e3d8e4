//! A wait-for graph: which thread holds what, and which waits for what. A cycle in it is a deadlock.

use nonblock::Sleepable;
use nonblock::sync::Mutex;

/// An edge of the graph: a thread holds a resource, or waits for it. Both are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) thread: String,
    pub(crate) resource: String,
    /// Whether the thread waits for the resource; otherwise it holds it.
    pub(crate) waits: bool,
}

/// One step of a cycle: a thread waits for a resource that another thread holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The thread that waits.
    pub(crate) thread: String,
    /// What it waits for.
    pub(crate) resource: String,
    /// The thread that holds the resource.
    pub(crate) holder: String,
}

/// The graph. Only a thread that may sleep can wait for a sleeping lock, so only such threads change it.
#[derive(Debug, Default)]
pub(crate) struct WaitGraph {
    edges: Mutex<Vec<Edge>>,
}

impl WaitGraph {
    /// Adds an edge.
    pub(crate) fn add(&self, edge: &Edge, cx: &mut Sleepable) {
        self.edges.lock(cx).push(edge.clone());
    }

    /// Removes an edge that was added.
    pub(crate) fn remove(&self, edge: &Edge, cx: &mut Sleepable) {
        let mut edges = self.edges.lock(cx);
        if let Some(index) = edges.iter().rposition(|other| other == edge) {
            edges.swap_remove(index);
        }
    }

    /// Returns whether a thread waits for the resource.
    pub(crate) fn waits_for(&self, resource: &str, cx: &mut Sleepable) -> bool {
        self.edges.lock(cx).iter().any(|edge| edge.waits && edge.resource == resource)
    }

    /// Returns a cycle, if there is one.
    pub(crate) fn cycle(&self, cx: &mut Sleepable) -> Option<Vec<Step>> {
        let edges = self.edges.lock(cx);
        edges.iter().filter(|edge| edge.waits).find_map(|edge| cycle_from(&edges, &edge.thread))
    }
}

/// Follows the edges from a thread until they lead back to it, or end.
fn cycle_from(edges: &[Edge], start: &str) -> Option<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut thread = start;
    loop {
        let waits = edges.iter().find(|edge| edge.waits && edge.thread == thread)?;
        let holds = edges.iter().find(|edge| !edge.waits && edge.resource == waits.resource)?;
        let is_closed = holds.thread == start;
        // A cycle that does not contain the start is found from one of its own threads.
        if !is_closed && steps.iter().any(|step| step.thread == holds.thread) {
            return None;
        }
        steps.push(Step {
            thread: thread.to_owned(),
            resource: waits.resource.clone(),
            holder: holds.thread.clone(),
        });
        if is_closed {
            return Some(steps);
        }
        thread = &holds.thread;
    }
}

/// Returns the name of the running thread.
pub(crate) fn thread_name() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_owned()
}

//! What an entry reaches: the search, after assumptions have cut the graph.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::assumptions::{Assumptions, Judgement, OBJECTS};
use crate::catalogue::Class;
use crate::graph::{Edge, EdgeKind, Graph, NodeId};

/// A call on a chain: who calls, where, and in which way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) caller: NodeId,
    pub(crate) site: u64,
    pub(crate) kind: EdgeKind,
}

/// A shortest chain of calls. The entry is the caller of its first step.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) steps: Vec<Step>,
    pub(crate) end: NodeId,
}

/// What an entry reaches.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    /// What it must not reach, and why that blocks.
    pub(crate) leaves: Vec<(Chain, Class, String)>,
    /// What cannot be followed, and why.
    pub(crate) obstacles: Vec<(Chain, String)>,
    /// How often each assumption cut a way, by its number.
    pub(crate) cuts: BTreeMap<usize, usize>,
    /// How many functions were looked at.
    pub(crate) functions: usize,
}

/// Follows all calls from an entry, breadth first, so that each chain is as short as can be.
pub(crate) fn reach(
    graph: &mut Graph<'_, '_>,
    entry: NodeId,
    assumptions: &Assumptions<'_>,
) -> Reached {
    let mut reached = Reached::default();
    let mut parents: HashMap<NodeId, Option<Step>> = HashMap::from([(entry, None)]);
    let mut queue = VecDeque::from([entry]);
    let mut by_type = HashSet::new();
    while let Some(caller) = queue.pop_front() {
        reached.functions += 1;
        let accepted = assumptions.accepted(graph, caller);
        for &Edge { to, site, kind } in graph.edges(caller).iter() {
            if let Some(number) = assumptions.cuts_way(kind) {
                *reached.cuts.entry(number).or_default() += 1;
                continue;
            }
            if kind.is_by_type() {
                if let Some(number) = accepted {
                    *reached.cuts.entry(number).or_default() += 1;
                    continue;
                }
                by_type.insert(site);
            }
            if parents.contains_key(&to) {
                continue;
            }
            parents.insert(to, Some(Step { caller, site, kind }));
            match assumptions.judge(graph, to, caller) {
                Judgement::Follow => queue.push_back(to),
                Judgement::Harmless => {}
                Judgement::Cut(number) => *reached.cuts.entry(number).or_default() += 1,
                Judgement::Leaf(class, reason) => {
                    reached.leaves.push((chain(&parents, to), class, reason));
                }
                Judgement::Obstacle(reason) => {
                    reached.obstacles.push((chain(&parents, to), reason));
                }
            }
        }
    }
    if !by_type.is_empty() {
        reached.cuts.insert(OBJECTS, by_type.len());
    }
    reached
}

/// Finds chains from an entry to nodes that fit, the shortest first: one for each caller of such a node.
pub(crate) fn chains_to(
    graph: &mut Graph<'_, '_>,
    entry: NodeId,
    assumptions: &Assumptions<'_>,
    fits: impl Fn(&Graph<'_, '_>, NodeId) -> bool,
) -> Vec<Chain> {
    let mut chains = Vec::new();
    let mut parents: HashMap<NodeId, Option<Step>> = HashMap::from([(entry, None)]);
    let mut queue = VecDeque::from([entry]);
    while let Some(caller) = queue.pop_front() {
        let edges = graph.edges(caller);
        let mut ends = Vec::new();
        for &Edge { to, site, kind } in edges.iter() {
            if assumptions.cuts_way(kind).is_some() {
                continue;
            }
            let step = Step { caller, site, kind };
            if fits(graph, to) && !ends.contains(&to) {
                ends.push(to);
                let mut found = chain(&parents, caller);
                found.steps.push(step);
                chains.push(Chain { end: to, ..found });
            }
            if parents.contains_key(&to) {
                continue;
            }
            parents.insert(to, Some(step));
            // Within what blocks, too: the user asks for a certain function.
            if matches!(
                assumptions.judge(graph, to, caller),
                Judgement::Follow | Judgement::Leaf(..)
            ) {
                queue.push_back(to);
            }
        }
    }
    chains
}

fn chain(parents: &HashMap<NodeId, Option<Step>>, end: NodeId) -> Chain {
    let mut steps = Vec::new();
    let mut at = end;
    while let Some(Some(step)) = parents.get(&at) {
        steps.push(*step);
        at = step.caller;
    }
    steps.reverse();
    Chain { steps, end }
}

//! What an entry reaches: the search, after assumptions have cut the graph.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::assumptions::{Assumptions, FORMATTERS, Judgement, OBJECTS};
use crate::catalogue::Class;
use crate::graph::{Edge, EdgeKind, Graph, Node, NodeId};

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
    /// The methods of writers of text that nothing made.
    pub(crate) never_made: HashSet<NodeId>,
}

/// Follows all calls from an entry, breadth first, so that each chain is as short as can be.
pub(crate) fn reach(
    graph: &mut Graph<'_, '_>,
    entry: NodeId,
    assumptions: &Assumptions<'_>,
) -> Reached {
    let mut search = Search {
        reached: Reached::default(),
        parents: HashMap::from([(entry, None)]),
        queue: VecDeque::from([entry]),
        followed: HashSet::new(),
        is_given_writer: graph.is_given_writer(entry),
    };
    let mut by_type = HashSet::new();
    // Calls of writers that nobody has yet.
    let mut waiting: Vec<(Step, NodeId)> = Vec::new();
    loop {
        while let Some(caller) = search.queue.pop_front() {
            search.reached.functions += 1;
            if let Node::Function(function) = graph.node(caller) {
                search.followed.insert(*function);
            }
            let accepted = assumptions.accepted(graph, caller);
            for &Edge { to, site, kind } in graph.edges(caller).iter() {
                if let Some(number) = assumptions.cuts_way(kind) {
                    search.cut(number);
                    continue;
                }
                if kind.is_by_type() {
                    if let Some(number) = accepted {
                        search.cut(number);
                        continue;
                    }
                    by_type.insert(site);
                }
                let step = Step { caller, site, kind };
                if kind == EdgeKind::Method && search.has_no_such_writer(graph, to) {
                    waiting.push((step, to));
                } else {
                    search.take(graph, step, to, assumptions);
                }
            }
        }
        let made = waiting.iter().position(|(_, to)| !search.has_no_such_writer(graph, *to));
        let Some((step, to)) = made.map(|at| waiting.swap_remove(at)) else { break };
        search.take(graph, step, to, assumptions);
    }
    let mut reached = search.reached;
    if !by_type.is_empty() {
        reached.cuts.insert(OBJECTS, by_type.len());
    }
    if !waiting.is_empty() {
        reached.cuts.insert(FORMATTERS, waiting.len());
        reached.never_made = waiting.into_iter().map(|(_, to)| to).collect();
    }
    reached
}

/// A search that is under way.
struct Search {
    reached: Reached,
    /// How each node was reached first.
    parents: HashMap<NodeId, Option<Step>>,
    queue: VecDeque<NodeId>,
    /// The functions whose calls were followed.
    followed: HashSet<usize>,
    is_given_writer: bool,
}

impl Search {
    /// Takes a way to a node, which may have been reached by another before.
    fn take(
        &mut self,
        graph: &mut Graph<'_, '_>,
        step: Step,
        to: NodeId,
        assumptions: &Assumptions<'_>,
    ) {
        if self.parents.contains_key(&to) {
            return;
        }
        self.parents.insert(to, Some(step));
        match assumptions.judge(graph, to, step.caller) {
            Judgement::Follow => self.queue.push_back(to),
            Judgement::Harmless => {}
            Judgement::Cut(number) => self.cut(number),
            Judgement::Leaf(class, reason) => {
                self.reached.leaves.push((chain(&self.parents, to), class, reason));
            }
            Judgement::Obstacle(reason) => {
                self.reached.obstacles.push((chain(&self.parents, to), reason));
            }
        }
    }

    fn cut(&mut self, number: usize) {
        *self.reached.cuts.entry(number).or_default() += 1;
    }

    /// Whether a method is that of a writer which nothing has made that was reached so far, and the entry's caller has none to give.
    fn has_no_such_writer(&self, graph: &Graph<'_, '_>, method: NodeId) -> bool {
        let makers = if self.is_given_writer { None } else { graph.makers(method) };
        makers.is_some_and(|makers| !makers.iter().any(|maker| self.followed.contains(maker)))
    }
}

/// Finds chains from an entry to nodes that fit, the shortest first: one for each caller of such a node.
pub(crate) fn chains_to(
    graph: &mut Graph<'_, '_>,
    entry: NodeId,
    assumptions: &Assumptions<'_>,
    fits: impl Fn(&Graph<'_, '_>, NodeId) -> bool,
) -> Vec<Chain> {
    let never_made = reach(graph, entry, assumptions).never_made;
    let mut chains = Vec::new();
    let mut parents: HashMap<NodeId, Option<Step>> = HashMap::from([(entry, None)]);
    let mut queue = VecDeque::from([entry]);
    while let Some(caller) = queue.pop_front() {
        let edges = graph.edges(caller);
        let mut ends = Vec::new();
        for &Edge { to, site, kind } in edges.iter() {
            if assumptions.cuts_way(kind).is_some()
                || (kind == EdgeKind::Method && never_made.contains(&to))
            {
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

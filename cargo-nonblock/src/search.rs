//! What an entry reaches: the search, after assumptions have cut the graph.

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::assumptions::{Assumptions, FORMATTERS, Judgement, OBJECTS};
use crate::catalogue::Class;
use crate::graph::{Callees, Edge, EdgeKind, Graph, Made, Node, NodeId, SetId};
use crate::handed_on::Given;

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
    /// What calls would lead to if anything made it.
    pub(crate) never_made: FxHashSet<(NodeId, Made)>,
}

/// How many functions are read at the same time, about. Fewer are not worth a thread.
const MOST_AHEAD: usize = 1024;
const LEAST_AHEAD: usize = 16;

/// The search from one entry after another, under the same assumptions. What was decided of a function is remembered.
pub(crate) struct Search<'a> {
    assumptions: &'a Assumptions<'a>,
    /// What becomes of each node, by its number, where that is the same for all callers.
    judgements: Vec<Option<Judgement>>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(assumptions: &'a Assumptions<'a>) -> Self {
        Self { assumptions, judgements: Vec::new() }
    }

    /// Follows all calls from an entry, breadth first, so that each chain is as short as can be.
    pub(crate) fn reach(&mut self, graph: &mut Graph<'_, '_>, entry: NodeId) -> Reached {
        self.follow(graph, entry, |_| false)
    }

    /// Follows calls from an entry until something is found that must not be reached.
    pub(crate) fn first_leaf(
        &mut self,
        graph: &mut Graph<'_, '_>,
        entry: NodeId,
    ) -> Option<NodeId> {
        let reached = self.follow(graph, entry, |reached| !reached.leaves.is_empty());
        reached.leaves.first().map(|(chain, ..)| chain.end)
    }

    fn follow(
        &mut self,
        graph: &mut Graph<'_, '_>,
        entry: NodeId,
        is_enough: impl Fn(&Reached) -> bool,
    ) -> Reached {
        let mut reached = Reached::default();
        let mut ways = Ways::from(entry);
        ways.given = graph.given_to(entry);
        let mut by_type = FxHashSet::default();
        while let Some(caller) = ways.next(graph) {
            let caller = match caller {
                Next::Follow(caller) => caller,
                Next::Made(step, to) => {
                    self.come_to(graph, to, step, &mut ways, &mut reached);
                    continue;
                }
            };
            self.read_ahead(graph, caller, &mut ways);
            reached.functions += 1;
            if !ways.given.fields && graph.hands_on_fields(caller) {
                ways.note_given(Given { fields: true, ..ways.given });
            }
            let accepted = self.assumptions.accepted(graph, caller);
            for &Edge { to, site, kind, made } in graph.edges(caller).iter() {
                let step = Step { caller, site, kind };
                if let Some(number) = self.assumptions.cuts_way(kind) {
                    *reached.cuts.entry(number).or_default() += graph.count(to);
                    continue;
                }
                if kind.is_by_type() {
                    if let Some(number) = accepted {
                        *reached.cuts.entry(number).or_default() += graph.count(to);
                        continue;
                    }
                    by_type.insert(site);
                }
                let nodes = match to {
                    Callees::One(to) => [to].into(),
                    // All of them were come to when one call led there.
                    Callees::OneOf(set) if !ways.sets.insert(set) => continue,
                    Callees::OneOf(set) => graph.set(set),
                };
                for &to in nodes.iter() {
                    if !ways.waits(graph, step, to, made) {
                        self.come_to(graph, to, step, &mut ways, &mut reached);
                    }
                }
            }
            if is_enough(&reached) {
                break;
            }
        }
        if !by_type.is_empty() {
            reached.cuts.insert(OBJECTS, by_type.len());
        }
        let waiting = ways.waiting.into_iter().flatten();
        reached.never_made = waiting.map(|Waiting { to, made, .. }| (to, made)).collect();
        let writers = reached.never_made.iter().filter(|(_, made)| *made == Made::AsWriter).count();
        if writers > 0 {
            reached.cuts.insert(FORMATTERS, writers);
        }
        reached
    }

    /// Reads the functions that the next callers call, before they are come to one by one.
    fn read_ahead(&mut self, graph: &mut Graph<'_, '_>, caller: NodeId, ways: &mut Ways) {
        ways.looked_at = ways.looked_at.saturating_sub(1);
        if ways.looked_at > 0 {
            return;
        }
        let mut seen = FxHashSet::default();
        let mut unread = Vec::new();
        for &next in std::iter::once(&caller).chain(&ways.queue) {
            if unread.len() > MOST_AHEAD {
                break;
            }
            ways.looked_at += 1;
            let edges = graph.edges(next);
            for edge in edges.iter().filter(|edge| self.assumptions.cuts_way(edge.kind).is_none()) {
                let nodes = match edge.to {
                    Callees::One(to) => [to].into(),
                    Callees::OneOf(set) if !ways.sets_ahead.insert(set) => continue,
                    Callees::OneOf(set) => graph.set(set),
                };
                let functions = nodes.iter().filter_map(|node| graph.unread(*node));
                unread.extend(functions.filter(|function| seen.insert(*function)));
            }
        }
        if unread.len() > LEAST_AHEAD {
            let assumptions = self.assumptions;
            graph.read_ahead(unread, |functions, of| assumptions.follows(functions, of));
        }
    }

    /// Decides what becomes of a node that a step leads to, if it is the first that does.
    fn come_to(
        &mut self,
        graph: &mut Graph<'_, '_>,
        to: NodeId,
        step: Step,
        ways: &mut Ways,
        reached: &mut Reached,
    ) {
        if !ways.come_to(to, step) {
            return;
        }
        if !ways.given.arguments && step.kind == EdgeKind::Method && graph.holds_arguments(to) {
            ways.note_given(Given { arguments: true, ..ways.given });
        }
        match self.judge(graph, to, step.caller) {
            Judgement::Follow => ways.queue.push_back(to),
            Judgement::Harmless => {}
            Judgement::Cut(number) => *reached.cuts.entry(*number).or_default() += 1,
            Judgement::Leaf(class, reason) => {
                reached.leaves.push((ways.chain(to), *class, reason.clone()));
            }
            Judgement::Obstacle(reason) => {
                reached.obstacles.push((ways.chain(to), reason.clone()));
            }
        }
    }

    fn judge(&mut self, graph: &mut Graph<'_, '_>, node: NodeId, caller: NodeId) -> &Judgement {
        if self.judgements.len() <= node {
            self.judgements.resize(node + 1, None);
        }
        // The user accepts calls by pointers of certain callers.
        let is_for_all = !matches!(graph.node(node), Node::Dynamic { .. });
        if self.judgements[node].is_none() || !is_for_all {
            self.judgements[node] = Some(self.assumptions.judge(graph, node, caller));
        }
        self.judgements[node].as_ref().unwrap_or(&Judgement::Follow)
    }

    /// Finds chains from an entry to nodes that fit, the shortest first: one for each caller of such a node.
    pub(crate) fn chains_to(
        &mut self,
        graph: &mut Graph<'_, '_>,
        entry: NodeId,
        fits: impl Fn(&Graph<'_, '_>, NodeId) -> bool,
    ) -> Vec<Chain> {
        let never_made = self.reach(graph, entry).never_made;
        let mut chains = Vec::new();
        let mut ways = Ways::from(entry);
        let mut fitting: FxHashMap<SetId, Vec<NodeId>> = FxHashMap::default();
        while let Some(caller) = ways.queue.pop_front() {
            let edges = graph.edges(caller);
            let mut ends = Vec::new();
            for &Edge { to, site, kind, made } in edges.iter() {
                if self.assumptions.cuts_way(kind).is_some() {
                    continue;
                }
                let step = Step { caller, site, kind };
                let one;
                let found = match to {
                    Callees::One(to) => {
                        one = fits(graph, to).then_some(to);
                        one.as_slice()
                    }
                    Callees::OneOf(set) => fitting.entry(set).or_insert_with(|| {
                        let nodes = graph.set(set);
                        nodes.iter().copied().filter(|node| fits(graph, *node)).collect()
                    }),
                };
                let is_made = |to: &NodeId| !never_made.contains(&(*to, made));
                for &end in found.iter().filter(|end| is_made(end)) {
                    if !ends.contains(&end) {
                        ends.push(end);
                        let mut found = ways.chain(caller);
                        found.steps.push(step);
                        chains.push(Chain { end, ..found });
                    }
                }
                let nodes = match to {
                    Callees::One(to) => [to].into(),
                    Callees::OneOf(set) if !ways.sets.insert(set) => continue,
                    Callees::OneOf(set) => graph.set(set),
                };
                for &to in nodes.iter().filter(|to| is_made(to)) {
                    // Within what blocks, too: the user asks for a certain function.
                    if ways.come_to(to, step)
                        && matches!(
                            self.judge(graph, to, caller),
                            Judgement::Follow | Judgement::Leaf(..)
                        )
                    {
                        ways.queue.push_back(to);
                    }
                }
            }
        }
        chains
    }
}

/// The ways from an entry, as far as a search has come.
struct Ways {
    /// How each node was come to first. The entry was there.
    steps: FxHashMap<NodeId, Option<Step>>,
    /// The sets of which all nodes were come to.
    sets: FxHashSet<SetId>,
    /// The nodes whose calls are to be followed.
    queue: VecDeque<NodeId>,
    /// How many of those that come next were looked at for functions to be read ahead, and the sets of which all were.
    looked_at: usize,
    sets_ahead: FxHashSet<SetId>,
    /// What calls lead to as soon as something makes it. `None` where something has.
    waiting: Vec<Option<Waiting>>,
    /// By the functions that make it, where it is in this list.
    by_maker: FxHashMap<usize, Vec<usize>>,
    /// What was made since, also by where it is there.
    made: VecDeque<usize>,
    /// The functions whose calls were followed.
    followed: FxHashSet<usize>,
    /// What the caller of the entry, or of an object's method, may have made.
    given: Given,
}

/// What a call leads to as soon as something makes it.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    step: Step,
    to: NodeId,
    made: Made,
}

/// What a search goes on with.
enum Next {
    /// The calls of this node.
    Follow(NodeId),
    /// What something makes that was come to since the call was seen.
    Made(Step, NodeId),
}

impl Ways {
    fn from(entry: NodeId) -> Self {
        Self {
            steps: FxHashMap::from_iter([(entry, None)]),
            sets: FxHashSet::default(),
            queue: VecDeque::from([entry]),
            looked_at: 0,
            sets_ahead: FxHashSet::default(),
            waiting: Vec::new(),
            by_maker: FxHashMap::default(),
            made: VecDeque::new(),
            followed: FxHashSet::default(),
            given: Given::default(),
        }
    }

    /// Returns what is to be followed next.
    fn next(&mut self, graph: &Graph<'_, '_>) -> Option<Next> {
        if let Some(caller) = self.queue.pop_front() {
            if let Node::Function(function) = graph.node(caller)
                && self.followed.insert(*function)
            {
                self.made.extend(self.by_maker.remove(function).unwrap_or_default());
            }
            return Some(Next::Follow(caller));
        }
        while let Some(at) = self.made.pop_front() {
            if let Some(Waiting { step, to, .. }) = self.waiting[at].take() {
                return Some(Next::Made(step, to));
            }
        }
        None
    }

    /// Whether a step leads to what nothing has made that was followed so far, and nobody may have given. Then it is noted.
    fn waits(&mut self, graph: &Graph<'_, '_>, step: Step, to: NodeId, made: Made) -> bool {
        let made = graph.made_as(to, made);
        if self.given.has(made) {
            return false;
        }
        let Some(makers) = graph.makers_of(to, made) else { return false };
        if makers.iter().any(|maker| self.followed.contains(maker)) {
            return false;
        }
        for maker in makers {
            self.by_maker.entry(*maker).or_default().push(self.waiting.len());
        }
        self.waiting.push(Some(Waiting { step, to, made }));
        true
    }

    /// Notes that somebody may have been given what was made elsewhere.
    fn note_given(&mut self, given: Given) {
        let before = mem::replace(&mut self.given, given);
        let waiting = self.waiting.iter().enumerate();
        let released = waiting.filter(|(_, waiting)| {
            waiting.is_some_and(|waiting| given.has(waiting.made) && !before.has(waiting.made))
        });
        self.made.extend(released.map(|(at, _)| at));
    }

    /// Notes a step to a node. Returns whether it is the first.
    fn come_to(&mut self, node: NodeId, step: Step) -> bool {
        let mut is_first = false;
        self.steps.entry(node).or_insert_with(|| {
            is_first = true;
            Some(step)
        });
        is_first
    }

    fn chain(&self, end: NodeId) -> Chain {
        let mut steps = Vec::new();
        let mut at = end;
        while let Some(Some(step)) = self.steps.get(&at) {
            steps.push(*step);
            at = step.caller;
        }
        steps.reverse();
        Chain { steps, end }
    }
}

//! The graph of calls: what is called where. A function's calls are read when somebody asks for them, so only code that is reached
//! is ever disassembled.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::call_reader::{ByType, CallReader, MadeCall};
pub(crate) use crate::calls::{Callees, Edge, EdgeKind, Node, NodeId, SetId, Unknown};
use crate::catalogue::{Catalogue, Kind};
use crate::demangle::Name;
use crate::elf::Program;
use crate::functions::Functions;
use crate::given::Given;
use crate::parallel;
use crate::places::Places;
use crate::typed::{Candidates, Taken, Word};
use crate::writers::{HANDED_ON, Writers};

/// Nodes of which a call may lead to each.
struct Set {
    nodes: Rc<[NodeId]>,
    /// Whether one of them checks for the token of those that may sleep.
    checks_token: OnceCell<bool>,
}

/// What a word that is called may be.
struct Called<'data> {
    functions: Option<SetId>,
    /// What they are depends on the arguments.
    imports: Vec<&'data str>,
    /// Those of the functions that call what they are given, which depends on the arguments, too.
    given: Vec<Given>,
}

/// The graph of calls of a program.
pub(crate) struct Graph<'a, 'data> {
    pub(crate) program: &'a Program<'data>,
    catalogue: &'a Catalogue,
    reader: CallReader<'a, 'data>,
    /// The calls of functions that were read before somebody asked for them.
    calls_ahead: FxHashMap<usize, Vec<MadeCall<'data>>>,
    candidates: Candidates<'data>,
    nodes: Vec<Node<'data>>,
    numbers: FxHashMap<Node<'data>, NodeId>,
    sets: Vec<Set>,
    set_numbers: FxHashMap<Rc<[NodeId]>, SetId>,
    /// What each word may be that was called. `None` if nobody knows.
    called: FxHashMap<Word, Option<Rc<Called<'data>>>>,
    /// The calls of each node, once they were read.
    edges: Vec<Option<Rc<[Edge]>>>,
    writers: OnceCell<Writers>,
}

impl<'a, 'data> Graph<'a, 'data> {
    pub(crate) fn new(
        program: &'a Program<'data>,
        catalogue: &'a Catalogue,
        places: &'a Places<'data>,
    ) -> Self {
        Self {
            program,
            catalogue,
            reader: CallReader::new(program, catalogue, places),
            calls_ahead: FxHashMap::default(),
            candidates: Candidates::default(),
            nodes: Vec::new(),
            numbers: FxHashMap::default(),
            sets: Vec::new(),
            set_numbers: FxHashMap::default(),
            called: FxHashMap::default(),
            edges: Vec::new(),
            writers: OnceCell::new(),
        }
    }

    /// Returns the number of a function's node.
    pub(crate) fn function(&mut self, function: usize) -> NodeId {
        self.number(Node::Function(function))
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node<'data> {
        &self.nodes[id]
    }

    /// Returns the name of a system call.
    pub(crate) fn system_call(&self, number: u32) -> Option<&'a str> {
        self.catalogue.system_calls.get(number).map(|call| call.name.as_str())
    }

    /// Returns the name of a function.
    pub(crate) fn name(&self, function: usize) -> &Name {
        self.reader.functions.name(function)
    }

    /// Returns the names of a function, of which there may be several.
    pub(crate) fn all_names(&self, function: usize) -> impl Iterator<Item = &Name> {
        self.reader.functions.all_names(function)
    }

    /// Returns what the names of functions tell.
    pub(crate) fn functions(&self) -> &Functions<'a, 'data> {
        &self.reader.functions
    }

    /// Returns the nodes of a set.
    pub(crate) fn set(&self, set: SetId) -> Rc<[NodeId]> {
        Rc::clone(&self.sets[set].nodes)
    }

    /// Returns to how many nodes a call may lead.
    pub(crate) fn count(&self, callees: Callees) -> usize {
        match callees {
            Callees::One(_) => 1,
            Callees::OneOf(set) => self.sets[set].nodes.len(),
        }
    }

    /// Whether a node calls the check of those that were lent the right to sleep.
    pub(crate) fn calls_token_check(&mut self, node: NodeId) -> bool {
        let edges = self.edges(node);
        let is_check = |node: NodeId| match self.nodes[node] {
            Node::Function(function) => {
                let entry = self.functions().entry(function);
                entry.is_some_and(|entry| entry.kind == Kind::Tokens)
            }
            _ => false,
        };
        edges.iter().any(|edge| match edge.to {
            Callees::One(to) => is_check(to),
            Callees::OneOf(set) => {
                let set = &self.sets[set];
                *set.checks_token.get_or_init(|| set.nodes.iter().copied().any(is_check))
            }
        })
    }

    /// Returns the functions that make the writer of text whose method a node is, if it is one of the standard library's own. `None` if
    /// it is none, or may be made anywhere.
    pub(crate) fn makers(&self, method: NodeId) -> Option<&BTreeSet<usize>> {
        let Node::Function(method) = self.nodes[method] else { return None };
        let writers = self.writers.get_or_init(|| {
            let tables = self.candidates.each_table(&self.reader.typed, self.functions());
            Writers::find(self.program, tables, |function| &self.name(function).plain)
        });
        writers.makers(method)
    }

    /// Whether the caller of a node may give it a formatter, or a writer of text.
    pub(crate) fn is_given_writer(&self, node: NodeId) -> bool {
        let Node::Function(function) = self.nodes[node] else { return true };
        let address = self.program.functions()[function].address;
        self.reader.typed.is_given(address, |name| HANDED_ON.iter().any(|part| name.contains(part)))
    }

    /// Whether so many bytes at an address are zero, and nobody writes them.
    pub(crate) fn are_zeros(&self, address: u64, bytes: u64) -> bool {
        (0..bytes).step_by(8).all(|offset| {
            let at = address.checked_add(offset);
            at.is_some_and(|at| {
                self.program.constant_number(at) == Some(0)
                    && self.program.constant_pointer(at).is_none()
            })
        })
    }

    /// Returns the calls that a node makes.
    pub(crate) fn edges(&mut self, id: NodeId) -> Rc<[Edge]> {
        if let Some(edges) = &self.edges[id] {
            return Rc::clone(edges);
        }
        let edges: Rc<[Edge]> = match self.nodes[id] {
            Node::Function(function) => self.read(function).into(),
            _ => Rc::new([]),
        };
        self.edges[id] = Some(Rc::clone(&edges));
        edges
    }

    fn number(&mut self, node: Node<'data>) -> NodeId {
        if let Some(&id) = self.numbers.get(&node) {
            return id;
        }
        let id = self.nodes.len();
        self.nodes.push(node.clone());
        self.edges.push(None);
        self.numbers.insert(node, id);
        id
    }

    /// Returns the number of the set of some nodes.
    fn set_of(&mut self, nodes: Rc<[NodeId]>) -> SetId {
        if let Some(&set) = self.set_numbers.get(&nodes) {
            return set;
        }
        let set = self.sets.len();
        self.sets.push(Set { nodes: Rc::clone(&nodes), checks_token: OnceCell::new() });
        self.set_numbers.insert(nodes, set);
        set
    }

    /// Reads the calls of a function.
    fn read(&mut self, function: usize) -> Vec<Edge> {
        let calls = self.calls_ahead.remove(&function);
        let calls = calls.unwrap_or_else(|| self.reader.read(function));
        let mut edges = Vec::with_capacity(calls.len());
        for call in calls {
            let MadeCall { site, kind, to, by_type } = call;
            let by_type = by_type.and_then(|by_type| self.by_type(&by_type, function, site));
            match by_type {
                Some(found) => edges.extend(found.into_iter().map(|edge| match kind {
                    EdgeKind::Unwind => Edge { kind, ..edge },
                    _ => edge,
                })),
                None => edges.push(self.edge(to, site, kind)),
            }
        }
        edges
    }

    /// Returns the function that a node is, if its calls were not read yet.
    pub(crate) fn unread(&self, node: NodeId) -> Option<usize> {
        match self.nodes[node] {
            Node::Function(function) if self.edges[node].is_none() => {
                (!self.calls_ahead.contains_key(&function)).then_some(function)
            }
            _ => None,
        }
    }

    /// Reads the calls of functions that are soon asked for, on all processors.
    ///
    /// # Arguments
    ///
    /// * `is_wanted`: whether somebody asks for a function's calls, by what its names tell.
    pub(crate) fn read_ahead(
        &mut self,
        functions: Vec<usize>,
        is_wanted: impl Fn(&Functions<'_, '_>, usize) -> bool + Sync,
    ) {
        let reader = &self.reader;
        let calls = parallel::map(&functions, |function| {
            is_wanted(&reader.functions, *function).then(|| reader.read(*function))
        });
        let read = functions.into_iter().zip(calls);
        self.calls_ahead.extend(read.filter_map(|(function, calls)| Some((function, calls?))));
    }

    fn edge(&mut self, node: Node<'data>, site: u64, kind: EdgeKind) -> Edge {
        Edge { to: Callees::One(self.number(node)), site, kind }
    }

    /// Returns the calls of what a computed address may be. `None` if nobody knows.
    fn by_type(&mut self, by_type: &ByType, function: usize, site: u64) -> Option<Vec<Edge>> {
        let mut edges = Vec::new();
        for word in &by_type.words {
            let kind = match word {
                Word::Method { .. } => EdgeKind::Method,
                _ => EdgeKind::Pointer,
            };
            let called = self.called(word)?;
            edges.extend(called.functions.map(|set| {
                let to = Callees::OneOf(set);
                Edge { to, site, kind }
            }));
            for &name in &called.imports {
                let node = self.reader.import(name, &|| by_type.arguments);
                edges.push(self.edge(node, site, kind));
            }
            for &given in &called.given {
                let arguments = self.reader.arguments(function, site);
                for node in self.reader.given(given, site, arguments) {
                    edges.push(self.edge(node, site, EdgeKind::Dynamic));
                }
            }
        }
        Some(edges)
    }

    /// Returns what a word may be that is called. `None` if nobody knows.
    fn called(&mut self, word: &Word) -> Option<Rc<Called<'data>>> {
        if let Some(known) = self.called.get(word) {
            return known.clone();
        }
        let taken = self.candidates.of(&self.reader.typed, word, self.functions());
        let called = taken.map(|taken| {
            let functions = taken.iter().filter_map(|taken| match taken {
                Taken::Function(function) => Some(*function),
                Taken::Import(_) => None,
            });
            let imports = taken.iter().filter_map(|taken| match taken {
                Taken::Import(name) => Some(*name),
                Taken::Function(_) => None,
            });
            let functions: Vec<_> = functions.collect();
            let given =
                functions.iter().filter_map(|function| self.reader.functions.given(*function));
            let given = given.collect();
            let nodes: Rc<[NodeId]> =
                functions.into_iter().map(|function| self.function(function)).collect();
            let functions = (!nodes.is_empty()).then(|| self.set_of(nodes));
            Rc::new(Called { functions, imports: imports.collect(), given })
        });
        self.called.insert(word.clone(), called.clone());
        called
    }
}

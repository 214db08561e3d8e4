//! The graph of calls: what is called where. A function's calls are read when somebody asks for them, so only code that is reached
//! is ever disassembled.

use std::cell::OnceCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::call_reader::{ByType, CallReader, MadeCall};
pub(crate) use crate::calls::{Callees, Edge, EdgeKind, Made, Node, NodeId, SetId, Unknown};
use crate::catalogue::{Catalogue, Kind};
use crate::demangle::Name;
use crate::elf::Program;
use crate::formatting::Formatted;
use crate::functions::Functions;
use crate::given::Given;
use crate::method_tables::FIRST_METHOD;
use crate::parallel;
use crate::places::Places;
use crate::typed::{Candidates, Makers, Taken, TypeId, Word};

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

/// What is known of what functions hand on.
#[derive(Debug, Default)]
pub(crate) struct HandedOn {
    /// Types that lead to no writer, to no arguments, to no object of `Debug`, and to no arguments and no object at all.
    pub(crate) without: [FxHashSet<TypeId>; 4],
    /// Whether the object of a method holds arguments of a text.
    pub(crate) with_arguments: FxHashMap<NodeId, bool>,
    /// Whether a function may hand on objects of `Debug` that were made elsewhere.
    pub(crate) with_fields: FxHashMap<NodeId, bool>,
}

/// The graph of calls of a program.
pub(crate) struct Graph<'a, 'data> {
    pub(crate) program: &'a Program<'data>,
    catalogue: &'a Catalogue,
    pub(crate) reader: CallReader<'a, 'data>,
    /// The calls of functions that were read before somebody asked for them.
    calls_ahead: FxHashMap<usize, Vec<MadeCall<'data>>>,
    pub(crate) candidates: Candidates<'data>,
    nodes: Vec<Node<'data>>,
    numbers: FxHashMap<Node<'data>, NodeId>,
    sets: Vec<Set>,
    set_numbers: FxHashMap<(Rc<[NodeId]>, Made), SetId>,
    /// What each word may be that was called. `None` if nobody knows.
    called: FxHashMap<Word, Option<Rc<Called<'data>>>>,
    /// The calls of each node, once they were read.
    edges: Vec<Option<Rc<[Edge]>>>,
    pub(crate) handed_on: HandedOn,
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
            handed_on: HandedOn::default(),
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

    /// Returns who takes the addresses of functions, and makes objects. `None` if nobody knows.
    pub(crate) fn makers(&self) -> Option<&Makers> {
        self.candidates.makers(&self.reader.typed, self.functions())
    }

    /// Returns the nodes of the first methods of a trait's objects. `None` if nobody knows which these are.
    pub(crate) fn first_methods(&mut self, of: &str) -> Option<Rc<[NodeId]>> {
        let word = Word::Method { of: of.into(), offset: FIRST_METHOD };
        let functions = self.called(&word)?.functions?;
        Some(self.set(functions))
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
    fn set_of(&mut self, nodes: Rc<[NodeId]>, made: Made) -> SetId {
        let key = (Rc::clone(&nodes), made);
        if let Some(&set) = self.set_numbers.get(&key) {
            return set;
        }
        let set = self.sets.len();
        self.sets.push(Set { nodes, checks_token: OnceCell::new() });
        self.set_numbers.insert(key, set);
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
        Edge { to: Callees::One(self.number(node)), site, kind, made: Made::Before }
    }

    /// Returns the calls of what a computed address may be. `None` if nobody knows.
    fn by_type(&mut self, by_type: &ByType, function: usize, site: u64) -> Option<Vec<Edge>> {
        let mut edges = Vec::new();
        for word in &by_type.words {
            let (kind, made) = way_of(word);
            let called = self.called(word)?;
            edges.extend(called.functions.map(|set| {
                let to = Callees::OneOf(set);
                Edge { to, site, kind, made }
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
            let (_, made) = way_of(word);
            let functions = (!nodes.is_empty()).then(|| self.set_of(nodes, made));
            Rc::new(Called { functions, imports: imports.collect(), given })
        });
        self.called.insert(word.clone(), called.clone());
        called
    }
}

/// Returns in which way what a word holds is called, and what makes it.
fn way_of(word: &Word) -> (EdgeKind, Made) {
    match word {
        Word::Method { .. } | Word::Formatted(Formatted::Writer) => {
            (EdgeKind::Method, Made::AsWriter)
        }
        Word::Formatted(Formatted::Field) => (EdgeKind::Method, Made::AsField),
        Word::Formatted(Formatted::Argument) => (EdgeKind::Pointer, Made::AsArgument),
        _ => (EdgeKind::Pointer, Made::Before),
    }
}

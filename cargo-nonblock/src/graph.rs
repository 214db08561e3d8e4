//! The graph of calls: what is called where. A function's calls are read when somebody asks for them, so only code that is reached
//! is ever disassembled.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::catalogue::{Catalogue, Kind};
use crate::demangle::Name;
use crate::disassembly::{Action, Argument, Arguments, Disassembly, disassemble};
use crate::elf::{Program, Reference};
use crate::function_code::{FunctionCode, Target};
use crate::given::{self, Given, is_in_constant};
use crate::landing_pads::LandingPads;
use crate::places::Places;
use crate::typed::{Callee, Taken, Typed, Word};

/// The number of a node.
pub(crate) type NodeId = usize;

/// Something that can be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node<'data> {
    /// A function of the program, by its number.
    Function(usize),
    /// A function of another shared object.
    Import(&'data str),
    /// A system call, by an instruction or by the C library's function of this name. Its number may not be in sight.
    SystemCall { number: Option<u32>, arguments: Values, by: Option<&'data str> },
    /// A call whose target is computed: the one at this address. The offset is that of a slot in a table of methods.
    Dynamic { site: u64, offset: Option<u64> },
    /// Code of which nothing is known.
    Unknown(Unknown),
}

/// Why nothing is known of some code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unknown {
    /// No symbol is there.
    NoSymbol(u64),
    /// Its bytes are not in the file.
    NoBytes,
    /// Some of its bytes are no instruction.
    Unreadable(u64),
    /// It is called through memory that is not in the file.
    Slot(u64),
    /// It uses the numbers of 32-bit programs.
    OldSystemCall,
}

/// The first arguments of a call, as far as they are known.
type Values = [Option<u64>; 6];

/// In which way a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EdgeKind {
    /// By a call instruction.
    Call,
    /// By a jump, or by going on behind the function's end.
    TailCall,
    /// A destructor is called.
    DropGlue,
    /// Made only where something unwinds.
    Unwind,
    /// To what a function is given to call, or by a computed address.
    Dynamic,
    /// Of a method of a trait object: through a table of methods, to one of those that it may be.
    Method,
    /// By a pointer to a function, to one of those that it may point to.
    Pointer,
}

impl EdgeKind {
    /// Whether what is called was found by its type.
    pub(crate) const fn is_by_type(self) -> bool {
        matches!(self, Self::Method | Self::Pointer)
    }

    /// Returns the name by which reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::TailCall => "tail call",
            Self::DropGlue => "drop",
            Self::Unwind => "unwind",
            Self::Dynamic => "dynamic call",
            Self::Method => "dynamic call through a vtable",
            Self::Pointer => "dynamic call by a fn pointer",
        }
    }
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) to: NodeId,
    /// The address of the instruction.
    pub(crate) site: u64,
    pub(crate) kind: EdgeKind,
}

/// The graph of calls of a program.
pub(crate) struct Graph<'a, 'data> {
    pub(crate) program: &'a Program<'data>,
    catalogue: &'a Catalogue,
    places: &'a Places<'data>,
    nodes: Vec<Node<'data>>,
    numbers: HashMap<Node<'data>, NodeId>,
    /// The calls of each node, once they were read.
    edges: Vec<Option<Rc<[Edge]>>>,
    /// The name of each function, once it was asked for.
    names: Vec<OnceCell<Name>>,
    typed: Typed<'a, 'data>,
    landing_pads: OnceCell<LandingPads>,
}

impl<'a, 'data> Graph<'a, 'data> {
    pub(crate) fn new(
        program: &'a Program<'data>,
        catalogue: &'a Catalogue,
        places: &'a Places<'data>,
    ) -> Self {
        let names = program.functions().iter().map(|_| OnceCell::new()).collect();
        Self {
            program,
            catalogue,
            places,
            nodes: Vec::new(),
            numbers: HashMap::new(),
            edges: Vec::new(),
            names,
            typed: Typed::new(program),
            landing_pads: OnceCell::new(),
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
        self.names[function]
            .get_or_init(|| Name::of_symbol(self.program.functions()[function].symbol))
    }

    /// Returns the names of a function, of which there may be several.
    pub(crate) fn all_names(&self, function: usize) -> Vec<Name> {
        let aliases = self.program.functions()[function].aliases.iter();
        std::iter::once(self.name(function).clone())
            .chain(aliases.map(|symbol| Name::of_symbol(symbol)))
            .collect()
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

    /// Reads the calls of a function from its instructions.
    fn read(&mut self, function: usize) -> Vec<Edge> {
        let this = &self.program.functions()[function];
        let Some(bytes) = self.program.code(this) else {
            return vec![self.unknown(this.address, Unknown::NoBytes)];
        };
        let disassembly =
            disassemble(bytes, this.address, &|address| self.program.constant_word(address));
        let calls_what_it_is_given = Given::of(self.name(function));
        let address = this.address;
        let unwinding = self.unwinding(address, &disassembly);
        let mut callees = None;
        let mut edges = Vec::new();
        for step in disassembly.steps {
            let (target, kind, arguments) = match step.action {
                Action::Call { target, arguments } => {
                    (target, EdgeKind::Call, self.values(arguments))
                }
                Action::TailCall { target, arguments } => {
                    (target, EdgeKind::TailCall, self.values(arguments))
                }
                Action::SystemCall { is_old: true, .. } => {
                    edges.push(self.unknown(step.site, Unknown::OldSystemCall));
                    continue;
                }
                Action::SystemCall { number, arguments, .. } => {
                    let arguments = self.values(arguments);
                    let node = Node::SystemCall { number, arguments, by: None };
                    edges.push(Edge {
                        to: self.number(node),
                        site: step.site,
                        kind: EdgeKind::Call,
                    });
                    continue;
                }
            };
            let node = self.resolve(target, step.site, arguments);
            if let (Some(given), Node::Dynamic { offset, .. }) = (calls_what_it_is_given, &node)
                && given.explains(*offset)
                && self.is_own(step.site, given)
            {
                // Whoever calls this function has the edge.
                continue;
            }
            for given in self.given_to(&node, calls_what_it_is_given, step.site, arguments) {
                let to = self.number(given);
                edges.push(Edge { to, site: step.site, kind: EdgeKind::Dynamic });
            }
            if let Node::Dynamic { .. } = node {
                let callees =
                    callees.get_or_insert_with(|| self.callees(address, &disassembly.code));
                if let Some(found) = self.called(callees.get(&step.site), arguments) {
                    for (node, kind) in found {
                        let given =
                            self.given_to(&node, calls_what_it_is_given, step.site, arguments);
                        for (node, kind) in given
                            .into_iter()
                            .map(|node| (node, EdgeKind::Dynamic))
                            .chain([(node, kind)])
                        {
                            edges.push(Edge { to: self.number(node), site: step.site, kind });
                        }
                    }
                    continue;
                }
            }
            let kind = match node {
                Node::Dynamic { .. } => EdgeKind::Dynamic,
                Node::Function(callee) if self.is_drop_glue(callee) => EdgeKind::DropGlue,
                _ => kind,
            };
            edges.push(Edge { to: self.number(node), site: step.site, kind });
        }
        if let Some(at) = disassembly.unreadable {
            edges.push(self.unknown(at, Unknown::Unreadable(at)));
        }
        if let Some(next) = disassembly.falls_through {
            let node = self.resolve(Target::Address(next), next, Values::default());
            let site = next.saturating_sub(1);
            edges.push(Edge { to: self.number(node), site, kind: EdgeKind::TailCall });
        }
        for edge in &mut edges {
            if unwinding.contains(&edge.site) {
                edge.kind = EdgeKind::Unwind;
            }
        }
        edges
    }

    /// Returns the addresses of the instructions of a function that run only when something unwinds.
    fn unwinding(&self, address: u64, disassembly: &Disassembly) -> HashSet<u64> {
        let pads = self.landing_pads().of(address).unwrap_or(&[]);
        if pads.is_empty() {
            return HashSet::new();
        }
        let ends = disassembly.steps.iter().filter(|step| {
            let target = match step.action {
                Action::Call { target: Target::Address(address), .. } => Some(address),
                Action::Call { target: Target::Slot(slot), .. } => match self.program.slot(slot) {
                    Some(Reference::Address(address)) => Some(address),
                    _ => None,
                },
                _ => None,
            };
            target.is_some_and(|target| self.never_returns(target))
        });
        disassembly.code.unwinding(pads, &ends.map(|step| step.site).collect())
    }

    /// Whether the function at an address never returns. In doubt it does.
    fn never_returns(&self, address: u64) -> bool {
        let function = self.program.function_at(address);
        function.is_some_and(|function| given::never_returns(&self.name(function).plain))
    }

    /// Whether an instruction is the function's own, or that of one of its kind, and of nothing else that was inlined into it.
    fn is_own(&self, site: u64, given: Given) -> bool {
        // Without debugging information nobody knows.
        self.places.frames(site).last().is_some_and(|frame| {
            frame.inlined.as_ref().is_none_or(|name| Given::of(name) == Some(given))
        }) || given == Given::Functions
    }

    /// Returns what a called function calls, if it is one that calls what it is given.
    ///
    /// # Arguments
    ///
    /// * `own`: what the caller itself calls that is given to it. What it only hands on, its own caller has given.
    fn given_to(
        &self,
        callee: &Node<'data>,
        own: Option<Given>,
        site: u64,
        arguments: Values,
    ) -> Vec<Node<'data>> {
        let Node::Function(callee) = callee else { return Vec::new() };
        match Given::of(self.name(*callee)) {
            Some(given) if own != Some(given) || !self.is_own(site, given) => {
                self.given(given, site, arguments)
            }
            _ => Vec::new(),
        }
    }

    /// Finds out what a function calls that calls what it is given.
    fn given(&self, given: Given, site: u64, arguments: Values) -> Vec<Node<'data>> {
        let [first, second, third, ..] = arguments;
        let unknown = || vec![Node::Dynamic { site, offset: None }];
        let function = |address| match self.at_address(address, Values::default()) {
            node @ Node::Function(_) => Some(node),
            _ => None,
        };
        match given {
            // If the result is large, the first argument is the place for it.
            Given::Key => {
                let pointers = [first, second].into_iter().flatten();
                let nodes =
                    pointers.filter_map(|key| match self.program.constant_pointer(key)? {
                        Reference::Address(address) => function(address),
                        Reference::Import(_) => None,
                    });
                // `thread_local!` makes these functions, in a constant.
                let mut nodes = nodes.filter(|node| match node {
                    Node::Function(function) => is_in_constant(&self.name(*function).full),
                    _ => false,
                });
                nodes.next().map_or_else(unknown, |node| vec![node])
            }
            Given::Functions => {
                let nodes = [first, third].map(|address| address.and_then(function));
                nodes.into_iter().collect::<Option<_>>().unwrap_or_else(unknown)
            }
        }
    }

    /// Returns what arguments are, with what slots hold in place of the slots.
    fn values(&self, arguments: Arguments) -> Values {
        arguments.0.map(|argument| match argument? {
            Argument::Constant(value) => Some(value),
            Argument::Slot(slot) => match self.program.slot(slot)? {
                Reference::Address(address) => Some(address),
                Reference::Import(_) => None,
            },
        })
    }

    fn unknown(&mut self, site: u64, why: Unknown) -> Edge {
        Edge { to: self.number(Node::Unknown(why)), site, kind: EdgeKind::Call }
    }

    fn is_drop_glue(&self, function: usize) -> bool {
        self.name(function).is_drop_glue()
    }

    fn landing_pads(&self) -> &LandingPads {
        self.landing_pads.get_or_init(|| LandingPads::read(self.program))
    }

    /// Finds out what a function's calls by computed addresses call.
    fn callees(&self, address: u64, code: &FunctionCode) -> HashMap<u64, Callee> {
        let never_returns = |address| self.never_returns(address);
        self.typed.callees(address, code, self.landing_pads(), &never_returns)
    }

    /// Returns what a call by a computed address may reach, and in which way. `None` if nobody knows.
    fn called(
        &self,
        callee: Option<&Callee>,
        arguments: Values,
    ) -> Option<Vec<(Node<'data>, EdgeKind)>> {
        let words = match callee? {
            Callee::Address(address) => {
                return match self.at_address(*address, arguments) {
                    Node::Unknown(_) => None,
                    node => Some(vec![(node, EdgeKind::Dynamic)]),
                };
            }
            Callee::OneOf(words) => words,
        };
        let mut found = Vec::new();
        for word in words {
            let kind = match word {
                Word::Method { .. } => EdgeKind::Method,
                _ => EdgeKind::Pointer,
            };
            for taken in self.typed.candidates(word, |function| self.name(function))? {
                found.push(match taken {
                    Taken::Function(function) => (Node::Function(function), kind),
                    Taken::Import(name) => (self.import(name, arguments), kind),
                });
            }
        }
        Some(found)
    }

    /// Finds out what a call reaches.
    fn resolve(&self, target: Target, site: u64, arguments: Values) -> Node<'data> {
        match target {
            Target::Address(address) => self.at_address(address, arguments),
            Target::Slot(slot) => match self.program.slot(slot) {
                Some(reference) => self.at_reference(reference, arguments),
                // A variable that holds a pointer.
                None => Node::Dynamic { site, offset: None },
            },
            // One that is larger, or negative, is none of a table.
            Target::Computed { offset } => {
                Node::Dynamic { site, offset: offset.filter(|offset| *offset < 4096) }
            }
        }
    }

    fn at_reference(&self, reference: Reference<'data>, arguments: Values) -> Node<'data> {
        match reference {
            Reference::Address(address) => self.at_address(address, arguments),
            Reference::Import(name) => self.import(name, arguments),
        }
    }

    fn at_address(&self, address: u64, arguments: Values) -> Node<'data> {
        if let Some(function) = self.program.function_at(address) {
            return Node::Function(function);
        }
        if let Some(stub) = self.program.stub(address) {
            return self.behind_stub(stub, address, arguments);
        }
        // A part of a function is called. All that the function calls is taken for it.
        match self.program.function_around(address) {
            Some(function) => Node::Function(function),
            None => Node::Unknown(Unknown::NoSymbol(address)),
        }
    }

    fn behind_stub(&self, stub: &[u8], address: u64, arguments: Values) -> Node<'data> {
        let steps = disassemble(stub, address, &|_| None).steps;
        let slot = steps.iter().find_map(|step| match step.action {
            Action::TailCall { target: Target::Slot(slot), .. } => Some(slot),
            _ => None,
        });
        match slot.and_then(|slot| self.program.slot(slot)) {
            // A stub of a stub leads nowhere.
            Some(Reference::Address(to)) if self.program.stub(to).is_some() => {
                Node::Unknown(Unknown::Slot(address))
            }
            Some(reference) => self.at_reference(reference, arguments),
            None => Node::Unknown(Unknown::Slot(address)),
        }
    }

    fn import(&self, name: &'data str, arguments: Values) -> Node<'data> {
        match self.catalogue.import(name).map(|entry| entry.kind) {
            Some(Kind::SystemCall(number)) => {
                Node::SystemCall { number: Some(number), arguments, by: Some(name) }
            }
            Some(Kind::AnySystemCall) => {
                let [number, rest @ ..] = arguments;
                let [first, second, third, fourth, fifth] = rest;
                let number = number.and_then(|number| u32::try_from(number & 0xffff_ffff).ok());
                let arguments = [first, second, third, fourth, fifth, None];
                Node::SystemCall { number, arguments, by: Some(name) }
            }
            _ => Node::Import(name),
        }
    }
}

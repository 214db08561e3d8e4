//! The calls that a function makes, read from its instructions. Nothing of this depends on what was read before, so several functions are
//! read at the same time.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use crate::calls::{EdgeKind, Node, Unknown, Values};
use crate::catalogue::{Catalogue, Kind};
use crate::channels::Channels;
use crate::control_flow::ControlFlow;
use crate::disassembly::{Action, Argument, Arguments, Disassembly, Step, disassemble};
use crate::elf::{Program, Reference};
use crate::formatting::{DEBUG, ERROR, Formatted, called_in};
use crate::function_code::{Around, FunctionCode, ReadTable, Target, is_instruction};
use crate::functions::Functions;
use crate::given::{self, Given, is_in_constant};
use crate::instructions::Flow;
use crate::landing_pads::LandingPads;
use crate::machine::Machine;
use crate::method_tables::FIRST_METHOD;
use crate::neighbours::{COLD, ColdParts, Neighbours, is_part};
use crate::places::Places;
use crate::typed::{Callee, Typed, Word, dropped_object, formatted_object, has_path_of_std};

/// Finds arguments out, which most calls do not need.
type Find<'a> = &'a dyn Fn() -> Values;

/// A call that a function makes.
#[derive(Debug)]
pub(crate) struct MadeCall<'data> {
    /// The address of the instruction.
    pub(crate) site: u64,
    pub(crate) kind: EdgeKind,
    pub(crate) to: Node<'data>,
    /// What it may call instead, if `to` is a computed address of which something is known by its types.
    pub(crate) by_type: Option<ByType>,
}

/// What a computed address is, by its types.
#[derive(Debug)]
pub(crate) struct ByType {
    /// It is one of these.
    pub(crate) words: Vec<Word>,
    /// The first arguments of the call. They are not read where no function of a C library can be called.
    pub(crate) arguments: Values,
}

/// Reads the calls of functions.
pub(crate) struct CallReader<'a, 'data> {
    program: &'a Program<'data>,
    catalogue: &'a Catalogue,
    pub(crate) functions: Functions<'a, 'data>,
    pub(crate) typed: Typed<'a, 'data>,
    places: &'a Places<'data>,
    landing_pads: OnceLock<LandingPads<'data>>,
    channels: Channels,
    cold_parts: OnceLock<ColdParts<'data>>,
    neighbours: OnceLock<Neighbours>,
}

/// A function whose calls are being read.
struct Reading {
    address: u64,
    disassembly: Disassembly,
    /// What it calls that its caller gives it.
    given: Option<Given>,
    /// What its calls by computed addresses call, once somebody asks.
    callees: OnceCell<HashMap<u64, Callee>>,
}

impl<'a, 'data> CallReader<'a, 'data> {
    pub(crate) fn new(
        program: &'a Program<'data>,
        catalogue: &'a Catalogue,
        places: &'a Places<'data>,
    ) -> Self {
        let (functions, typed) = (Functions::new(program, catalogue), Typed::new(program));
        let (landing_pads, channels, cold_parts) =
            (OnceLock::new(), Channels::default(), OnceLock::new());
        let neighbours = OnceLock::new();
        Self {
            program,
            catalogue,
            functions,
            typed,
            places,
            landing_pads,
            channels,
            cold_parts,
            neighbours,
        }
    }

    /// Reads the instructions of a function.
    fn disassemble(&self, function: usize, bytes: &[u8]) -> Disassembly {
        let this = &self.program.functions()[function];
        let machine = self.program.machine();
        let table = |address| self.program.constant_word(address);
        let around =
            Around { is_part: is_part(this.symbols()), ..Around::with_table(machine, &table) };
        if machine == Machine::X86_64 {
            let entered = self.entered_from_cold_parts(function);
            // What leads into a part, and where, is not looked for.
            let is_entered = |address: u64| around.is_part || entered.contains(&address);
            let around = Around { is_entered: &is_entered, ..around };
            return disassemble(bytes, this.address, around);
        }
        let neighbours = self.neighbours.get_or_init(|| Neighbours::find(self.program));
        let around = Around {
            is_entered: &|address| neighbours.enter(address),
            changes_all: &|address| neighbours.has_piece(address),
            ..around
        };
        disassemble(bytes, this.address, around)
    }

    /// Returns where the cold parts of a function jump back into it, with whatever they have put into registers.
    fn entered_from_cold_parts(&self, function: usize) -> FxHashSet<u64> {
        let this = &self.program.functions()[function];
        let targets = |part: usize| {
            let part = &self.program.functions()[part];
            let bytes = self.program.code(part).unwrap_or(&[]);
            let around = Around::with_table(self.program.machine(), &|_| None);
            let code = FunctionCode::read(bytes, part.address, around);
            code.instructions().iter().filter_map(|one| one.target).collect::<Vec<_>>()
        };
        let targets = self.cold_parts_of(function).flat_map(targets);
        targets.filter(|target| (this.address..this.end).contains(target)).collect()
    }

    /// Reads the calls of a function.
    pub(crate) fn read(&self, function: usize) -> Vec<MadeCall<'data>> {
        let this = &self.program.functions()[function];
        let Some(bytes) = self.program.code(this) else {
            return vec![unknown(this.address, Unknown::NoBytes)];
        };
        let disassembly = self.disassemble(function, bytes);
        let given = self.functions.given(function);
        let callees = OnceCell::new();
        let reading = Reading { address: this.address, disassembly, given, callees };
        let mut calls = Vec::with_capacity(reading.disassembly.steps.len());
        for step in &reading.disassembly.steps {
            self.read_step(&reading, step, &mut calls);
        }
        if let Some(at) = reading.disassembly.unreadable {
            calls.push(unknown(at, Unknown::Unreadable(at)));
        }
        if let Some(at) = reading.disassembly.code.jumps_into_instruction() {
            calls.push(unknown(at, Unknown::Middle(at)));
        }
        let goes_on = reading.disassembly.falls_through.or_else(|| {
            // What a compiler made has a frame, or is described. Who writes in assembly may let a function go on in the next.
            let next = reading.disassembly.ends_in_call?;
            let returns = !self.ends_program(&calls.last()?.to)
                && !self.landing_pads().have_frame(this.address)
                && !self.typed.describes(this.address);
            returns.then_some(next)
        });
        if let Some(next) = goes_on {
            let to = self.resolve(Target::Address(next), next, &Values::default);
            calls.push(call(to, next.saturating_sub(1), EdgeKind::TailCall));
        }
        // Parts of it lie elsewhere, and tables of jumps lead there, too.
        calls.extend(
            self.cold_parts_of(function)
                .map(|part| call(Node::Function(part), this.address, EdgeKind::TailCall)),
        );
        if let Some(at) = reading.disassembly.calls_own_midst() {
            calls.push(unknown(at, Unknown::OwnMidst(at)));
        }
        self.leave_out(function, &reading.disassembly, &mut calls);
        calls
    }

    /// Returns the functions that are cold parts of one.
    fn cold_parts_of(&self, function: usize) -> impl Iterator<Item = usize> {
        let parts = self.cold_parts.get_or_init(|| ColdParts::find(self.program));
        parts.of(self.program, function)
    }

    /// Whether other code may lead into the midst of a function, or it may come back there from a call that is none: then what leads to an
    /// instruction is not known.
    fn may_be_entered_in_its_midst(&self, function: usize, disassembly: &Disassembly) -> bool {
        let mut symbols = self.program.functions()[function].symbols();
        symbols.any(|symbol| symbol.contains(COLD))
            || self.cold_parts_of(function).next().is_some()
            || disassembly.calls_own_midst().is_some()
    }

    /// Leaves out the calls that no run makes, and marks those that are made only where something unwinds, or before the program ends.
    fn leave_out(
        &self,
        function: usize,
        disassembly: &Disassembly,
        calls: &mut Vec<MadeCall<'data>>,
    ) {
        calls.retain(|call| match call.to {
            Node::Function(callee) => {
                let name = self.functions.name(callee);
                !self.channels.never_make(name, self.program, &self.typed)
            }
            _ => true,
        });
        if self.may_be_entered_in_its_midst(function, disassembly) {
            return;
        }
        let this = &self.program.functions()[function];
        let Some(pads) = self.landing_pads().of(this.address) else { return };
        let Some(flow) = ControlFlow::new(&disassembly.code, &pads) else { return };
        if !pads.is_empty() {
            let unwinding = flow.only_unwinding(&pads, &self.calls_that_never_return(disassembly));
            for call in calls.iter_mut().filter(|call| unwinding.contains(&call.site)) {
                call.kind = EdgeKind::Unwind;
            }
        }
        // Who writes in assembly may do it in other ways than compilers.
        let is_whole = self.landing_pads().have_frame(this.address)
            && self.typed.describes(this.address)
            && !disassembly.steps.iter().any(|step| self.leads_to_part(step));
        if !is_whole {
            return;
        }
        let never = flow.never_reached(&pads, &|slot| self.program.is_filled(slot));
        calls.retain(|call| !never.contains(&call.site));
        let ends = calls.iter().filter(|call| self.ends_program(&call.to)).map(|call| call.site);
        let ends = ends.collect();
        let is_in_std = self.functions.name(function).has_code_of_std();
        // Others may never come back.
        let returning = calls.iter().filter(|call| match call.to {
            Node::Function(callee) => has_path_of_std(self.program.functions()[callee].symbol),
            _ => false,
        } || self.tells_why(&call.to, is_in_std));
        let returning = returning.map(|call| call.site).collect();
        let failing = flow.only_failing(&ends, &returning);
        for call in calls.iter_mut().filter(|call| failing.contains(&call.site)) {
            if self.tells_why(&call.to, is_in_std) {
                call.kind = EdgeKind::Failure;
            }
        }
    }

    /// Whether a call in front of the program's end only tells why it ends, and returns: it writes, or is the standard library's own. What
    /// others do there may never come to the end.
    fn tells_why(&self, to: &Node<'_>, is_in_std: bool) -> bool {
        match to {
            Node::SystemCall { number, .. } => {
                number.is_some_and(|number| self.catalogue.system_calls.writes(number))
            }
            Node::Function(function) => {
                let symbol = self.program.functions()[*function].symbol;
                (is_in_std && has_path_of_std(symbol))
                    || PRINTS.contains(&self.functions.name(*function).plain.as_str())
            }
            _ => false,
        }
    }

    /// Whether a jump leads to a part of the function that lies elsewhere, from where others lead back.
    fn leads_to_part(&self, step: &Step) -> bool {
        match step.action {
            Action::TailCall { target: Target::Address(target) } => {
                let function = self.program.function_at(target);
                let is_stub = || self.program.stub(target).is_some();
                function.is_none() && !is_stub()
            }
            _ => false,
        }
    }

    /// Returns the first arguments of a call that a function makes.
    pub(crate) fn arguments(&self, function: usize, site: u64) -> Values {
        let this = &self.program.functions()[function];
        let bytes = self.program.code(this).unwrap_or(&[]);
        let disassembly = self.disassemble(function, bytes);
        let step = disassembly.steps.iter().find(|step| step.site == site);
        step.map_or_else(Values::default, |step| values(self.program, disassembly.arguments(step)))
    }

    /// Reads the calls that an instruction makes.
    fn read_step(&self, reading: &Reading, step: &Step, calls: &mut Vec<MadeCall<'data>>) {
        let found = OnceCell::new();
        let arguments =
            || *found.get_or_init(|| values(self.program, reading.disassembly.arguments(step)));
        if self.asks_for_variable(step) {
            calls.push(call(self.import(ASK, &arguments), step.site, EdgeKind::Call));
            return;
        }
        let (target, kind) = match step.action {
            Action::Call { target } => (target, EdgeKind::Call),
            Action::TailCall { target } => (target, EdgeKind::TailCall),
            Action::SystemCall { is_old: true, .. } => {
                calls.push(unknown(step.site, Unknown::OldSystemCall));
                return;
            }
            Action::SystemCall { number, .. } => {
                let number = number.map(|number| self.listed(number));
                let to = Node::SystemCall { number, arguments: arguments(), by: None };
                calls.push(call(to, step.site, EdgeKind::Call));
                return;
            }
        };
        if let Some(address) = self.midst_by_value(reading, step, target) {
            calls.push(unknown(step.site, Unknown::OthersMidst(address)));
            return;
        }
        let to = self.resolve(target, step.site, &arguments);
        match to {
            // Whoever calls this function has the edge.
            Node::Dynamic { offset, .. }
                if reading.given.is_some_and(|given| {
                    given.explains(offset) && self.is_own(step.site, given)
                }) => {}
            Node::Dynamic { .. } => calls.push(self.dynamic_call(reading, step, to, &arguments)),
            Node::Function(callee) => {
                // What a function only hands on, its own caller has given.
                let given = self.functions.given(callee).filter(|given| {
                    reading.given != Some(*given) || !self.is_own(step.site, *given)
                });
                let given = given.map(|given| self.given(given, step.site, arguments()));
                let given = given.into_iter().flatten();
                calls.extend(given.map(|node| call(node, step.site, EdgeKind::Dynamic)));
                let is_drop_glue = self.functions.name(callee).is_drop_glue();
                let kind = if is_drop_glue { EdgeKind::DropGlue } else { kind };
                calls.push(call(to, step.site, kind));
            }
            _ => calls.push(call(to, step.site, kind)),
        }
    }

    /// Returns the address to which a call or jump by a register, or through memory, leads, if no function begins there. What is known of that
    /// function's registers is by its own code.
    fn midst_by_value(&self, reading: &Reading, step: &Step, target: Target) -> Option<u64> {
        let index = reading.disassembly.code.index(step.site)?;
        let flow = reading.disassembly.code.instructions()[index].flow;
        let address = match target {
            Target::Address(address) => address,
            Target::Slot(slot) => match self.program.slot(slot)? {
                Reference::Address(address) => address,
                Reference::Import(_) => return None,
            },
            Target::Computed { .. } => return None,
        };
        let is_by_value = matches!(flow, Flow::IndirectCall | Flow::IndirectJump);
        (is_by_value && self.is_midst(address)).then_some(address)
    }

    fn is_midst(&self, address: u64) -> bool {
        self.program.function_at(address).is_none()
            && self.program.stub(address).is_none()
            && self.program.function_around(address).is_some()
    }

    /// Whether a call asks where a variable of a thread is. What it calls is the loader's, and is not named.
    fn asks_for_variable(&self, step: &Step) -> bool {
        let asks = &self.program.code_relocations().asks_for_variables;
        let is_direct = matches!(step.action, Action::Call { target: Target::Address(_) });
        matches!(step.action, Action::Call { .. })
            && !is_direct
            && asks.binary_search(&step.site).is_ok()
    }

    /// Finds out what a call by a computed address calls.
    fn dynamic_call(
        &self,
        reading: &Reading,
        step: &Step,
        to: Node<'data>,
        arguments: Find<'_>,
    ) -> MadeCall<'data> {
        let code = &reading.disassembly.code;
        let callees = reading.callees.get_or_init(|| self.callees(reading.address, code));
        let call = call(to, step.site, EdgeKind::Dynamic);
        match callees.get(&step.site) {
            None => {
                let by_type = self.dropped(reading, step.site, &call.to);
                let by_type = by_type.or_else(|| self.formatted(reading, step, &call.to));
                MadeCall { by_type, ..call }
            }
            Some(Callee::Address(address)) => match self.at_address(*address, arguments) {
                Node::Unknown(_) => call,
                _ if self.is_midst(*address) => call,
                to => MadeCall { to, ..call },
            },
            Some(Callee::OneOf(words)) => {
                let is_of_c = |word: &Word| matches!(word, Word::Function { is_rust: false, .. });
                let may_be_import = words.iter().any(is_of_c);
                let arguments = if may_be_import { arguments() } else { Values::default() };
                let by_type = Some(ByType { words: words.clone(), arguments });
                MadeCall { by_type, ..call }
            }
        }
    }

    /// Returns what a call out of a table calls in what the compiler makes to drop the box of a trait object, inlined or not: the destructor.
    /// The name tells the trait, also in the precompiled library, of which no types are described.
    fn dropped(&self, reading: &Reading, site: u64, to: &Node<'data>) -> Option<ByType> {
        let Node::Dynamic { offset: Some(0), .. } = to else { return None };
        let inlined = self.places.frames(site).pop().and_then(|frame| frame.inlined);
        let of = if let Some(inlined) = inlined {
            dropped_object(&inlined)?
        } else {
            let function = self.program.function_at(reading.address)?;
            dropped_object(self.functions.name(function))?
        };
        let words = vec![method(&of, 0)];
        Some(ByType { words, arguments: Values::default() })
    }

    /// Returns what a call by a computed address calls in a function of the precompiled library that formats, inlined or not.
    fn formatted(&self, reading: &Reading, step: &Step, to: &Node<'data>) -> Option<ByType> {
        if !self.typed.formats_as_known(step.site) {
            return None;
        }
        let innermost = self.places.frames(step.site).pop()?;
        let function = self.program.function_at(reading.address)?;
        let name = innermost.inlined.as_ref().unwrap_or_else(|| self.functions.name(function));
        if let Some(of) = formatted_object(name) {
            let words = match (of.as_str(), to, &reading.disassembly.steps[..]) {
                // The library has the objects of a structure's fields written by this one, and nobody else calls its own.
                (DEBUG, ..) => vec![Word::Formatted(Formatted::Field)],
                (ERROR, ..) => [0, 8].map(|at| method(&of, FIRST_METHOD + at)).into(),
                // It does nothing else, so the pointer has not been kept in the frame.
                (
                    _,
                    Node::Dynamic { offset: Some(offset), .. },
                    [Step { action: Action::TailCall { .. }, .. }],
                ) => vec![method(&of, *offset)],
                _ => return None,
            };
            return Some(ByType { words, arguments: Values::default() });
        }
        let mut called = BTreeSet::new();
        if let Some(inlined) = innermost.inlined {
            called.extend(called_in(&inlined.plain)?);
        } else {
            for name in self.functions.all_names(function) {
                called.extend(called_in(&name.plain)?);
            }
        }
        let words =
            called.into_iter().map(|formatted: &Formatted| Word::Formatted(*formatted)).collect();
        Some(ByType { words, arguments: Values::default() })
    }

    /// Returns the addresses of the calls that never return.
    fn calls_that_never_return(&self, disassembly: &Disassembly) -> FxHashSet<u64> {
        let ends = disassembly.steps.iter().filter(|step| {
            let target = match step.action {
                Action::Call { target: Target::Address(address) } => Some(address),
                Action::Call { target: Target::Slot(slot) } => match self.program.slot(slot) {
                    Some(Reference::Address(address)) => Some(address),
                    _ => None,
                },
                _ => None,
            };
            target.is_some_and(|target| self.never_returns(target))
        });
        ends.map(|step| step.site).collect()
    }

    /// Whether the function at an address never returns. In doubt it does.
    fn never_returns(&self, address: u64) -> bool {
        let function = self.program.function_at(address);
        function.is_some_and(|function| self.functions.never_returns(function))
    }

    /// Whether a node is a function that ends the program or panics, and never returns.
    fn ends_program(&self, node: &Node<'_>) -> bool {
        match node {
            Node::Function(function) => self.functions.never_returns(*function),
            Node::Import(name) => given::import_never_returns(name),
            _ => false,
        }
    }

    /// Whether an instruction is the function's own, or that of one of its kind, and of nothing else that was inlined into it.
    fn is_own(&self, site: u64, given: Given) -> bool {
        // Without debugging information nobody knows.
        given == Given::Functions
            || self.places.frames(site).last().is_some_and(|frame| {
                frame.inlined.as_ref().is_none_or(|name| Given::of(name) == Some(given))
            })
    }

    /// Finds out what a function calls that calls what it is given.
    pub(crate) fn given(&self, given: Given, site: u64, arguments: Values) -> Vec<Node<'data>> {
        let [first, second, third, ..] = arguments;
        let unknown = || vec![Node::Dynamic { site, offset: None }];
        let function = |address| match self.at_address(address, &Values::default) {
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
                    Node::Function(function) => {
                        is_in_constant(&self.functions.name(*function).full)
                    }
                    _ => false,
                });
                nodes.next().map_or_else(unknown, |node| vec![node])
            }
            Given::Main => first.and_then(function).map_or_else(unknown, |node| vec![node]),
            Given::Functions => {
                let nodes = [first, third].map(|address| address.and_then(function));
                nodes.into_iter().collect::<Option<_>>().unwrap_or_else(unknown)
            }
        }
    }

    fn landing_pads(&self) -> &LandingPads<'data> {
        self.landing_pads.get_or_init(|| LandingPads::read(self.program))
    }

    /// Finds out what a function's calls by computed addresses call.
    fn callees(&self, address: u64, code: &FunctionCode) -> HashMap<u64, Callee> {
        let never_returns = |address| self.never_returns(address);
        self.typed.callees(address, code, self.landing_pads(), &never_returns)
    }

    /// Finds out what a call reaches.
    fn resolve(&self, target: Target, site: u64, arguments: Find<'_>) -> Node<'data> {
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

    fn at_reference(&self, reference: Reference<'data>, arguments: Find<'_>) -> Node<'data> {
        match reference {
            Reference::Address(address) => self.at_address(address, arguments),
            Reference::Import(name) => self.import(name, arguments),
        }
    }

    fn at_address(&self, address: u64, arguments: Find<'_>) -> Node<'data> {
        if let Some(function) = self.program.function_at(address) {
            return Node::Function(function);
        }
        if let Some(stub) = self.program.stub(address) {
            return self.behind_stub(stub, address, arguments);
        }
        // A part of a function is called. All that the function calls is taken for it.
        match self.program.function_around(address) {
            Some(number) => {
                let function = &self.program.functions()[number];
                let bytes = self.program.code(function).unwrap_or(&[]);
                if is_instruction(self.program.machine(), bytes, function.address, address) {
                    Node::Function(number)
                } else {
                    Node::Unknown(Unknown::Middle(address))
                }
            }
            None => Node::Unknown(Unknown::NoSymbol(address)),
        }
    }

    fn behind_stub(&self, stub: &[u8], address: u64, arguments: Find<'_>) -> Node<'data> {
        let none: ReadTable<'_> = &|_| None;
        let around = Around::with_table(self.program.machine(), none);
        let disassembly = disassemble(stub, address, around);
        // It does nothing before it jumps, but for loading where to.
        let slot = disassembly.steps.first().and_then(|step| match step.action {
            Action::TailCall { target: Target::Slot(slot) } => {
                let before = disassembly.code.index(step.site)?;
                disassembly.code.only_loads(before).then_some(slot)
            }
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

    /// Returns the number that a system call of the program has in the catalogue.
    fn listed(&self, number: u32) -> u32 {
        self.catalogue.system_calls.listed(self.program.machine(), number)
    }

    /// Returns what a function of another shared object is.
    pub(crate) fn import(&self, name: &'data str, arguments: Find<'_>) -> Node<'data> {
        match self.catalogue.import(name).map(|entry| entry.kind) {
            Some(Kind::SystemCall(number)) => {
                Node::SystemCall { number: Some(number), arguments: arguments(), by: Some(name) }
            }
            Some(Kind::AnySystemCall) => {
                let [number, rest @ ..] = arguments();
                let [first, second, third, fourth, fifth] = rest;
                let number = number.and_then(|number| u32::try_from(number & 0xffff_ffff).ok());
                let number = number.map(|number| self.listed(number));
                let arguments = [first, second, third, fourth, fifth, None];
                Node::SystemCall { number, arguments, by: Some(name) }
            }
            _ => Node::Import(name),
        }
    }
}

/// The function of the C library that tells where a variable of a thread is.
const ASK: &str = "__tls_get_addr";

/// The functions of the standard library by which `eprintln!` and `println!` write.
const PRINTS: [&str; 2] = ["std::io::stdio::_eprint", "std::io::stdio::_print"];

/// Returns what arguments are, with what slots hold in place of the slots.
fn values(program: &Program<'_>, arguments: Arguments) -> Values {
    arguments.0.map(|argument| match argument? {
        Argument::Constant(value) => Some(value),
        Argument::Slot(slot) => match program.slot(slot)? {
            Reference::Address(address) => Some(address),
            Reference::Import(_) => None,
        },
    })
}

fn method(of: &str, offset: u64) -> Word {
    Word::Method { of: of.into(), offset }
}

fn call(to: Node<'_>, site: u64, kind: EdgeKind) -> MadeCall<'_> {
    MadeCall { site, kind, to, by_type: None }
}

fn unknown<'data>(site: u64, why: Unknown) -> MadeCall<'data> {
    call(Node::Unknown(why), site, EdgeKind::Call)
}

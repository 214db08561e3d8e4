//! What the registers and the frame of a function hold, from one instruction to the next, on all ways through it.
//!
//! This is for functions that were not optimized: there each variable has a place of its own in the frame for as long as the function
//! runs, and what the compiler puts aside lies below all that is ever pointed to.
//!
//! A value is a constant, an address in the frame, or something of which only the type may be known. It gets a type where a variable
//! with a type lies, where it comes from the result of a function or from behind a pointer with a type, and where it is stored to such
//! a variable: then it has that type wherever else it lies. Two types that it gets both count.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::types::{Seen, Types};
use super::variables::{FrameBase, Variables};
use super::word::{Pointee, TypeId, Word};
use crate::elf::{Program, Reference};
use crate::function_code::{Decoded, FunctionCode};
use crate::instructions::Flow;
use crate::machine::Machine;

/// How often one instruction is looked at before the function is given up.
const MOST_VISITS: usize = 64;

/// How many types a value may have.
const MOST_WORDS: usize = 8;

/// What is known of what a call calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Callee {
    /// This address.
    Address(u64),
    /// What one of these is: methods, and pointers to functions.
    OneOf(Vec<Word>),
}

/// Where values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Constant(u64),
    /// An address in the frame, counted from what the stack pointer was at the beginning.
    Frame(i64),
    /// What a register held at the beginning.
    Caller(usize),
    /// What an instruction made, and where it put it.
    Made(usize, usize),
    /// Different values, where ways come together.
    Joined(usize, i64),
    /// Something that is not told from others.
    Anything,
}

/// A value of eight bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) origin: Origin,
    /// What it is, by its types. Empty if that is not known.
    pub(super) words: Words,
    /// It is a multiple of this, if that is not 0.
    pub(super) stride: u64,
}

/// What a value may be. Most values are nothing that is known, which needs no memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(Option<Rc<[Word]>>);

impl From<Vec<Word>> for Words {
    fn from(words: Vec<Word>) -> Self {
        Self((!words.is_empty()).then(|| words.into()))
    }
}

impl Deref for Words {
    type Target = [Word];

    fn deref(&self) -> &[Word] {
        self.0.as_deref().unwrap_or(&[])
    }
}

impl Value {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, words: Words::default(), stride: 0 }
    }

    pub(super) fn with(origin: Origin, mut words: Vec<Word>) -> Self {
        words.sort();
        words.dedup();
        if words.len() > MOST_WORDS {
            words.clear();
        }
        Self { origin, words: words.into(), stride: 0 }
    }

    pub(super) fn constant(value: u64) -> Self {
        Self::new(Origin::Constant(value))
    }

    /// Joins what another way brings to a place at an instruction. Returns whether that changes anything.
    fn join_at(&mut self, other: &Self, at: usize, place: i64) -> bool {
        // What was joined here before may have gone elsewhere since: it is not what is joined here now.
        let is_from_here = matches!(other.origin, Origin::Joined(there, _) if there == at);
        let origin = if is_from_here { Origin::Anything } else { other.origin };
        if self.origin == origin && self.stride == other.stride && self.words == other.words {
            return false;
        }
        let joined = self.join(&Self { origin, ..other.clone() }, Origin::Joined(at, place));
        let has_changed = joined != *self;
        *self = joined;
        has_changed
    }

    /// What it is that two ways may bring. Only what both know is known.
    fn join(&self, other: &Self, origin: Origin) -> Self {
        let words = if self.words.is_empty() || other.words.is_empty() {
            Vec::new()
        } else {
            self.words.iter().chain(other.words.iter()).cloned().collect()
        };
        let origin = if self.origin == other.origin { self.origin } else { origin };
        let stride = if self.stride == other.stride { self.stride } else { 0 };
        Self { stride, ..Self::with(origin, words) }
    }
}

/// What registers and the frame hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) registers: Vec<Value>,
    /// By the offset from what the stack pointer was at the beginning.
    pub(super) frame: BTreeMap<i64, Value>,
}

impl State {
    fn at_the_beginning(code: &FunctionCode) -> Self {
        let numbers = 0..code.registers();
        let mut registers: Vec<_> =
            numbers.map(|number| Value::new(Origin::Caller(number))).collect();
        registers[code.stack()] = Value::new(Origin::Frame(0));
        Self { registers, frame: BTreeMap::new() }
    }

    /// What holds where a function goes on when something that it called unwinds: of the registers and the frame nothing is known.
    fn unwound(code: &FunctionCode, at: usize, frame: Frame) -> Self {
        let numbers = 0..code.registers();
        let mut registers: Vec<_> =
            numbers.map(|number| Value::new(Origin::Made(at, number))).collect();
        registers[code.stack()] = Value::new(Origin::Frame(frame.stack));
        if let Some(pointer) = frame.pointer {
            registers[code.frame()] = Value::new(Origin::Frame(pointer));
        }
        Self { registers, frame: BTreeMap::new() }
    }

    /// Joins what another way brings to an instruction. Returns whether that changes anything.
    fn join(&mut self, other: &Self, at: usize) -> bool {
        let mut has_changed = false;
        // Registers are told from places in the frame by numbers that those never have.
        let places = (0..=i64::MAX).rev();
        for ((value, theirs), place) in self.registers.iter_mut().zip(&other.registers).zip(places)
        {
            has_changed |= value.join_at(theirs, at, place);
        }
        let count = self.frame.len();
        self.frame.retain(|offset, value| {
            let theirs = other.frame.get(offset);
            has_changed |= theirs.is_some_and(|theirs| value.join_at(theirs, at, *offset));
            theirs.is_some()
        });
        has_changed || self.frame.len() != count
    }

    /// No longer tells the values of some origins from others.
    pub(super) fn forget_origins(&mut self, is_of: impl Fn(Origin) -> bool) {
        for value in self.registers.iter_mut().chain(self.frame.values_mut()) {
            if is_of(value.origin) {
                value.origin = Origin::Anything;
            }
        }
    }

    /// Forgets what lies in a part of the frame.
    pub(super) fn forget(&mut self, start: i64, end: i64) {
        self.frame.retain(|offset, _| offset.saturating_add(8) <= start || *offset >= end);
    }

    /// Gives a value a type, wherever it lies.
    pub(super) fn refine(&mut self, origin: Origin, words: &[Word]) {
        let has_type = !matches!(origin, Origin::Constant(_) | Origin::Frame(_) | Origin::Anything);
        if words.is_empty() || !has_type {
            return;
        }
        let values = self.registers.iter_mut().chain(self.frame.values_mut());
        for value in values.filter(|value| value.origin == origin) {
            let all = value.words.iter().chain(words).cloned().collect();
            *value = Value { stride: value.stride, ..Value::with(origin, all) };
        }
    }
}

/// What values are found out with.
pub(super) struct Context<'a, 'data> {
    pub(super) program: &'a Program<'data>,
    pub(super) types: &'a Types<'data>,
    pub(super) globals: &'a dyn Fn(u64) -> Option<(u64, TypeId)>,
    /// The type of what the function at an address returns.
    pub(super) result: &'a dyn Fn(u64) -> Option<TypeId>,
    pub(super) variables: &'a Variables,
    /// Whether the function at an address never returns.
    pub(super) never_returns: &'a dyn Fn(u64) -> bool,
}

/// Goes through a function.
pub(super) struct Values<'a, 'data> {
    pub(super) context: Context<'a, 'data>,
    pub(super) code: &'a FunctionCode,
    /// Where the stack pointer and the frame pointer are once the function has made its frame.
    frame: Frame,
    /// Where the function goes on when something that it called unwinds.
    landing_pads: &'a [u64],
    /// The lowest place in the frame that something may point to.
    pub(super) lowest_shown: i64,
}

impl<'a, 'data> Values<'a, 'data> {
    pub(super) fn new(
        context: Context<'a, 'data>,
        code: &'a FunctionCode,
        landing_pads: &'a [u64],
    ) -> Self {
        let frame = match code.decoded() {
            Decoded::X86(decoded) => Frame::of_x86(decoded),
            Decoded::Arm(decoded) => Frame::of_arm(decoded),
        };
        Self { context, code, frame, landing_pads, lowest_shown: i64::MAX }
    }

    /// Returns what is known of the function's calls by computed addresses, by the address of each. `None` if the function cannot be
    /// gone through.
    pub(super) fn callees(mut self) -> Option<HashMap<u64, Callee>> {
        if self.code.has_unknown_jump()
            || self.code.unreadable().is_some()
            || !self.code.jumps_to_instructions()
            || self.code.is_torn()
        {
            return None;
        }
        let states = loop {
            let shown = self.lowest_shown;
            let states = self.go_through()?;
            // More is pointed to than was taken for granted.
            if shown == self.lowest_shown {
                break states;
            }
        };
        let mut callees = HashMap::new();
        for (start, state) in &states {
            let mut state = state.clone();
            let mut at = *start;
            loop {
                if let Some(callee) = self.callee(&state, at) {
                    callees.insert(self.code.instructions()[at].address, callee);
                }
                let goes_on = self.goes_on(&state, at);
                self.step(&mut state, at);
                at += 1;
                let is_end = at >= self.code.instructions().len();
                if is_end || states.contains_key(&at) || !goes_on {
                    break;
                }
            }
        }
        Some(callees)
    }

    /// Finds what holds at the beginning of each run of instructions, until nothing changes any more.
    fn go_through(&mut self) -> Option<BTreeMap<usize, State>> {
        let ways = self.code.ways();
        let mut leaders: FxHashSet<usize> = ways.targets().collect();
        let mut states = BTreeMap::from([(0, State::at_the_beginning(self.code))]);
        for pad in self.landing_pads {
            let at = self.code.index(*pad)?;
            states.insert(at, State::unwound(self.code, at, self.frame));
            leaders.insert(at);
        }
        let mut visits: FxHashMap<usize, usize> = FxHashMap::default();
        let mut open: Vec<usize> = states.keys().copied().collect();
        while let Some(start) = open.pop() {
            let count = visits.entry(start).or_default();
            *count += 1;
            if *count > MOST_VISITS {
                return None;
            }
            let mut state = states.get(&start)?.clone();
            let mut at = start;
            loop {
                self.code.instructions().get(at)?;
                let goes_on = self.goes_on(&state, at);
                self.step(&mut state, at);
                let mut next: Vec<_> = ways.from(at).collect();
                at += 1;
                let is_end = at >= self.code.instructions().len();
                if goes_on && !is_end && (leaders.contains(&at) || !next.is_empty()) {
                    next.push(at);
                }
                for target in &next {
                    let changed = if let Some(there) = states.get_mut(target) {
                        there.join(&state, *target)
                    } else {
                        states.insert(*target, state.clone());
                        true
                    };
                    if changed && !open.contains(target) {
                        open.push(*target);
                    }
                }
                if !goes_on || is_end || !next.is_empty() {
                    break;
                }
            }
        }
        Some(states)
    }

    /// Returns how far an offset in the frame is from what variables are counted from. `None` while the frame is not made.
    pub(super) fn distance_to_base(
        &self,
        state: &State,
        base: FrameBase,
        offset: i64,
    ) -> Option<i64> {
        let stack = state.registers[self.code.stack()].origin;
        if stack != Origin::Frame(self.frame.stack) {
            return None;
        }
        let base = match base {
            FrameBase::StackPointer => self.frame.stack,
            FrameBase::FramePointer => match state.registers[self.code.frame()].origin {
                Origin::Frame(base) => base,
                _ => return None,
            },
            FrameBase::Caller => match self.context.program.machine() {
                // Above the address to which the function returns.
                Machine::X86_64 => 8,
                Machine::AArch64 => 0,
            },
        };
        offset.checked_sub(base)
    }

    /// Returns what lies at an offset of the frame, by the variables there.
    pub(super) fn by_variables(&self, state: &State, offset: i64) -> Vec<Word> {
        let distance = |base| self.distance_to_base(state, base, offset);
        self.context.variables.at(self.context.types, distance)
    }

    /// Returns what lies at an address in the program's data.
    pub(super) fn at_constant(&self, address: u64, made: Origin) -> Value {
        let program = self.context.program;
        let known = program.constant_pointer(address).or_else(|| program.slot(address));
        if let Some(Reference::Address(value)) = known {
            return Value::constant(value);
        }
        let global = (self.context.globals)(address);
        let seen =
            global.map_or(Seen::Nothing, |(start, ty)| self.context.types.at(ty, address - start));
        match seen {
            Seen::Words(words) => Value::with(made, words),
            _ => Value::new(made),
        }
    }

    /// Returns what lies at a distance from where a value points to, by the value's types.
    pub(super) fn behind(&self, words: &[Word], distance: i64) -> Vec<Word> {
        let seen = words.iter().map(|word| match word {
            Word::Pointer { to, distance: own } => match own.checked_add(distance) {
                Some(distance) => self.context.types.behind(to, distance),
                None => Seen::Data,
            },
            Word::Table(of) => match u64::try_from(distance) {
                Ok(offset) => Seen::Words(vec![Word::Method { of: Arc::clone(of), offset }]),
                Err(_) => Seen::Data,
            },
            Word::Function { .. }
            | Word::InTable { .. }
            | Word::Method { .. }
            | Word::Formatted(_) => Seen::Nothing,
        });
        match seen.fold(Seen::Nothing, Seen::or) {
            Seen::Words(words) => words,
            _ => Vec::new(),
        }
    }

    /// Returns pointers to elements, by pointers to arrays or to their first elements.
    pub(super) fn elements(&self, words: &[Word], distance: i64, stride: u64) -> Vec<Word> {
        let mut found = Vec::new();
        for word in words {
            let Word::Pointer { to: Pointee::Type(ty), distance: own } = word else { continue };
            let offset = own.checked_add(distance).and_then(|offset| u64::try_from(offset).ok());
            let element = offset.and_then(|offset| self.context.types.element(*ty, offset, stride));
            // What is an array by one of its types only is not known.
            let Some((ty, offset)) = element else { return Vec::new() };
            let to = Pointee::Type(ty);
            found.push(Word::Pointer { to, distance: offset.cast_signed() });
        }
        found
    }

    /// Does what an instruction does.
    fn step(&mut self, state: &mut State, at: usize) {
        // What this instruction made when it ran before is not what it makes now.
        state.forget_origins(|origin| matches!(origin, Origin::Made(there, _) if there == at));
        let code = self.code;
        match code.decoded() {
            Decoded::X86(decoded) => self.x86_step(state, at, &decoded[at]),
            Decoded::Arm(decoded) => self.arm_step(state, at, &decoded[at]),
        }
    }

    /// Returns what an instruction calls that calls by a computed address.
    fn called(&mut self, state: &State, at: usize) -> Option<Value> {
        let code = self.code;
        match code.decoded() {
            Decoded::X86(decoded) => self.x86_operand(state, at, &decoded[at], 0),
            Decoded::Arm(decoded) => {
                let register = decoded[at].jumps_by?;
                state.registers.get(usize::from(register.0)).cloned()
            }
        }
    }

    /// Whether execution may go on behind an instruction.
    fn goes_on(&mut self, state: &State, at: usize) -> bool {
        let instruction = self.code.instructions()[at];
        if !matches!(instruction.flow, Flow::Call | Flow::IndirectCall) {
            return self.code.goes_on_behind(at);
        }
        let target = instruction.target.or_else(|| match self.called(state, at)?.origin {
            Origin::Constant(address) => Some(address),
            _ => None,
        });
        !target.is_some_and(|target| (self.context.never_returns)(target))
    }

    fn callee(&mut self, state: &State, at: usize) -> Option<Callee> {
        if !self.code.calls_by_value(at) {
            return None;
        }
        let value = self.called(state, at)?;
        if let Origin::Constant(address) = value.origin {
            return Some(Callee::Address(address));
        }
        let is_callable = |word: &&Word| {
            matches!(word, Word::Function { .. } | Word::InTable { .. } | Word::Method { .. })
        };
        let words: Vec<_> = value.words.iter().filter(is_callable).cloned().collect();
        (!words.is_empty()).then_some(Callee::OneOf(words))
    }
}

/// The frame that a function makes, counted from where the stack pointer was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Where the stack pointer is.
    pub(super) stack: i64,
    /// Where the frame pointer is, if the function has one.
    pub(super) pointer: Option<i64>,
}

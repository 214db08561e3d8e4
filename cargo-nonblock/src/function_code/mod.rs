//! The instructions of one function, the ways between them, and what registers hold.

mod aarch64;
mod x86_64;

use std::cell::OnceCell;
use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::instructions::{Filler, Flow, Instruction, Register};
use crate::instructions::{aarch64 as arm, x86_64 as x86};
use crate::machine::Machine;

/// Where a call or a jump leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To this address.
    Address(u64),
    /// To the address that this slot of memory holds.
    Slot(u64),
    /// To an address that was computed or loaded before, or that lies at an offset from a register. The offset is that of a
    /// method in a table of methods, if it is such a call.
    Computed { offset: Option<u64> },
}

/// Reads four bytes of the program's constants.
pub(crate) type ReadTable<'a> = &'a dyn Fn(u64) -> Option<i32>;

/// What is known of the program around a function.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) machine: Machine,
    /// The tables of jumps.
    pub(crate) table: ReadTable<'a>,
    /// Whether code of another function jumps to an address.
    pub(crate) is_entered: &'a dyn Fn(u64) -> bool,
    /// Whether what is called at an address may change all registers, also those that functions give back.
    pub(crate) changes_all: &'a dyn Fn(u64) -> bool,
    /// Whether the function is only a part of others, which go on in it with whatever their registers hold.
    pub(crate) is_part: bool,
}

impl<'a> Around<'a> {
    /// Returns that of a function of which nothing is known.
    pub(crate) fn with_table(machine: Machine, table: ReadTable<'a>) -> Self {
        Self { machine, table, is_entered: &|_| false, changes_all: &|_| false, is_part: false }
    }
}

/// How often a value is followed from one register to another.
const MOST_MOVES: usize = 8;

/// How many instructions are looked at for what wrote a register last.
const MOST_STEPS: usize = 8192;

/// The instructions of a function.
#[derive(Debug)]
pub(crate) struct FunctionCode {
    instructions: Vec<Instruction>,
    decoded: Decoded,
    start: u64,
    end: u64,
    unreadable: Option<u64>,
    /// The jumps, each with the address to which it leads, by these addresses.
    jumps: Vec<(u64, usize)>,
    /// The indirect jumps of which a table in the program's constants says where in the function they lead.
    jumps_by_table: FxHashSet<usize>,
    /// Whether it is not known where some jump leads.
    has_unknown_jump: bool,
    /// The instructions to which code of other functions jumps.
    entered: FxHashSet<usize>,
    /// The calls that may change all registers.
    changing_all: FxHashSet<usize>,
    is_part: bool,
    /// The registers that each instruction writes, once somebody asks: a bit for each by its number.
    written: OnceCell<Vec<u32>>,
}

/// The instructions as the processor's decoder tells them.
#[derive(Debug)]
pub(crate) enum Decoded {
    X86(Vec<iced_x86::Instruction>),
    Arm(Vec<arm::Instruction>),
}

/// From which instructions to which jumps lead, by their numbers.
#[derive(Debug)]
pub(crate) struct Ways(Vec<(usize, usize)>);

impl Ways {
    /// Returns the instructions to which one jumps.
    pub(crate) fn from(&self, instruction: usize) -> impl Iterator<Item = usize> {
        let first = self.0.partition_point(|(from, _)| *from < instruction);
        let ways = self.0[first..].iter().take_while(move |(from, _)| *from == instruction);
        ways.map(|(_, to)| *to)
    }

    /// Returns all instructions to which any jumps.
    pub(crate) fn targets(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(_, to)| *to)
    }
}

/// Whether a jump leads where a table says.
enum Certainty {
    /// It does, or it is none by a table.
    Certain,
    /// It does if registers hold what they should.
    If(Conditions),
    Unknown,
}

/// On what it depends whether a jump leads where a table says.
struct Conditions {
    held: Vec<Held>,
    /// The instructions from behind the one that reads the table to the jump. Nobody may come in between with something else.
    run: Range<usize>,
}

/// An address that a register has to hold before an instruction.
struct Held {
    before: usize,
    register: Register,
    address: u64,
}

impl FunctionCode {
    /// Reads a function's bytes.
    pub(crate) fn read(bytes: &[u8], start: u64, around: Around<'_>) -> Self {
        let (instructions, decoded, unreadable) = match around.machine {
            Machine::X86_64 => {
                let (decoded, unreadable) = x86::read(bytes, start);
                let described = decoded.iter().map(x86::described).collect();
                (described, Decoded::X86(decoded), unreadable)
            }
            Machine::AArch64 => {
                let (decoded, unreadable) = arm::read(bytes, start);
                let described: Vec<_> = decoded.iter().map(|one| one.described).collect();
                (described, Decoded::Arm(decoded), unreadable)
            }
        };
        let end = start.wrapping_add(bytes.len() as u64);
        let mut code = Self {
            instructions,
            decoded,
            start,
            end,
            unreadable,
            jumps: Vec::new(),
            jumps_by_table: FxHashSet::default(),
            has_unknown_jump: false,
            entered: FxHashSet::default(),
            changing_all: FxHashSet::default(),
            is_part: around.is_part,
            written: OnceCell::new(),
        };
        code.find_neighbours(around);
        code.find_jumps(around.table);
        // It may be its own address that a jump goes to.
        code.has_unknown_jump |= around.machine == Machine::AArch64
            && code.jumps_by_value()
            && arm::computed(bytes, start).iter().any(|(_, to)| *to != start && code.contains(*to));
        code
    }

    pub(crate) fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    pub(crate) fn decoded(&self) -> &Decoded {
        &self.decoded
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Returns where bytes are that are no instruction, if there are any.
    pub(crate) fn unreadable(&self) -> Option<u64> {
        self.unreadable
    }

    pub(crate) fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Whether it is not known where some jump leads.
    pub(crate) fn has_unknown_jump(&self) -> bool {
        self.has_unknown_jump
    }

    /// Whether the function is, or has, something that is none of a function's own: it is entered in its midst, or what it calls changes
    /// registers that functions give back.
    pub(crate) fn is_torn(&self) -> bool {
        self.is_part || !self.entered.is_empty() || !self.changing_all.is_empty()
    }

    /// Returns the number of the instruction at an address.
    pub(crate) fn index(&self, address: u64) -> Option<usize> {
        self.instructions.binary_search_by_key(&address, |one| one.address).ok()
    }

    /// Returns the instructions to which jumps lead.
    pub(crate) fn ways(&self) -> Ways {
        let ways =
            self.jumps.iter().filter_map(|(target, from)| Some((*from, self.index(*target)?)));
        let mut ways: Vec<_> = ways.collect();
        ways.sort_unstable();
        ways.dedup();
        Ways(ways)
    }

    /// Whether every jump within the function leads to the beginning of an instruction.
    pub(crate) fn jumps_to_instructions(&self) -> bool {
        let mut targets = self.jumps.iter().map(|(target, _)| *target);
        targets.all(|target| !self.contains(target) || self.index(target).is_some())
    }

    /// Returns where a jump leads into the middle of an instruction of the function, and so to other instructions than those that were
    /// read.
    pub(crate) fn jumps_into_instruction(&self) -> Option<u64> {
        let targets = self.instructions.iter().filter_map(Instruction::jumps_to);
        let mut inner = targets.filter(|target| self.contains(*target));
        inner.find(|target| match &self.decoded {
            Decoded::X86(decoded) => !x86::begins_instruction(decoded, *target),
            Decoded::Arm(_) => self.index(*target).is_none(),
        })
    }

    /// Whether execution may go on behind an instruction.
    pub(crate) fn goes_on_behind(&self, index: usize) -> bool {
        !matches!(
            self.instructions[index].flow,
            Flow::Jump | Flow::IndirectJump | Flow::Return | Flow::Exception
        )
    }

    /// Whether an instruction calls, or jumps out of the function, by a computed address.
    pub(crate) fn calls_by_value(&self, index: usize) -> bool {
        match self.instructions[index].flow {
            Flow::IndirectCall => true,
            Flow::IndirectJump => !self.is_jump_by_table(index),
            _ => false,
        }
    }

    /// Whether the instructions before one only load, and compute, where it jumps to.
    pub(crate) fn only_loads(&self, until: usize) -> bool {
        let before = &self.instructions[..until];
        match &self.decoded {
            Decoded::X86(_) => {
                before.iter().all(|one| matches!(one.filler, Filler::Nop | Filler::Mark))
            }
            Decoded::Arm(decoded) => decoded[..until].iter().all(arm::only_loads),
        }
    }

    /// Whether it jumps to an address that no table has.
    fn jumps_by_value(&self) -> bool {
        let mut instructions = self.instructions.iter().enumerate();
        instructions.any(|(at, one)| one.flow == Flow::IndirectJump && !self.is_jump_by_table(at))
    }

    fn find_neighbours(&mut self, around: Around<'_>) {
        for (index, instruction) in self.instructions.iter().enumerate() {
            // Where a function begins, everybody may jump.
            if index > 0 && (around.is_entered)(instruction.address) {
                self.entered.insert(index);
            }
            let leaves = instruction.target.filter(|target| !self.contains(*target));
            if leaves.is_some_and(around.changes_all) {
                self.changing_all.insert(index);
            }
        }
    }

    fn find_jumps(&mut self, table: ReadTable<'_>) {
        let mut jumps = Vec::new();
        let mut by_table = FxHashSet::default();
        let mut conditions = Vec::new();
        for (index, instruction) in self.instructions.iter().enumerate() {
            match instruction.flow {
                Flow::ConditionalJump | Flow::Jump => {
                    jumps.extend(instruction.target.map(|target| (target, index)));
                }
                Flow::IndirectJump => {
                    let (targets, certainty) = match &self.decoded {
                        Decoded::X86(decoded) => self.x86_targets(decoded, index, table),
                        Decoded::Arm(decoded) => self.arm_targets(decoded, index, table),
                    };
                    // Any other jump leaves the function, as far as anybody knows.
                    match certainty {
                        Certainty::Certain => {}
                        Certainty::If(found) => conditions.push((index, found)),
                        Certainty::Unknown => self.has_unknown_jump = true,
                    }
                    if !targets.is_empty() {
                        by_table.insert(index);
                    }
                    jumps.extend(targets.into_iter().map(|target| (target, index)));
                }
                _ => {}
            }
        }
        jumps.sort_unstable();
        jumps.dedup();
        self.jumps = jumps;
        self.jumps_by_table = by_table;
        // Until the first of these jumps, execution takes other ways. If the register holds the table on all ways, with those of these
        // jumps, the first leads where the table says, and so do all after it.
        if self.has_unknown_jump {
            return;
        }
        let holds = |held: &Held| {
            self.held(held.before, held.register) == Some(Target::Address(held.address))
        };
        let fails = |of: &Conditions| {
            of.run.clone().any(|index| self.is_entered(index)) || !of.held.iter().all(holds)
        };
        let failing = conditions.iter().filter(|(_, of)| fails(of)).map(|(jump, _)| *jump);
        let failing: Vec<usize> = failing.collect();
        self.has_unknown_jump = !failing.is_empty();
        self.jumps_by_table.retain(|jump| !failing.contains(jump));
    }

    /// Whether something else leads to an instruction than the one before it.
    fn is_entered(&self, index: usize) -> bool {
        let address = self.instructions[index].address;
        self.entered.contains(&index)
            || self.jumps.binary_search_by_key(&address, |(target, _)| *target).is_ok()
    }

    /// Whether an indirect jump goes to an address in this function that a table has.
    pub(crate) fn is_jump_by_table(&self, index: usize) -> bool {
        self.jumps_by_table.contains(&index)
    }

    /// Whether an indirect jump is one by a slot of memory, as the instruction itself says.
    pub(crate) fn jumps_by_slot(&self, index: usize) -> bool {
        match &self.decoded {
            Decoded::X86(decoded) => decoded[index].is_ip_rel_memory_operand(),
            Decoded::Arm(_) => false,
        }
    }

    /// Returns where a call or an indirect jump leads. `None` if it is no such instruction.
    pub(crate) fn target(&self, index: usize) -> Option<Target> {
        match &self.decoded {
            Decoded::X86(decoded) => self.x86_target(index, &decoded[index]),
            Decoded::Arm(decoded) => self.arm_target(index, &decoded[index]),
        }
    }

    /// Returns the entries of a table from the first on, as long as they lead to instructions of the function. Empty if all of them lead to
    /// its beginning, as in a table of functions that has this one.
    fn targets(&self, entry: impl Fn(u64) -> Option<u64>) -> Vec<u64> {
        let targets = (0_u64..).map_while(entry);
        let targets: Vec<_> = targets.take_while(|target| self.index(*target).is_some()).collect();
        if targets.iter().all(|target| *target == self.start) { Vec::new() } else { targets }
    }

    /// Returns the last instruction above `index` that writes a register, wherever jumps come from.
    fn definition_above(&self, index: usize, register: Register) -> Option<usize> {
        (0..index).rev().find(|above| self.writes(*above, register))
    }

    /// Returns the last instruction before `index` that writes a register, in a run of instructions without calls and jumps.
    fn definition_right_before(&self, index: usize, register: Register) -> Option<usize> {
        for at in (0..index).rev() {
            if self.writes(at, register) {
                return Some(at);
            }
            if self.instructions[at].flow != Flow::Next {
                return None;
            }
        }
        None
    }

    /// Returns the instructions before `index` that may have written a register last, on all ways that lead there.
    ///
    /// `None` if one of the ways is not known, or comes from a caller or a callee that may have written it.
    fn definitions(&self, index: usize, register: Register) -> Option<Vec<usize>> {
        if self.has_unknown_jump {
            return None;
        }
        let is_saved = self.saved() & register.bit() != 0;
        let mut found = Vec::new();
        let mut seen = FxHashSet::from_iter([index]);
        let mut open = vec![index];
        while let Some(at) = open.pop() {
            if seen.len() > MOST_STEPS {
                return None;
            }
            let mut before = self.before(at).peekable();
            if at == 0 && (!is_saved || self.is_part) {
                return None;
            }
            // Nobody knows what those held who come from elsewhere.
            if self.entered.contains(&at) {
                return None;
            }
            // What such a register held at the beginning is the caller's, and no compiler uses that. What nothing leads to is the
            // padding before a label, or the code that runs when something unwinds: there nobody knows.
            let is_padding = self.instructions[at].filler == Filler::Nop;
            if before.peek().is_none() && at != 0 && !is_padding {
                return None;
            }
            for previous in before {
                let instruction = &self.instructions[previous];
                let gives_back = is_saved && self.gives_back(previous, register);
                if !gives_back && self.writes(previous, register) {
                    if !found.contains(&previous) {
                        found.push(previous);
                    }
                    continue;
                }
                let is_kept = is_saved && !self.changing_all.contains(&previous);
                if instruction.is_call() && !is_kept {
                    return None;
                }
                if seen.insert(previous) {
                    open.push(previous);
                }
            }
        }
        Some(found)
    }

    /// Returns the number of the stack pointer.
    pub(crate) fn stack(&self) -> usize {
        match self.decoded {
            Decoded::X86(_) => 4,
            Decoded::Arm(_) => usize::from(arm::STACK.0),
        }
    }

    /// Returns the number of the register that may be a frame pointer.
    pub(crate) fn frame(&self) -> usize {
        match self.decoded {
            Decoded::X86(_) => 5,
            Decoded::Arm(_) => usize::from(arm::FRAME.0),
        }
    }

    /// Returns how many general registers there are, with the stack pointer.
    pub(crate) fn registers(&self) -> usize {
        match self.decoded {
            Decoded::X86(_) => 16,
            Decoded::Arm(_) => 32,
        }
    }

    /// Returns the registers that functions give back as they found them.
    fn saved(&self) -> u32 {
        match self.decoded {
            Decoded::X86(_) => x86::SAVED,
            Decoded::Arm(_) => arm::SAVED,
        }
    }

    /// Whether an instruction gives the caller's value of a register back, which the function then does not use any more.
    fn gives_back(&self, index: usize, register: Register) -> bool {
        match &self.decoded {
            Decoded::X86(decoded) => self.x86_gives_back(decoded, index, register),
            Decoded::Arm(decoded) => self.arm_gives_back(decoded, index, register),
        }
    }

    /// Returns the instructions from which execution comes to one.
    fn before(&self, index: usize) -> impl Iterator<Item = usize> {
        let here = self.instructions[index].address;
        let first = self.jumps.partition_point(|(target, _)| *target < here);
        let jumps = self.jumps[first..].iter().take_while(move |(target, _)| *target == here);
        let previous = index.checked_sub(1).filter(|previous| self.goes_on_behind(*previous));
        jumps.map(|(_, from)| *from).chain(previous)
    }

    /// Whether an instruction writes a register, or a part of it.
    fn writes(&self, index: usize, register: Register) -> bool {
        let all = self.written.get_or_init(|| match &self.decoded {
            Decoded::X86(decoded) => x86::written(decoded),
            Decoded::Arm(decoded) => decoded.iter().map(|one| one.written).collect(),
        });
        all[index] & register.bit() != 0
    }

    /// Returns the slot whose word a conditional jump compares with zero, and whether it jumps if it is zero.
    ///
    /// # Arguments
    ///
    /// * `entered`: the instructions to which jumps lead, and the landing pads.
    pub(crate) fn compared_with_zero(
        &self,
        jump: usize,
        entered: &FxHashSet<usize>,
    ) -> Option<(u64, bool)> {
        match &self.decoded {
            Decoded::X86(decoded) => self.x86_compared_with_zero(decoded, jump, entered),
            Decoded::Arm(decoded) => self.arm_compared_with_zero(decoded, jump, entered),
        }
    }

    fn slot_in(&self, at: usize, register: Register) -> Option<u64> {
        match self.held(at, register)? {
            Target::Slot(slot) => Some(slot),
            _ => None,
        }
    }

    /// Returns the address, or the slot, that a register was loaded with before an instruction, on whichever way.
    pub(crate) fn held(&self, index: usize, register: Register) -> Option<Target> {
        self.held_after(index, register, MOST_MOVES)
    }

    fn held_after(&self, index: usize, register: Register, moves: usize) -> Option<Target> {
        let definitions = self.definitions(index, register)?.into_iter();
        let targets = definitions.map(|at| match &self.decoded {
            Decoded::X86(decoded) => self.x86_loaded_by(decoded, at, register, moves),
            Decoded::Arm(decoded) => self.arm_loaded_by(decoded, at, register, moves),
        });
        all_the_same(targets)
    }

    /// Returns what a register holds before an instruction, if it is the same constant on all ways.
    pub(crate) fn constant(&self, index: usize, register: Register) -> Option<u64> {
        self.constant_after(index, register, MOST_MOVES)
    }

    fn constant_after(&self, index: usize, register: Register, moves: usize) -> Option<u64> {
        let definitions = self.definitions(index, register)?.into_iter();
        all_the_same(definitions.map(|at| match &self.decoded {
            Decoded::X86(decoded) => self.x86_constant_by(decoded, at, register, moves),
            Decoded::Arm(decoded) => self.arm_constant_by(decoded, at, register, moves),
        }))
    }
}

/// Returns the one value of all, if there is one and there are no others.
fn all_the_same<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}

/// Whether an instruction begins at an address in a function, if its bytes are read from its first on.
pub(crate) fn is_instruction(machine: Machine, bytes: &[u8], start: u64, address: u64) -> bool {
    match machine {
        Machine::X86_64 => {
            let instructions = x86::until(bytes, start, address);
            x86::begins_instruction(&instructions, address)
        }
        Machine::AArch64 => arm::begins_instruction(bytes, start, address),
    }
}

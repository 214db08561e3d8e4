//! The instructions of one function, the ways between them, and what registers hold.

use std::cell::OnceCell;

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory,
    InstructionInfoOptions, Mnemonic, OpAccess, OpKind, Register,
};
use rustc_hash::FxHashSet;

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

/// The registers that a function gives back as it found them.
const SAVED: [Register; 6] =
    [Register::RBX, Register::RBP, Register::R12, Register::R13, Register::R14, Register::R15];

/// How often a value is followed from one register to another.
const MOST_MOVES: usize = 8;

/// How many instructions are looked at for what wrote a register last.
const MOST_STEPS: usize = 8192;

/// The instructions of a function.
#[derive(Debug)]
pub(crate) struct FunctionCode {
    instructions: Vec<Instruction>,
    start: u64,
    end: u64,
    unreadable: Option<u64>,
    /// The jumps, each with the address to which it leads, by these addresses.
    jumps: Vec<(u64, usize)>,
    /// The indirect jumps of which a table in the program's constants says where in the function they lead.
    jumps_by_table: FxHashSet<usize>,
    /// Whether it is not known where some jump leads.
    has_unknown_jump: bool,
    /// The registers that each instruction writes, once somebody asks: a bit for each by its number.
    written: OnceCell<Vec<u16>>,
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
    Certain,
    IfHeld(Held),
    Unknown,
}

/// An address that a register has to hold before an instruction.
struct Held {
    before: usize,
    register: Register,
    address: u64,
}

impl FunctionCode {
    /// Reads a function's bytes. `table` reads the tables of its jumps.
    pub(crate) fn read(bytes: &[u8], start: u64, table: ReadTable<'_>) -> Self {
        let mut instructions = Vec::with_capacity(bytes.len() / 4);
        let mut decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
        let mut unreadable = None;
        while decoder.can_decode() {
            let instruction = decoder.decode();
            if instruction.is_invalid() {
                unreadable = Some(instruction.ip());
                break;
            }
            instructions.push(instruction);
        }
        let end = start.wrapping_add(bytes.len() as u64);
        let mut code = Self {
            instructions,
            start,
            end,
            unreadable,
            jumps: Vec::new(),
            jumps_by_table: FxHashSet::default(),
            has_unknown_jump: false,
            written: OnceCell::new(),
        };
        code.find_jumps(table);
        code
    }

    pub(crate) fn instructions(&self) -> &[Instruction] {
        &self.instructions
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

    /// Returns the number of the instruction at an address.
    pub(crate) fn index(&self, address: u64) -> Option<usize> {
        self.instructions.binary_search_by_key(&address, Instruction::ip).ok()
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
        let targets =
            self.instructions.iter().filter_map(|instruction| match instruction.flow_control() {
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                    near_target(instruction)
                }
                _ => None,
            });
        let mut inner = targets.filter(|target| self.contains(*target));
        inner.find(|target| !begins_instruction(&self.instructions, *target))
    }

    /// Whether execution may go on behind an instruction.
    pub(crate) fn goes_on_behind(&self, index: usize) -> bool {
        !matches!(
            self.instructions[index].flow_control(),
            FlowControl::UnconditionalBranch
                | FlowControl::IndirectBranch
                | FlowControl::Return
                | FlowControl::Exception
        )
    }

    /// Whether an instruction calls, or jumps out of the function, by a computed address.
    pub(crate) fn calls_by_value(&self, index: usize) -> bool {
        match self.instructions[index].flow_control() {
            FlowControl::IndirectCall => true,
            FlowControl::IndirectBranch => !self.is_jump_by_table(index),
            _ => false,
        }
    }

    fn find_jumps(&mut self, table: ReadTable<'_>) {
        let mut jumps = Vec::new();
        let mut by_table = FxHashSet::default();
        let mut to_be_held = Vec::new();
        for (index, instruction) in self.instructions.iter().enumerate() {
            match instruction.flow_control() {
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                    if let Some(target) = near_target(instruction) {
                        jumps.push((target, index));
                    }
                }
                FlowControl::IndirectBranch => {
                    let (targets, certainty) = self.targets_by_table(index, table);
                    // Any other jump leaves the function, as far as anybody knows.
                    match certainty {
                        Certainty::Certain => {}
                        Certainty::IfHeld(held) => to_be_held.push(held),
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
        let holds = |held: &Held| {
            self.held(held.before, held.register) == Some(Target::Address(held.address))
        };
        let all_hold = self.has_unknown_jump || to_be_held.iter().all(holds);
        self.has_unknown_jump |= !all_hold;
    }

    /// Whether an indirect jump goes to an address in this function that a table has.
    pub(crate) fn is_jump_by_table(&self, index: usize) -> bool {
        self.jumps_by_table.contains(&index)
    }

    /// Returns where an indirect jump may lead in the function by a table, and perhaps more: where the table ends, nobody says, so reading
    /// stops at the first entry that leads to no instruction of the function. Empty if no table is found, and if the table leads out of
    /// the function: such tables hold functions.
    ///
    /// It is certain if the jump is none by a table, or if the table is the one without doubt.
    fn targets_by_table(&self, jump: usize, table: ReadTable<'_>) -> (Vec<u64>, Certainty) {
        let instruction = &self.instructions[jump];
        if instruction.op0_kind() == OpKind::Memory {
            // Where addresses are fixed, the table holds them whole: `jmp [table + index * 8]`.
            let is_by_table = instruction.memory_base() == Register::None
                && instruction.memory_index() != Register::None
                && instruction.memory_index_scale() == 8;
            if !is_by_table {
                return (Vec::new(), Certainty::Certain);
            }
            let base = instruction.memory_displacement64();
            let targets = self.targets(|entry| {
                let at = base.checked_add(entry.checked_mul(8)?)?;
                let (low, high) = (table(at)?, table(at.checked_add(4)?)?);
                Some(u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32)
            });
            let certainty =
                if targets.is_empty() { Certainty::Unknown } else { Certainty::Certain };
            return (targets, certainty);
        }
        let Some((at, load)) = self.load_from_table(jump) else {
            return (Vec::new(), Certainty::Certain);
        };
        let register = load.memory_base().full_register();
        let right_before = self.definition_right_before(at, register);
        let is_right_before = right_before.is_some();
        // Compilers load the address of a table that is used in a loop before the loop.
        let lea = right_before.or_else(|| self.definition_above(at, register));
        let base = lea.and_then(|(_, lea)| {
            let is_plain = lea.mnemonic() == Mnemonic::Lea && load.memory_displacement64() == 0;
            (is_plain && lea.is_ip_rel_memory_operand()).then(|| lea.ip_rel_memory_address())
        });
        let Some(base) = base else { return (Vec::new(), Certainty::Unknown) };
        let targets = self.targets(|entry| {
            let distance = table(base.checked_add(entry.checked_mul(4)?)?)?;
            Some(base.wrapping_add_signed(i64::from(distance)))
        });
        let certainty = match is_right_before {
            _ if targets.is_empty() => Certainty::Unknown,
            true => Certainty::Certain,
            false => Certainty::IfHeld(Held { before: at, register, address: base }),
        };
        (targets, certainty)
    }

    /// Returns the entries of a table from the first on, as long as they lead to instructions of the function. Empty if all of them lead to
    /// its beginning, as in a table of functions that has this one.
    fn targets(&self, entry: impl Fn(u64) -> Option<u64>) -> Vec<u64> {
        let targets = (0_u64..).map_while(entry);
        let targets: Vec<_> = targets.take_while(|target| self.index(*target).is_some()).collect();
        if targets.iter().all(|target| *target == self.start) { Vec::new() } else { targets }
    }

    /// Returns the instruction that loads a jump's distance from a table, and its index.
    ///
    /// Compilers load a distance of 32 bits from the table, at an index times four, and add the table's address.
    fn load_from_table(&self, jump: usize) -> Option<(usize, &Instruction)> {
        let register = self.instructions[jump].op0_register().full_register();
        let (at, add) = self.definition_right_before(jump, register)?;
        let adds_registers = add.mnemonic() == Mnemonic::Add
            && add.op0_kind() == OpKind::Register
            && add.op1_kind() == OpKind::Register;
        if !adds_registers {
            return None;
        }
        let sides = [add.op0_register().full_register(), add.op1_register().full_register()];
        let [one, other] = sides;
        [(one, other), (other, one)].into_iter().find_map(|(distance, base)| {
            self.definition_right_before(at, distance).filter(|(_, load)| {
                load.mnemonic() == Mnemonic::Movsxd
                    && load.op1_kind() == OpKind::Memory
                    && load.memory_index_scale() == 4
                    && load.memory_index() != Register::None
                    && load.memory_base().full_register() == base
            })
        })
    }

    /// Returns the last instruction above `index` that writes a register, wherever jumps come from.
    fn definition_above(&self, index: usize, register: Register) -> Option<(usize, &Instruction)> {
        let at = (0..index).rev().find(|above| self.writes(*above, register))?;
        Some((at, &self.instructions[at]))
    }

    /// Returns the last instruction before `index` that writes a register, in a run of instructions without calls and jumps.
    fn definition_right_before(
        &self,
        index: usize,
        register: Register,
    ) -> Option<(usize, &Instruction)> {
        for at in (0..index).rev() {
            let instruction = &self.instructions[at];
            if self.writes(at, register) {
                return Some((at, instruction));
            }
            if instruction.flow_control() != FlowControl::Next {
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
        let is_saved = SAVED.contains(&register);
        let mut found = Vec::new();
        let mut seen = FxHashSet::from_iter([index]);
        let mut open = vec![index];
        while let Some(at) = open.pop() {
            if seen.len() > MOST_STEPS {
                return None;
            }
            let mut before = self.before(at).peekable();
            if at == 0 && !is_saved {
                return None;
            }
            // What such a register held at the beginning is the caller's, and no compiler uses that. What nothing leads to is the
            // padding before a label, or the code that runs when something unwinds: there nobody knows.
            let is_padding = self.instructions[at].mnemonic() == Mnemonic::Nop;
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
                if is_call(instruction) && !is_saved {
                    return None;
                }
                if seen.insert(previous) {
                    open.push(previous);
                }
            }
        }
        Some(found)
    }

    /// Whether an instruction gives the caller's value of a register back, which the function then does not use any more.
    fn gives_back(&self, index: usize, register: Register) -> bool {
        if self.instructions[index].mnemonic() != Mnemonic::Pop {
            return false;
        }
        let mut info = InstructionInfoFactory::new();
        for instruction in &self.instructions[index + 1..] {
            match instruction.flow_control() {
                FlowControl::Return => return true,
                FlowControl::UnconditionalBranch => {
                    return near_target(instruction).is_some_and(|target| !self.contains(target));
                }
                FlowControl::IndirectBranch | FlowControl::Next => {}
                _ => return false,
            }
            let used = info.info(instruction).used_registers();
            if used.iter().any(|used| used.register().full_register() == register) {
                return false;
            }
            if instruction.flow_control() == FlowControl::IndirectBranch {
                return true;
            }
        }
        false
    }

    /// Returns the instructions from which execution comes to one.
    fn before(&self, index: usize) -> impl Iterator<Item = usize> {
        let here = self.instructions[index].ip();
        let first = self.jumps.partition_point(|(target, _)| *target < here);
        let jumps = self.jumps[first..].iter().take_while(move |(target, _)| *target == here);
        let previous = index.checked_sub(1).filter(|previous| self.goes_on_behind(*previous));
        jumps.map(|(_, from)| *from).chain(previous)
    }

    /// Whether an instruction writes a register, or a part of it.
    fn writes(&self, index: usize, register: Register) -> bool {
        if !register.is_gpr64() {
            let mut info = InstructionInfoFactory::new();
            return written(&mut info, &self.instructions[index])
                .any(|written| written == register);
        }
        let all = self.written.get_or_init(|| {
            let mut info = InstructionInfoFactory::new();
            let instructions = self.instructions.iter();
            let written = instructions.map(|instruction| {
                let written = written(&mut info, instruction).filter(|written| written.is_gpr64());
                written.fold(0, |bits, register| bits | 1 << register.number())
            });
            written.collect()
        });
        all[index] & (1 << register.number()) != 0
    }

    /// Returns the address, or the slot, that a register was loaded with before an instruction, on whichever way.
    pub(crate) fn held(&self, index: usize, register: Register) -> Option<Target> {
        self.held_after(index, register, MOST_MOVES)
    }

    fn held_after(&self, index: usize, register: Register, moves: usize) -> Option<Target> {
        let definitions = self.definitions(index, register)?.into_iter();
        let targets = definitions.map(|at| self.loaded_by(at, register, moves));
        all_the_same(targets)
    }

    fn loaded_by(&self, at: usize, register: Register, moves: usize) -> Option<Target> {
        let definition = &self.instructions[at];
        if definition.op0_kind() != OpKind::Register || definition.op0_register() != register {
            return None;
        }
        match (definition.mnemonic(), definition.op1_kind()) {
            (Mnemonic::Mov, OpKind::Register) => {
                self.held_after(at, definition.op1_register(), moves.checked_sub(1)?)
            }
            (Mnemonic::Mov, OpKind::Memory) if definition.is_ip_rel_memory_operand() => {
                Some(Target::Slot(definition.ip_rel_memory_address()))
            }
            (Mnemonic::Mov, OpKind::Memory) => {
                let is_plain = definition.memory_index() == Register::None
                    && definition.memory_base() != Register::None;
                let offset = is_plain.then(|| definition.memory_displacement64());
                Some(Target::Computed { offset })
            }
            (Mnemonic::Lea, OpKind::Memory) if definition.is_ip_rel_memory_operand() => {
                Some(Target::Address(definition.ip_rel_memory_address()))
            }
            _ => None,
        }
    }

    /// Returns what a register holds before an instruction, if it is the same constant on all ways.
    pub(crate) fn constant(&self, index: usize, register: Register) -> Option<u64> {
        self.constant_after(index, register, MOST_MOVES)
    }

    fn constant_after(&self, index: usize, register: Register, moves: usize) -> Option<u64> {
        let definitions = self.definitions(index, register)?.into_iter();
        all_the_same(definitions.map(|at| self.constant_by(at, register, moves)))
    }

    fn constant_by(&self, at: usize, register: Register, moves: usize) -> Option<u64> {
        let definition = &self.instructions[at];
        if definition.op0_kind() != OpKind::Register {
            return None;
        }
        let written = definition.op0_register();
        // What is written of it in part only leaves a rest.
        if written.full_register() != register || written.size() < 4 {
            return None;
        }
        let from = definition.op1_register();
        match (definition.mnemonic(), definition.op1_kind()) {
            (Mnemonic::Mov, OpKind::Register) => {
                let value = self.constant_after(at, from.full_register(), moves.checked_sub(1)?)?;
                Some(if written.size() == 4 { value & 0xffff_ffff } else { value })
            }
            (
                Mnemonic::Mov,
                OpKind::Immediate32 | OpKind::Immediate64 | OpKind::Immediate32to64,
            ) => Some(definition.immediate(1)),
            (Mnemonic::Lea, OpKind::Memory) if definition.is_ip_rel_memory_operand() => {
                (written.size() == 8).then(|| definition.ip_rel_memory_address())
            }
            (Mnemonic::Xor, OpKind::Register) if from == written => Some(0),
            _ => None,
        }
    }
}

/// Returns the one value of all, if there is one and there are no others.
fn all_the_same<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}

/// Whether an instruction calls something that may write any register but those that functions give back.
fn is_call(instruction: &Instruction) -> bool {
    matches!(
        instruction.flow_control(),
        FlowControl::Call | FlowControl::IndirectCall | FlowControl::Interrupt
    )
}

/// Returns the registers that an instruction writes, or of which it writes a part.
fn written<'a>(
    info: &'a mut InstructionInfoFactory,
    instruction: &Instruction,
) -> impl Iterator<Item = Register> + 'a {
    let info = info.info_options(instruction, InstructionInfoOptions::NO_MEMORY_USAGE);
    let written = info.used_registers().iter().filter(|used| !only_reads(used.access()));
    written.map(|used| used.register().full_register())
}

/// Whether an access changes nothing.
pub(crate) fn only_reads(access: OpAccess) -> bool {
    matches!(access, OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess | OpAccess::None)
}

/// Whether an instruction begins at an address, by the instructions in order. Some code jumps behind the prefix that locks.
fn begins_instruction(instructions: &[Instruction], address: u64) -> bool {
    match instructions.binary_search_by_key(&address, Instruction::ip) {
        Ok(_) => true,
        Err(after) => after.checked_sub(1).is_some_and(|before| {
            let around = &instructions[before];
            around.has_lock_prefix() && around.ip() + 1 == address
        }),
    }
}

/// Whether an instruction begins at an address in a function, if its bytes are read from its first on.
pub(crate) fn is_instruction(bytes: &[u8], start: u64, address: u64) -> bool {
    let decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
    let instructions: Vec<_> =
        decoder.into_iter().take_while(|instruction| instruction.ip() <= address).collect();
    begins_instruction(&instructions, address)
}

/// Where a direct jump leads. `None` if it is none.
pub(crate) fn near_target(instruction: &Instruction) -> Option<u64> {
    let is_near = matches!(
        instruction.op0_kind(),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64
    );
    is_near.then(|| instruction.near_branch_target())
}

//! What the instructions of x86-64 tell of jumps by tables, and of what registers hold.

use iced_x86::{
    Code, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpKind, Register as Named,
};

use rustc_hash::FxHashSet;

use super::{Certainty, Conditions, FunctionCode, Held, ReadTable, Target};
use crate::instructions::Register;
use crate::instructions::x86_64::{general, near_target, uses};

impl FunctionCode {
    /// Returns where an indirect jump may lead in the function by a table, and perhaps more: where the table ends, nobody says, so reading
    /// stops at the first entry that leads to no instruction of the function. Empty if no table is found, and if the table leads out of
    /// the function: such tables hold functions.
    ///
    /// It is certain if the jump is none by a table, or if the table is the one without doubt.
    pub(super) fn x86_targets(
        &self,
        decoded: &[Instruction],
        jump: usize,
        table: ReadTable<'_>,
    ) -> (Vec<u64>, Certainty) {
        let instruction = &decoded[jump];
        if instruction.op0_kind() == OpKind::Memory {
            // Where addresses are fixed, the table holds them whole: `jmp [table + index * 8]`.
            let is_by_table = instruction.memory_base() == Named::None
                && instruction.memory_index() != Named::None
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
        let Some((at, register, load)) = self.load_from_table(decoded, jump) else {
            return (Vec::new(), Certainty::Certain);
        };
        // Compilers load the address of a table that is used in a loop before the loop.
        let lea = self.definition_above(at, register);
        let base = lea.map(|lea| &decoded[lea]).and_then(|lea| {
            let is_plain = lea.mnemonic() == Mnemonic::Lea && load.memory_displacement64() == 0;
            (is_plain && lea.is_ip_rel_memory_operand()).then(|| lea.ip_rel_memory_address())
        });
        let Some(base) = base else { return (Vec::new(), Certainty::Unknown) };
        let targets = self.targets(|entry| {
            let distance = table(base.checked_add(entry.checked_mul(4)?)?)?;
            Some(base.wrapping_add_signed(i64::from(distance)))
        });
        let certainty = if targets.is_empty() {
            Certainty::Unknown
        } else {
            let held = vec![Held { before: at, register, address: base }];
            Certainty::If(Conditions { held, run: at + 1..jump + 1 })
        };
        (targets, certainty)
    }

    /// Returns the instruction that loads a jump's distance from a table, its index, and the register with the table's address.
    ///
    /// Compilers load a distance of 32 bits from the table, at an index times four, and add the table's address.
    fn load_from_table<'d>(
        &self,
        decoded: &'d [Instruction],
        jump: usize,
    ) -> Option<(usize, Register, &'d Instruction)> {
        let register = general(decoded[jump].op0_register())?;
        let at = self.definition_right_before(jump, register)?;
        let add = &decoded[at];
        let adds_registers = add.mnemonic() == Mnemonic::Add
            && add.op0_kind() == OpKind::Register
            && add.op1_kind() == OpKind::Register;
        if !adds_registers {
            return None;
        }
        let (one, other) = (general(add.op0_register())?, general(add.op1_register())?);
        [(one, other), (other, one)].into_iter().find_map(|(distance, base)| {
            let at = self.definition_right_before(at, distance)?;
            let load = &decoded[at];
            let is_from_table = load.mnemonic() == Mnemonic::Movsxd
                && load.op1_kind() == OpKind::Memory
                && load.memory_index_scale() == 4
                && load.memory_index() != Named::None
                && general(load.memory_base()) == Some(base);
            is_from_table.then_some((at, base, load))
        })
    }

    /// Where a call or an indirect jump leads. `None` if it is no such instruction.
    pub(super) fn x86_target(&self, index: usize, instruction: &Instruction) -> Option<Target> {
        Some(match instruction.op0_kind() {
            OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
                Target::Address(instruction.near_branch_target())
            }
            // Without optimization compilers often load a function's address into a register right before the call.
            OpKind::Register => whole(instruction.op0_register())
                .and_then(|register| self.held(index, register))
                .unwrap_or(Target::Computed { offset: None }),
            OpKind::Memory if instruction.is_ip_rel_memory_operand() => {
                Target::Slot(instruction.ip_rel_memory_address())
            }
            OpKind::Memory => {
                let is_plain = instruction.memory_index() == Named::None
                    && instruction.memory_base() != Named::None;
                let offset = is_plain.then(|| instruction.memory_displacement64());
                Target::Computed { offset }
            }
            OpKind::FarBranch16 | OpKind::FarBranch32 => Target::Computed { offset: None },
            _ => return None,
        })
    }

    pub(super) fn x86_gives_back(
        &self,
        decoded: &[Instruction],
        index: usize,
        register: Register,
    ) -> bool {
        if decoded[index].mnemonic() != Mnemonic::Pop {
            return false;
        }
        let mut info = InstructionInfoFactory::new();
        for instruction in &decoded[index + 1..] {
            match instruction.flow_control() {
                FlowControl::Return => return true,
                FlowControl::UnconditionalBranch => {
                    return near_target(instruction).is_some_and(|target| !self.contains(target));
                }
                FlowControl::IndirectBranch | FlowControl::Next => {}
                _ => return false,
            }
            if uses(&mut info, instruction, register) {
                return false;
            }
            if instruction.flow_control() == FlowControl::IndirectBranch {
                return true;
            }
        }
        false
    }

    pub(super) fn x86_loaded_by(
        &self,
        decoded: &[Instruction],
        at: usize,
        register: Register,
        moves: usize,
    ) -> Option<Target> {
        let definition = &decoded[at];
        if definition.op0_kind() != OpKind::Register
            || whole(definition.op0_register()) != Some(register)
        {
            return None;
        }
        match (definition.mnemonic(), definition.op1_kind()) {
            (Mnemonic::Mov, OpKind::Register) => {
                self.held_after(at, whole(definition.op1_register())?, moves.checked_sub(1)?)
            }
            (Mnemonic::Mov, OpKind::Memory) if definition.is_ip_rel_memory_operand() => {
                Some(Target::Slot(definition.ip_rel_memory_address()))
            }
            (Mnemonic::Mov, OpKind::Memory) => {
                let is_plain = definition.memory_index() == Named::None
                    && definition.memory_base() != Named::None;
                let offset = is_plain.then(|| definition.memory_displacement64());
                Some(Target::Computed { offset })
            }
            (Mnemonic::Lea, OpKind::Memory) if definition.is_ip_rel_memory_operand() => {
                Some(Target::Address(definition.ip_rel_memory_address()))
            }
            _ => None,
        }
    }

    pub(super) fn x86_constant_by(
        &self,
        decoded: &[Instruction],
        at: usize,
        register: Register,
        moves: usize,
    ) -> Option<u64> {
        let definition = &decoded[at];
        if definition.op0_kind() != OpKind::Register {
            return None;
        }
        let written = definition.op0_register();
        // What is written of it in part only leaves a rest.
        if general(written) != Some(register) || written.size() < 4 {
            return None;
        }
        let from = definition.op1_register();
        match (definition.mnemonic(), definition.op1_kind()) {
            (Mnemonic::Mov, OpKind::Register) => {
                let value = self.constant_after(at, general(from)?, moves.checked_sub(1)?)?;
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

    /// Returns the slot whose word a conditional jump compares with zero, and whether it jumps if it is zero.
    ///
    /// # Arguments
    ///
    /// * `entered`: the instructions to which jumps lead, and the landing pads.
    pub(super) fn x86_compared_with_zero(
        &self,
        decoded: &[Instruction],
        jump: usize,
        entered: &FxHashSet<usize>,
    ) -> Option<(u64, bool)> {
        let if_zero = match decoded[jump].mnemonic() {
            Mnemonic::Je => true,
            Mnemonic::Jne => false,
            _ => return None,
        };
        let comparison = flags_set_by(decoded, jump, entered)?;
        Some((self.x86_compares(comparison, &decoded[comparison])?, if_zero))
    }

    /// Returns the slot whose word an instruction compares with zero.
    fn x86_compares(&self, at: usize, instruction: &Instruction) -> Option<u64> {
        match instruction.code() {
            Code::Cmp_rm64_imm8 | Code::Cmp_rm64_imm32 => {
                let is_slot = instruction.op0_kind() == OpKind::Memory
                    && instruction.is_ip_rel_memory_operand();
                let is_zero = instruction.immediate(1) == 0;
                match instruction.op0_kind() {
                    _ if !is_zero => None,
                    _ if is_slot => Some(instruction.ip_rel_memory_address()),
                    OpKind::Register => self.slot_in(at, whole(instruction.op0_register())?),
                    _ => None,
                }
            }
            Code::Test_rm64_r64 => {
                let register = instruction.op0_register();
                let is_one = instruction.op0_kind() == OpKind::Register
                    && register == instruction.op1_register();
                if is_one { self.slot_in(at, whole(register)?) } else { None }
            }
            _ => None,
        }
    }
}

/// Returns the instruction that sets the flags which a jump looks at, if nothing jumps in between.
fn flags_set_by(decoded: &[Instruction], jump: usize, entered: &FxHashSet<usize>) -> Option<usize> {
    for at in (0..jump).rev() {
        if entered.contains(&(at + 1)) {
            return None;
        }
        let instruction = &decoded[at];
        if instruction.rflags_modified() != 0 {
            return Some(at);
        }
        if instruction.flow_control() != FlowControl::Next {
            return None;
        }
    }
    None
}

/// Returns a general register of eight bytes. `None` for all others.
fn whole(register: Named) -> Option<Register> {
    if register.is_gpr64() { general(register) } else { None }
}

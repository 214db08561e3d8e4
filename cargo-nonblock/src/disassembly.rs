//! What a function's instructions do besides computing: where they call and jump to, and which system calls they make.

use std::collections::HashSet;

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic,
    OpAccess, OpKind, Register,
};

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

/// Something that an instruction does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The instruction's address.
    pub(crate) site: u64,
    pub(crate) action: Action,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Call {
        target: Target,
        arguments: Arguments,
    },
    /// A jump out of the function, after which it does not go on.
    TailCall {
        target: Target,
        arguments: Arguments,
    },
    /// A `syscall` instruction, or an old form of it.
    SystemCall {
        number: Option<u32>,
        arguments: Arguments,
        is_old: bool,
    },
}

/// The first arguments of a call, as far as they are constants in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments(pub(crate) [Option<u64>; 4]);

/// What a function does.
#[derive(Debug, Default)]
pub(crate) struct Disassembly {
    pub(crate) steps: Vec<Step>,
    /// Where bytes are that are no instruction, if there are any.
    pub(crate) unreadable: Option<u64>,
    /// The address after the last instruction, if the function goes on there: into what follows it.
    pub(crate) falls_through: Option<u64>,
}

/// The registers of a function's first arguments.
const ARGUMENTS: [Register; 4] = [Register::RDI, Register::RSI, Register::RDX, Register::RCX];
/// The registers of a system call's first arguments.
const SYSTEM_CALL_ARGUMENTS: [Register; 4] =
    [Register::RDI, Register::RSI, Register::RDX, Register::R10];

/// The registers that a function gives back as it found them.
const SAVED: [Register; 6] =
    [Register::RBX, Register::RBP, Register::R12, Register::R13, Register::R14, Register::R15];

/// Reads a function's instructions, one after the other from its first byte to its last.
pub(crate) fn disassemble(bytes: &[u8], address: u64) -> Disassembly {
    let mut instructions = Vec::with_capacity(bytes.len() / 4);
    let mut decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    let mut unreadable = None;
    while decoder.can_decode() {
        let instruction = decoder.decode();
        if instruction.is_invalid() {
            unreadable = Some(instruction.ip());
            break;
        }
        instructions.push(instruction);
    }
    let end = address.wrapping_add(bytes.len() as u64);
    let reader = Reader::new(&instructions, address, end);
    let steps = (0..instructions.len()).flat_map(|index| reader.steps(index)).collect();
    // What follows the last instruction that does something is padding.
    let last = instructions.iter().rfind(|instruction| instruction.mnemonic() != Mnemonic::Nop);
    let goes_on = unreadable.is_none() && last.is_none_or(goes_on);
    let falls_through = goes_on.then_some(end);
    Disassembly { steps, unreadable, falls_through }
}

/// Whether execution goes on behind the last instruction of a function.
///
/// A call may be the last: then the callee does not return, as the compiler knows.
fn goes_on(last: &Instruction) -> bool {
    let ends = matches!(
        last.flow_control(),
        FlowControl::UnconditionalBranch
            | FlowControl::IndirectBranch
            | FlowControl::Return
            | FlowControl::Call
            | FlowControl::IndirectCall
            | FlowControl::Exception
            | FlowControl::Interrupt
    );
    last.code() == Code::Syscall || !(ends || last.mnemonic() == Mnemonic::Hlt)
}

struct Reader<'a> {
    instructions: &'a [Instruction],
    start: u64,
    end: u64,
    /// The addresses in the function that jumps lead to.
    labels: HashSet<u64>,
    /// Whether there are labels that are not known, since a table has them.
    has_jump_table: bool,
}

impl<'a> Reader<'a> {
    fn new(instructions: &'a [Instruction], start: u64, end: u64) -> Self {
        let mut reader =
            Self { instructions, start, end, labels: HashSet::new(), has_jump_table: false };
        for instruction in instructions {
            match instruction.flow_control() {
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                    if let Some(target) = near_target(instruction) {
                        reader.labels.insert(target);
                    }
                }
                FlowControl::IndirectBranch => reader.has_jump_table = true,
                _ => {}
            }
        }
        reader
    }

    fn steps(&self, index: usize) -> Vec<Step> {
        let instruction = &self.instructions[index];
        let step = |action| Step { site: instruction.ip(), action };
        match instruction.flow_control() {
            _ if matches!(instruction.code(), Code::Syscall) => vec![step(Action::SystemCall {
                number: self.constant(index, Register::RAX).and_then(low_half),
                arguments: self.arguments(index, SYSTEM_CALL_ARGUMENTS),
                is_old: false,
            })],
            _ if matches!(instruction.code(), Code::Sysenter) => vec![step(OLD_SYSTEM_CALL)],
            FlowControl::Interrupt if is_old_system_call(instruction) => {
                vec![step(OLD_SYSTEM_CALL)]
            }
            FlowControl::Call | FlowControl::IndirectCall => match self.target(index) {
                // The program calls the hypervisor, or begins a transaction.
                None => Vec::new(),
                Some(target) => {
                    let arguments = self.arguments(index, ARGUMENTS);
                    vec![step(Action::Call { target, arguments })]
                }
            },
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                match near_target(instruction) {
                    Some(target) if target < self.start || target >= self.end => {
                        let arguments = self.arguments(index, ARGUMENTS);
                        vec![step(Action::TailCall { target: Target::Address(target), arguments })]
                    }
                    _ => Vec::new(),
                }
            }
            FlowControl::IndirectBranch => match self.target(index) {
                Some(target) if !self.is_jump_by_table(index) => {
                    let arguments = self.arguments(index, ARGUMENTS);
                    vec![step(Action::TailCall { target, arguments })]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Where a call or an indirect jump leads. `None` if it is no such instruction.
    ///
    /// Without optimization compilers often load a function's address into a register right before the call.
    fn target(&self, index: usize) -> Option<Target> {
        let instruction = &self.instructions[index];
        match target(instruction)? {
            Target::Computed { offset: None } if instruction.op0_kind() == OpKind::Register => {
                let register = instruction.op0_register();
                Some(self.held(index, register).unwrap_or(Target::Computed { offset: None }))
            }
            target => Some(target),
        }
    }

    /// Returns the address, or the slot, that a register was loaded with before an instruction, if that is in sight.
    fn held(&self, index: usize, register: Register) -> Option<Target> {
        let Some((at, definition)) = self.definition(index, register) else {
            return self.held_throughout(register);
        };
        if definition.op0_kind() != OpKind::Register || definition.op0_register() != register {
            return None;
        }
        match (definition.mnemonic(), definition.op1_kind()) {
            (Mnemonic::Mov, OpKind::Register) => self.held(at, definition.op1_register()),
            (Mnemonic::Mov, OpKind::Memory) if !definition.is_ip_rel_memory_operand() => {
                let is_plain = definition.memory_index() == Register::None
                    && definition.memory_base() != Register::None;
                let offset = is_plain.then(|| definition.memory_displacement64());
                Some(Target::Computed { offset })
            }
            _ => taken_address(definition),
        }
    }

    /// Returns the address, or the slot, that is all a register is ever loaded with in the function. An optimizing compiler loads an
    /// address once that it calls at several places.
    ///
    /// It is one of the registers that a function gives back as it found them. What it held before is the caller's, and no compiler
    /// calls that.
    fn held_throughout(&self, register: Register) -> Option<Target> {
        if !SAVED.contains(&register) {
            return None;
        }
        let mut info = InstructionInfoFactory::new();
        let mut held = None;
        for instruction in self.instructions {
            // The caller's value is given back.
            if instruction.mnemonic() == Mnemonic::Pop || !writes(&mut info, instruction, register)
            {
                continue;
            }
            let loads = instruction.op0_kind() == OpKind::Register
                && instruction.op0_register() == register;
            let target = taken_address(instruction).filter(|_| loads)?;
            if held.replace(target).is_some_and(|before| before != target) {
                return None;
            }
        }
        held
    }

    /// Whether an indirect jump goes to an address that a table of this function's has.
    ///
    /// Compilers load a distance of 32 bits from the table, at an index times four, and add the table's address. No pointer to a
    /// function is made that way.
    fn is_jump_by_table(&self, index: usize) -> bool {
        let jump = &self.instructions[index];
        if jump.op0_kind() == OpKind::Memory {
            // Where addresses are fixed, the table holds them whole: `jmp [table + index * 8]`.
            return jump.memory_base() == Register::None
                && jump.memory_index() != Register::None
                && jump.memory_index_scale() == 8;
        }
        let register = jump.op0_register().full_register();
        let Some((at, add)) = self.definition(index, register) else { return false };
        if add.mnemonic() != Mnemonic::Add
            || add.op0_kind() != OpKind::Register
            || add.op1_kind() != OpKind::Register
        {
            return false;
        }
        let sides = [add.op0_register().full_register(), add.op1_register().full_register()];
        sides.into_iter().any(|side| {
            self.definition(at, side).is_some_and(|(_, load)| {
                load.mnemonic() == Mnemonic::Movsxd
                    && load.op1_kind() == OpKind::Memory
                    && load.memory_index_scale() == 4
                    && load.memory_index() != Register::None
            })
        })
    }

    fn arguments(&self, index: usize, registers: [Register; 4]) -> Arguments {
        Arguments(registers.map(|register| self.constant(index, register)))
    }

    /// Returns what a register holds before an instruction, if it is a constant in sight.
    fn constant(&self, index: usize, register: Register) -> Option<u64> {
        // Where a table has labels, nobody knows which instructions come before.
        if self.has_jump_table {
            return None;
        }
        let (at, definition) = self.definition(index, register)?;
        let written =
            (definition.op0_kind() == OpKind::Register).then(|| definition.op0_register())?;
        // What is written of it in part only leaves a rest.
        if written.full_register() != register || written.size() < 4 {
            return None;
        }
        match (definition.mnemonic(), definition.op1_kind()) {
            (Mnemonic::Mov, OpKind::Register) => {
                let from = definition.op1_register();
                let value = self.constant(at, from.full_register())?;
                Some(if written.size() == 4 { value & 0xffff_ffff } else { value })
            }
            (
                Mnemonic::Mov,
                OpKind::Immediate32 | OpKind::Immediate64 | OpKind::Immediate32to64,
            ) => Some(definition.immediate(1)),
            (Mnemonic::Lea, OpKind::Memory) if definition.is_ip_rel_memory_operand() => {
                (written.size() == 8).then(|| definition.ip_rel_memory_address())
            }
            (Mnemonic::Xor, OpKind::Register)
                if definition.op1_register() == definition.op0_register() =>
            {
                Some(0)
            }
            _ => None,
        }
    }

    /// Returns the instruction before `index` that writes a register last, if no other way leads here from behind it.
    fn definition(&self, index: usize, register: Register) -> Option<(usize, &'a Instruction)> {
        let mut info = InstructionInfoFactory::new();
        let mut at = index;
        while !self.labels.contains(&self.instructions[at].ip()) {
            at = at.checked_sub(1)?;
            let instruction = &self.instructions[at];
            if writes(&mut info, instruction, register) {
                return Some((at, instruction));
            }
            // A call may write every register of arguments, and behind a jump another way begins.
            if !matches!(
                instruction.flow_control(),
                FlowControl::Next | FlowControl::ConditionalBranch
            ) {
                return None;
            }
        }
        None
    }
}

/// Whether an instruction writes a register, or a part of it.
fn writes(
    info: &mut InstructionInfoFactory,
    instruction: &Instruction,
    register: Register,
) -> bool {
    let only_reads = |access| {
        matches!(
            access,
            OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess | OpAccess::None
        )
    };
    let used = info.info(instruction).used_registers();
    used.iter()
        .any(|used| used.register().full_register() == register && !only_reads(used.access()))
}

const OLD_SYSTEM_CALL: Action =
    Action::SystemCall { number: None, arguments: Arguments([None; 4]), is_old: true };

/// `int 0x80`, whose numbers are those of 32-bit programs.
fn is_old_system_call(instruction: &Instruction) -> bool {
    instruction.code() == Code::Int_imm8 && instruction.immediate8() == 0x80
}

fn low_half(value: u64) -> Option<u32> {
    u32::try_from(value & 0xffff_ffff).ok()
}

fn near_target(instruction: &Instruction) -> Option<u64> {
    let is_near = matches!(
        instruction.op0_kind(),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64
    );
    is_near.then(|| instruction.near_branch_target())
}

/// Where a call or an indirect jump leads. `None` if it is no such instruction.
fn target(instruction: &Instruction) -> Option<Target> {
    match instruction.op0_kind() {
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
            Some(Target::Address(instruction.near_branch_target()))
        }
        OpKind::Register | OpKind::FarBranch16 | OpKind::FarBranch32 => {
            Some(Target::Computed { offset: None })
        }
        OpKind::Memory if instruction.is_ip_rel_memory_operand() => {
            Some(Target::Slot(instruction.ip_rel_memory_address()))
        }
        OpKind::Memory => {
            let is_plain = instruction.memory_index() == Register::None
                && instruction.memory_base() != Register::None;
            let offset = is_plain.then(|| instruction.memory_displacement64());
            Some(Target::Computed { offset })
        }
        _ => None,
    }
}

/// The address that an instruction computes, or the slot from which it loads one.
fn taken_address(instruction: &Instruction) -> Option<Target> {
    if !instruction.is_ip_rel_memory_operand() {
        return None;
    }
    match instruction.mnemonic() {
        Mnemonic::Lea => Some(Target::Address(instruction.ip_rel_memory_address())),
        Mnemonic::Mov => Some(Target::Slot(instruction.ip_rel_memory_address())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system_calls(bytes: &[u8]) -> Vec<Option<u32>> {
        let steps = disassemble(bytes, 0x1000).steps;
        let numbers = steps.into_iter().filter_map(|step| match step.action {
            Action::SystemCall { number, .. } => Some(number),
            _ => None,
        });
        numbers.collect()
    }

    #[test]
    fn the_number_of_a_system_call_is_a_constant_in_sight() {
        // mov eax, 35; syscall
        assert_eq!(system_calls(&[0xb8, 35, 0, 0, 0, 0x0f, 0x05]), [Some(35)]);
        // xor eax, eax; syscall
        assert_eq!(system_calls(&[0x31, 0xc0, 0x0f, 0x05]), [Some(0)]);
        // mov ecx, 39; mov rax, rcx; syscall
        assert_eq!(system_calls(&[0xb9, 39, 0, 0, 0, 0x48, 0x89, 0xc8, 0x0f, 0x05]), [Some(39)]);
    }

    #[test]
    fn the_number_of_a_system_call_is_not_guessed() {
        // mov rax, rdi; syscall: it is the caller's.
        assert_eq!(system_calls(&[0x48, 0x89, 0xf8, 0x0f, 0x05]), [None]);
        // mov eax, 39; mov al, dil; syscall: a part of it is the caller's.
        assert_eq!(system_calls(&[0xb8, 39, 0, 0, 0, 0x40, 0x88, 0xf8, 0x0f, 0x05]), [None]);
        // jmp +5; mov eax, 39; syscall: a jump comes from elsewhere to the call.
        assert_eq!(system_calls(&[0xeb, 5, 0xb8, 39, 0, 0, 0, 0x0f, 0x05]), [None]);
        // mov eax, 39; call rdx; syscall: the callee may have changed it.
        assert_eq!(system_calls(&[0xb8, 39, 0, 0, 0, 0xff, 0xd2, 0x0f, 0x05]), [None]);
        // int 0x80
        assert_eq!(system_calls(&[0xb8, 39, 0, 0, 0, 0xcd, 0x80]), [None]);
    }

    #[test]
    fn a_jump_out_of_the_function_is_a_call() {
        // jmp to the function's own start, and behind its end
        let steps = disassemble(&[0xeb, 0xfe], 0x1000).steps;
        assert!(steps.is_empty(), "{steps:?}");
        let steps = disassemble(&[0xeb, 0x10], 0x1000).steps;
        assert!(
            matches!(
                steps[..],
                [Step { action: Action::TailCall { target: Target::Address(0x1012), .. }, .. }]
            ),
            "{steps:?}"
        );
        // jmp rax
        let steps = disassemble(&[0xff, 0xe0], 0x1000).steps;
        assert!(
            matches!(
                steps[..],
                [Step {
                    action: Action::TailCall { target: Target::Computed { offset: None }, .. },
                    ..
                }]
            ),
            "{steps:?}"
        );
    }

    #[test]
    fn a_call_of_an_address_that_was_loaded_before_is_followed() {
        let target = |bytes: &[u8]| {
            let mut steps = disassemble(bytes, 0x1000).steps.into_iter();
            steps.find_map(|step| match step.action {
                Action::Call { target, .. } => Some(target),
                _ => None,
            })
        };
        // lea rax, [rip + 0x10]; call rax
        assert_eq!(
            target(&[0x48, 0x8d, 0x05, 0x10, 0, 0, 0, 0xff, 0xd0]),
            Some(Target::Address(0x1017))
        );
        // mov rax, [rip + 0x10]; call rax
        assert_eq!(
            target(&[0x48, 0x8b, 0x05, 0x10, 0, 0, 0, 0xff, 0xd0]),
            Some(Target::Slot(0x1017))
        );
        // mov rax, [rdi + 0x18]; call rax: a method of a trait object
        assert_eq!(
            target(&[0x48, 0x8b, 0x47, 0x18, 0xff, 0xd0]),
            Some(Target::Computed { offset: Some(0x18) })
        );
        // jmp +7; lea rax, [rip + 0x10]; call rax: another address may come from elsewhere.
        assert_eq!(
            target(&[0xeb, 7, 0x48, 0x8d, 0x05, 0x10, 0, 0, 0, 0xff, 0xd0]),
            Some(Target::Computed { offset: None })
        );
    }

    #[test]
    fn a_register_that_holds_one_address_throughout_is_followed() {
        let targets = |bytes: &[u8]| {
            let steps = disassemble(bytes, 0x1000).steps.into_iter();
            let targets = steps.filter_map(|step| match step.action {
                Action::Call { target, .. } => Some(target),
                _ => None,
            });
            targets.collect::<Vec<_>>()
        };
        // mov rbx, [rip + 0x10]; call rbx; call rbx; pop rbx; ret
        let once = [0x48, 0x8b, 0x1d, 0x10, 0, 0, 0, 0xff, 0xd3, 0xff, 0xd3, 0x5b, 0xc3];
        assert_eq!(targets(&once), [Target::Slot(0x1017); 2]);
        // The same, with mov rbx, rdi in between.
        let twice =
            [0x48, 0x8b, 0x1d, 0x10, 0, 0, 0, 0xff, 0xd3, 0x48, 0x89, 0xfb, 0xff, 0xd3, 0x5b, 0xc3];
        assert_eq!(targets(&twice), [Target::Slot(0x1017), Target::Computed { offset: None }]);
    }

    #[test]
    fn a_jump_by_a_table_stays_in_the_function() {
        // lea rcx, [rip + 0x100]; movsxd rax, dword [rcx + rax*4]; add rax, rcx; jmp rax
        let bytes =
            [0x48, 0x8d, 0x0d, 0, 1, 0, 0, 0x48, 0x63, 0x04, 0x81, 0x48, 0x01, 0xc8, 0xff, 0xe0];
        let steps = disassemble(&bytes, 0x1000).steps;
        assert!(steps.is_empty(), "{steps:?}");
    }

    #[test]
    fn bytes_that_are_no_instruction_are_said() {
        assert_eq!(disassemble(&[0x90, 0x06, 0xc3], 0x1000).unreadable, Some(0x1001));
        // An instruction that the function's end cuts off.
        assert_eq!(disassemble(&[0xe8, 0, 0], 0x1000).unreadable, Some(0x1000));
    }

    #[test]
    fn a_function_that_does_not_end_goes_on_in_the_next() {
        assert_eq!(disassemble(&[0x31, 0xc0], 0x1000).falls_through, Some(0x1002));
        assert_eq!(disassemble(&[0x31, 0xc0, 0xc3], 0x1000).falls_through, None);
    }
}

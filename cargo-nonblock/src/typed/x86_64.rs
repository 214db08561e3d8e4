//! What each instruction of x86-64 does to registers and the frame.

use iced_x86::{FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpKind, Register};

use super::instructions::{LOADED, Place};
use super::values::{Frame, Origin, State, Value, Values};
use crate::instructions::x86_64::{near_target, only_reads};

/// The registers that a callee may change.
pub(super) const CALLERS: [Register; 9] = [
    Register::RAX,
    Register::RCX,
    Register::RDX,
    Register::RSI,
    Register::RDI,
    Register::R8,
    Register::R9,
    Register::R10,
    Register::R11,
];

impl Values<'_, '_> {
    /// Does what an instruction does.
    pub(super) fn x86_step(&mut self, state: &mut State, at: usize, instruction: &Instruction) {
        if self.moves(state, at, instruction) {
            return;
        }
        if matches!(instruction.flow_control(), FlowControl::Call | FlowControl::IndirectCall) {
            self.x86_calls(state, at, instruction);
            return;
        }
        self.writes_something(state, at, instruction);
        match instruction.flow_control() {
            // The kernel writes where it is told to.
            FlowControl::Interrupt => self.forget_shown(state),
            _ if instruction.mnemonic() == Mnemonic::Syscall => self.forget_shown(state),
            _ => {}
        }
    }

    /// Does what an instruction does that only moves or adds. Returns whether it is one.
    fn moves(&mut self, state: &mut State, at: usize, instruction: &Instruction) -> bool {
        let to = instruction.op0_register();
        let into_register = instruction.op0_kind() == OpKind::Register && to.is_gpr64();
        match instruction.mnemonic() {
            Mnemonic::Mov if into_register => {
                let Some(value) = self.x86_operand(state, at, instruction, 1) else { return false };
                self.put(state, number(to), value);
            }
            Mnemonic::Mov if instruction.op0_kind() == OpKind::Register && to.is_gpr32() => {
                let value = match self.x86_operand(state, at, instruction, 1) {
                    Some(Value { origin: Origin::Constant(value), .. }) => {
                        Value::constant(value & 0xffff_ffff)
                    }
                    _ => Value::new(Origin::Made(at, number(to))),
                };
                self.put(state, number(to), value);
            }
            Mnemonic::Mov if instruction.op0_kind() == OpKind::Memory => {
                if instruction.memory_size().size() != 8 {
                    return false;
                }
                let Some(value) = self.x86_operand(state, at, instruction, 1) else { return false };
                let place = self.x86_place(state, instruction);
                self.store(state, &place, is_of_frame(instruction.memory_base()), value);
            }
            Mnemonic::Lea if into_register => {
                let value = self.x86_address(state, at, instruction);
                self.put(state, number(to), value);
            }
            Mnemonic::Xor
                if instruction.op0_kind() == OpKind::Register
                    && instruction.op1_kind() == OpKind::Register
                    && instruction.op0_register() == instruction.op1_register()
                    && (to.is_gpr32() || to.is_gpr64()) =>
            {
                self.put(state, number(to), Value::constant(0));
            }
            Mnemonic::Add | Mnemonic::Sub if into_register => {
                let Some(by) = self.x86_operand(state, at, instruction, 1) else { return false };
                let from = state.registers[number(to)].clone();
                let made = Origin::Made(at, number(to));
                let is_sum = instruction.mnemonic() == Mnemonic::Add;
                let value = self.sum(state, &from, &by, is_sum, made);
                self.put(state, number(to), value);
            }
            Mnemonic::Shl if into_register && instruction.op1_kind() == OpKind::Immediate8 => {
                let by = u32::from(instruction.immediate8());
                let stride = 1_u64.checked_shl(by).unwrap_or(0);
                let made = Value::new(Origin::Made(at, number(to)));
                self.put(state, number(to), Value { stride, ..made });
            }
            Mnemonic::Imul if into_register && instruction.op_count() == 3 => {
                let stride = instruction.immediate(2);
                let made = Value::new(Origin::Made(at, number(to)));
                self.put(state, number(to), Value { stride, ..made });
            }
            Mnemonic::Push if instruction.op0_kind() == OpKind::Register => {
                let value = state.registers[number(to)].clone();
                self.show(&value);
                if let Some(stack) = Self::move_stack(state, -8) {
                    state.forget(stack, stack.saturating_add(8));
                    state.frame.insert(stack, value);
                }
            }
            Mnemonic::Pop if into_register => {
                let value = match state.registers[number(Register::RSP)].origin {
                    Origin::Frame(stack) => state.frame.get(&stack).cloned(),
                    _ => None,
                };
                let made = Value::new(Origin::Made(at, number(to)));
                Self::move_stack(state, 8);
                self.put(state, number(to), value.unwrap_or(made));
            }
            mnemonic if is_conditional_move(mnemonic) && into_register => {
                let Some(other) = self.x86_operand(state, at, instruction, 1) else { return false };
                let own = &state.registers[number(to)];
                let made = Origin::Made(at, number(to));
                let value = Self::either(own, &other, made);
                self.put(state, number(to), value);
            }
            _ => return false,
        }
        true
    }

    /// Moves the stack pointer. Returns where it then is, if that is known.
    fn move_stack(state: &mut State, by: i64) -> Option<i64> {
        let stack = &mut state.registers[number(Register::RSP)];
        let Origin::Frame(offset) = stack.origin else {
            // What was in the frame may lie anywhere.
            state.frame.clear();
            return None;
        };
        let moved = offset.checked_add(by)?;
        *stack = Value::new(Origin::Frame(moved));
        Some(moved)
    }

    /// Returns what an operand of eight bytes is, or a constant.
    pub(super) fn x86_operand(
        &mut self,
        state: &State,
        at: usize,
        instruction: &Instruction,
        operand: u32,
    ) -> Option<Value> {
        match instruction.op_kind(operand) {
            OpKind::Register if instruction.op_register(operand).is_gpr64() => {
                Some(state.registers[number(instruction.op_register(operand))].clone())
            }
            OpKind::Register if instruction.op_register(operand).is_gpr32() => {
                let value = &state.registers[number(instruction.op_register(operand))];
                match value.origin {
                    Origin::Constant(value) => Some(Value::constant(value & 0xffff_ffff)),
                    _ => None,
                }
            }
            OpKind::Memory if instruction.memory_size().size() == 8 => {
                let place = self.x86_place(state, instruction);
                Some(self.load(state, &place, Origin::Made(at, LOADED)))
            }
            OpKind::Immediate8
            | OpKind::Immediate16
            | OpKind::Immediate32
            | OpKind::Immediate64
            | OpKind::Immediate8to32
            | OpKind::Immediate8to64
            | OpKind::Immediate32to64 => Some(Value::constant(instruction.immediate(operand))),
            _ => None,
        }
    }

    /// Returns where an instruction's operand in memory is.
    fn x86_place(&self, state: &State, instruction: &Instruction) -> Place {
        if instruction.is_ip_rel_memory_operand() {
            return Place::Constant(instruction.ip_rel_memory_address());
        }
        // Those of a thread.
        if instruction.segment_prefix() != Register::None {
            return Place::Unknown;
        }
        self.x86_place_at(
            state,
            (instruction.memory_base(), instruction.memory_index()),
            instruction.memory_index_scale(),
            instruction.memory_displacement64().cast_signed(),
        )
    }

    fn x86_place_at(
        &self,
        state: &State,
        (base, index): (Register, Register),
        scale: u32,
        distance: i64,
    ) -> Place {
        let value = |register: Register| match register {
            Register::None => Some(Value::constant(0)),
            register if register.is_gpr64() => Some(state.registers[number(register)].clone()),
            _ => None,
        };
        self.place_at(state, (value(base), value(index)), u64::from(scale), distance)
    }

    /// Returns the address that an instruction computes.
    fn x86_address(&mut self, state: &State, at: usize, instruction: &Instruction) -> Value {
        let made = Origin::Made(at, number(instruction.op0_register()));
        let place = self.x86_place(state, instruction);
        let is_by_frame =
            is_of_frame(instruction.memory_base()) || is_of_frame(instruction.memory_index());
        self.address_of(place, is_by_frame, made)
    }

    /// Forgets what an instruction of any kind writes.
    fn writes_something(&self, state: &mut State, at: usize, instruction: &Instruction) {
        let mut info = InstructionInfoFactory::new();
        let info = info.info(instruction);
        for used in info.used_memory() {
            if only_reads(used.access()) {
                continue;
            }
            if instruction.is_string_instruction() {
                self.forget_shown(state);
                continue;
            }
            let place = if instruction.is_ip_rel_memory_operand() {
                Place::Constant(0)
            } else {
                let distance = used.displacement().cast_signed();
                self.x86_place_at(state, (used.base(), used.index()), used.scale(), distance)
            };
            let is_by_frame = is_of_frame(used.base());
            self.forget_at(state, &place, used.memory_size().size(), is_by_frame);
        }
        for used in info.used_registers() {
            let register = used.register().full_register();
            if register.is_gpr64() && !only_reads(used.access()) {
                let number = number(register);
                state.registers[number] = Value::new(Origin::Made(at, number));
            }
        }
    }

    fn x86_calls(&mut self, state: &mut State, at: usize, instruction: &Instruction) {
        let target = near_target(instruction);
        let value = match target {
            Some(_) => None,
            None => self.x86_operand(state, at, instruction, 0),
        };
        let result = self.result_of(target, value);
        let returned = [number(Register::RAX), number(Register::RDX)];
        let callers = CALLERS.into_iter().map(number);
        self.after_call(state, at, result, callers, (returned, true));
    }
}

impl Frame {
    /// Reads the first instructions of a function, which make the frame.
    pub(super) fn of_x86(code: &[Instruction]) -> Self {
        let mut frame = Self::default();
        for instruction in code {
            let immediate = !matches!(instruction.op1_kind(), OpKind::Register | OpKind::Memory);
            match instruction.mnemonic() {
                Mnemonic::Push if instruction.op0_kind() == OpKind::Register => frame.stack -= 8,
                Mnemonic::Sub if instruction.op0_register() == Register::RSP && immediate => {
                    let size = instruction.immediate(1).cast_signed();
                    let Some(lower) = frame.stack.checked_sub(size) else { break };
                    frame.stack = lower;
                }
                Mnemonic::Mov
                    if instruction.op0_register() == Register::RBP
                        && instruction.op1_register() == Register::RSP =>
                {
                    frame.pointer = Some(frame.stack);
                }
                // A large frame is touched page by page.
                Mnemonic::Mov
                    if instruction.op0_kind() == OpKind::Memory
                        && instruction.memory_base() == Register::RSP
                        && instruction.memory_displacement64() == 0
                        && immediate => {}
                Mnemonic::Endbr64 | Mnemonic::Nop => {}
                _ => break,
            }
        }
        frame
    }
}

/// The number of a register, or of the one that it is a part of.
fn number(register: Register) -> usize {
    register.full_register().number()
}

/// Whether a register is one by which a function finds its frame.
fn is_of_frame(register: Register) -> bool {
    matches!(register.full_register(), Register::RSP | Register::RBP)
}

fn is_conditional_move(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Cmova
            | Mnemonic::Cmovae
            | Mnemonic::Cmovb
            | Mnemonic::Cmovbe
            | Mnemonic::Cmove
            | Mnemonic::Cmovg
            | Mnemonic::Cmovge
            | Mnemonic::Cmovl
            | Mnemonic::Cmovle
            | Mnemonic::Cmovne
            | Mnemonic::Cmovno
            | Mnemonic::Cmovnp
            | Mnemonic::Cmovns
            | Mnemonic::Cmovo
            | Mnemonic::Cmovp
            | Mnemonic::Cmovs
    )
}

//! What one instruction does to registers and the frame.

use iced_x86::{FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpKind, Register};

use super::types::Seen;
use super::values::{Origin, State, Value, Values, Words, number};
use super::word::{Pointee, Word};
use crate::function_code::{near_target, only_reads};

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

/// How a value is called that an instruction made and put into memory, or into a register by its number.
const LOADED: usize = 100;

/// Where an instruction reads or writes memory.
enum Place {
    Constant(u64),
    Frame(i64),
    /// At some place in the frame from this one on, with what the pointer is by its types.
    FrameFrom(i64, Words),
    /// Behind a pointer, at a distance.
    Behind(Words, i64),
    Unknown,
}

impl Values<'_, '_> {
    /// Does what an instruction does.
    pub(super) fn step(&mut self, state: &mut State, at: usize, instruction: &Instruction) {
        // What this instruction made when it ran before is not what it makes now.
        state.forget_origins(|origin| matches!(origin, Origin::Made(there, _) if there == at));
        if self.moves(state, at, instruction) {
            return;
        }
        if matches!(instruction.flow_control(), FlowControl::Call | FlowControl::IndirectCall) {
            self.calls(state, at, instruction);
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
                let Some(value) = self.operand(state, at, instruction, 1) else { return false };
                self.put(state, to, value);
            }
            Mnemonic::Mov if instruction.op0_kind() == OpKind::Register && to.is_gpr32() => {
                let value = match self.operand(state, at, instruction, 1) {
                    Some(Value { origin: Origin::Constant(value), .. }) => {
                        Value::constant(value & 0xffff_ffff)
                    }
                    _ => Value::new(Origin::Made(at, number(to))),
                };
                self.put(state, to, value);
            }
            Mnemonic::Mov if instruction.op0_kind() == OpKind::Memory => {
                if instruction.memory_size().size() != 8 {
                    return false;
                }
                let Some(value) = self.operand(state, at, instruction, 1) else { return false };
                self.store(state, instruction, value);
            }
            Mnemonic::Lea if into_register => {
                let value = self.address(state, at, instruction);
                self.put(state, to, value);
            }
            Mnemonic::Xor
                if instruction.op0_kind() == OpKind::Register
                    && instruction.op1_kind() == OpKind::Register
                    && instruction.op0_register() == instruction.op1_register()
                    && (to.is_gpr32() || to.is_gpr64()) =>
            {
                self.put(state, to, Value::constant(0));
            }
            Mnemonic::Add | Mnemonic::Sub if into_register => {
                let Some(by) = self.operand(state, at, instruction, 1) else { return false };
                let from = state.registers[number(to)].clone();
                let made = Origin::Made(at, number(to));
                let is_sum = instruction.mnemonic() == Mnemonic::Add;
                let value = self.sum(state, &from, &by, is_sum, made);
                self.put(state, to, value);
            }
            Mnemonic::Shl if into_register && instruction.op1_kind() == OpKind::Immediate8 => {
                let by = u32::from(instruction.immediate8());
                let stride = 1_u64.checked_shl(by).unwrap_or(0);
                let made = Value::new(Origin::Made(at, number(to)));
                self.put(state, to, Value { stride, ..made });
            }
            Mnemonic::Imul if into_register && instruction.op_count() == 3 => {
                let stride = instruction.immediate(2);
                let made = Value::new(Origin::Made(at, number(to)));
                self.put(state, to, Value { stride, ..made });
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
                self.put(state, to, value.unwrap_or(made));
            }
            mnemonic if is_conditional_move(mnemonic) && into_register => {
                let Some(other) = self.operand(state, at, instruction, 1) else { return false };
                let own = &state.registers[number(to)];
                let made = Origin::Made(at, number(to));
                let value = if *own == other {
                    other
                } else if own.words.is_empty() || other.words.is_empty() {
                    Value::new(made)
                } else {
                    let words = own.words.iter().chain(other.words.iter());
                    Value::with(made, words.cloned().collect())
                };
                self.put(state, to, value);
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

    /// Notes that something points into the frame, if a value does.
    fn show(&mut self, value: &Value) {
        if let Origin::Frame(offset) = value.origin {
            self.lowest_shown = self.lowest_shown.min(offset);
        }
    }

    /// Puts a value into a register.
    fn put(&mut self, state: &mut State, register: Register, value: Value) {
        if !is_of_frame(register) {
            self.show(&value);
        }
        state.registers[number(register)] = value;
    }

    /// Returns what an operand of eight bytes is, or a constant.
    pub(super) fn operand(
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
                Some(self.load(state, at, instruction))
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

    fn sum(&self, state: &State, from: &Value, by: &Value, is_sum: bool, made: Origin) -> Value {
        if let Origin::Constant(by) = by.origin {
            let by = by.cast_signed();
            let by = if is_sum { Some(by) } else { by.checked_neg() };
            return by.map_or_else(|| Value::new(made), |by| moved(from, by, made));
        }
        if !is_sum {
            return Value::new(made);
        }
        let words = match from.origin {
            _ if from.words.is_empty() && !by.words.is_empty() => {
                self.elements(&by.words, 0, from.stride.max(1))
            }
            Origin::Constant(_) | Origin::Frame(_) => {
                let pointers = self.pointers(state, from);
                self.elements(&pointers, 0, by.stride.max(1))
            }
            _ => self.elements(&from.words, 0, by.stride.max(1)),
        };
        Value::with(made, words)
    }

    /// Returns what a value points to: by its types, or by the variable that lies there.
    fn pointers(&self, state: &State, value: &Value) -> Vec<Word> {
        match value.origin {
            Origin::Frame(offset) => self
                .distance_to_base(state, offset)
                .map_or_else(Vec::new, |offset| self.context.variables.pointers(offset)),
            Origin::Constant(address) => {
                let global = (self.context.globals)(address);
                let pointer = global.and_then(|(start, ty)| {
                    let distance = i64::try_from(address - start).ok()?;
                    Some(Word::Pointer { to: Pointee::Type(ty), distance })
                });
                pointer.into_iter().collect()
            }
            _ => value.words.to_vec(),
        }
    }

    /// Returns where an instruction's operand in memory is.
    fn place(&self, state: &State, instruction: &Instruction) -> Place {
        if instruction.is_ip_rel_memory_operand() {
            return Place::Constant(instruction.ip_rel_memory_address());
        }
        // Those of a thread.
        if instruction.segment_prefix() != Register::None {
            return Place::Unknown;
        }
        self.place_at(
            state,
            (instruction.memory_base(), instruction.memory_index()),
            instruction.memory_index_scale(),
            instruction.memory_displacement64().cast_signed(),
        )
    }

    fn place_at(
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
        let (Some(base), Some(index)) = (value(base), value(index)) else { return Place::Unknown };
        if let Origin::Constant(index) = index.origin {
            let by = index.wrapping_mul(u64::from(scale)).cast_signed();
            let Some(distance) = distance.checked_add(by) else { return Place::Unknown };
            return match base.origin {
                Origin::Constant(base) => Place::Constant(base.wrapping_add_signed(distance)),
                Origin::Frame(base) => {
                    base.checked_add(distance).map_or(Place::Unknown, Place::Frame)
                }
                _ if base.words.is_empty() => Place::Unknown,
                _ => Place::Behind(base.words, distance),
            };
        }
        let stride = index.stride.max(1).saturating_mul(u64::from(scale));
        let pointers = self.pointers(state, &base);
        let words = if pointers.is_empty() && scale == 1 {
            self.elements(&self.pointers(state, &index), distance, base.stride.max(1))
        } else {
            self.elements(&pointers, distance, stride)
        };
        match (base.origin, index.origin) {
            (Origin::Frame(offset), _) | (_, Origin::Frame(offset)) => offset
                .checked_add(distance)
                .map_or(Place::Unknown, |offset| Place::FrameFrom(offset, words.into())),
            _ if words.is_empty() => Place::Unknown,
            _ => Place::Behind(words.into(), 0),
        }
    }

    /// Returns the address that an instruction computes.
    fn address(&mut self, state: &State, at: usize, instruction: &Instruction) -> Value {
        let made = Origin::Made(at, number(instruction.op0_register()));
        match self.place(state, instruction) {
            Place::Constant(address) => Value::constant(address),
            Place::Frame(offset) => Value::new(Origin::Frame(offset)),
            Place::FrameFrom(offset, words) => {
                self.lowest_shown = self.lowest_shown.min(offset);
                Value::with(made, words.to_vec())
            }
            Place::Behind(words, distance) => {
                moved(&Value { words, ..Value::new(made) }, distance, made)
            }
            Place::Unknown => {
                if is_of_frame(instruction.memory_base()) || is_of_frame(instruction.memory_index())
                {
                    self.lowest_shown = i64::MIN;
                }
                Value::new(made)
            }
        }
    }

    fn load(&self, state: &State, at: usize, instruction: &Instruction) -> Value {
        let made = Origin::Made(at, LOADED);
        match self.place(state, instruction) {
            Place::Constant(address) => self.at_constant(address, made),
            Place::Frame(offset) => {
                let there = state.frame.get(&offset).cloned().unwrap_or(Value::new(made));
                if matches!(there.origin, Origin::Constant(_) | Origin::Frame(_)) {
                    return there;
                }
                let mut words = self.by_variables(state, offset);
                words.extend(there.words.iter().cloned());
                Value { stride: there.stride, ..Value::with(there.origin, words) }
            }
            Place::FrameFrom(_, words) => Value::with(made, self.behind(&words, 0)),
            Place::Behind(words, distance) => Value::with(made, self.behind(&words, distance)),
            Place::Unknown => Value::new(made),
        }
    }

    fn store(&mut self, state: &mut State, instruction: &Instruction, value: Value) {
        self.show(&value);
        let place = self.place(state, instruction);
        self.forget_at(state, &place, 8, instruction.memory_base());
        if let Place::Frame(offset) = place {
            let origin = value.origin;
            state.frame.insert(offset, value);
            let words = self.by_variables(state, offset);
            state.refine(origin, &words);
        }
    }

    /// Forgets what a write may change.
    fn forget_at(&self, state: &mut State, place: &Place, size: usize, base: Register) {
        match *place {
            Place::Frame(offset) => {
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                // Nobody says how much some instructions write.
                let size = if size == 0 { i64::MAX } else { size };
                state.forget(offset, offset.saturating_add(size));
            }
            Place::FrameFrom(offset, _) => state.forget(offset, i64::MAX),
            Place::Unknown if is_of_frame(base) => state.frame.clear(),
            _ => self.forget_shown(state),
        }
    }

    /// Forgets what may change by a write through a pointer.
    fn forget_shown(&self, state: &mut State) {
        state.forget(self.lowest_shown, i64::MAX);
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
                self.place_at(state, (used.base(), used.index()), used.scale(), distance)
            };
            self.forget_at(state, &place, used.memory_size().size(), used.base());
        }
        for used in info.used_registers() {
            let register = used.register().full_register();
            if register.is_gpr64() && !only_reads(used.access()) {
                let number = number(register);
                state.registers[number] = Value::new(Origin::Made(at, number));
            }
        }
    }

    fn calls(&mut self, state: &mut State, at: usize, instruction: &Instruction) {
        let result = match near_target(instruction) {
            Some(address) => (self.context.result)(address),
            None => match self.operand(state, at, instruction, 0) {
                Some(Value { origin: Origin::Constant(address), .. }) => {
                    (self.context.result)(address)
                }
                Some(value) => match value.words[..] {
                    [Word::Function { of, .. } | Word::InTable { of, .. }] => {
                        self.context.types.type_of(of)
                    }
                    _ => None,
                },
                None => None,
            },
        };
        self.forget_shown(state);
        if let Origin::Frame(stack) = state.registers[number(Register::RSP)].origin {
            state.forget(i64::MIN, stack);
        }
        for register in CALLERS {
            let number = number(register);
            state.registers[number] = Value::new(Origin::Made(at, number));
        }
        let Some(ty) = result else { return };
        let size = self.context.types.size(ty);
        let mut returns = |register: Register, words: Vec<Word>| {
            let number = number(register);
            state.registers[number] = Value::with(Origin::Made(at, number), words);
        };
        if size > 16 {
            // The address of the place that the caller has for it.
            returns(Register::RAX, vec![Word::pointer_to(ty)]);
            return;
        }
        for (register, offset) in [(Register::RAX, 0), (Register::RDX, 8)] {
            if let Seen::Words(words) = self.context.types.at(ty, offset) {
                returns(register, words);
            }
        }
    }
}

/// A value plus a distance.
fn moved(from: &Value, by: i64, made: Origin) -> Value {
    match from.origin {
        Origin::Constant(value) => Value::constant(value.wrapping_add_signed(by)),
        Origin::Frame(offset) => match offset.checked_add(by) {
            Some(offset) => Value::new(Origin::Frame(offset)),
            None => Value::new(made),
        },
        _ => {
            let words = from.words.iter().filter_map(|word| match word {
                Word::Pointer { to, distance } => {
                    Some(Word::Pointer { to: to.clone(), distance: distance.checked_add(by)? })
                }
                _ => None,
            });
            Value::with(made, words.collect())
        }
    }
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

//! What each instruction of 64-bit Arm does to registers and the frame.

use super::instructions::{LOADED, Place, moved};
use super::values::{Frame, Origin, State, Value, Values};
use crate::instructions::aarch64::{
    self, Base, FRAME, Instruction, LINK, Longer, Operation, SAVED, STACK, ZERO,
};
use crate::instructions::{Filler, Flow, Register, SystemCall};

/// The registers that a callee may change: all that it does not give back, but for the stack pointer.
const CALLERS: u32 = !(SAVED | 1 << 31);

/// The registers with the result of a call.
const RESULTS: [usize; 2] = [0, 1];

impl Values<'_, '_> {
    /// Does what an instruction does.
    pub(super) fn arm_step(&mut self, state: &mut State, at: usize, instruction: &Instruction) {
        let described = instruction.described;
        let is_system_call = described.system_call != SystemCall::No;
        if matches!(described.flow, Flow::Call | Flow::IndirectCall) && !is_system_call {
            self.arm_calls(state, at, instruction);
            return;
        }
        let made = |number: usize| Origin::Made(at, number);
        // All that it writes is new, but for what is known of it: that is put in its place afterwards.
        let mut known: Vec<(Register, Value)> = Vec::new();
        match instruction.operation {
            Operation::Constant { to, value } => known.push((to, Value::constant(value))),
            Operation::Insert { to, value, mask } => {
                if let Origin::Constant(before) = register(state, to).origin {
                    known.push((to, Value::constant(before & !mask | value)));
                }
            }
            Operation::Copy { to, from, is_whole: true } => {
                known.push((to, register(state, from)));
            }
            Operation::Copy { to, from, is_whole: false } => {
                if let Origin::Constant(value) = register(state, from).origin {
                    known.push((to, Value::constant(value & 0xffff_ffff)));
                }
            }
            Operation::AddConstant { to, from, by } => {
                let made = made(usize::from(to.0));
                known.push((to, moved(&register(state, from), by.cast_signed(), made)));
            }
            Operation::Add { to, from, by, longer, shift } => {
                let index = lengthened(register(state, by), longer, made(LOADED));
                let base = register(state, from);
                let place = self.place_at(state, (Some(base), Some(index)), 1 << shift, 0);
                let is_by_frame = self.is_one_of_frame([from, by]);
                let value = self.address_of(place, is_by_frame, made(usize::from(to.0)));
                known.push((to, value));
            }
            Operation::Multiply { to, one, other } => {
                let factors = [one, other].map(|factor| register(state, factor).origin);
                let stride = factors.into_iter().find_map(|factor| match factor {
                    Origin::Constant(factor) => Some(factor),
                    _ => None,
                });
                let value = Value::new(made(usize::from(to.0)));
                known.push((to, Value { stride: stride.unwrap_or(0), ..value }));
            }
            Operation::ShiftLeft { to, by } => {
                let stride = 1_u64.checked_shl(by).unwrap_or(0);
                known.push((to, Value { stride, ..Value::new(made(usize::from(to.0))) }));
            }
            Operation::Select { to, one, other } => {
                let (one, other) = (register(state, one), register(state, other));
                known.push((to, Self::either(&one, &other, made(usize::from(to.0)))));
            }
            Operation::Load { to, from, bytes, .. } => {
                if bytes == 8 {
                    for (number, to) in to.into_iter().enumerate() {
                        let Some(to) = to else { continue };
                        let place = self.arm_place(state, from, 8 * number, made(LOADED));
                        let value = self.load(state, &place, made(LOADED + number));
                        known.push((to, value));
                    }
                }
                known.extend(updated(state, from, at));
            }
            Operation::Store { what, to, bytes } => {
                self.arm_store(state, at, what, to, bytes);
                known.extend(updated(state, to, at));
            }
            Operation::StoreAnywhere => state.frame.clear(),
            Operation::Sign | Operation::Other => {}
        }
        for number in (0..32).filter(|number| instruction.written & 1 << number != 0) {
            state.registers[number] = Value::new(made(number));
        }
        for (to, value) in known {
            if to != ZERO {
                self.put(state, usize::from(to.0), value);
            }
        }
        // The kernel writes where it is told to.
        if is_system_call || described.flow == Flow::Interrupt {
            self.forget_shown(state);
        }
    }

    /// Writes to memory.
    fn arm_store(
        &mut self,
        state: &mut State,
        at: usize,
        what: [Option<Register>; 2],
        to: aarch64::Place,
        bytes: u8,
    ) {
        let is_by_frame = match to.base {
            Base::Register(base) => {
                self.is_one_of_frame([base, to.index.map_or(ZERO, |(index, ..)| index)])
            }
            Base::Address(_) => false,
        };
        let place = self.arm_place(state, to, 0, Origin::Made(at, LOADED));
        match (what, bytes) {
            ([Some(one), None], 8) => {
                let value = register(state, one);
                self.store(state, &place, is_by_frame, value);
            }
            ([Some(one), Some(other)], 16) => {
                let (one, other) = (register(state, one), register(state, other));
                let behind = self.arm_place(state, to, 8, Origin::Made(at, LOADED));
                self.store(state, &place, is_by_frame, one);
                self.store(state, &behind, is_by_frame, other);
            }
            _ => {
                for value in what.into_iter().flatten().map(|one| register(state, one)) {
                    self.show(&value);
                }
                self.forget_at(state, &place, usize::from(bytes), is_by_frame);
            }
        }
    }

    /// Returns where an instruction reads or writes memory, so many bytes behind the place that it names.
    fn arm_place(
        &self,
        state: &State,
        place: aarch64::Place,
        behind: usize,
        made: Origin,
    ) -> Place {
        let base = match place.base {
            Base::Address(address) => Value::constant(address),
            Base::Register(base) => register(state, base),
        };
        let (index, shift) = match place.index {
            None => (Value::constant(0), 0),
            Some((index, longer, shift)) => {
                (lengthened(register(state, index), longer, made), shift)
            }
        };
        let distance = i64::try_from(behind).ok().and_then(|by| place.offset.checked_add(by));
        let Some(distance) = distance else { return Place::Unknown };
        self.place_at(state, (Some(base), Some(index)), 1 << shift, distance)
    }

    fn is_one_of_frame(&self, registers: [Register; 2]) -> bool {
        registers.into_iter().any(|register| self.is_of_frame(usize::from(register.0)))
    }

    fn arm_calls(&mut self, state: &mut State, at: usize, instruction: &Instruction) {
        let value = instruction.jumps_by.map(|by| register(state, by));
        let result = self.result_of(instruction.described.target, value);
        let callers = (0..32).filter(|number| CALLERS & 1 << number != 0);
        // Where the place for a large result is, a callee need not say.
        self.after_call(state, at, result, callers, (RESULTS, false));
    }
}

/// Returns what a register has.
fn register(state: &State, of: Register) -> Value {
    match of {
        ZERO => Value::constant(0),
        of => state.registers[usize::from(of.0)].clone(),
    }
}

/// Returns a number that was made longer. Of one that is none that is known, nothing is.
fn lengthened(value: Value, longer: Longer, made: Origin) -> Value {
    let (bytes, is_signed) = match longer {
        Longer::No => return value,
        Longer::Zeros(bytes) => (bytes, false),
        Longer::Sign(bytes) => (bytes, true),
    };
    let Origin::Constant(value) = value.origin else { return Value::new(made) };
    let unused = 64_u32.saturating_sub(u32::from(bytes) * 8);
    let high = value.checked_shl(unused).unwrap_or(0);
    let value =
        if is_signed { (high.cast_signed() >> unused).cast_unsigned() } else { high >> unused };
    Value::constant(value)
}

/// Returns what the base of a place has afterwards, if it changes.
fn updated(state: &mut State, place: aarch64::Place, at: usize) -> Option<(Register, Value)> {
    let (Base::Register(base), Some(by)) = (place.base, place.update) else { return None };
    let before = register(state, base);
    if base == STACK && !matches!(before.origin, Origin::Frame(_)) {
        // What was in the frame may lie anywhere.
        state.frame.clear();
    }
    Some((base, moved(&before, by, Origin::Made(at, usize::from(base.0)))))
}

impl Frame {
    /// Reads the first instructions of a function, which make the frame.
    pub(super) fn of_arm(code: &[Instruction]) -> Self {
        let mut frame = Self::default();
        let is_saved = |register: &Option<Register>| {
            register.is_none_or(|register| (SAVED | LINK.bit()) & register.bit() != 0)
        };
        for instruction in code {
            match instruction.operation {
                Operation::AddConstant { to: STACK, from: STACK, by } => {
                    let by = by.cast_signed();
                    let Some(lower) = frame.stack.checked_add(by).filter(|_| by < 0) else { break };
                    frame.stack = lower;
                }
                Operation::AddConstant { to: FRAME, from: STACK, by } => {
                    frame.pointer = frame.stack.checked_add(by.cast_signed());
                }
                Operation::Copy { to: FRAME, from: STACK, is_whole: true } => {
                    frame.pointer = Some(frame.stack);
                }
                Operation::Store { what, to, .. }
                    if to.base == Base::Register(STACK) && what.iter().all(is_saved) =>
                {
                    let Some(lower) = frame.stack.checked_add(to.update.unwrap_or(0)) else {
                        break;
                    };
                    frame.stack = lower;
                }
                Operation::Sign => {}
                _ if instruction.described.filler != Filler::No => {}
                _ => break,
            }
        }
        frame
    }
}

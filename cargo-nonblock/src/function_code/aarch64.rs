//! What the instructions of 64-bit Arm tell of jumps by tables, and of what registers hold.

use rustc_hash::FxHashSet;

use super::{Certainty, Conditions, FunctionCode, Held, MOST_MOVES, MOST_STEPS, ReadTable, Target};
use crate::instructions::aarch64::{
    Base, FRAME, Instruction, LINK, Longer, Operation, Place, STACK, ZERO,
};
use crate::instructions::{Filler, Flow, Register, SystemCall};

/// How many entries of a table of jumps are read: a table has fewer, and what follows it may go on like it.
const MOST_ENTRIES: u64 = 1 << 16;

/// How a jump finds its target in a table: at a distance from a base, which the table holds as a number of some bytes.
struct ByTable {
    /// The instruction that loads the number, and the register with the table's address.
    load: usize,
    table: Register,
    /// The number's bytes, and how many bits it is shifted to the left.
    bytes: u8,
    is_signed: bool,
    shift: u8,
    /// The instruction that adds the base, and the register that has it.
    add: usize,
    base: Register,
}

impl FunctionCode {
    /// Returns where an indirect jump may lead in the function by a table, and perhaps more, as for x86-64.
    ///
    /// Compilers load a number of one, two or four bytes from the table, shift it, and add the address of an instruction, or that of the
    /// table. No pointer to a function is made so.
    pub(super) fn arm_targets(
        &self,
        decoded: &[Instruction],
        jump: usize,
        table: ReadTable<'_>,
    ) -> (Vec<u64>, Certainty) {
        let Some(by) = self.by_table(decoded, jump) else {
            return (Vec::new(), Certainty::Certain);
        };
        let mut held = Vec::new();
        let start = self.fixed(decoded, by.load, by.table, &mut held, MOST_MOVES);
        let base = self.fixed(decoded, by.add, by.base, &mut held, MOST_MOVES);
        let (Some(start), Some(base)) = (start, base) else {
            return (Vec::new(), Certainty::Unknown);
        };
        let targets = self.targets(|entry| {
            if entry > MOST_ENTRIES {
                return None;
            }
            let at = start.checked_add(entry.checked_mul(u64::from(by.bytes))?)?;
            let distance = number(table, at, by.bytes, by.is_signed)?;
            Some(base.wrapping_add_signed(distance << by.shift))
        });
        let is_known = !targets.is_empty() && (targets.len() as u64) < MOST_ENTRIES;
        let certainty = if is_known {
            Certainty::If(Conditions { held, run: by.load + 1..jump + 1 })
        } else {
            Certainty::Unknown
        };
        (targets, certainty)
    }

    fn by_table(&self, decoded: &[Instruction], jump: usize) -> Option<ByTable> {
        let register = decoded[jump].jumps_by?;
        let add = self.definition_right_before(jump, register)?;
        let Operation::Add { from, by, longer, shift, .. } = decoded[add].operation else {
            return None;
        };
        let sides = [(by, from, longer, shift), (from, by, Longer::No, 0)];
        let is_sum = longer == Longer::No && shift == 0;
        let sides = sides.into_iter().take(if is_sum { 2 } else { 1 });
        sides.into_iter().find_map(|(distance, base, longer, shift)| {
            let load = self.definition_right_before(add, distance)?;
            let Operation::Load { to, from, bytes, longer: loaded } = decoded[load].operation
            else {
                return None;
            };
            let Place {
                base: Base::Register(table), index: Some((_, _, scale)), offset: 0, ..
            } = from
            else {
                return None;
            };
            let is_entry = to[0] == Some(distance)
                && matches!(bytes, 1 | 2 | 4)
                && 1 << scale == u32::from(bytes)
                && shift < 8;
            // The number is made longer where it is loaded, or where it is added.
            let is_signed = match (loaded, longer) {
                (Longer::Sign(_), Longer::No) => true,
                (Longer::Zeros(_), Longer::Sign(of)) if of == bytes => true,
                (Longer::Zeros(_), Longer::No | Longer::Zeros(4)) => false,
                (Longer::Zeros(_), Longer::Zeros(of)) if of == bytes => false,
                _ => return None,
            };
            is_entry.then_some(ByTable { load, table, bytes, is_signed, shift, add, base })
        })
    }

    /// Returns the address that a register has before an instruction, by what wrote it last. It has to be held on all ways.
    fn fixed(
        &self,
        decoded: &[Instruction],
        index: usize,
        register: Register,
        held: &mut Vec<Held>,
        moves: usize,
    ) -> Option<u64> {
        let at = self.definition_above(index, register)?;
        let value = match decoded[at].operation {
            Operation::Constant { to, value } if to == register => value,
            Operation::AddConstant { to, from, by } if to == register => {
                self.fixed(decoded, at, from, held, moves.checked_sub(1)?)?.wrapping_add(by)
            }
            Operation::Copy { to, from, is_whole: true } if to == register => {
                self.fixed(decoded, at, from, held, moves.checked_sub(1)?)?
            }
            _ => return None,
        };
        held.push(Held { before: index, register, address: value });
        Some(value)
    }

    /// Where a call or a jump leads. `None` if it is no such instruction.
    pub(super) fn arm_target(&self, index: usize, instruction: &Instruction) -> Option<Target> {
        let described = instruction.described;
        match described.flow {
            Flow::Call if described.system_call == SystemCall::No => {
                described.target.map(Target::Address)
            }
            Flow::IndirectCall | Flow::IndirectJump => {
                let held = instruction.jumps_by.and_then(|register| self.held(index, register));
                Some(held.unwrap_or(Target::Computed { offset: None }))
            }
            _ => None,
        }
    }

    /// Whether an instruction loads the caller's value of a register from the frame, which the function then does not use any more.
    pub(super) fn arm_gives_back(
        &self,
        decoded: &[Instruction],
        index: usize,
        register: Register,
    ) -> bool {
        let Operation::Load { to, from, bytes: 8, .. } = decoded[index].operation else {
            return false;
        };
        let is_frame = matches!(from.base, Base::Register(STACK | FRAME)) && from.index.is_none();
        if !is_frame || !to.contains(&Some(register)) {
            return false;
        }
        for instruction in &decoded[index + 1..] {
            match instruction.described.flow {
                Flow::Return => return true,
                Flow::Jump => {
                    let target = instruction.described.target;
                    return target.is_some_and(|target| !self.contains(target));
                }
                Flow::IndirectJump | Flow::Next => {}
                _ => return false,
            }
            // The frame pointer may be what the rest is loaded by.
            if instruction.named & register.bit() != 0 {
                return false;
            }
            if instruction.described.flow == Flow::IndirectJump {
                return true;
            }
        }
        false
    }

    pub(super) fn arm_loaded_by(
        &self,
        decoded: &[Instruction],
        at: usize,
        register: Register,
        moves: usize,
    ) -> Option<Target> {
        match decoded[at].operation {
            Operation::Copy { to, from, is_whole: true } if to == register && from != ZERO => {
                self.held_after(at, from, moves.checked_sub(1)?)
            }
            Operation::Load { to: [Some(to), None], from, bytes: 8, .. }
                if to == register && from.update.is_none() =>
            {
                self.arm_slot(at, from, moves)
            }
            _ => self.arm_constant_by(decoded, at, register, moves).map(Target::Address),
        }
    }

    /// Returns what is known of the place from which an instruction loads.
    fn arm_slot(&self, at: usize, from: Place, moves: usize) -> Option<Target> {
        if from.index.is_some() {
            return Some(Target::Computed { offset: None });
        }
        let base = match from.base {
            Base::Address(address) => Some(address),
            Base::Register(base) => self.constant_after(at, base, moves.checked_sub(1)?),
        };
        if let Some(base) = base {
            return Some(Target::Slot(base.wrapping_add_signed(from.offset)));
        }
        // What lies in the frame is no method in a table.
        let is_frame = matches!(from.base, Base::Register(STACK | FRAME));
        let offset = u64::try_from(from.offset).ok().filter(|_| !is_frame);
        Some(Target::Computed { offset })
    }

    pub(super) fn arm_constant_by(
        &self,
        decoded: &[Instruction],
        at: usize,
        register: Register,
        moves: usize,
    ) -> Option<u64> {
        let before = |from: Register| match from {
            ZERO => Some(0),
            from => self.constant_after(at, from, moves.checked_sub(1)?),
        };
        match decoded[at].operation {
            Operation::Constant { to, value } if to == register => Some(value),
            Operation::Insert { to, value, mask } if to == register => {
                Some(before(register)? & !mask | value)
            }
            Operation::AddConstant { to, from, by } if to == register => {
                Some(before(from)?.wrapping_add(by))
            }
            Operation::Copy { to, from, is_whole } if to == register => {
                let value = before(from)?;
                Some(if is_whole { value } else { value & 0xffff_ffff })
            }
            _ => None,
        }
    }

    /// Returns the slot whose word a conditional jump compares with zero, and whether it jumps if it is zero.
    pub(super) fn arm_compared_with_zero(
        &self,
        decoded: &[Instruction],
        jump: usize,
        entered: &FxHashSet<usize>,
    ) -> Option<(u64, bool)> {
        let if_equal = decoded[jump].jumps_if_equal?;
        // It compares itself, or the instruction right before it does.
        let at = if decoded[jump].compares.is_some() || entered.contains(&jump) {
            jump
        } else {
            // One that jumps, too, compares for itself only.
            jump.checked_sub(1).filter(|at| decoded[*at].described.flow == Flow::Next)?
        };
        Some((self.slot_in(at, decoded[at].compares?)?, if_equal))
    }

    /// Returns the instruction by which the function returns to an address that it has not been given, as far as anybody knows: on some way
    /// there it has written the register of that address in another way than functions do that give it back.
    pub(crate) fn returns_elsewhere(&self) -> Option<usize> {
        let super::Decoded::Arm(decoded) = &self.decoded else { return None };
        let writes = |one: &Instruction| one.written & LINK.bit() != 0;
        let is_usual = |one: &Instruction| match one.operation {
            Operation::Load { to, from, bytes: 8, .. } => {
                let is_frame = matches!(from.base, Base::Register(STACK | FRAME));
                to.contains(&Some(LINK)) && is_frame && from.index.is_none()
            }
            // It is this address that it signs.
            Operation::Sign => true,
            // Behind a call that never returns.
            _ => one.described.is_call(),
        };
        if !decoded.iter().any(|one| writes(one) && !is_usual(one)) {
            return None;
        }
        let mut returns = (0..decoded.len())
            .filter(|index| decoded[*index].described.flow == Flow::Return)
            .collect::<Vec<_>>()
            .into_iter();
        returns.find(|index| {
            let mut seen = FxHashSet::from_iter([*index]);
            let mut open = vec![*index];
            while let Some(at) = open.pop() {
                if self.has_unknown_jump || seen.len() > MOST_STEPS {
                    return true;
                }
                let mut before = self.before(at).peekable();
                // Nobody knows from where it is entered.
                if before.peek().is_none() && at != 0 && decoded[at].described.filler == Filler::No
                {
                    return true;
                }
                for previous in before {
                    let one = &decoded[previous];
                    match (writes(one), is_usual(one)) {
                        (true, false) => return true,
                        (true, true) if one.operation != Operation::Sign => {}
                        _ => {
                            if seen.insert(previous) {
                                open.push(previous);
                            }
                        }
                    }
                }
            }
            false
        })
    }
}

/// Reads a number of a table. Only four bytes at once can be read.
fn number(table: ReadTable<'_>, at: u64, bytes: u8, is_signed: bool) -> Option<i64> {
    let read = |back: u64| {
        let word = table(at.checked_sub(back)?)?.cast_unsigned();
        let bits = u32::from(bytes) * 8;
        let (shift, end) = (u32::try_from(back * 8).ok()?, u32::try_from(back * 8).ok()? + bits);
        (end <= 32).then(|| {
            let number = word >> shift << (32 - bits);
            let signed = i64::from(number.cast_signed() >> (32 - bits));
            if is_signed { signed } else { i64::from(number >> (32 - bits)) }
        })
    };
    // At the end of the constants there are not four bytes.
    (0..4).find_map(read)
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::super::{Around, FunctionCode};
    use crate::machine::Machine;

    #[test]
    fn a_jump_that_compares_for_itself_says_nothing_to_the_next() {
        // adrp x3, 0x20000; ldr x3, [x3, #8]; cmp x0, x1; cbz x3, +8; b.eq +4; ret; and cmp x3, #0; b.eq +4; ret in place of the last four
        let begin = [0x9000_0083, 0xf940_0463];
        let compared = |end: &[u32], jump: usize| {
            let words = begin.iter().chain(end);
            let bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
            let around = Around::with_table(Machine::AArch64, &|_| None);
            let code = FunctionCode::read(&bytes, 0x1_0000, around);
            code.compared_with_zero(jump, &FxHashSet::default())
        };
        let [compare, jump] = [0xeb01_001f, 0x5400_0020];
        let both = [compare, 0xb400_0043, jump, 0xd65f_03c0];
        assert_eq!(compared(&both, 3), Some((0x2_0008, true)));
        assert_eq!(compared(&both, 4), None);
        assert_eq!(compared(&[0xf100_007f, jump, 0xd65f_03c0], 3), Some((0x2_0008, true)));
    }
}

//! The instructions of 64-bit Arm that compute.

use yaxpeax_arm::armv8::a64::{Instruction as Decoded, Opcode, Operand, ShiftStyle};

use super::operands::{index, longer, number, register, registers_of, whole};
use super::operation::{Operation, ZERO};

/// What computes writes its first operand only, if that is not what it compares.
pub(super) fn written_by_computing(decoded: &Decoded) -> u32 {
    match decoded.opcode {
        Opcode::CCMP | Opcode::CCMN | Opcode::RMIF | Opcode::SETF8 | Opcode::SETF16 => 0,
        _ => registers_of(decoded.operands[0]),
    }
}

/// What computes does.
pub(super) fn computes(decoded: &Decoded, address: u64) -> Operation {
    known(decoded, address).unwrap_or(Operation::Other)
}

fn known(decoded: &Decoded, address: u64) -> Option<Operation> {
    let [first, second, third, fourth] = decoded.operands;
    let to = register(first)?;
    let is_whole = whole(first).is_some();
    let half = |value: u64| if is_whole { value } else { value & 0xffff_ffff };
    Some(match (decoded.opcode, second, third) {
        (Opcode::ADR, Operand::PCOffset(distance), _) => {
            Operation::Constant { to, value: address.wrapping_add_signed(distance) }
        }
        (Opcode::ADRP, Operand::PCOffset(distance), _) => {
            Operation::Constant { to, value: (address & !0xfff).wrapping_add_signed(distance) }
        }
        (Opcode::MOVZ, ..) => Operation::Constant { to, value: half(number(second)?) },
        (Opcode::MOVN, ..) => Operation::Constant { to, value: half(!number(second)?) },
        (Opcode::MOVK, Operand::ImmShift(_, shift), _) => {
            let mask = 0xffff_u64.checked_shl(u32::from(shift))?;
            let rest = if is_whole { 0 } else { 0xffff_ffff_0000_0000 };
            Operation::Insert { to, value: number(second)?, mask: mask | rest }
        }
        (Opcode::ORR, _, Operand::RegShift(ShiftStyle::LSL, 0, _, from))
            if register(second)? == ZERO =>
        {
            Operation::Copy { to, from: index(from), is_whole }
        }
        (Opcode::ORR, _, Operand::Immediate(_) | Operand::Imm64(_))
            if register(second)? == ZERO =>
        {
            Operation::Constant { to, value: half(number(third)?) }
        }
        (Opcode::ADD | Opcode::SUB, _, Operand::Immediate(_) | Operand::ImmShift(..))
            if is_whole =>
        {
            let by = number(third)?;
            let by = if decoded.opcode == Opcode::ADD { by } else { by.wrapping_neg() };
            match by {
                0 => Operation::Copy { to, from: register(second)?, is_whole },
                _ => Operation::AddConstant { to, from: register(second)?, by },
            }
        }
        (Opcode::ADD, _, Operand::RegShift(style, shift, size, by)) if is_whole => {
            let longer = longer(style, size)?;
            Operation::Add { to, from: register(second)?, by: index(by), longer, shift }
        }
        (Opcode::MADD, _, _) if is_whole && register(fourth)? == ZERO => {
            Operation::Multiply { to, one: register(second)?, other: register(third)? }
        }
        (Opcode::UBFM, _, Operand::Immediate(rotated)) if is_whole => {
            let Operand::Immediate(last) = fourth else { return None };
            let by = 63_u32.checked_sub(last)?;
            let is_shift = last < 63 && rotated == last + 1;
            if !is_shift {
                return None;
            }
            Operation::ShiftLeft { to, by }
        }
        (Opcode::CSEL, ..) if is_whole => {
            Operation::Select { to, one: register(second)?, other: register(third)? }
        }
        _ => return None,
    })
}

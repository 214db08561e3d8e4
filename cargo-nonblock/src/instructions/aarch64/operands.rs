//! The operands of instructions of 64-bit Arm.

use yaxpeax_arm::armv8::a64::{Instruction as Decoded, Operand, ShiftStyle, SizeCode};

use super::operation::{Longer, ZERO};
use crate::instructions::instruction::Register;

/// Returns the register that an operand is.
pub(super) fn register(operand: Operand) -> Option<Register> {
    let number = |number: u16| u8::try_from(number).map(Register).ok();
    match operand {
        Operand::Register(_, 31) => Some(ZERO),
        Operand::Register(_, of) | Operand::RegisterOrSP(_, of) => number(of),
        _ => None,
    }
}

/// Returns the register of eight bytes that an operand is.
pub(super) fn whole(operand: Operand) -> Option<Register> {
    match operand {
        Operand::Register(SizeCode::X, _) | Operand::RegisterOrSP(SizeCode::X, _) => {
            register(operand)
        }
        _ => None,
    }
}

/// Returns the register by which an address is given. There the last one is the stack pointer.
pub(super) fn base(number: u16) -> Register {
    Register(u8::try_from(number).unwrap_or(u8::MAX))
}

/// Returns the register that is added to an address. There the last one is zero.
pub(super) fn index(number: u16) -> Register {
    if number == 31 { ZERO } else { base(number) }
}

/// Returns the general registers that an operand names.
pub(super) fn registers_of(operand: Operand) -> u32 {
    match operand {
        Operand::Register(..) | Operand::RegisterOrSP(..) => {
            register(operand).map_or(0, Register::bit)
        }
        Operand::RegisterPair(_, number) => index(number).bit() | index(number + 1).bit(),
        Operand::RegShift(_, _, _, number) => index(number).bit(),
        Operand::RegRegOffset(own, other, ..) | Operand::RegPostIndexReg(own, other) => {
            base(own).bit() | index(other).bit()
        }
        Operand::RegPreIndex(own, ..) | Operand::RegPostIndex(own, _) => base(own).bit(),
        _ => 0,
    }
}

/// Returns all general registers that an instruction names.
pub(super) fn registers(decoded: &Decoded) -> u32 {
    decoded.operands.iter().fold(0, |bits, operand| bits | registers_of(*operand))
}

/// Returns how a register is made longer that is added.
pub(super) fn longer(style: ShiftStyle, size: SizeCode) -> Option<Longer> {
    Some(match (style, size) {
        (ShiftStyle::LSL | ShiftStyle::UXTX | ShiftStyle::SXTX, SizeCode::X) => Longer::No,
        (ShiftStyle::UXTB, _) => Longer::Zeros(1),
        (ShiftStyle::UXTH, _) => Longer::Zeros(2),
        (ShiftStyle::UXTW | ShiftStyle::LSL, SizeCode::W) => Longer::Zeros(4),
        (ShiftStyle::SXTB, _) => Longer::Sign(1),
        (ShiftStyle::SXTH, _) => Longer::Sign(2),
        (ShiftStyle::SXTW, SizeCode::W) => Longer::Sign(4),
        _ => return None,
    })
}

/// The number that an operand is.
pub(super) fn number(operand: Operand) -> Option<u64> {
    Some(match operand {
        Operand::Immediate(value) => u64::from(value),
        Operand::Imm64(value) => value,
        Operand::ImmShift(value, shift) => u64::from(value).checked_shl(u32::from(shift))?,
        _ => return None,
    })
}

//! The instructions of 64-bit Arm that read or write memory.

use yaxpeax_arm::armv8::a64::{Instruction as Decoded, Opcode, Operand, SIMDSizeCode, SizeCode};

use super::operands::{base, index, longer, register, registers, registers_of, whole};
use super::operation::{Base, Longer, Operation, Place};

/// The registers that what reads or writes memory writes.
pub(super) fn written_by_moving(decoded: &Decoded) -> u32 {
    let [first, second, ..] = decoded.operands;
    let updated = decoded.operands.iter().fold(0, |bits, operand| match operand {
        Operand::RegPreIndex(own, _, true)
        | Operand::RegPostIndex(own, _)
        | Operand::RegPostIndexReg(own, _) => bits | base(*own).bit(),
        _ => bits,
    });
    let written = match kind(decoded.opcode) {
        // Of the latter the first is whether it was stored.
        Kind::Load { .. } | Kind::StoreExclusive => registers_of(first),
        Kind::LoadPair => registers_of(first) | registers_of(second),
        Kind::Store { .. } | Kind::StorePair | Kind::Prefetch => 0,
        Kind::Other => registers(decoded),
    };
    written | updated
}

/// What an instruction does that reads or writes memory.
enum Kind {
    /// So many bytes, or 0 if that depends on the register.
    Load {
        bytes: u8,
        is_signed: bool,
    },
    LoadPair,
    Store {
        bytes: u8,
    },
    StorePair,
    StoreExclusive,
    Prefetch,
    Other,
}

fn kind(opcode: Opcode) -> Kind {
    use Opcode as O;
    let load = |bytes, is_signed| Kind::Load { bytes, is_signed };
    match opcode {
        O::LDR
        | O::LDUR
        | O::LDTR
        | O::LDAR
        | O::LDLAR
        | O::LDXR
        | O::LDAXR
        | O::LDAPR
        | O::LDAPUR => load(0, false),
        O::LDRB
        | O::LDURB
        | O::LDTRB
        | O::LDARB
        | O::LDLARB
        | O::LDXRB
        | O::LDAXRB
        | O::LDAPRB
        | O::LDAPURB => load(1, false),
        O::LDRH
        | O::LDURH
        | O::LDTRH
        | O::LDARH
        | O::LDLARH
        | O::LDXRH
        | O::LDAXRH
        | O::LDAPRH
        | O::LDAPURH => load(2, false),
        O::LDRSB | O::LDURSB | O::LDTRSB | O::LDAPURSB => load(1, true),
        O::LDRSH | O::LDURSH | O::LDTRSH | O::LDAPURSH => load(2, true),
        O::LDRSW | O::LDURSW | O::LDTRSW | O::LDAPURSW => load(4, true),
        O::LDP | O::LDNP | O::LDPSW | O::LDXP | O::LDAXP => Kind::LoadPair,
        O::STR | O::STUR | O::STTR | O::STLR | O::STLLR | O::STLUR => Kind::Store { bytes: 0 },
        O::STRB | O::STURB | O::STTRB | O::STLRB | O::STLLRB | O::STLURB => {
            Kind::Store { bytes: 1 }
        }
        O::STRH | O::STURH | O::STTRH | O::STLRH | O::STLLRH | O::STLURH => {
            Kind::Store { bytes: 2 }
        }
        O::STP | O::STNP => Kind::StorePair,
        O::STXR | O::STLXR | O::STXP | O::STLXP | O::STXRB | O::STLXRB | O::STXRH | O::STLXRH => {
            Kind::StoreExclusive
        }
        O::PRFM | O::PRFUM => Kind::Prefetch,
        _ => Kind::Other,
    }
}

/// Returns the place in memory that an operand is. `None` if nobody says which it is.
fn place(operand: Operand, address: u64) -> Option<Place> {
    let at = |own, offset, update| Place {
        base: Base::Register(base(own)),
        index: None,
        offset,
        update,
    };
    Some(match operand {
        Operand::PCOffset(distance) => Place {
            base: Base::Address(address.wrapping_add_signed(distance)),
            index: None,
            offset: 0,
            update: None,
        },
        Operand::RegPreIndex(own, offset, is_updated) => {
            let offset = i64::from(offset);
            at(own, offset, is_updated.then_some(offset))
        }
        Operand::RegPostIndex(own, by) => at(own, 0, Some(i64::from(by))),
        Operand::RegRegOffset(own, other, size, style, shift) => {
            let longer = longer(style, size)?;
            Place { index: Some((index(other), longer, shift)), ..at(own, 0, None) }
        }
        _ => return None,
    })
}

/// How many bytes a register has that is loaded or stored.
fn bytes_of(operand: Operand) -> u8 {
    match operand {
        Operand::Register(SizeCode::X, _) | Operand::SIMDRegister(SIMDSizeCode::D, _) => 8,
        Operand::Register(SizeCode::W, _) | Operand::SIMDRegister(SIMDSizeCode::S, _) => 4,
        Operand::SIMDRegister(SIMDSizeCode::B, _) => 1,
        Operand::SIMDRegister(SIMDSizeCode::H, _) => 2,
        // All of a vector register, at most.
        _ => 16,
    }
}

/// What reads or writes memory does.
pub(super) fn moves(decoded: &Decoded, address: u64) -> Operation {
    let [first, second, third, _] = decoded.operands;
    let known = match kind(decoded.opcode) {
        Kind::Load { bytes, is_signed } => place(second, address).map(|from| {
            let bytes = if bytes == 0 { bytes_of(first) } else { bytes };
            let longer = match bytes {
                8.. => Longer::No,
                _ if is_signed => Longer::Sign(bytes),
                _ => Longer::Zeros(bytes),
            };
            Operation::Load { to: [register(first), None], from, bytes, longer }
        }),
        Kind::LoadPair => place(third, address).map(|from| {
            let is_whole = decoded.opcode != Opcode::LDPSW && whole(first).is_some();
            let (bytes, longer) = if is_whole { (8, Longer::No) } else { (0, Longer::Zeros(4)) };
            let to = if is_whole { [whole(first), whole(second)] } else { [None, None] };
            Operation::Load { to, from, bytes, longer }
        }),
        Kind::Store { bytes } => place(second, address).map(|to| {
            let bytes = if bytes == 0 { bytes_of(first) } else { bytes };
            let what = if bytes == 8 { [whole(first), None] } else { [None, None] };
            Operation::Store { what, to, bytes }
        }),
        Kind::StorePair => place(third, address).map(|to| {
            let what = [whole(first), whole(second)];
            Operation::Store { what, to, bytes: bytes_of(first).saturating_mul(2) }
        }),
        Kind::Prefetch => return Operation::Other,
        Kind::StoreExclusive | Kind::Other => {
            let mut operands = decoded.operands.iter();
            let place = operands.find_map(|operand| place(*operand, address));
            // So much is written by none that is not one of several vectors.
            place.map(|to| Operation::Store { what: [None, None], to, bytes: 0 })
        }
    };
    known.unwrap_or(Operation::StoreAnywhere)
}

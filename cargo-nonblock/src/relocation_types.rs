//! What the linker fills in, by the types of relocations.

use crate::machine::Machine;

/// What the linker has filled in at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The address itself.
    Address,
    /// The distance to the address, or a part of it. It is counted from so many bytes behind the place.
    Distance {
        /// How many.
        from: i64,
    },
    /// The distance to where a call or a jump leads.
    Branch,
    /// A part of the address, from which instructions make it.
    Part,
    /// The distance to a slot that holds the address, or a part of it.
    Slot,
    /// A call of a function that tells where a variable of a thread is.
    CallForVariable,
    /// Something else, which leads to no code: mostly where a variable of a thread is.
    Nothing,
}

/// Returns what a type of relocations fills in.
pub(crate) fn holds(machine: Machine, ty: u32) -> Holds {
    match machine {
        Machine::X86_64 => holds_on_x86_64(ty),
        Machine::AArch64 => holds_on_aarch64(ty),
    }
}

/// See the psABI of x86-64, "Relocation Types".
fn holds_on_x86_64(ty: u32) -> Holds {
    match ty {
        // Those of 64 and 32 bits.
        1 | 10 | 11 => Holds::Address,
        // `PC32` and `PLT32`. The displacement counts from the end of its four bytes, which is mostly the end of the instruction.
        2 | 4 => Holds::Distance { from: 4 },
        // `GOTPCREL`, `GOTPCRELX`, `REX_GOTPCRELX`, `CODE_4_GOTPCRELX`.
        9 | 41 | 42 | 43 => Holds::Slot,
        16..=23 | 34 | 35 | 36 | 44 => Holds::Nothing,
        _ => Holds::Part,
    }
}

/// See the ABI of 64-bit Arm for ELF, "Relocation codes".
fn holds_on_aarch64(ty: u32) -> Holds {
    match ty {
        // Those of 64, 32 and 16 bits.
        257..=259 => Holds::Address,
        // `PREL64`, `PREL32`, `PREL16`, `PLT32`.
        260..=262 | 314 => Holds::Distance { from: 0 },
        // `TSTBR14`, `CONDBR19`, `JUMP26`, `CALL26`.
        279 | 280 | 282 | 283 => Holds::Branch,
        // Those of the table of slots, and `GOTPCREL32`.
        300..=306 | 309..=313 | 315 => Holds::Slot,
        // `TLSDESC_CALL`.
        569 => Holds::CallForVariable,
        512..=573 => Holds::Nothing,
        _ => Holds::Part,
    }
}

/// Whether a relocation is one by which the dynamic loader writes an address that it has computed by calling a function.
pub(crate) fn is_chosen_at_load_time(machine: Machine, ty: u32) -> bool {
    match machine {
        Machine::X86_64 => ty == 37,
        Machine::AArch64 => ty == 1032,
    }
}

/// Whether the dynamic loader writes something else than an address by a relocation: what concerns variables of threads, mostly.
pub(crate) fn is_no_address(machine: Machine, ty: u32) -> bool {
    match machine {
        // Nothing calls by such a slot.
        Machine::X86_64 => false,
        // All but `ABS64`, `GLOB_DAT`, `JUMP_SLOT` and `RELATIVE`.
        Machine::AArch64 => !matches!(ty, 257 | 1025..=1027),
    }
}

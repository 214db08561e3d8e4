//! The types of relocations of x86-64, and how the value of each is made.

/// The types of relocations: see the psABI, "Relocation Types".
pub(super) mod types {
    pub(in super::super) const NONE: u32 = 0;
    pub(in super::super) const PC_32: u32 = 2;
    pub(in super::super) const GLOB_DAT: u32 = 6;
    pub(in super::super) const IRELATIVE: u32 = 37;
}

/// How a relocation's value is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Formula {
    /// The address.
    Absolute,
    /// The distance from the place.
    Relative,
    /// The distance of the slot that holds the address.
    RelativeSlot,
    /// The distance from the table of slots, or of the table or a slot.
    FromGot,
    GotItself,
    SlotFromGot,
    Size,
    /// What concerns thread-local variables: it leads to no code.
    ThreadLocal,
}

/// Returns how a type's value is made, and how many bytes it has. A signed one of four bytes has to fit.
pub(super) fn formula(ty: u32) -> Option<(Formula, usize)> {
    Some(match ty {
        1 => (Formula::Absolute, 8),
        2 | 4 => (Formula::Relative, 4),
        3 => (Formula::SlotFromGot, 4),
        9 | 41 | 42 | 43 => (Formula::RelativeSlot, 4),
        10 | 11 => (Formula::Absolute, 4),
        12 => (Formula::Absolute, 2),
        13 => (Formula::Relative, 2),
        14 => (Formula::Absolute, 1),
        15 => (Formula::Relative, 1),
        16..=18 | 36 => (Formula::ThreadLocal, 8),
        19..=23 | 34 | 44 | 45 => (Formula::ThreadLocal, 4),
        35 => (Formula::ThreadLocal, 0),
        24 => (Formula::Relative, 8),
        25 | 31 => (Formula::FromGot, 8),
        26 => (Formula::GotItself, 4),
        27 | 30 => (Formula::SlotFromGot, 8),
        28 => (Formula::RelativeSlot, 8),
        29 => (Formula::GotItself, 8),
        32 => (Formula::Size, 4),
        33 => (Formula::Size, 8),
        _ => return None,
    })
}

pub(super) fn fits_in_32_bits(value: u64, formula: Formula) -> bool {
    let is_signed = i32::try_from(value.cast_signed()).is_ok();
    is_signed || (formula == Formula::Absolute && u32::try_from(value).is_ok())
}

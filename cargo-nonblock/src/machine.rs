//! The processors whose programs can be read.

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// That of 64-bit PCs.
    X86_64,
    /// 64-bit Arm, with the lower byte of a word first.
    AArch64,
}

impl Machine {
    /// Returns the processor of a file by the number in its header.
    pub(crate) const fn of(number: u16) -> Option<Self> {
        match number {
            62 => Some(Self::X86_64),
            183 => Some(Self::AArch64),
            _ => None,
        }
    }

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86-64",
            Self::AArch64 => "AArch64",
        }
    }

    /// Returns how many bytes at most a stub has that jumps to another shared object.
    pub(crate) const fn stub(self) -> usize {
        match self {
            Self::X86_64 => 16,
            Self::AArch64 => 24,
        }
    }
}

//! An instruction of any processor.

/// A general register, by the number that the processor's manual gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register(pub(crate) u8);

impl Register {
    /// Returns the bit of the register in a set of them.
    pub(crate) const fn bit(self) -> u32 {
        if self.0 < 32 { 1 << self.0 } else { 0 }
    }
}

/// Where execution goes from an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// To the next.
    Next,
    /// Elsewhere, always.
    Jump,
    /// Elsewhere, or to the next.
    ConditionalJump,
    /// To a computed address.
    IndirectJump,
    /// To a function, and from there to the next.
    Call,
    /// To a function whose address is computed, and from there to the next.
    IndirectCall,
    /// To the caller.
    Return,
    /// To the kernel, as an interrupt does, and mostly to the next.
    Interrupt,
    /// To the kernel, which ends the program.
    Exception,
    /// In some other way.
    Other,
}

/// Whether an instruction makes a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SystemCall {
    No,
    Yes,
    /// In a way that programs for older processors have.
    Old,
}

/// Whether an instruction does nothing, as is put between blocks of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filler {
    No,
    /// `nop`.
    Nop,
    /// It only marks where indirect calls and jumps may lead.
    Mark,
    /// It does nothing, and is written as another that does something.
    Same,
    /// It stops the processor.
    Halt,
}

/// What an instruction does to the flow of control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) address: u64,
    pub(crate) flow: Flow,
    /// Where a direct call or jump leads.
    pub(crate) target: Option<u64>,
    pub(crate) system_call: SystemCall,
    pub(crate) filler: Filler,
}

impl Instruction {
    /// Whether it calls something that may write any register but those that functions give back.
    pub(crate) fn is_call(&self) -> bool {
        matches!(self.flow, Flow::Call | Flow::IndirectCall | Flow::Interrupt)
    }

    /// Where a direct jump leads. `None` if it is none.
    pub(crate) fn jumps_to(&self) -> Option<u64> {
        let is_jump = matches!(self.flow, Flow::Jump | Flow::ConditionalJump);
        self.target.filter(|_| is_jump)
    }
}

//! The instructions of 64-bit Arm.
//!
//! They are decoded by `yaxpeax-arm`. What it cannot decode is no instruction here, and so is what only the kernel may execute. Of the rest
//! it is told which registers each may write: too many in doubt, and never too few.

mod computing;
mod decode;
mod memory;
mod operands;
mod operation;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use decode::{begins_instruction, only_loads, read};
pub(crate) use operation::{
    ARGUMENTS, Base, FRAME, Instruction, LENGTH, LINK, Longer, Operation, Place, SAVED, STACK,
    SYSTEM_CALL_NUMBER, ZERO,
};
pub(crate) use words::{branch_target, computed};

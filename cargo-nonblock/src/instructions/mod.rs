//! Single instructions: what each of them does to the flow of control, in the same words for each processor, and what it does to registers
//! and memory, as far as its processor's file tells.

pub(crate) mod aarch64;
mod instruction;
pub(crate) mod x86_64;

pub(crate) use instruction::{Filler, Flow, Instruction, Register, SystemCall};

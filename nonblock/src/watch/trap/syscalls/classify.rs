//! The decision: may this call block?

use super::ask::Ask;
use super::condition::low_half;
use super::numbers;
use super::system_call::{Argument, Class, SystemCall};

/// What is decided of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) call: &'static SystemCall,
    pub(crate) may_block: bool,
    /// Why it may block, or why it does not. One sentence.
    pub(crate) why: &'static str,
}

/// A call that the table does not have. It may be newer than the table.
static UNKNOWN: SystemCall = SystemCall {
    name: "",
    class: Class::MayBlock,
    reason: "It is not in the table of system calls.",
    arguments: &[Argument::Hex; 6],
};

/// Decides whether a system call may block.
///
/// # Context
///
/// A signal handler may call it: it allocates nothing, takes no lock, calls nothing of libc's, and does not panic. What it
/// has to know beside the arguments it asks of `ask`.
///
/// # Arguments
///
/// * `number`: the call's, as it is in the register. The kernel looks at its low half, and so does this.
pub(crate) fn classify(number: usize, arguments: &[usize; 6], ask: &impl Ask) -> Verdict {
    let call = numbers::find(numbers::NATIVE, low_half(number)).unwrap_or(&UNKNOWN);
    decide(call, arguments, ask)
}

/// Decides whether a call of the table may block.
pub(super) fn decide(call: &'static SystemCall, arguments: &[usize; 6], ask: &impl Ask) -> Verdict {
    let exception = match call.class {
        Class::NeverBlocks => return Verdict { call, may_block: false, why: call.reason },
        Class::MayBlock => None,
        Class::ByArguments(exceptions) => {
            exceptions.iter().find(|exception| exception.when.holds(arguments, ask))
        }
    };
    match exception {
        Some(exception) => Verdict { call, may_block: false, why: exception.why },
        None => Verdict { call, may_block: true, why: call.reason },
    }
}

//! Which instructions of a function a run comes to, and what for: some run only when something unwinds, some only before a panic, and some
//! never.

use std::collections::HashSet;

use rustc_hash::FxHashSet;

use crate::function_code::{FunctionCode, Ways};
use crate::instructions::{Filler, Flow, Instruction, SystemCall};

/// The ways through a function, of which all are known.
#[derive(Debug)]
pub(crate) struct ControlFlow<'a> {
    code: &'a FunctionCode,
    ways: Ways,
    /// The instructions to which jumps lead, and the landing pads.
    entered: FxHashSet<usize>,
}

/// Whether the word in a slot is not zero in any run.
pub(crate) type IsFilled<'a> = &'a dyn Fn(u64) -> bool;

impl<'a> ControlFlow<'a> {
    /// Returns the ways through a function. `None` if it is not known where some jump leads. One by a slot leads out of the function.
    pub(crate) fn new(code: &'a FunctionCode, landing_pads: &[u64]) -> Option<Self> {
        let instructions = code.instructions();
        let has_unknown_jump = code.has_unknown_jump()
            || instructions.iter().enumerate().any(|(at, instruction)| {
                instruction.flow == Flow::IndirectJump
                    && !code.is_jump_by_table(at)
                    && !code.jumps_by_slot(at)
            });
        if has_unknown_jump || instructions.is_empty() || code.is_torn() {
            return None;
        }
        let ways = code.ways();
        let pads = landing_pads.iter().filter_map(|pad| code.index(*pad));
        let entered = ways.targets().chain(pads).collect();
        Some(Self { code, ways, entered })
    }

    /// Returns the addresses of the instructions that run only when something unwinds: those which are reached from landing pads, and
    /// not from the function's beginning.
    ///
    /// # Arguments
    ///
    /// * `ends`: the addresses of calls that do not return.
    pub(crate) fn only_unwinding(
        &self,
        landing_pads: &[u64],
        ends: &FxHashSet<u64>,
    ) -> FxHashSet<u64> {
        let normally = self.reached([0], ends, &HashSet::new());
        let pads = landing_pads.iter().filter_map(|pad| self.code.index(*pad));
        let by_pads = self.reached(pads, ends, &HashSet::new());
        self.addresses(|at| by_pads[at] && !normally[at])
    }

    /// Returns the addresses of the instructions behind which every way leads to a call that ends the program or panics. No way goes round
    /// in a circle there, and all other calls come back, so a run that comes there comes to such a call.
    ///
    /// # Arguments
    ///
    /// * `ends`: the addresses of the calls and jumps that end the program or panic.
    /// * `returning`: those of the calls that come back.
    pub(crate) fn only_failing(
        &self,
        ends: &FxHashSet<u64>,
        returning: &FxHashSet<u64>,
    ) -> FxHashSet<u64> {
        if ends.is_empty() || self.may_be_entered_from_elsewhere() {
            return FxHashSet::default();
        }
        let instructions = self.code.instructions();
        let is_end = |at: usize| ends.contains(&instructions[at].address);
        let mut fails: Vec<_> = (0..instructions.len()).map(is_end).collect();
        loop {
            let mut has_changed = false;
            for at in (0..fails.len()).rev() {
                if !fails[at] && self.leads_only(at, &fails, returning) {
                    fails[at] = true;
                    has_changed = true;
                }
            }
            if !has_changed {
                break;
            }
        }
        self.addresses(|at| fails[at] && !is_end(at))
    }

    /// Returns the addresses of the instructions that no run comes to, since a word that is compared with zero is none in any.
    pub(crate) fn never_reached(
        &self,
        landing_pads: &[u64],
        is_filled: IsFilled<'_>,
    ) -> FxHashSet<u64> {
        let instructions = 0..self.code.instructions().len();
        let never: HashSet<_> =
            instructions.filter_map(|at| self.never_taken(at, is_filled)).collect();
        if never.is_empty() || self.may_be_entered_from_elsewhere() {
            return FxHashSet::default();
        }
        let pads = landing_pads.iter().filter_map(|pad| self.code.index(*pad));
        let starts: Vec<_> = std::iter::once(0).chain(pads).collect();
        let none = FxHashSet::default();
        let at_all = self.reached(starts.iter().copied(), &none, &HashSet::new());
        let really = self.reached(starts, &none, &never);
        self.addresses(|at| at_all[at] && !really[at])
    }

    /// Returns the way from a conditional jump that no run takes: from which instruction, and to which.
    fn never_taken(&self, jump: usize, is_filled: IsFilled<'_>) -> Option<(usize, usize)> {
        let taken = self.code.index(self.code.instructions()[jump].jumps_to()?)?;
        // A jump to what comes next takes nothing away.
        if taken == jump + 1 {
            return None;
        }
        let (slot, if_zero) = self.code.compared_with_zero(jump, &self.entered)?;
        if !is_filled(slot) {
            return None;
        }
        Some((jump, if if_zero { taken } else { jump + 1 }))
    }

    /// Whether all ways that lead on from an instruction lead to those that fail, and there are some.
    fn leads_only(&self, at: usize, fails: &[bool], returning: &FxHashSet<u64>) -> bool {
        let instruction = &self.code.instructions()[at];
        if !self.code.goes_on_behind(at) {
            let mut jumps = self.ways.from(at).peekable();
            // A jump by a table leads to all that the table has. One out of the function leads nowhere that is known.
            return jumps.peek().is_some() && jumps.all(|to| fails[to]);
        }
        let returns = || returning.contains(&instruction.address) && self.surely_returns_to(at + 1);
        if asks(instruction) && !returns() {
            return false;
        }
        fails.get(at + 1) == Some(&true) && self.ways.from(at).all(|to| fails[to])
    }

    /// Whether a call in front of an instruction returns to it, as far as compilers go: no other way leads there, so it would not be
    /// there otherwise. A callee that never returns has any block behind it, or padding, or what traps.
    fn surely_returns_to(&self, at: usize) -> bool {
        let behind = self.code.instructions().get(at);
        behind.is_some_and(|behind| {
            !self.entered.contains(&at)
                && !matches!(behind.flow, Flow::Exception | Flow::Interrupt)
                && behind.filler == Filler::No
        })
    }

    /// Whether other code may jump into the midst of the function: a part of it that lies elsewhere does. Compilers put such a part there by
    /// conditional jumps.
    fn may_be_entered_from_elsewhere(&self) -> bool {
        self.code.instructions().iter().any(|instruction| {
            instruction.flow == Flow::ConditionalJump
                && instruction.target.is_none_or(|target| !self.code.contains(target))
        })
    }

    /// Returns for each instruction whether execution comes to it.
    ///
    /// # Arguments
    ///
    /// * `starts`: where it begins.
    /// * `ends`: the addresses of calls that do not return.
    /// * `never`: the ways that no run takes.
    fn reached(
        &self,
        starts: impl IntoIterator<Item = usize>,
        ends: &FxHashSet<u64>,
        never: &HashSet<(usize, usize)>,
    ) -> Vec<bool> {
        let instructions = self.code.instructions();
        let mut reached = vec![false; instructions.len()];
        let mut open = Vec::new();
        let mut come_to = |at: usize, open: &mut Vec<usize>| {
            if let Some(reached) = reached.get_mut(at)
                && !std::mem::replace(reached, true)
            {
                open.push(at);
            }
        };
        for start in starts {
            come_to(start, &mut open);
        }
        while let Some(at) = open.pop() {
            for next in self.ways.from(at).filter(|next| !never.contains(&(at, *next))) {
                come_to(next, &mut open);
            }
            let goes_on = self.code.goes_on_behind(at)
                && !ends.contains(&instructions[at].address)
                && !never.contains(&(at, at + 1));
            if goes_on {
                come_to(at + 1, &mut open);
            }
        }
        reached
    }

    fn addresses(&self, is_one: impl Fn(usize) -> bool) -> FxHashSet<u64> {
        let instructions = self.code.instructions().iter().enumerate();
        instructions
            .filter(|(at, _)| is_one(*at))
            .map(|(_, instruction)| instruction.address)
            .collect()
    }
}

/// Whether an instruction calls, or asks the kernel: either may never come back.
fn asks(instruction: &Instruction) -> bool {
    instruction.is_call() || instruction.system_call == SystemCall::Yes
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::ControlFlow;
    use crate::function_code::{Around, FunctionCode};
    use crate::machine::Machine;

    const CALL: [u8; 5] = [0xe8, 0, 0, 0, 0];

    fn code(parts: &[&[u8]]) -> FunctionCode {
        let around = Around::with_table(Machine::X86_64, &|_| None);
        FunctionCode::read(&parts.concat(), 0x1000, around)
    }

    /// Whether the call at an address only comes to pass before the one at `end`.
    fn fails(parts: &[&[u8]], call: u64, end: u64) -> bool {
        let code = code(parts);
        let flow = ControlFlow::new(&code, &[]).expect("all jumps are known");
        let others = code.instructions().iter().map(|one| one.address);
        let returning = others.filter(|other| *other != end).collect();
        flow.only_failing(&FxHashSet::from_iter([end]), &returning).contains(&call)
    }

    #[test]
    fn a_call_fails_if_it_returns_to_the_program_end() {
        // call; call end
        assert!(fails(&[&CALL, &CALL], 0x1000, 0x1005));
        // je +6; call; call end; ret: one way of two
        assert!(fails(&[&[0x74, 10], &CALL, &CALL, &[0xc3]], 0x1002, 0x1007));
        // call; je +0; call end: both ways
        assert!(fails(&[&CALL, &[0x74, 0], &CALL], 0x1000, 0x1007));
        // The branch itself leads elsewhere, too.
        assert!(!fails(&[&CALL, &[0x74, 5], &CALL, &[0xc3]], 0x1000, 0x1007));
        // syscall; call end
        assert!(fails(&[&[0x0f, 0x05], &CALL], 0x1000, 0x1002));
    }

    #[test]
    fn a_call_that_may_never_return_does_not_fail() {
        // je +5; call; call end: others come to the end, so the call before it may be one that does not return.
        assert!(!fails(&[&[0x74, 5], &CALL, &CALL], 0x1002, 0x1007));
        // call; nop; call end, and with int3, and ud2, and xchg ax, ax
        for gap in [&[0x90][..], &[0xcc], &[0x0f, 0x0b], &[0x66, 0x90]] {
            let end = 0x1005 + gap.len() as u64;
            assert!(!fails(&[&CALL, gap, &CALL], 0x1000, end), "{gap:x?}");
        }
        // A circle: call; je -7; call end
        assert!(!fails(&[&CALL, &[0x74, 0xf9], &CALL], 0x1000, 0x1007));
        // A conditional jump out of the function: from there others may come back.
        assert!(!fails(&[&CALL, &CALL, &[0x74, 0x40]], 0x1000, 0x1005));
    }

    #[test]
    fn a_call_of_which_nobody_knows_whether_it_returns_does_not_fail() {
        let code = code(&[&CALL, &CALL, &CALL]);
        let flow = ControlFlow::new(&code, &[]).expect("all jumps are known");
        let fails = |returning: &[u64]| {
            let returning = returning.iter().copied().collect();
            flow.only_failing(&FxHashSet::from_iter([0x100a]), &returning)
        };
        assert_eq!(fails(&[0x1000, 0x1005]), FxHashSet::from_iter([0x1000, 0x1005]));
        assert_eq!(fails(&[0x1005]), FxHashSet::from_iter([0x1005]));
        assert_eq!(fails(&[0x1000]), FxHashSet::default());
    }

    fn never(parts: &[&[u8]], filled: u64) -> FxHashSet<u64> {
        let code = code(parts);
        let flow = ControlFlow::new(&code, &[]).expect("all jumps are known");
        flow.never_reached(&[], &|slot| slot == filled)
    }

    #[test]
    fn no_run_comes_to_where_a_word_is_zero_that_is_not() {
        // cmp qword [rip+0x100], 0; je +1; ret; call; ret
        let compared = [0x48, 0x83, 0x3d, 0, 1, 0, 0, 0];
        let parts = [&compared[..], &[0x74, 1], &[0xc3], &CALL, &[0xc3]];
        assert_eq!(never(&parts, 0x1108), FxHashSet::from_iter([0x100b, 0x1010]));
        assert_eq!(never(&parts, 0x1110), FxHashSet::default());
        // mov rax, [rip+0x100]; test rax, rax; jne +6; call; ret; ret
        let loaded = [0x48, 0x8b, 0x05, 0, 1, 0, 0, 0x48, 0x85, 0xc0];
        let parts = [&loaded[..], &[0x75, 6], &CALL, &[0xc3], &[0xc3]];
        assert_eq!(never(&parts, 0x1107), FxHashSet::from_iter([0x100c, 0x1011]));
    }

    #[test]
    fn what_is_reached_in_another_way_is_reached() {
        let compared = [0x48, 0x83, 0x3d, 0, 1, 0, 0, 0];
        // cmp qword [rip+0x100], 0; je +2; jmp +0; call; ret
        let parts = [&compared[..], &[0x74, 2], &[0xeb, 0], &CALL, &[0xc3]];
        assert_eq!(never(&parts, 0x1108), FxHashSet::default());
        // Compared with one, or with the low half only: cmp qword [..], 1; cmp dword [..], 0
        let others = [[0x48, 0x83, 0x3d, 0, 1, 0, 0, 1], [0x90, 0x83, 0x3d, 0, 1, 0, 0, 0]];
        for other in others {
            let parts = [&other[..], &[0x74, 1], &[0xc3], &CALL, &[0xc3]];
            assert_eq!(never(&parts, 0x1108), FxHashSet::default(), "{other:x?}");
        }
        // je +8; cmp ..; je +1; ret; call; ret: a jump into between has other flags.
        let parts = [&[0x74, 8], &compared[..], &[0x74, 1], &[0xc3], &CALL, &[0xc3]];
        assert_eq!(never(&parts, 0x110a), FxHashSet::default());
    }
}

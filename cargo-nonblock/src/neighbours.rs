//! What the code around a function has to do with its midst, where functions are put together by machines: parts of functions that lie
//! elsewhere, and pieces of code that several functions share.
//!
//! For x86-64 only the parts that compilers of C name are asked for, and the rest for 64-bit Arm alone. There linkers put stubs between
//! functions that jump back into their midst, and LLVM by default takes equal pieces of small functions out, which may write the registers
//! that a function otherwise gives back.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::elf::Program;
use crate::instructions::aarch64::{LENGTH, branch_target};
use crate::machine::Machine;
use crate::parallel;

/// A part of the names of the parts of functions that seldom run, as gcc and clang have it.
pub(crate) const COLD: &str = ".cold";

/// A part of the names of the pieces of code that LLVM has taken out of functions. Stubs that lead there have it, too.
const OUTLINED: &str = "OUTLINED_FUNCTION_";

/// How many bytes are looked through in one go.
const CHUNK: usize = 1 << 18;

/// The parts of functions that lie elsewhere: compilers of C put what seldom runs there, and name it so.
#[derive(Debug)]
pub(crate) struct ColdParts<'data> {
    /// By the symbol of the function.
    by_symbol: FxHashMap<&'data str, Vec<usize>>,
}

impl<'data> ColdParts<'data> {
    pub(crate) fn find(program: &Program<'data>) -> Self {
        let mut by_symbol: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (number, part) in program.functions().iter().enumerate() {
            for symbol in part.symbols() {
                if let Some(at) = symbol.find(COLD) {
                    by_symbol.entry(&symbol[..at]).or_default().push(number);
                }
            }
        }
        Self { by_symbol }
    }

    /// Returns those of a function.
    pub(crate) fn of<'a>(
        &'a self,
        program: &'a Program<'data>,
        function: usize,
    ) -> impl Iterator<Item = usize> + 'a {
        let symbols = program.functions()[function].symbols();
        let parts = symbols.filter_map(|symbol| self.by_symbol.get(symbol)).flatten().copied();
        parts.filter(move |part| *part != function)
    }
}

/// What is known of the code around functions.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    /// Where code jumps, or calls, that lies in another function, and no function begins.
    entered: FxHashSet<u64>,
    /// Where pieces of several functions begin.
    pieces: BTreeSet<u64>,
}

impl Neighbours {
    /// Looks through the whole program.
    pub(crate) fn find(program: &Program<'_>) -> Self {
        if program.machine() != Machine::AArch64 {
            return Self::default();
        }
        let pieces = program.functions().iter().filter(|function| is_piece(function.symbols()));
        let pieces = pieces.map(|function| function.address).collect();
        let chunks: Vec<(u64, &[u8])> = program
            .all_code()
            .flat_map(|(start, bytes)| {
                (start..).step_by(CHUNK).zip(bytes.chunks(CHUNK)).collect::<Vec<_>>()
            })
            .collect();
        let entered = parallel::map(&chunks, |(start, bytes)| entered_from(program, *start, bytes));
        Self { entered: entered.into_iter().flatten().collect(), pieces }
    }

    /// Whether code of another function jumps to an address in the midst of one.
    pub(crate) fn enter(&self, address: u64) -> bool {
        self.entered.contains(&address)
    }

    /// Whether a piece of several functions begins at an address.
    pub(crate) fn has_piece(&self, address: u64) -> bool {
        self.pieces.contains(&address)
    }
}

/// Whether a function with some symbols is a piece that was taken out of others.
fn is_piece<'s>(mut symbols: impl Iterator<Item = &'s str>) -> bool {
    symbols.any(|symbol| symbol.contains(OUTLINED))
}

/// Whether a function with some symbols is only a part of others, with whatever their registers hold.
pub(crate) fn is_part<'s>(mut symbols: impl Iterator<Item = &'s str>) -> bool {
    symbols.any(|symbol| symbol.contains(OUTLINED) || symbol.contains(COLD))
}

/// Returns where some code jumps into the midst of other functions.
fn entered_from(program: &Program<'_>, start: u64, bytes: &[u8]) -> Vec<u64> {
    let mut entered = Vec::new();
    let mut around = 0..0;
    // Instructions lie at whole multiples of their length.
    let skipped = usize::try_from(start.next_multiple_of(LENGTH) - start).unwrap_or(0);
    let words = bytes.get(skipped..).unwrap_or(&[]).chunks_exact(4);
    for (address, word) in (start + skipped as u64..).step_by(4).zip(words) {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        let Some(target) = branch_target(word, address) else { continue };
        if !around.contains(&address) {
            let function = program.function_around(address);
            around = function.map_or(address..address + LENGTH, |function| {
                let function = &program.functions()[function];
                function.address..function.end
            });
        }
        if !around.contains(&target) && program.has_midst(target) {
            entered.push(target);
        }
    }
    entered
}

//! A module that was built with checks off, beside one with checks on: nothing of sections is left in it.

use crate::judge::Judged;
use crate::rows::CHECKS_OFF;

/// What the names of the shim's functions that count sections begin with.
pub const SECTION_FUNCTIONS: &str = "nonblock_linux_section_";

/// What was found in one module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// The bytes of its code.
    pub text: u64,
    /// The calls of functions that count sections, in its disassembly.
    pub calls: usize,
    /// The symbols of such functions.
    pub symbols: usize,
}

impl Module {
    /// Reads what `llvm-size -A`, `llvm-objdump -dr` and `llvm-nm` say of a module.
    pub fn read(sizes: &str, disassembly: &str, symbols: &str) -> Self {
        let text = sizes.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            let is_code = name.starts_with(".text") || name == ".init.text" || name == ".exit.text";
            is_code.then(|| words.next()?.parse::<u64>().ok())?
        });
        let calls = disassembly
            .lines()
            .filter(|line| line.contains("R_X86_64_") && line.contains(SECTION_FUNCTIONS));
        let symbols = symbols.lines().filter(|line| line.contains(SECTION_FUNCTIONS));
        Self { text: text.sum(), calls: calls.count(), symbols: symbols.count() }
    }
}

/// Judges a module with checks off by the same with checks on, which must have what the other has not.
pub fn judge(on: Module, off: Module) -> Judged {
    Judged {
        name: CHECKS_OFF.to_owned(),
        expected:
            "with CONFIG_DEBUG_ATOMIC_SLEEP=n no code and no call of sections is left in dmirror.ko"
                .to_owned(),
        seen: format!(
            "code {} -> {} bytes, calls {} -> {}, symbols {} -> {}",
            on.text, off.text, on.calls, off.calls, on.symbols, off.symbols
        ),
        is_ok: on.calls > 0
            && off.calls == 0
            && off.symbols == 0
            && off.text > 0
            && off.text < on.text,
    }
}

//! Where functions end that do not tell it.

use std::collections::HashMap;

use object::elf;

use super::kind::Kind;
use super::member::{Member, SymbolPlace};

/// Where code ends that does not tell its size: at the next symbol of its section, or at the section's end.
pub(super) struct EndsOfCode {
    starts: HashMap<usize, Vec<u64>>,
}

pub(super) fn ends_of_code(member: &Member<'_>) -> EndsOfCode {
    let mut starts: HashMap<usize, Vec<u64>> = HashMap::new();
    for symbol in &member.symbols {
        let SymbolPlace::Section(section) = symbol.place else { continue };
        let is_function = [elf::STT_FUNC, elf::STT_GNU_IFUNC].contains(&symbol.kind());
        let is_label = symbol.kind() == elf::STT_NOTYPE
            && symbol.name.first().is_some_and(|first| !b".$".contains(first));
        if (is_function || is_label) && member.sections[section].kind == Some(Kind::Text) {
            starts.entry(section).or_default().push(symbol.value);
        }
    }
    for (section, starts) in &mut starts {
        starts.push(member.sections[*section].size);
        starts.sort_unstable();
    }
    EndsOfCode { starts }
}

impl EndsOfCode {
    pub(super) fn after(&self, section: usize, value: u64) -> u64 {
        let Some(starts) = self.starts.get(&section) else { return value };
        let next = starts.partition_point(|start| *start <= value);
        starts.get(next).copied().unwrap_or(value)
    }
}

//! What each name means: which member defines it, or that none does.

use std::collections::{HashMap, HashSet};

use object::elf;

use super::kind::Kind;
use super::member::{Member, Symbol, SymbolPlace};

/// A symbol of a member: both numbers.
pub(super) type At = (usize, usize);

/// The numbers of symbols that are no global ones.
pub(super) const NO_GLOBAL: u32 = u32::MAX;

/// A name that members share.
#[derive(Debug)]
pub(super) struct Global<'data> {
    pub(super) name: &'data [u8],
    pub(super) meaning: Meaning,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What a member defines.
    Own(At),
    /// A variable that members declare in common. It lies at this offset behind the variables without a value.
    Common(u64),
    /// One of several functions, and nobody knows which. Code of ours at this offset behind all other leads to each.
    Several { offset: u64, functions: Vec<At>, or_import: bool },
    /// Something of which nothing is here.
    Import,
}

/// All names.
#[derive(Debug)]
pub(super) struct Globals<'data> {
    pub(super) list: Vec<Global<'data>>,
    /// The number of the name of each member's symbols.
    pub(super) of_symbols: Vec<Vec<u32>>,
    /// How large the code of ours is.
    pub(super) text_size: u64,
    /// How large the common variables are.
    pub(super) bss_size: u64,
}

/// A jump of ours to one of several functions, but for the last.
pub(super) const CONDITIONAL_JUMP: u64 = 6;
/// The last one. Behind it is a byte that belongs to nothing.
const LAST_JUMP: u64 = 7;

/// Keeps the first group of each name, and marks the sections of the others.
pub(super) fn discard_copies<'data>(members: &mut [Member<'data>]) {
    let mut seen: HashSet<&'data [u8]> = HashSet::new();
    for member in members {
        for (name, sections) in std::mem::take(&mut member.groups) {
            let is_first = seen.insert(name);
            for index in sections {
                if let Some(section) = member.sections.get_mut(index) {
                    section.is_grouped = true;
                    section.is_discarded |= !is_first;
                }
            }
        }
    }
}

/// All that members say of one name.
#[derive(Default)]
struct Said {
    strong: Vec<At>,
    weak: Vec<At>,
    /// The size and the alignment.
    common: Option<(u64, u64)>,
}

impl<'data> Globals<'data> {
    pub(super) fn of(members: &[Member<'data>]) -> Self {
        let mut numbers: HashMap<&'data [u8], u32> = HashMap::new();
        let mut said: Vec<(&'data [u8], Said)> = Vec::new();
        let mut of_symbols = Vec::with_capacity(members.len());
        for (number, member) in members.iter().enumerate() {
            let mut of_member = vec![NO_GLOBAL; member.symbols.len()];
            for (index, symbol) in member.symbols.iter().enumerate().skip(1) {
                if symbol.is_local {
                    continue;
                }
                let global = *numbers.entry(symbol.name).or_insert_with(|| {
                    said.push((symbol.name, Said::default()));
                    u32::try_from(said.len() - 1).unwrap_or(NO_GLOBAL)
                });
                of_member[index] = global;
                let Some((_, said)) = said.get_mut(global as usize) else { continue };
                let at = (number, index);
                match symbol.place {
                    SymbolPlace::Common => {
                        let (size, align) = said.common.unwrap_or((0, 1));
                        said.common = Some((size.max(symbol.size), align.max(symbol.value)));
                    }
                    _ if !is_defined(member, symbol) => {}
                    _ if symbol.is_weak() => said.weak.push(at),
                    _ => said.strong.push(at),
                }
            }
            of_symbols.push(of_member);
        }
        let mut globals = Self { list: Vec::new(), of_symbols, text_size: 0, bss_size: 0 };
        for (name, said) in said {
            let meaning = globals.meaning(members, said);
            globals.list.push(Global { name, meaning });
        }
        globals
    }

    fn meaning(&mut self, members: &[Member<'_>], said: Said) -> Meaning {
        let symbol = |(member, symbol): At| &members[member].symbols[symbol];
        match (&said.strong[..], said.common, &said.weak[..]) {
            (&[only], ..) => Meaning::Own(only),
            (&[first, ..], ..) if symbol(first).info.st_bind() == elf::STB_GNU_UNIQUE => {
                Meaning::Own(first)
            }
            (&[_, _, ..], ..) => self.several(members, said.strong, false),
            (&[], Some((size, align)), _) => {
                let offset = self.bss_size.checked_next_multiple_of(align.max(1));
                let end = offset.and_then(|offset| offset.checked_add(size));
                let (Some(offset), Some(end)) = (offset, end) else { return Meaning::Import };
                self.bss_size = end;
                Meaning::Common(offset)
            }
            (&[], None, &[]) => Meaning::Import,
            (&[], None, &[first, ..]) => {
                // All of a group's copies are the same by the rules of their language.
                if said.weak.iter().any(|&(member, symbol)| is_grouped(&members[member], symbol)) {
                    return Meaning::Own(first);
                }
                let is_replaceable = !said.weak.iter().any(|&at| symbol(at).is_hidden);
                if !is_replaceable && said.weak.len() == 1 {
                    return Meaning::Own(first);
                }
                self.several(members, said.weak, is_replaceable)
            }
        }
    }

    fn several(&mut self, members: &[Member<'_>], functions: Vec<At>, or_import: bool) -> Meaning {
        let is_code = |&(member, symbol): &At| {
            let member = &members[member];
            match member.symbols[symbol].place {
                SymbolPlace::Section(section) => member.sections[section].kind == Some(Kind::Text),
                _ => false,
            }
        };
        // What a variable holds is not known then.
        if !functions.iter().all(is_code) {
            return Meaning::Import;
        }
        let offset = self.text_size;
        let jumps = functions.len() as u64 - u64::from(!or_import);
        self.text_size += jumps * CONDITIONAL_JUMP + LAST_JUMP;
        Meaning::Several { offset, functions, or_import }
    }
}

/// Whether a symbol is that of something that the whole has.
pub(super) fn is_defined(member: &Member<'_>, symbol: &Symbol<'_>) -> bool {
    match symbol.place {
        SymbolPlace::Undefined | SymbolPlace::Common => false,
        SymbolPlace::Absolute => true,
        SymbolPlace::Section(index) => member
            .sections
            .get(index)
            .is_some_and(|section| section.kind.is_some() && !section.is_discarded),
    }
}

fn is_grouped(member: &Member<'_>, symbol: usize) -> bool {
    match member.symbols[symbol].place {
        SymbolPlace::Section(index) => member.sections[index].is_grouped,
        _ => false,
    }
}

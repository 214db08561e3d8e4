//! Where functions were inlined, by the debugging information: in an optimized program that is where sections begin.

use std::collections::HashMap;

use gimli::{AttributeValue, DebugInfoOffset, DwAt, Dwarf, EndianSlice, LittleEndian, Unit};

use memchr::memmem;

use crate::elf::Program;

type Reader<'data> = EndianSlice<'data, LittleEndian>;
type Entry<'data> = gimli::DebuggingInformationEntry<Reader<'data>>;

/// The sections that have the functions' symbols.
const HAVE_NAMES: [&str; 2] = [".debug_str", ".debug_info"];

/// Finds where functions were inlined, as an address in each of the functions into which they were.
///
/// # Arguments
///
/// * `hints`: parts of symbols, of which each function that is looked for has one. If the program has none of them, the debugging
///   information need not be read.
/// * `wanted_as`: what a function that is looked for stands for, by its symbol.
///
/// # Errors
///
/// If the debugging information cannot be read. Then nobody knows.
pub(crate) fn sites<T: Copy>(
    program: &Program<'_>,
    hints: &[&str],
    wanted_as: impl Fn(&str) -> Option<T>,
) -> Result<Vec<(u64, T)>, gimli::Error> {
    let has_hint =
        |bytes: &[u8]| hints.iter().any(|hint| memmem::find(bytes, hint.as_bytes()).is_some());
    if !HAVE_NAMES.iter().any(|name| has_hint(program.debug_section(name))) {
        return Ok(Vec::new());
    }
    let dwarf = Dwarf::load(|id| {
        Ok::<_, gimli::Error>(EndianSlice::new(program.debug_section(id.name()), LittleEndian))
    })?;
    let mut wanted: HashMap<DebugInfoOffset, T> = HashMap::new();
    let mut specified = Vec::new();
    each_entry(&dwarf, |unit, entry| {
        if entry.tag() != gimli::DW_TAG_subprogram {
            return Ok(());
        }
        let Some(own) = entry.offset().to_debug_info_offset(&unit.header) else { return Ok(()) };
        if let Some(symbol) = symbol(&dwarf, unit, entry) {
            if has_hint(symbol.slice())
                && let Some(kind) = wanted_as(&symbol.to_string_lossy())
            {
                wanted.insert(own, kind);
            }
        } else if let Some(declared) = reference(unit, entry, gimli::DW_AT_specification) {
            specified.push((own, declared));
        }
        Ok(())
    })?;
    for (own, declared) in specified {
        if let Some(&kind) = wanted.get(&declared) {
            wanted.insert(own, kind);
        }
    }
    let mut sites = Vec::new();
    if wanted.is_empty() {
        return Ok(sites);
    }
    each_entry(&dwarf, |unit, entry| {
        if entry.tag() != gimli::DW_TAG_inlined_subroutine {
            return Ok(());
        }
        let origin = reference(unit, entry, gimli::DW_AT_abstract_origin);
        if let Some(&kind) = origin.and_then(|origin| wanted.get(&origin)) {
            let mut ranges = dwarf.die_ranges(unit, entry)?;
            // Where it has no code of its own, it is the address at which it would begin.
            let mut begin = match entry.attr_value(gimli::DW_AT_entry_pc) {
                Some(AttributeValue::Addr(address)) => Some(address),
                _ => None,
            };
            while let Some(range) = ranges.next()? {
                begin = begin.or(Some(range.begin));
            }
            sites.extend(begin.map(|begin| (begin, kind)));
        }
        Ok(())
    })?;
    Ok(sites)
}

fn each_entry<'data>(
    dwarf: &Dwarf<Reader<'data>>,
    mut f: impl FnMut(&Unit<Reader<'data>>, &Entry<'data>) -> Result<(), gimli::Error>,
) -> Result<(), gimli::Error> {
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let unit = dwarf.unit(header)?;
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            f(&unit, entry)?;
        }
    }
    Ok(())
}

fn symbol<'data>(
    dwarf: &Dwarf<Reader<'data>>,
    unit: &Unit<Reader<'data>>,
    entry: &Entry<'data>,
) -> Option<Reader<'data>> {
    let value = entry
        .attr_value(gimli::DW_AT_linkage_name)
        .or_else(|| entry.attr_value(gimli::DW_AT_MIPS_linkage_name))?;
    dwarf.attr_string(unit, value).ok()
}

fn reference(
    unit: &Unit<Reader<'_>>,
    entry: &Entry<'_>,
    attribute: DwAt,
) -> Option<DebugInfoOffset> {
    match entry.attr_value(attribute)? {
        AttributeValue::UnitRef(offset) => offset.to_debug_info_offset(&unit.header),
        AttributeValue::DebugInfoRef(offset) => Some(offset),
        _ => None,
    }
}

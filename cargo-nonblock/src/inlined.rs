//! Where functions were inlined, by the debugging information: in an optimized program that is where sections begin.

use gimli::{AttributeValue, DebugInfoOffset, Dwarf, Unit};
use memchr::memmem;
use rustc_hash::FxHashMap;

use crate::dwarf::{self, Header, Reader, Value};
use crate::elf::Program;
use crate::parallel;

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
pub(crate) fn sites<T: Copy + Send + Sync>(
    program: &Program<'_>,
    hints: &[&str],
    wanted_as: impl Fn(&str) -> Option<T> + Sync,
) -> Result<Vec<(u64, T)>, gimli::Error> {
    let hints: Vec<_> = hints.iter().map(memmem::Finder::new).collect();
    let has_hint = |bytes: &[u8]| hints.iter().any(|hint| hint.find(bytes).is_some());
    if !HAVE_NAMES.iter().any(|name| has_hint(program.debug_section(name))) {
        return Ok(Vec::new());
    }
    let dwarf = dwarf::load(program)?;
    let headers = dwarf::headers(&dwarf)?;
    let described = parallel::map(&headers, |header| {
        Described::of(&dwarf, *header, |symbol| {
            if has_hint(symbol) { wanted_as(&String::from_utf8_lossy(symbol)) } else { None }
        })
    });
    let mut wanted: FxHashMap<DebugInfoOffset, T> = FxHashMap::default();
    let (mut specified, mut with_inlined) = (Vec::new(), Vec::new());
    for (header, described) in headers.iter().zip(described) {
        let described = described?;
        wanted.extend(described.wanted);
        specified.extend(described.specified);
        if described.has_inlined {
            with_inlined.push(*header);
        }
    }
    for (own, declared) in specified {
        if let Some(&kind) = wanted.get(&declared) {
            wanted.insert(own, kind);
        }
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let sites = parallel::map(&with_inlined, |header| sites_in_unit(&dwarf, *header, &wanted));
    let sites = sites.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(sites.into_iter().flatten().collect())
}

/// What is described in a unit.
struct Described<T> {
    /// The functions that are looked for.
    wanted: Vec<(DebugInfoOffset, T)>,
    /// Functions without a symbol that are declared elsewhere, each with its declaration.
    specified: Vec<(DebugInfoOffset, DebugInfoOffset)>,
    /// Whether anything was inlined.
    has_inlined: bool,
}

impl<T> Described<T> {
    fn of<'data>(
        dwarf: &Dwarf<Reader<'data>>,
        header: Header<'data>,
        wanted_as: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Self, gimli::Error> {
        let mut this = Self { wanted: Vec::new(), specified: Vec::new(), has_inlined: false };
        let unit = dwarf.unit(header)?;
        let mut entries = unit.entries_raw(None)?;
        while !entries.is_empty() {
            let own = entries.next_offset().to_debug_info_offset(&unit.header);
            let Some(entry) = entries.read_abbreviation()? else { continue };
            this.has_inlined |= entry.tag() == gimli::DW_TAG_inlined_subroutine;
            if entry.tag() != gimli::DW_TAG_subprogram {
                entries.skip_attributes(entry.attributes())?;
                continue;
            }
            let names = [
                gimli::DW_AT_linkage_name,
                gimli::DW_AT_MIPS_linkage_name,
                gimli::DW_AT_specification,
            ];
            let [name, old_name, declared] =
                dwarf::values(&mut entries, entry.attributes(), names)?;
            let Some(own) = own else { continue };
            let symbol = name.or(old_name).and_then(|name| dwarf.attr_string(&unit, name).ok());
            match (symbol, declared.and_then(|declared| reference(&unit, declared))) {
                (Some(symbol), _) => {
                    this.wanted.extend(wanted_as(symbol.slice()).map(|kind| (own, kind)));
                }
                (None, Some(declared)) => this.specified.push((own, declared)),
                (None, None) => {}
            }
        }
        Ok(this)
    }
}

/// Finds where functions that are looked for were inlined in a unit.
fn sites_in_unit<'data, T: Copy>(
    dwarf: &Dwarf<Reader<'data>>,
    header: Header<'data>,
    wanted: &FxHashMap<DebugInfoOffset, T>,
) -> Result<Vec<(u64, T)>, gimli::Error> {
    let unit = dwarf.unit(header)?;
    let mut sites = Vec::new();
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        let offset = entries.next_offset();
        let Some(entry) = entries.read_abbreviation()? else { continue };
        if entry.tag() != gimli::DW_TAG_inlined_subroutine {
            entries.skip_attributes(entry.attributes())?;
            continue;
        }
        let [origin] =
            dwarf::values(&mut entries, entry.attributes(), [gimli::DW_AT_abstract_origin])?;
        let origin = origin.and_then(|origin| reference(&unit, origin));
        let Some(&kind) = origin.and_then(|origin| wanted.get(&origin)) else { continue };
        let entry = unit.entry(offset)?;
        let mut ranges = dwarf.die_ranges(&unit, &entry)?;
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
    Ok(sites)
}

fn reference<'data>(unit: &Unit<Reader<'data>>, value: Value<'data>) -> Option<DebugInfoOffset> {
    match value {
        AttributeValue::UnitRef(offset) => offset.to_debug_info_offset(&unit.header),
        AttributeValue::DebugInfoRef(offset) => Some(offset),
        _ => None,
    }
}

//! What the dynamic loader writes into the program before it begins, and which functions it surely finds.

use object::elf;
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object as _, ObjectSymbol as _, ObjectSymbolTable as _};
use object::{RelocationFlags, RelocationTarget, SymbolFlags};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::Error;
use crate::machine::Machine;
use crate::relocation_types::{is_chosen_at_load_time, is_no_address};

/// A file of the only kind that can be read.
pub(crate) type File<'data> = ElfFile64<'data, LittleEndian>;

/// What a relocation or a slot refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'data> {
    /// An address within the program.
    Address(u64),
    /// A symbol that another shared object defines.
    Import(&'data str),
}

pub(crate) fn malformed(error: object::Error) -> Error {
    Error::Malformed(error.to_string())
}

/// Reads what the dynamic loader writes, and where.
pub(crate) fn slots<'data>(
    file: &File<'data>,
    machine: Machine,
) -> Result<FxHashMap<u64, Reference<'data>>, Error> {
    let mut slots = FxHashMap::default();
    let table = file.dynamic_symbol_table();
    // In a program its own functions come first.
    let is_library = file.section_by_name(".interp").is_none();
    let most = file.data().len() / size_of::<elf::Rela64<LittleEndian>>();
    for (number, (place, relocation)) in
        file.dynamic_relocations().into_iter().flatten().enumerate()
    {
        if number > most {
            return Err(Error::Malformed("its relocations lie over each other".to_owned()));
        }
        let ty = match relocation.flags() {
            RelocationFlags::Elf { r_type } => r_type.0,
            _ => 0,
        };
        let is_chosen = is_chosen_at_load_time(machine, ty);
        let reference = match relocation.target() {
            _ if !is_chosen && is_no_address(machine, ty) => Reference::Import(NO_ADDRESS),
            RelocationTarget::Symbol(index) => {
                let Some(table) = &table else { continue };
                let symbol = table.symbol_by_index(index).map_err(malformed)?;
                let name = symbol.name().unwrap_or("");
                // Whoever loads a library may have a function instead of a weak one. Those of C++ are the same everywhere.
                let is_replaced = is_library && symbol.is_weak() && !name.starts_with("_Z");
                if is_chooser(&symbol) {
                    Reference::Import(CHOSEN_AT_LOAD_TIME)
                } else if symbol.is_undefined() || is_replaced {
                    Reference::Import(name)
                } else {
                    Reference::Address(symbol.address().wrapping_add_signed(relocation.addend()))
                }
            }
            // What is computed at load time is no address of its own.
            _ if is_chosen => Reference::Import(CHOSEN_AT_LOAD_TIME),
            _ => Reference::Address(relocation.addend().cast_unsigned()),
        };
        slots.insert(place, reference);
    }
    Ok(slots)
}

/// Whether a symbol is that of a function which chooses another one when the program is loaded.
fn is_chooser<'data>(symbol: &impl object::ObjectSymbol<'data>) -> bool {
    matches!(
        symbol.flags(),
        SymbolFlags::Elf { st_info, .. } if st_info.0 & 0xf == elf::STT_GNU_IFUNC.0
    )
}

/// The name of a function of which one of several is taken when the program is loaded. No catalogue has it.
const CHOSEN_AT_LOAD_TIME: &str = "a function that is chosen when the program is loaded";

/// The name of what is no function. No catalogue has it.
const NO_ADDRESS: &str = "something that is no function";

/// Returns the names of the weak functions that the loader surely finds. It begins no program without the versions of the C library that
/// the program needs, and the library keeps what a version had.
pub(crate) fn surely_found<'data>(file: &File<'data>) -> FxHashSet<&'data str> {
    weak_functions(file).unwrap_or_default()
}

fn weak_functions<'data>(file: &File<'data>) -> Option<FxHashSet<&'data str>> {
    let (endian, bytes) = (LittleEndian, file.data());
    let sections = file.elf_section_table();
    let (versions, _) = sections.gnu_versym(endian, bytes).ok()??;
    let (mut libraries, link) = sections.gnu_verneed(endian, bytes).ok()??;
    let strings = sections.strings(endian, bytes, link).ok()?;
    // The versions of the C library, by the number that symbols have for each. One of which nobody needs more than weak functions is needed
    // only weakly.
    let (mut known, mut needed) = (FxHashMap::default(), None);
    while let Some((library, mut of_library)) = libraries.next().ok()? {
        if library.file(endian, strings).ok()? != C_LIBRARY {
            continue;
        }
        while let Some(version) = of_library.next().ok()? {
            let Some(number) = c_library_version(version.name(endian, strings).ok()?) else {
                continue;
            };
            if !version.vna_flags.get(endian).contains(elf::VER_FLG_WEAK) {
                needed = needed.max(Some(number.clone()));
            }
            known.insert(version.vna_other.get(endian), number);
        }
    }
    let needed = needed?;
    let symbols = file.dynamic_symbol_table()?.symbols().filter(object::ObjectSymbol::is_undefined);
    let (mut found, mut others) = (FxHashSet::default(), FxHashSet::default());
    for symbol in symbols {
        let Ok(name) = symbol.name() else { continue };
        let version = versions.get(symbol.index().0).map(|version| version.0.get(endian).index());
        let is_found = version
            .and_then(|version| known.get(&version))
            .is_some_and(|version| *version <= needed);
        if is_found { &mut found } else { &mut others }.insert(name);
    }
    found.retain(|name| !others.contains(name));
    Some(found)
}

/// The file of the C library, as programs name it.
const C_LIBRARY: &[u8] = b"libc.so.6";

/// Reads the name of a version of the GNU C library, whose later versions have all that earlier ones have.
fn c_library_version(name: &[u8]) -> Option<Vec<u32>> {
    let numbers = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    numbers.split('.').map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::c_library_version;

    #[test]
    fn versions_of_the_c_library_are_in_order() {
        let version = |name: &str| c_library_version(name.as_bytes());
        assert!(version("GLIBC_2.34") > version("GLIBC_2.4"));
        assert!(version("GLIBC_2.3.4") > version("GLIBC_2.3"));
        assert!(version("GLIBC_2.18").is_some());
        assert_eq!(version("GLIBC_PRIVATE"), None);
        assert_eq!(version("GLIBC_ABI_DT_RELR"), None);
        assert_eq!(version("GCC_3.0"), None);
    }
}

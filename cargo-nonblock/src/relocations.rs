//! What the linker filled in, in code and in data.

use object::elf;
use object::{
    LittleEndian, Object as _, ObjectSection as _, ObjectSymbol as _, ObjectSymbolTable as _,
    RelocationFlags, RelocationTarget, SectionFlags, SymbolKind,
};

use crate::error::Error;
use crate::loader::{File, Reference, malformed};
use crate::machine::Machine;
use crate::relocation_types::{self, Holds};

/// A place in data that the linker filled in.
#[derive(Clone, Copy, Debug)]
pub struct Relocation<'data> {
    /// The address of the place.
    pub place: u64,
    /// What was filled in there.
    pub target: Reference<'data>,
    /// Whether the place holds a distance, from which the target is not known for certain.
    pub(crate) is_distance: bool,
}

/// What the linker filled in in code. There is more of this than of anything else, so it is kept in little room.
#[derive(Clone, Debug, Default)]
pub struct CodeRelocations<'data> {
    /// Places with the addresses that were filled in there, by place.
    pub addresses: Vec<(u64, u64)>,
    /// Those of these places that surely are no calls: they hold the address itself, and no distance to it.
    pub(crate) whole_addresses: Vec<u64>,
    /// Places with the names of what other shared objects define, by place.
    pub imports: Vec<(u64, &'data str)>,
    /// The calls by which code asks where a variable of a thread is, where no symbol says so.
    pub(crate) asks_for_variables: Vec<u64>,
}

impl CodeRelocations<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.imports.is_empty()
    }
}

/// The type and flags of a section.
pub(crate) fn type_and_flags(
    section: &object::read::elf::ElfSection64<'_, '_, LittleEndian>,
) -> (u32, u64) {
    match section.flags() {
        SectionFlags::Elf { sh_type, sh_flags } => (sh_type.0, sh_flags.0),
        _ => (0, 0),
    }
}

/// Reads what the linker filled in: in code, and in data.
pub(crate) fn relocations<'data>(
    file: &File<'data>,
    machine: Machine,
) -> Result<(CodeRelocations<'data>, Vec<Relocation<'data>>), Error> {
    let table = file.symbol_table().ok_or(Error::NoSymbols)?;
    let mut code = CodeRelocations::default();
    let mut data = Vec::new();
    let mut count = 0;
    // Tables that lie over each other in the file could ask for any amount.
    let most = file.data().len() / size_of::<elf::Rela64<LittleEndian>>();
    for section in file.sections() {
        let (_, flags) = type_and_flags(&section);
        if flags & elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        let in_code = flags & elf::SHF_EXECINSTR.0 != 0;
        for (place, relocation) in section.relocations() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            let RelocationTarget::Symbol(index) = relocation.target() else { continue };
            let holds = relocation_types::holds(machine, r_type.0);
            if holds == Holds::CallForVariable && in_code {
                code.asks_for_variables.push(place);
            }
            if matches!(holds, Holds::Nothing | Holds::CallForVariable) {
                continue;
            }
            let symbol = table.symbol_by_index(index).map_err(malformed)?;
            let is_distance = matches!(holds, Holds::Distance { .. });
            // Tables have distances from their beginning, wherever the place lies in them.
            let is_to_function = is_distance && !in_code && symbol.kind() == SymbolKind::Text;
            let target = if symbol.is_undefined() {
                Reference::Import(symbol.name().unwrap_or(""))
            } else if holds == Holds::Slot || is_to_function {
                Reference::Address(symbol.address())
            } else {
                let counted_from = match holds {
                    Holds::Distance { from } => from,
                    _ => 0,
                };
                let addend = relocation.addend().wrapping_add(counted_from);
                Reference::Address(symbol.address().wrapping_add_signed(addend))
            };
            // On AArch64 the type tells a call from what takes an address.
            let is_address = match machine {
                Machine::X86_64 => holds == Holds::Address,
                Machine::AArch64 => holds != Holds::Branch,
            };
            match target {
                Reference::Address(target) if in_code => {
                    code.addresses.push((place, target));
                    if is_address {
                        code.whole_addresses.push(place);
                    }
                }
                Reference::Import(name) if in_code => code.imports.push((place, name)),
                _ => {
                    let is_distance = is_distance && !is_to_function;
                    data.push(Relocation { place, target, is_distance });
                }
            }
            count += 1;
            if count > most {
                return Err(Error::Malformed("its relocations lie over each other".to_owned()));
            }
        }
    }
    // They mostly are in this order already.
    code.addresses.sort_by_key(|(place, _)| *place);
    code.imports.sort_by_key(|(place, _)| *place);
    code.whole_addresses.sort_unstable();
    code.asks_for_variables.sort_unstable();
    data.sort_by_key(|relocation| relocation.place);
    Ok((code, data))
}

//! The program as the linker left it: its functions, its code, its relocations, and what the dynamic loader fills in.
//!
//! Nothing here panics on a file that is damaged: what cannot be read is an [`Error`], or is left out where leaving it out can only
//! turn *proved* into *not proved*.

use std::collections::BTreeMap;

use object::elf;
use object::read::elf::FileHeader as _;
use object::{
    LittleEndian, Object as _, ObjectSection as _, ObjectSymbol as _, ObjectSymbolTable as _,
    SymbolFlags,
};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::address_index::AddressIndex;
use crate::debug_sections::DebugSections;
use crate::error::Error;
use crate::loader::{self, File, malformed};
use crate::machine::Machine;
use crate::parallel;
use crate::relocations::{relocations, type_and_flags};

pub use crate::loader::Reference;
pub use crate::relocations::{CodeRelocations, Relocation};

/// A function, or code that the symbol table names.
#[derive(Clone, Debug)]
pub struct Function<'data> {
    /// Where it begins.
    pub address: u64,
    /// Where it ends. The byte there belongs to it no more.
    pub end: u64,
    /// The name of its symbol. If several symbols are at its address, the first of the global ones.
    pub symbol: &'data str,
    /// The other symbols at its address.
    pub aliases: Vec<&'data str>,
}

impl<'data> Function<'data> {
    /// Returns all symbols at its address.
    pub(crate) fn symbols(&self) -> impl Iterator<Item = &'data str> {
        std::iter::once(self.symbol).chain(self.aliases.iter().copied())
    }
}

/// A section whose bytes are in the file.
#[derive(Clone, Copy, Debug)]
struct Section<'data> {
    address: u64,
    bytes: &'data [u8],
    kind: SectionKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SectionKind {
    /// Instructions.
    Code,
    /// Stubs that jump to other shared objects.
    Plt,
    /// Addresses that are written once, before the program begins.
    Got,
    /// Data that nobody writes once the program has begun.
    Constant,
    /// All other data.
    Data,
}

/// A program or shared object that has symbols and relocations.
#[derive(Debug)]
pub struct Program<'data> {
    machine: Machine,
    file: File<'data>,
    /// The debugging information that is compressed in the file.
    debug: &'data DebugSections,
    /// By address.
    functions: Vec<Function<'data>>,
    function_index: AddressIndex,
    code_relocations: CodeRelocations<'data>,
    /// By place.
    data_relocations: Vec<Relocation<'data>>,
    data_index: AddressIndex,
    /// By address.
    sections: Vec<Section<'data>>,
    /// What the dynamic loader writes, by its place.
    slots: FxHashMap<u64, Reference<'data>>,
    /// The names of the weak functions that it surely finds.
    surely_found: FxHashSet<&'data str>,
}

impl<'data> Program<'data> {
    /// Reads a file.
    ///
    /// # Arguments
    ///
    /// * `debug`: the debugging information that is compressed in the file.
    ///
    /// # Errors
    ///
    /// If the file is no such program, is damaged, or lacks symbols or relocations.
    pub fn read(bytes: &'data [u8], debug: &'data DebugSections) -> Result<Self, Error> {
        let program = Self::of_objects(bytes, debug)?;
        if program.code_relocations.is_empty() {
            return Err(Error::NoRelocations);
        }
        Ok(program)
    }

    /// Reads what was laid out of object files, which may have no relocations: those that they have were kept.
    pub(crate) fn of_objects(
        bytes: &'data [u8],
        debug: &'data DebugSections,
    ) -> Result<Self, Error> {
        refuse_others(bytes)?;
        let file = File::parse(bytes).map_err(malformed)?;
        let number = file.elf_header().e_machine(LittleEndian).0;
        let Some(machine) = Machine::of(number) else { return Err(Error::NotAProgram) };
        match file.elf_header().e_type(LittleEndian) {
            elf::ET_EXEC | elf::ET_DYN => {}
            elf::ET_REL => return Err(Error::NotLinked),
            _ => return Err(Error::NotAProgram),
        }
        let sections = sections(&file)?;
        let (functions, relocations) =
            parallel::both(|| functions(&file, &sections), || relocations(&file, machine));
        let functions = functions?;
        if functions.is_empty() {
            return Err(Error::NoSymbols);
        }
        let (code_relocations, data_relocations) = relocations?;
        let (slots, surely_found) = (loader::slots(&file, machine)?, loader::surely_found(&file));
        let function_index = AddressIndex::new(functions.iter().map(|function| function.address));
        let data_index =
            AddressIndex::new(data_relocations.iter().map(|relocation| relocation.place));
        Ok(Self {
            machine,
            file,
            debug,
            functions,
            function_index,
            code_relocations,
            data_relocations,
            data_index,
            sections,
            slots,
            surely_found,
        })
    }

    /// Returns the processor that it is for.
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// Returns the functions, by address.
    pub fn functions(&self) -> &[Function<'data>] {
        &self.functions
    }

    /// Returns what the linker filled in in code.
    pub fn code_relocations(&self) -> &CodeRelocations<'data> {
        &self.code_relocations
    }

    /// Returns what the linker filled in in data, by place.
    pub fn data_relocations(&self) -> &[Relocation<'data>] {
        &self.data_relocations
    }

    /// Returns the number of the function that begins at an address.
    pub fn function_at(&self, address: u64) -> Option<usize> {
        let last = self.functions_until(address).checked_sub(1)?;
        (self.functions[last].address == address).then_some(last)
    }

    /// Returns the number of the function in which an address lies.
    pub fn function_around(&self, address: u64) -> Option<usize> {
        let after = self.functions_until(address);
        // Symbols may lie within others. The innermost is the last that begins before.
        let candidates = self.functions.get(..after)?.iter().enumerate().rev().take(8);
        candidates
            .into_iter()
            .find(|(_, function)| address < function.end)
            .map(|(number, _)| number)
    }

    /// Returns how many functions begin at an address or before it.
    fn functions_until(&self, address: u64) -> usize {
        self.function_index.count_until(&self.functions, address, |function| function.address)
    }

    /// Whether an address lies within a function that begins before it.
    pub(crate) fn has_midst(&self, address: u64) -> bool {
        let after = self.functions_until(address);
        let candidates = self.functions.get(..after).unwrap_or(&[]).iter().rev().take(8);
        candidates.into_iter().any(|function| function.address < address && address < function.end)
    }

    /// Returns all sections of code, with where each begins.
    pub(crate) fn all_code(&self) -> impl Iterator<Item = (u64, &'data [u8])> {
        let code = self.sections.iter().filter(|section| section.kind == SectionKind::Code);
        code.map(|section| (section.address, section.bytes))
    }

    /// Returns the variables that have symbols, by where each begins: with its end. Those of threads have no address.
    pub(crate) fn variables(&self) -> BTreeMap<u64, (u64, &'data str)> {
        let symbols = self.file.symbol_table().into_iter().flat_map(|table| table.symbols());
        let variables = symbols.filter_map(|symbol| match symbol.flags() {
            SymbolFlags::Elf { st_info, .. } if st_info.0 & 0xf == elf::STT_OBJECT.0 => {
                let start = symbol.address();
                Some((start, (start.saturating_add(symbol.size()), symbol.name().ok()?)))
            }
            _ => None,
        });
        variables.collect()
    }

    /// Returns the bytes of a function. `None` if they are not all in the file.
    pub fn code(&self, function: &Function<'_>) -> Option<&'data [u8]> {
        let section = self.section_around(function.address)?;
        let start = usize::try_from(function.address - section.address).ok()?;
        let end = usize::try_from(function.end.checked_sub(section.address)?).ok()?;
        section.bytes.get(start..end)
    }

    /// Returns what a slot holds when the program runs, if it is one that nobody writes but the loader.
    pub fn slot(&self, address: u64) -> Option<Reference<'data>> {
        let section = self.section_around(address)?;
        if section.kind != SectionKind::Got {
            return None;
        }
        if let Some(&reference) = self.slots.get(&address) {
            return Some(reference);
        }
        // Without a dynamic relocation it holds what the file has: the linker knew the address, or left it zero for a weak symbol
        // that nobody defines.
        let start = usize::try_from(address - section.address).ok()?;
        let word = section.bytes.get(start..start.checked_add(8)?)?;
        let value = u64::from_le_bytes(word.try_into().ok()?);
        (value != 0).then_some(Reference::Address(value))
    }

    /// Returns whether what a slot holds is not zero in any run: a weak symbol of which nobody knows whether it is there may be.
    pub(crate) fn is_filled(&self, address: u64) -> bool {
        match self.slot(address) {
            Some(Reference::Address(address)) => address != 0,
            Some(Reference::Import(name)) => self.surely_found.contains(name),
            None => false,
        }
    }

    /// Returns the pointer that lies at an address, if nobody can write there.
    pub fn constant_pointer(&self, address: u64) -> Option<Reference<'data>> {
        if self.section_around(address)?.kind != SectionKind::Constant {
            return None;
        }
        let relocations = &self.data_relocations;
        let after = self.data_index.count_until(relocations, address, |of| of.place);
        let last = relocations.get(after.checked_sub(1)?)?;
        (last.place == address).then_some(last.target)
    }

    /// Returns the four bytes at an address as a number, if nobody can write there.
    pub fn constant_word(&self, address: u64) -> Option<i32> {
        self.constant(address).map(i32::from_le_bytes)
    }

    /// Returns the eight bytes at an address as a number, if nobody can write there.
    pub fn constant_number(&self, address: u64) -> Option<u64> {
        self.constant(address).map(u64::from_le_bytes)
    }

    fn constant<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let section = self.section_around(address)?;
        let start = usize::try_from(address - section.address).ok()?;
        let bytes = section.bytes.get(start..start.checked_add(N)?)?;
        if section.kind == SectionKind::Constant { bytes.try_into().ok() } else { None }
    }

    /// Returns the first bytes of a stub that jumps to another shared object, if there is one at the address.
    pub fn stub(&self, address: u64) -> Option<&'data [u8]> {
        let section = self.section_around(address)?;
        let start = usize::try_from(address - section.address).ok()?;
        let rest = section.bytes.get(start..)?;
        (section.kind == SectionKind::Plt).then(|| rest.get(..self.machine.stub()).unwrap_or(rest))
    }

    /// Returns the names by which other files may know its functions, or it theirs. `None` if it is not linked.
    pub(crate) fn shared_names(&self) -> Option<impl Iterator<Item = &'data str>> {
        self.file.section_by_name(".dynamic")?;
        let table = self.file.dynamic_symbol_table();
        let symbols = table.into_iter().flat_map(|table| table.symbols());
        Some(symbols.filter_map(|symbol| symbol.name().ok()))
    }

    /// Returns the bytes of a debugging section, or nothing if it is not there.
    pub fn debug_section(&self, name: &str) -> &'data [u8] {
        let in_file = || self.file.section_by_name(name)?.data().ok();
        self.debug.get(name).or_else(in_file).unwrap_or(&[])
    }

    /// Returns the address and the bytes of a section of the program's memory.
    pub(crate) fn section(&self, name: &str) -> Option<(u64, &'data [u8])> {
        let section = self.file.section_by_name(name)?;
        Some((section.address(), section.data().ok()?))
    }

    /// Returns whether there is debugging information that can be read.
    pub fn has_debug_information(&self) -> bool {
        !self.debug_section(".debug_info").is_empty()
    }

    /// Returns the number that the linker made of the file's contents, if it made one.
    pub fn build_id(&self) -> Option<&'data [u8]> {
        self.file.build_id().ok().flatten()
    }

    /// Returns what the compilers and the linker say of themselves in the file.
    pub fn tools(&self) -> Vec<String> {
        let bytes = self.file.section_by_name(".comment").and_then(|section| section.data().ok());
        let texts = bytes.unwrap_or(&[]).split(|&byte| byte == 0).filter(|text| !text.is_empty());
        let mut tools: Vec<_> =
            texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        tools.dedup();
        tools
    }

    fn section_around(&self, address: u64) -> Option<&Section<'data>> {
        let after = self.sections.partition_point(|section| section.address <= address);
        let section = self.sections.get(after.checked_sub(1)?)?;
        let offset = usize::try_from(address - section.address).ok()?;
        (offset < section.bytes.len()).then_some(section)
    }
}

/// Says clearly what is wrong with a file of another kind.
fn refuse_others(bytes: &[u8]) -> Result<(), Error> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    if !bytes.starts_with(b"\x7fELF") {
        return Err(Error::NotElf);
    }
    if bytes.len() < 20 {
        return Err(Error::Malformed("it ends within its header".to_owned()));
    }
    match architecture_of(bytes) {
        Some(name) => Err(Error::Architecture(name)),
        None => Ok(()),
    }
}

/// Returns the processor that an ELF file is for, if it is another than those that can be read.
pub(crate) fn architecture_of(bytes: &[u8]) -> Option<String> {
    let header = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let (class, data) = (header(4), header(5));
    let machine = [header(18), header(19)];
    let machine = if data == 2 { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) };
    let is_known = class == 2 && data == 1 && Machine::of(machine).is_some();
    (!is_known).then(|| architecture(class, data, machine))
}

fn architecture(class: u8, data: u8, machine: u16) -> String {
    let name = match machine {
        3 => "x86",
        8 => "MIPS",
        20 => "PowerPC",
        21 => "64-bit PowerPC",
        22 => "s390",
        40 => "Arm",
        62 => "x86-64 with 32-bit addresses or the wrong order of bytes",
        183 => "AArch64 with 32-bit addresses or the wrong order of bytes",
        243 => "RISC-V",
        258 => "LoongArch",
        _ => {
            return format!(
                "an unknown processor (class {class}, order {data}, machine {machine})"
            );
        }
    };
    name.to_owned()
}

fn sections<'data>(file: &File<'data>) -> Result<Vec<Section<'data>>, Error> {
    let mut sections = Vec::new();
    for section in file.sections() {
        let (sh_type, flags) = type_and_flags(&section);
        if flags & elf::SHF_ALLOC.0 == 0 || sh_type == elf::SHT_NOBITS.0 {
            continue;
        }
        let name = section.name_bytes().map_err(malformed)?;
        let kind = match name {
            b".plt" | b".plt.got" | b".plt.sec" | b".plt.bnd" | b".iplt" => SectionKind::Plt,
            b".got" | b".got.plt" => SectionKind::Got,
            _ if flags & elf::SHF_EXECINSTR.0 != 0 => SectionKind::Code,
            _ if flags & elf::SHF_WRITE.0 == 0 || name.starts_with(b".data.rel.ro") => {
                SectionKind::Constant
            }
            _ => SectionKind::Data,
        };
        let bytes = section.data().map_err(malformed)?;
        if section.address().checked_add(bytes.len() as u64).is_none() {
            return Err(Error::Malformed("a section reaches over the end of memory".to_owned()));
        }
        sections.push(Section { address: section.address(), bytes, kind });
    }
    sections.sort_by_key(|section| section.address);
    let overlap = sections.windows(2).any(|pair| {
        pair[0].address + pair[0].bytes.len() as u64 > pair[1].address && !pair[1].bytes.is_empty()
    });
    if overlap {
        return Err(Error::Malformed("two of its sections are at one address".to_owned()));
    }
    Ok(sections)
}

/// A symbol of code, before those at one address are put together.
struct CodeSymbol<'data> {
    address: u64,
    size: u64,
    name: &'data str,
    /// Typed and global ones come first.
    rank: u8,
}

fn functions<'data>(
    file: &File<'data>,
    sections: &[Section<'data>],
) -> Result<Vec<Function<'data>>, Error> {
    let table = file.symbol_table().ok_or(Error::NoSymbols)?;
    let mut symbols = Vec::new();
    for symbol in table.symbols() {
        let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { continue };
        let ty = st_info.0 & 0xf;
        let is_typed = ty == elf::STT_FUNC.0 || ty == elf::STT_GNU_IFUNC.0;
        if symbol.is_undefined() || !(is_typed || ty == elf::STT_NOTYPE.0) {
            continue;
        }
        // A symbol without a readable name still bounds code.
        let name = symbol.name().unwrap_or("");
        let (address, size) = (symbol.address(), symbol.size());
        if !is_typed && (name.is_empty() || name.starts_with(['.', '$'])) {
            continue;
        }
        if section_of(sections, address).is_none_or(|section| section.kind != SectionKind::Code) {
            continue;
        }
        let rank = u8::from(!is_typed) * 2 + u8::from(!symbol.is_global());
        symbols.push(CodeSymbol { address, size, name, rank });
    }
    symbols.sort_by_key(|symbol| (symbol.address, symbol.rank));
    let functions = together(&symbols, sections);
    // Labels lie within functions, but not each function within each.
    let code = sections.iter().filter(|section| section.kind == SectionKind::Code);
    let most = code.map(|section| section.bytes.len() as u64).sum::<u64>().saturating_mul(16);
    let all: u64 = functions.iter().fold(0, |sum, function| {
        let end = section_of(sections, function.address)
            .map_or(0, |section| section.address + section.bytes.len() as u64);
        sum.saturating_add(function.end.min(end).saturating_sub(function.address))
    });
    if all > most {
        return Err(Error::Malformed("its functions lie over each other".to_owned()));
    }
    Ok(functions)
}

/// Puts the symbols at one address together, and finds the ends of functions that do not tell their size.
fn together<'data>(
    symbols: &[CodeSymbol<'data>],
    sections: &[Section<'_>],
) -> Vec<Function<'data>> {
    let mut functions: Vec<Function<'data>> = Vec::new();
    let mut groups = symbols.chunk_by(|a, b| a.address == b.address).peekable();
    while let Some(group) = groups.next() {
        let address = group[0].address;
        let Some(section) = section_of(sections, address) else { continue };
        let section_end = section.address + section.bytes.len() as u64;
        let next = groups.peek().map_or(section_end, |group| group[0].address.min(section_end));
        let size = group.iter().map(|symbol| symbol.size).max().unwrap_or(0);
        let end = if size == 0 { next } else { address.saturating_add(size) };
        let mut names: Vec<&str> = Vec::new();
        for symbol in group {
            if !symbol.name.is_empty() && !names.contains(&symbol.name) {
                names.push(symbol.name);
            }
        }
        let symbol = names.first().copied().unwrap_or("");
        let aliases = names.into_iter().skip(1).collect();
        functions.push(Function { address, end, symbol, aliases });
    }
    functions
}

fn section_of<'a, 'data>(
    sections: &'a [Section<'data>],
    address: u64,
) -> Option<&'a Section<'data>> {
    let after = sections.partition_point(|section| section.address <= address);
    let section = sections.get(after.checked_sub(1)?)?;
    (address - section.address < section.bytes.len() as u64).then_some(section)
}

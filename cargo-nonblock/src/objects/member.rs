//! One object file, as it is in the file: its sections, its symbols, and which of its sections are in groups.

use std::borrow::Cow;
use std::fmt;

use object::elf;
use object::read::elf::{FileHeader, Rela as _, SectionHeader as _, Sym as _, SymbolTable};
use object::{
    CompressedData, CompressedFileRange, CompressionFormat, LittleEndian, SectionIndex, SymbolIndex,
};

use super::kind::Kind;
use crate::debug_sections::Allowance;
use crate::elf::architecture_of;
use crate::error::Error;
use crate::machine::Machine;

type Header = elf::FileHeader64<LittleEndian>;
const ENDIAN: LittleEndian = LittleEndian;

/// An object file.
pub(super) struct Member<'data> {
    /// Its name in the archive. Empty if it is none's.
    pub(super) name: String,
    /// By their numbers in the file.
    pub(super) sections: Vec<Section<'data>>,
    /// By their numbers in the file.
    pub(super) symbols: Vec<Symbol<'data>>,
    /// The groups of which one of all members is kept: by name, with the sections' numbers.
    pub(super) groups: Vec<(&'data [u8], Vec<usize>)>,
}

/// A section of an object file.
#[derive(Default)]
pub(super) struct Section<'data> {
    /// What becomes of it. `None` if it is left out.
    pub(super) kind: Option<Kind>,
    pub(super) name: &'data [u8],
    /// Empty if it has none in the file. If they are compressed there, they are unpacked.
    pub(super) bytes: Cow<'data, [u8]>,
    pub(super) size: u64,
    pub(super) align: u64,
    pub(super) relocations: Vec<&'data [elf::Rela64<LittleEndian>]>,
    /// Whether it is in a group, of which one of all members is taken.
    pub(super) is_grouped: bool,
    /// Whether another member's section of the same group is taken.
    pub(super) is_discarded: bool,
}

/// A symbol of an object file.
#[derive(Clone, Copy)]
pub(super) struct Symbol<'data> {
    pub(super) name: &'data [u8],
    pub(super) value: u64,
    pub(super) size: u64,
    pub(super) info: elf::SymbolInfo,
    pub(super) is_local: bool,
    pub(super) is_hidden: bool,
    pub(super) place: SymbolPlace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SymbolPlace {
    Undefined,
    Absolute,
    Common,
    Section(usize),
}

impl Symbol<'_> {
    pub(super) fn is_weak(&self) -> bool {
        self.info.st_bind() == elf::STB_WEAK
    }

    pub(super) fn kind(&self) -> elf::SymbolType {
        self.info.st_type()
    }
}

/// Why a member cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is for another processor.
    Architecture(String),
    /// It is for a processor whose programs are read once they are linked.
    NotLinked(Machine),
    /// It has the compiler's own form, of which code is made when it is linked.
    Bitcode,
    /// It is no object file.
    Foreign,
    /// It is damaged.
    Damaged(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Architecture(name) => write!(f, "is for {name}"),
            Self::NotLinked(machine) => {
                write!(f, "is for {}, and is not linked yet", machine.name())
            }
            Self::Bitcode => f.write_str(
                "has no code, but what a compiler makes code of when it is linked (LTO)",
            ),
            Self::Foreign => f.write_str("is no ELF object file"),
            Self::Damaged(what) => write!(f, "is damaged ({what})"),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Architecture(name) => Self::Architecture(name),
            Refused::NotLinked(machine) => Self::ObjectsOf(machine),
            Refused::Damaged(what) => Self::Malformed(what),
            Refused::Bitcode | Refused::Foreign => Self::NoObjects(Some(format!("it {refused}"))),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::Malformed(what) => Self::Damaged(what),
            error => Self::Damaged(error.to_string()),
        }
    }
}

impl From<object::Error> for Refused {
    fn from(error: object::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// Returns a byte of a file, or 0 where it is too short.
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// Whether a file begins as an object file of some processor's does.
pub(super) fn is_object(bytes: &[u8]) -> bool {
    let little = bytes.get(16..18) == Some(&[1, 0]) && bytes.get(5) == Some(&1);
    bytes.starts_with(b"\x7fELF") && little && bytes.get(4) == Some(&2)
}

/// Whether a member is rustc's description of a library, which has no code.
pub(super) fn is_metadata(name: &str, bytes: &[u8]) -> bool {
    name == "lib.rmeta" && bytes.starts_with(b"rust\0")
}

impl<'data> Member<'data> {
    pub(super) fn read(
        name: String,
        bytes: &'data [u8],
        allowance: &mut Allowance,
    ) -> Result<Self, Refused> {
        if bytes.starts_with(b"BC\xc0\xde") || bytes.starts_with(b"\xde\xc0\x17\x0b") {
            return Err(Refused::Bitcode);
        }
        if !bytes.starts_with(b"\x7fELF") {
            return Err(Refused::Foreign);
        }
        if let Some(processor) = architecture_of(bytes) {
            return Err(Refused::Architecture(processor));
        }
        let number = u16::from_le_bytes([byte(bytes, 18), byte(bytes, 19)]);
        if let Some(machine) = Machine::of(number).filter(|machine| *machine != Machine::X86_64) {
            return Err(Refused::NotLinked(machine));
        }
        if !is_object(bytes) {
            return Err(Refused::Foreign);
        }
        let header = Header::parse(bytes)?;
        let headers = header.sections(ENDIAN, bytes)?;
        let table = headers.symbols(ENDIAN, bytes, elf::SHT_SYMTAB)?;
        let mut member =
            Self { name, sections: Vec::new(), symbols: symbols(&table)?, groups: Vec::new() };
        if member.symbols.iter().any(|symbol| symbol.name == b"__gnu_lto_slim") {
            return Err(Refused::Bitcode);
        }
        for section in headers.iter() {
            let (ty, flags) = (section.sh_type(ENDIAN), section.sh_flags(ENDIAN));
            let name = headers.section_name(ENDIAN, section)?;
            let kind = Kind::of(name, ty, flags);
            let mut size = section.sh_size(ENDIAN);
            let bytes = if kind.is_none() || ty == elf::SHT_NOBITS {
                Cow::default()
            } else if let Some(data) = compressed(section, bytes)? {
                size = data.uncompressed_size;
                allowance.unpack(&String::from_utf8_lossy(name), data)?
            } else {
                section.data(ENDIAN, bytes)?.into()
            };
            member.sections.push(Section {
                kind,
                name,
                bytes,
                size,
                align: section.sh_addralign(ENDIAN).max(1),
                relocations: Vec::new(),
                is_grouped: false,
                is_discarded: false,
            });
        }
        for section in headers.iter() {
            if let Some((list, link)) = section.rela(ENDIAN, bytes)? {
                if link != table.section() {
                    return Err(Refused::Damaged("its relocations have no symbols".to_owned()));
                }
                let target = section.info_link(ENDIAN).0;
                let target = member.sections.get_mut(target).ok_or_else(out_of_range)?;
                target.relocations.push(list);
            } else if [elf::SHT_REL, elf::SHT_CREL].contains(&section.sh_type(ENDIAN)) {
                return Err(Refused::Damaged("its relocations have an unknown form".to_owned()));
            }
            let Some((flags, list)) = section.group(ENDIAN, bytes)? else { continue };
            if flags.contains(elf::GRP_COMDAT) {
                let signature = section.sh_info(ENDIAN) as usize;
                let signature = member.symbols.get(signature).ok_or_else(out_of_range)?;
                let list = list.iter().map(|index| index.get(ENDIAN) as usize).collect();
                member.groups.push((signature.name, list));
            }
        }
        member.add_old_groups();
        member.check()?;
        Ok(member)
    }

    /// Returns how many bytes were unpacked.
    pub(super) fn unpacked(&self) -> usize {
        let sections = self.sections.iter().map(|section| match &section.bytes {
            Cow::Owned(bytes) => bytes.len(),
            Cow::Borrowed(_) => 0,
        });
        sections.sum()
    }

    /// What compilers wrote before there were groups: a section of which the name says that one is kept.
    fn add_old_groups(&mut self) {
        let sections = self.sections.iter().enumerate();
        let old = sections.filter(|(_, section)| section.name.starts_with(b".gnu.linkonce."));
        let old: Vec<_> = old.map(|(index, section)| (section.name, vec![index])).collect();
        self.groups.extend(old);
    }

    fn check(&self) -> Result<(), Refused> {
        for symbol in &self.symbols {
            if let SymbolPlace::Section(index) = symbol.place
                && index >= self.sections.len()
            {
                return Err(out_of_range());
            }
        }
        for section in &self.sections {
            let count = self.symbols.len();
            let mut all = section.relocations.iter().copied().flatten();
            if all.any(|relocation| {
                relocation.symbol(ENDIAN, false).is_some_and(|index| index.0 >= count)
            }) {
                return Err(out_of_range());
            }
            if section.kind.is_some() && !section.align.is_power_of_two() {
                return Err(Refused::Damaged("a section has an alignment that is none".to_owned()));
            }
        }
        Ok(())
    }
}

/// Returns a section's bytes, if they are compressed.
fn compressed<'data>(
    section: &elf::SectionHeader64<LittleEndian>,
    bytes: &'data [u8],
) -> Result<Option<CompressedData<'data>>, Refused> {
    let Some((header, offset, compressed_size)) = section.compression(ENDIAN, bytes)? else {
        return Ok(None);
    };
    let format = match header.ch_type.get(ENDIAN) {
        elf::ELFCOMPRESS_ZLIB => CompressionFormat::Zlib,
        elf::ELFCOMPRESS_ZSTD => CompressionFormat::Zstandard,
        _ => CompressionFormat::Unknown,
    };
    let uncompressed_size = header.ch_size.get(ENDIAN);
    let range = CompressedFileRange { format, offset, compressed_size, uncompressed_size };
    Ok(Some(range.data(bytes)?))
}

fn out_of_range() -> Refused {
    Refused::Damaged("it refers to a symbol or a section that it has not".to_owned())
}

fn symbols<'data>(table: &SymbolTable<'data, Header>) -> Result<Vec<Symbol<'data>>, Refused> {
    let mut symbols = Vec::with_capacity(table.len());
    for (index, symbol) in table.symbols().iter().enumerate() {
        let section = table.symbol_section(ENDIAN, symbol, SymbolIndex(index))?;
        let place = match section {
            Some(SectionIndex(index)) => SymbolPlace::Section(index),
            None if symbol.is_absolute(ENDIAN) => SymbolPlace::Absolute,
            None if symbol.is_common(ENDIAN) => SymbolPlace::Common,
            None => SymbolPlace::Undefined,
        };
        symbols.push(Symbol {
            name: if index == 0 { b"" } else { table.symbol_name(ENDIAN, symbol)? },
            value: symbol.st_value(ENDIAN),
            size: symbol.st_size(ENDIAN),
            info: symbol.st_info(),
            is_local: symbol.is_local(),
            is_hidden: symbol.st_visibility() != elf::STV_DEFAULT,
            place,
        });
    }
    Ok(symbols)
}

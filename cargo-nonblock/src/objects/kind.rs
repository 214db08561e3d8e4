//! The kinds of sections, into which the sections of all members are put together.

use object::elf;

/// Into which section of the whole a member's section goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Text,
    Rodata,
    ExceptTable,
    EhFrame,
    Tdata,
    DataRelRo,
    Data,
    Bss,
    Comment,
    /// One of those with debugging information, by its number in [`DEBUG`].
    Debug(usize),
}

/// The sections with debugging information that are read.
pub(super) const DEBUG: [&str; 14] = [
    ".debug_abbrev",
    ".debug_addr",
    ".debug_aranges",
    ".debug_info",
    ".debug_line",
    ".debug_line_str",
    ".debug_loc",
    ".debug_loclists",
    ".debug_ranges",
    ".debug_rnglists",
    ".debug_str",
    ".debug_str_offsets",
    ".debug_types",
    ".debug_frame",
];

/// Those that are there when the program runs, in the order of their addresses.
pub(super) const LOADED: [Kind; 8] = [
    Kind::Text,
    Kind::Rodata,
    Kind::ExceptTable,
    Kind::EhFrame,
    Kind::Tdata,
    Kind::DataRelRo,
    Kind::Data,
    Kind::Bss,
];

impl Kind {
    /// Returns where a section of an object file belongs. `None` if it is left out.
    pub(super) fn of(name: &[u8], ty: elf::SectionType, flags: elf::SectionFlags) -> Option<Self> {
        if flags.contains(elf::SHF_ALLOC) {
            return Some(match name {
                _ if flags.contains(elf::SHF_EXECINSTR) => Self::Text,
                _ if ty == elf::SHT_NOBITS => Self::Bss,
                _ if flags.contains(elf::SHF_TLS) => Self::Tdata,
                b".eh_frame" => Self::EhFrame,
                _ if name.starts_with(b".gcc_except_table") => Self::ExceptTable,
                _ if name.starts_with(b".data.rel.ro") => Self::DataRelRo,
                _ if flags.contains(elf::SHF_WRITE) => Self::Data,
                _ => Self::Rodata,
            });
        }
        if ty == elf::SHT_NOBITS {
            return None;
        }
        if name == b".comment" {
            return Some(Self::Comment);
        }
        DEBUG.iter().position(|known| known.as_bytes() == name).map(Self::Debug)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => ".text",
            Self::Rodata => ".rodata",
            Self::ExceptTable => ".gcc_except_table",
            Self::EhFrame => ".eh_frame",
            Self::Tdata => ".tdata",
            Self::DataRelRo => ".data.rel.ro",
            Self::Data => ".data",
            Self::Bss => ".bss",
            Self::Comment => ".comment",
            Self::Debug(number) => DEBUG[number],
        }
    }

    pub(super) fn is_loaded(self) -> bool {
        !matches!(self, Self::Comment | Self::Debug(_))
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        let debug = (0..DEBUG.len()).map(Self::Debug);
        LOADED.into_iter().chain([Self::Comment]).chain(debug)
    }
}

//! Why a file cannot be checked.

use std::fmt;

use crate::machine::Machine;

/// Why a file cannot be checked. Its text says what is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The file is empty.
    Empty,
    /// The file is no ELF file.
    NotElf,
    /// The file is an archive that has the names of its members only.
    ThinArchive,
    /// The file is an archive without object files, or an object file without code. The text says what it is.
    NoObjects(Option<String>),
    /// The file is an object file that is not linked yet.
    NotLinked,
    /// The file is a core dump, or of another kind that is no program.
    NotAProgram,
    /// The file is for another processor than those that can be read. The text names it.
    Architecture(String),
    /// The file is an object file, or an archive of some, for a processor whose programs are read once they are linked.
    ObjectsOf(Machine),
    /// The file contradicts itself, or ends too early. The text says where.
    Malformed(String),
    /// The file has no symbols.
    NoSymbols,
    /// The linker did not leave its relocations in the file.
    NoRelocations,
}

/// How the linker is told to leave relocations in the file.
const FLAGS: &str = "RUSTFLAGS='-C symbol-mangling-version=v0 -C link-arg=-Wl,--emit-relocs -C debuginfo=2 -C opt-level=0 -C strip=none'";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::NotElf => f.write_str(
                "the file is no ELF file: give a program, a shared object, a static library or an object file for Linux",
            ),
            Self::ThinArchive => f.write_str(
                "the file is a thin archive, which has the names of its object files only: build it without ar's `T` or `--thin`",
            ),
            Self::NoObjects(None) => f.write_str("the archive is empty: there is no object file in it"),
            Self::NoObjects(Some(what)) => {
                write!(f, "the file has no object file that can be read: {what}. Build it for x86-64, without LTO")
            }
            Self::NotLinked => f.write_str(
                "the file is an object file that is not linked yet: give the program that is linked from it",
            ),
            Self::NotAProgram => {
                f.write_str("the file is neither a program nor a shared object: give one of these")
            }
            Self::Architecture(name) => {
                write!(
                    f,
                    "the file is for {name}, and only x86-64 and AArch64 can be read: build for one of these"
                )
            }
            Self::ObjectsOf(machine) => write!(
                f,
                "the file has object files for {}, which can be read for x86-64 only: give the program that is linked from them",
                machine.name()
            ),
            Self::Malformed(what) => {
                write!(f, "the file is damaged: {what}. Build it anew")
            }
            Self::NoSymbols => write!(
                f,
                "the file has no symbols, so no function in it has a name: build it without `strip`, with {FLAGS}"
            ),
            Self::NoRelocations => write!(
                f,
                "the linker did not leave its relocations in the file: build it with {FLAGS}, or let `cargo nonblock check` build it"
            ),
        }
    }
}

impl std::error::Error for Error {}

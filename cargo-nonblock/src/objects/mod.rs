//! Object files and static libraries: what is not linked yet is laid out in one address space here, as a linker would.
//!
//! The result is the bytes of a program with its relocations, symbols and debugging information, so that all else reads it as it reads
//! what a linker made. Three things are other than in a program that is finished:
//!
//! * What no member defines is imported, from whatever it is linked with.
//! * A weak symbol may be replaced by the program that the library becomes a part of. Calls of it lead to the library's own function and
//!   to an import of that name. If several members define one symbol, calls lead to each of them.
//! * No code follows another's last byte, since nobody knows what will lie there.

mod ends_of_code;
mod image;
mod kind;
mod layout;
mod member;
mod named;
mod relocate;
mod relocation_types;
mod resolve;

use std::borrow::Cow;

use object::read::archive::ArchiveFile;

use crate::debug_sections::{Allowance, DebugSections};
use crate::elf::Program;
use crate::error::Error;
use member::{Member, Refused};
use named::some_of;

/// The bytes of a program: a file's own, or what its object files make together.
#[derive(Debug)]
pub struct Image<'data> {
    bytes: Cow<'data, [u8]>,
    debug: DebugSections,
    is_linked_here: bool,
    doubts: Vec<String>,
}

impl<'data> Image<'data> {
    /// Lays out object files. Another file stays as it is.
    ///
    /// # Errors
    ///
    /// If the file is an archive without an object file that can be read, an object file that is damaged, or has debugging information
    /// that cannot be unpacked.
    pub fn of(bytes: &'data [u8]) -> Result<Self, Error> {
        let mut members = if bytes.starts_with(b"!<thin>\n") {
            return Err(Error::ThinArchive);
        } else if bytes.starts_with(b"!<arch>\n") {
            Members::of_archive(bytes)?
        } else if member::is_object(bytes) {
            Members::of_object(bytes)?
        } else {
            let debug = DebugSections::unpack(bytes)?;
            let bytes = Cow::Borrowed(bytes);
            return Ok(Self { bytes, debug, is_linked_here: false, doubts: Vec::new() });
        };
        let mut doubts = members.doubts();
        let size = bytes.len() + members.list.iter().map(Member::unpacked).sum::<usize>();
        let linked = relocate::link(&mut members.list, size)?;
        doubts.extend(linked.doubts);
        let (bytes, debug) = (Cow::Owned(linked.bytes), DebugSections::default());
        Ok(Self { bytes, debug, is_linked_here: true, doubts })
    }

    /// Reads the program.
    ///
    /// # Errors
    ///
    /// As [`Program::read`].
    pub fn program(&self) -> Result<Program<'_>, Error> {
        if self.is_linked_here {
            Program::of_objects(&self.bytes, &self.debug)
        } else {
            Program::read(&self.bytes, &self.debug)
        }
    }

    /// Returns what keeps the file as a whole from being proved: members that cannot be read, and the like.
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }
}

/// The object files of a file.
#[derive(Default)]
struct Members<'data> {
    list: Vec<Member<'data>>,
    /// The members that are none, with why.
    refused: Vec<(String, Refused)>,
}

impl<'data> Members<'data> {
    fn of_object(bytes: &'data [u8]) -> Result<Self, Error> {
        match Member::read(String::new(), bytes, &mut Allowance::of_file(bytes.len())) {
            Ok(member) => Ok(Self { list: vec![member], refused: Vec::new() }),
            Err(refused) => Err(refused.into()),
        }
    }

    fn of_archive(bytes: &'data [u8]) -> Result<Self, Error> {
        let damaged = |error: object::Error| Error::Malformed(format!("as an archive: {error}"));
        let archive = ArchiveFile::parse(bytes).map_err(damaged)?;
        let mut members = Self::default();
        let mut allowance = Allowance::of_file(bytes.len());
        for member in archive.members() {
            let member = member.map_err(damaged)?;
            let name = String::from_utf8_lossy(member.name()).into_owned();
            let data = member.data(bytes).map_err(damaged)?;
            if member::is_metadata(&name, data) {
                continue;
            }
            match Member::read(name.clone(), data, &mut allowance) {
                Ok(member) => members.list.push(member),
                Err(refused) => members.refused.push((name, refused)),
            }
        }
        if members.list.is_empty() {
            return Err(match members.refused.into_iter().next() {
                Some((_, refused @ (Refused::Architecture(_) | Refused::NotLinked(_)))) => {
                    refused.into()
                }
                Some((name, refused)) => Error::NoObjects(Some(format!("{name} {refused}"))),
                None => Error::NoObjects(None),
            });
        }
        Ok(members)
    }

    fn doubts(&self) -> Vec<String> {
        let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
        for (name, refused) in &self.refused {
            let reason = refused.to_string();
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, names)) => names.push(name),
                None => reasons.push((reason, vec![name])),
            }
        }
        let doubts = reasons.into_iter().map(|(reason, names)| {
            format!(
                "A member of the archive {reason}, so what it has is not looked at: {}.",
                some_of(&names)
            )
        });
        doubts.collect()
    }
}

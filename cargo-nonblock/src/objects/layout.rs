//! Where each section of each member lies in the one address space.

use super::kind::Kind;
use super::member::Member;
use crate::error::Error;

/// Where the first section lies.
const BASE: u64 = 0x0040_0000;
const PAGE: u64 = 0x1000;
/// More than this cannot be reached by a displacement of 32 bits.
const MOST: u64 = 0x7000_0000;
const MOST_ALIGNED: u64 = 1 << 20;

/// A section of the whole.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) kind: Kind,
    /// 0 if it is not loaded.
    pub(super) address: u64,
    /// Empty for what has no bytes in a file.
    pub(super) bytes: Vec<u8>,
    pub(super) size: u64,
}

/// Where everything lies.
#[derive(Debug)]
pub(super) struct Layout {
    /// In the order of [`Kind::all`].
    pub(super) outputs: Vec<Output>,
    /// Where each section of each member lies in its output. `None` if it is left out.
    pub(super) places: Vec<Vec<Option<Place>>>,
    /// The first address behind all.
    pub(super) end: u64,
}

/// Where a section of a member lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The number of the output.
    pub(super) output: usize,
    pub(super) offset: u64,
    /// How much of the section is taken.
    pub(super) size: u64,
}

impl Layout {
    /// Lays out all sections. `more` is how much is added: common variables, and code of ours.
    pub(super) fn new(
        members: &[Member<'_>],
        file_size: usize,
        more_text: u64,
        more_bss: u64,
    ) -> Result<Self, Error> {
        let mut outputs: Vec<_> = Kind::all()
            .map(|kind| Output { kind, address: 0, bytes: Vec::new(), size: 0 })
            .collect();
        let mut places = Vec::new();
        // Sections that lie over each other in the file could ask for any amount.
        let most_bytes = (file_size as u64).saturating_mul(4).saturating_add(64 << 20);
        let mut bytes_so_far = 0_u64;
        for member in members {
            let mut of_member = Vec::with_capacity(member.sections.len());
            for section in &member.sections {
                let Some(kind) = section.kind.filter(|_| !section.is_discarded) else {
                    of_member.push(None);
                    continue;
                };
                let number = Kind::all().position(|known| known == kind).unwrap_or(0);
                let output = &mut outputs[number];
                let (bytes, size) = taken(kind, &section.bytes, section.size);
                let align = if is_aligned(kind) { section.align } else { 1 };
                let offset = output.size.checked_next_multiple_of(align);
                let end =
                    offset.and_then(|offset| offset.checked_add(size)?.checked_add(gap(kind)));
                let (Some(offset), Some(end)) = (offset, end) else { return Err(too_large()) };
                bytes_so_far += if kind == Kind::Bss { 0 } else { end - output.size };
                if end > MOST || bytes_so_far > most_bytes || align > MOST_ALIGNED {
                    return Err(too_large());
                }
                output.size = end;
                if kind != Kind::Bss {
                    let fill = if kind == Kind::Text { NOP } else { 0 };
                    output.bytes.resize(index(offset), fill);
                    output.bytes.extend_from_slice(bytes);
                    output.bytes.resize(index(end), fill);
                }
                of_member.push(Some(Place { output: number, offset, size }));
            }
            places.push(of_member);
        }
        let mut layout = Self { outputs, places, end: BASE };
        for output in layout.outputs.iter_mut().filter(|output| output.kind.is_loaded()) {
            let more = match output.kind {
                Kind::Text => more_text,
                Kind::Bss => more_bss,
                _ => 0,
            };
            output.address = layout.end;
            let end = output.address + output.size;
            layout.end = end.saturating_add(more).saturating_add(PAGE).next_multiple_of(PAGE);
            if layout.end - BASE > MOST {
                return Err(too_large());
            }
        }
        Ok(layout)
    }

    /// Returns the address of a section of a member, or its offset if it is not loaded.
    pub(super) fn address(&self, member: usize, section: usize) -> Option<u64> {
        let place = self.places.get(member)?.get(section).copied().flatten()?;
        Some(self.outputs[place.output].address + place.offset)
    }

    pub(super) fn get(&self, kind: Kind) -> &Output {
        let number = Kind::all().position(|known| known == kind).unwrap_or(0);
        &self.outputs[number]
    }

    pub(super) fn output(&mut self, kind: Kind) -> &mut Output {
        let number = Kind::all().position(|known| known == kind).unwrap_or(0);
        &mut self.outputs[number]
    }
}

/// The byte that does nothing.
const NOP: u8 = 0x90;

/// Behind code is a byte that belongs to nothing, so nothing goes on there in the next.
fn gap(kind: Kind) -> u64 {
    u64::from(kind == Kind::Text)
}

/// A gap would end the list of frames, or be read as debugging information.
fn is_aligned(kind: Kind) -> bool {
    kind != Kind::EhFrame && kind.is_loaded()
}

/// Returns what is taken of a section: the frames up to the mark that ends them.
fn taken(kind: Kind, bytes: &[u8], size: u64) -> (&[u8], u64) {
    match kind {
        Kind::Bss => (&[], size),
        Kind::EhFrame => {
            let bytes = &bytes[..end_of_frames(bytes)];
            (bytes, bytes.len() as u64)
        }
        _ => (bytes, bytes.len() as u64),
    }
}

fn end_of_frames(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(length) = bytes.get(at..at + 4) {
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
        if length == 0 {
            return at;
        }
        // What is none of the usual lists is left as it is.
        match at.checked_add(4 + length as usize) {
            Some(next) if next <= bytes.len() && length != u32::MAX => at = next,
            _ => return bytes.len(),
        }
    }
    bytes.len()
}

fn too_large() -> Error {
    Error::Malformed("its sections are too large, or contradict each other".to_owned())
}

/// An offset that is below [`MOST`].
pub(super) fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

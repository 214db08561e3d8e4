//! A short string in an array, so that a report allocates nothing.

use core::fmt;

/// The longest string that is kept, in bytes.
const CAPACITY: usize = 48;

/// A string of at most 48 bytes. A longer one is cut between two characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ArrayString {
    len: usize,
    bytes: [u8; CAPACITY],
}

impl ArrayString {
    pub(super) const EMPTY: Self = Self { len: 0, bytes: [0; CAPACITY] };

    pub(super) fn new(text: &str) -> Self {
        let mut short = Self::EMPTY;
        for character in text.chars() {
            let end = short.len + character.len_utf8();
            if let Some(free) = short.bytes.get_mut(short.len..end) {
                character.encode_utf8(free);
                short.len = end;
            } else {
                break;
            }
        }
        short
    }

    pub(super) fn as_str(&self) -> &str {
        // `new` wrote whole characters only, so neither step fails.
        self.bytes.get(..self.len).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or("")
    }
}

impl fmt::Debug for ArrayString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

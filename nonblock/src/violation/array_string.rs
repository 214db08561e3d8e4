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
        short.push(text);
        short
    }

    /// Writes a value as its `Display` form.
    #[cfg(any(feature = "tokio", feature = "tracing"))]
    pub(super) fn displayed(value: impl fmt::Display) -> Self {
        struct Writer(ArrayString);

        impl fmt::Write for Writer {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.push(text);
                Ok(())
            }
        }

        let mut writer = Writer(Self::EMPTY);
        // The writer refuses nothing, and what a value itself refuses is cut.
        let _ = fmt::Write::write_fmt(&mut writer, format_args!("{value}"));
        writer.0
    }

    fn push(&mut self, text: &str) {
        for character in text.chars() {
            let end = self.len + character.len_utf8();
            if let Some(free) = self.bytes.get_mut(self.len..end) {
                character.encode_utf8(free);
                self.len = end;
            } else {
                break;
            }
        }
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

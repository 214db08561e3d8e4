//! What the tables have in common: hashes.

/// The places of a table of so many, a power of two, from that of a word on.
#[inline]
pub(super) fn places_of(word: u64, of: usize) -> impl Iterator<Item = usize> {
    let first = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
    (0..of).map(move |step| first.wrapping_add(step) & (of - 1))
}

/// A hash of what a table looks up (FNV-1a, by words).
#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const fn of(word: u64) -> Self {
        Self(0xcbf2_9ce4_8422_2325).and(word)
    }

    pub(super) const fn and(self, word: u64) -> Self {
        Self((self.0 ^ word).wrapping_mul(0x0100_0000_01b3))
    }

    pub(super) fn and_text(self, text: &str) -> Self {
        text.bytes().fold(self, |hash, byte| hash.and(u64::from(byte)))
    }

    /// The places of a table of so many, a power of two, from the first on.
    pub(super) fn places(self, of: usize) -> impl Iterator<Item = usize> {
        places_of(self.0 ^ (self.0 >> 32), of)
    }
}

//! What can be seen of instructions without decoding all of them: where they branch to, and which addresses they compute.

/// Returns where a word branches to, if it is a direct call or jump.
pub(crate) fn branch_target(word: u32, address: u64) -> Option<u64> {
    // `b` and `bl`; `b.cond`, `bc.cond`, `cbz` and `cbnz`; `tbz` and `tbnz`.
    let (bits, at) = match word {
        _ if word & 0x7c00_0000 == 0x1400_0000 => (26, 0),
        _ if word & 0xff00_0000 == 0x5400_0000 || word & 0x7e00_0000 == 0x3400_0000 => (19, 5),
        _ if word & 0x7e00_0000 == 0x3600_0000 => (14, 5),
        _ => return None,
    };
    let number = (word >> at << (32 - bits)).cast_signed() >> (32 - bits);
    Some(address.wrapping_add_signed(i64::from(number) * 4))
}

/// How many instructions may stand between the two that compute an address. Compilers put them next to each other, or nearly so.
const MOST_BETWEEN: usize = 64;

/// Returns the addresses that code computes by their distance, with where each is computed. Bytes that only look like such instructions are no
/// harm.
pub(crate) fn computed(code: &[u8], start: u64) -> Vec<(u64, u64)> {
    let word = |word: &[u8]| u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
    let words: Vec<u32> = code.chunks_exact(4).map(word).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let here = start.wrapping_add(4 * at as u64);
        let number = (word >> 5 & 0x7_ffff) << 2 | word >> 29 & 0b11;
        let distance = i64::from((number << 11).cast_signed() >> 11);
        // `adr`
        if word & 0x9f00_0000 == 0x1000_0000 {
            found.push((here, here.wrapping_add_signed(distance)));
        }
        // `adrp`, and each `add` of a number to what it computes.
        if word & 0x9f00_0000 == 0x9000_0000 {
            let page = (here & !0xfff).wrapping_add_signed(distance << 12);
            let adds = words.iter().enumerate().skip(at + 1).take(MOST_BETWEEN);
            let adds = adds.filter(|(_, add)| {
                *add & 0xffc0_0000 == 0x9100_0000 && *add >> 5 & 0b1_1111 == word & 0b1_1111
            });
            found.extend(adds.map(|(at, add)| {
                let place = start.wrapping_add(4 * at as u64);
                (place, page.wrapping_add(u64::from(add >> 10 & 0xfff)))
            }));
        }
    }
    found
}

//! Levels and differences in pages, whose claimed counts are checked before they are used.

/// The runs of levels, in Parquet's mixture of runs and packed bits, as (level, how often).
pub(super) struct Runs<'a> {
    bytes: &'a [u8],
    width: u32,
    /// The bit-packed run that is being read: the levels left, the next bit, and the bytes.
    packed: (u64, u64, &'a [u8]),
}

impl<'a> Runs<'a> {
    /// Reads levels of at most `most`.
    pub fn new(bytes: &'a [u8], most: i16) -> Self {
        Self { bytes, width: u16::BITS - most.unsigned_abs().leading_zeros(), packed: (0, 0, &[]) }
    }
}

/// A number of seven bits a byte, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * at as u32)?;
        if *byte < 0x80 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

impl Iterator for Runs<'_> {
    type Item = (u16, u64);

    fn next(&mut self) -> Option<(u16, u64)> {
        if self.packed.0 == 0 {
            let (header, rest) = varint(self.bytes)?;
            if header & 1 == 0 {
                let (value, rest) = rest.split_at_checked(self.width.div_ceil(8) as usize)?;
                self.bytes = rest;
                let level = value.iter().rev().fold(0u16, |level, byte| level << 8 | u16::from(*byte));
                return Some((level, header >> 1));
            }
            let length = (header >> 1).checked_mul(u64::from(self.width))?;
            let (bits, rest) = rest.split_at(rest.len().min(usize::try_from(length).ok()?));
            self.bytes = rest;
            self.packed = (bits.len() as u64 * 8 / u64::from(self.width.max(1)), 0, bits);
            if self.packed.0 == 0 {
                return None;
            }
        }
        let (left, bit, bits) = &mut self.packed;
        let at = (*bit / 8) as usize;
        let byte = |at: usize| u32::from(bits.get(at).copied().unwrap_or(0));
        let word = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16;
        let level = (word >> (*bit % 8)) & ((1 << self.width) - 1);
        *left -= 1;
        *bit += u64::from(self.width);
        Some((level as u16, 1))
    }
}

/// Returns the number of values in a stream of differences, which stands at its beginning, and the bytes after the
/// stream.
pub(super) fn differences(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (block, rest) = varint(bytes)?;
    let (parts, rest) = varint(rest)?;
    let (count, rest) = varint(rest)?;
    let (_, mut rest) = varint(rest)?;
    let each = block.checked_div(parts)?;
    if each == 0 || block > 1 << 20 || parts > block {
        return None;
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        (_, rest) = varint(rest)?;
        let (widths, mut packed) = rest.split_at_checked(parts as usize)?;
        for width in widths {
            if left == 0 {
                break;
            }
            // The last part may be cut where its numbers end.
            let length = (each * u64::from(*width)).div_ceil(8) as usize;
            packed = packed.get(length.min(packed.len())..)?;
            left = left.saturating_sub(each);
        }
        rest = packed;
    }
    Some((count, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_packed_bits_are_levels() {
        // Five zeros, then eight packed levels of two bits: 1 2 3 0 and once more.
        let levels: Vec<_> = Runs::new(&[10, 0, 3, 0b00_11_10_01, 0b00_11_10_01], 3).collect();
        assert_eq!(levels[0], (0, 5));
        assert_eq!(levels[1..].iter().map(|run| run.0).collect::<Vec<_>>(), [1, 2, 3, 0, 1, 2, 3, 0]);
        assert_eq!(Runs::new(&[0xfe], 1).next(), None);
    }

    #[test]
    fn differences_are_counted() {
        // Blocks of 128 in 4 parts, 3 numbers, the first 0; one block, of widths 0.
        let stream = [0x80, 1, 4, 3, 0, 0, 0, 0, 0, 0, 9];
        assert_eq!(differences(&stream), Some((3, &[9][..])));
        assert_eq!(differences(&[0x80, 1, 0, 3, 0]), None);
    }
}

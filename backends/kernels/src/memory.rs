//! Bytes as numbers, for memory that a caller without `unsafe` divides up.

/// Returns the aligned part of `bytes` as f32; what lies before and after it is lost.
pub fn floats(bytes: &mut [u8]) -> &mut [f32] {
    // SAFETY: every pattern of bits is an f32, and every f32 is bytes.
    unsafe { bytes.align_to_mut() }.1
}

/// Returns the aligned part of `bytes` as i32.
pub fn integers(bytes: &mut [u8]) -> &mut [i32] {
    // SAFETY: as above, of i32.
    unsafe { bytes.align_to_mut() }.1
}

/// Returns the aligned part of `bytes` as i16.
pub fn halves(bytes: &mut [u8]) -> &mut [i16] {
    // SAFETY: as above, of i16.
    unsafe { bytes.align_to_mut() }.1
}

/// Returns `bytes` as i8.
pub fn signed(bytes: &mut [u8]) -> &mut [i8] {
    // SAFETY: as above, of i8, which has no alignment.
    unsafe { bytes.align_to_mut() }.1
}

/// Sixteen bytes that begin at a multiple of 16.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(16))]
pub struct Sixteen(pub [u8; 16]);

/// Returns the bytes of blocks of sixteen.
pub fn bytes(blocks: &[Sixteen]) -> &[u8] {
    // SAFETY: a block is sixteen bytes, and nothing else.
    unsafe { blocks.align_to() }.1
}

/// Returns the bytes of blocks of sixteen, to write.
pub fn bytes_mut(blocks: &mut [Sixteen]) -> &mut [u8] {
    // SAFETY: as above; any bytes are a block.
    unsafe { blocks.align_to_mut() }.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_where_their_bytes_do() {
        #[repr(align(4))]
        struct Aligned([u8; 8]);
        let mut memory = Aligned([0; 8]);
        floats(&mut memory.0)[1] = -1.5;
        assert_eq!(memory.0[4..], (-1.5f32).to_ne_bytes());
        integers(&mut memory.0)[0] = -7;
        halves(&mut memory.0)[3] = 9;
        signed(&mut memory.0)[4] = -1;
        assert_eq!(memory.0[..4], (-7i32).to_ne_bytes());
        assert_eq!((memory.0[4], &memory.0[6..]), (0xff, &9i16.to_ne_bytes()[..]));
        let mut blocks = [Sixteen::default(); 2];
        bytes_mut(&mut blocks)[17] = 5;
        assert_eq!((bytes(&blocks).len(), blocks[1].0[1], bytes(&[]).len()), (32, 5, 0));
        assert_eq!((floats(&mut memory.0[1..]).len(), floats(&mut memory.0[1..3]).len()), (1, 0));
    }
}

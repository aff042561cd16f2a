//! Codecs of pages.

use crate::packed::Packing;
use parquet::basic::Compression;
use std::io::{self, Read};

/// Unpacks `packed`, which has to become `size` bytes.
pub(super) fn unpack(codec: Compression, packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let out = match codec {
        Compression::UNCOMPRESSED => packed.to_vec(),
        Compression::SNAPPY => {
            // Checked before it is allocated.
            if snap::raw::decompress_len(packed)? != size {
                return Err(wrong());
            }
            snap::raw::Decoder::new().decompress_vec(packed)?
        }
        Compression::GZIP(_) => read(flate2::bufread::MultiGzDecoder::new(packed), size)?,
        Compression::BROTLI(_) => read(brotli::Decompressor::new(packed, 4096), size)?,
        Compression::ZSTD(_) => read(Packing::zstandard(packed), size)?,
        Compression::LZ4_RAW => lz4(packed, size)?,
        // Hadoop's frames; older writers' are those of lz4 itself, or none.
        Compression::LZ4 => hadoop(packed, size)
            .or_else(|_| read(lz4_flex::frame::FrameDecoder::new(packed), size))
            .or_else(|_| lz4(packed, size))?,
        other => return Err(io::Error::other(format!("it is packed by {other}, which is not read"))),
    };
    if out.len() == size { Ok(out) } else { Err(wrong()) }
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a page unpacks to another size than it claims")
}

fn read(source: impl Read, size: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(size);
    source.take(size as u64 + 1).read_to_end(&mut out)?;
    Ok(out)
}

fn lz4(packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let mut out = vec![0; size];
    let length = lz4_flex::block::decompress_into(packed, &mut out).map_err(io::Error::other)?;
    out.truncate(length);
    Ok(out)
}

/// Unpacks Hadoop's blocks, each of which follows its size and its packed size, the highest byte first.
fn hadoop(mut packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(size);
    while let Some((header, rest)) = packed.split_first_chunk::<8>() {
        let [a, b, c, d, e, f, g, h] = *header;
        let [unpacked, length] = [[a, b, c, d], [e, f, g, h]].map(|n| u32::from_be_bytes(n) as usize);
        let block = rest.get(..length).filter(|_| unpacked <= size.saturating_sub(out.len()));
        out.extend(lz4(block.ok_or_else(wrong)?, unpacked)?);
        packed = rest.get(length..).unwrap_or_default();
    }
    if packed.is_empty() { Ok(out) } else { Err(wrong()) }
}

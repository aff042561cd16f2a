//! A Parquet file whose headers are believed up to a limit.

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest page and the largest footer, packed or not, in bytes: each is allocated whole.
const LARGEST: usize = 1 << 26;

/// Reads a file for the `parquet` crate, which allocates what headers ask for. Here every header of a
/// page is looked at first: pages follow one another, so that each ends where the next header begins.
#[derive(Clone)]
pub(super) struct Columns(Arc<Shared>);

struct Shared {
    file: File,
    length: u64,
    /// Where headers of pages are.
    headers: Mutex<BTreeSet<u64>>,
}

impl Columns {
    pub fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self(Arc::new(Shared { file, length, headers: Mutex::default() })))
    }

    /// A column's first pages begin here.
    pub fn begins(&self, data: i64, dictionary: Option<i64>) {
        let mut headers = self.0.headers.lock().unwrap_or_else(PoisonError::into_inner);
        headers
            .extend([Some(data), dictionary].into_iter().flatten().filter_map(|at| u64::try_from(at).ok()));
    }
}

impl Length for Columns {
    fn len(&self) -> u64 {
        self.0.length
    }
}

impl ChunkReader for Columns {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut reader = self.0.file.get_read(start)?;
        let mut headers = self.0.headers.lock().unwrap_or_else(PoisonError::into_inner);
        if headers.remove(&start) && !fits(reader.fill_buf()?) {
            let reason = format!("the page at byte {start} is larger than {LARGEST} bytes, or damaged");
            return Err(ParquetError::General(reason));
        }
        Ok(reader)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.saturating_add(length as u64);
        if length > LARGEST || end > self.0.length {
            let reason = format!("{length} bytes at byte {start} are more than {LARGEST}, or than there are");
            return Err(ParquetError::General(reason));
        }
        self.0.headers.lock().unwrap_or_else(PoisonError::into_inner).insert(end);
        self.0.file.get_bytes(start, length)
    }
}

/// Whether a header begins with the three numbers that it has to have, in Thrift's compact form (its
/// kind, its size unpacked and its size packed), and these sizes are small enough.
fn fits(header: &[u8]) -> bool {
    /// The field after the one before, a 32-bit number.
    const NEXT: u8 = 0x15;
    let mut bytes = header.iter().copied();
    let mut number = || {
        if bytes.next() != Some(NEXT) {
            return None;
        }
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = bytes.next()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    };
    // Positive numbers are written as their double.
    let small = |size: Option<u64>| size.is_some_and(|size| size % 2 == 0 && size / 2 <= LARGEST as u64);
    number().is_some() && small(number()) && small(number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_ask_for_too_much_do_not_fit() {
        assert!(fits(&[0x15, 0, 0x15, 0x80, 1, 0x15, 6, 0x2c]));
        for header in [
            &[0x15, 0, 0x15, 0x80, 0x80, 0x80, 0x80, 1, 0x15, 6][..],
            &[0x15, 0, 0x15, 1, 0x15, 6],
            &[0x15, 0, 0x15, 6],
            &[0x05, 2, 0, 0x15, 6, 0x15, 6],
            &[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0x15, 6, 0x15, 6],
            &[],
        ] {
            assert!(!fits(header), "{header:?}");
        }
    }
}

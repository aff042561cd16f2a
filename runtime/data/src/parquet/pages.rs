//! The pages of a column, each checked before the memory that it claims is allocated.

use super::codec::unpack;
use super::levels::{Runs, differences};
use super::thrift::{Thrift, Type};
use bytes::Bytes;
use core::sync::atomic::{AtomicUsize, Ordering};
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// The largest page, packed or not, in bytes.
const LARGEST: usize = 1 << 26;
/// The unpacked size that is allowed whatever the packed size is, and the factor that is allowed beyond.
const FREE: usize = 1 << 22;
const LARGEST_RATIO: usize = 256;
/// The most values of a dictionary, and of one row in one column.
const MOST_VALUES: u64 = 1 << 20;
/// The memory of a dictionary's value beside its bytes.
const ENTRY: usize = 32;

/// The memory that the columns of a file may hold together, and what is left of it.
#[derive(Clone)]
pub(super) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// Sets the budget for a file of so many bytes.
    pub fn new(length: u64) -> Self {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Self(Arc::new(AtomicUsize::new((1 << 26) + length.saturating_mul(LARGEST_RATIO).min(1 << 30))))
    }

    fn take(&self, size: usize) -> Result<()> {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(size));
        left.map(drop).map_err(|_| wrong("its pages unpack to more than a file of its size may"))
    }

    fn give_back(&self, size: usize) {
        self.0.fetch_add(size, Ordering::Relaxed);
    }
}

fn wrong(reason: impl Into<String>) -> ParquetError {
    ParquetError::General(reason.into())
}

/// The pages of one column in one group of rows.
pub(super) struct Pages {
    file: Arc<File>,
    at: u64,
    end: u64,
    codec: Compression,
    /// The highest levels: of repetition and of definition.
    levels: [i16; 2],
    /// Values of the row that the last page ended in.
    values: u64,
    budget: Budget,
    /// The sizes of the dictionary and of the page before.
    held: [usize; 2],
}

/// A page's header.
#[derive(Default)]
struct Header {
    kind: i64,
    unpacked: usize,
    packed: usize,
    crc: Option<u32>,
    values: u32,
    nulls: u32,
    rows: u32,
    encoding: i64,
    /// The encodings of the definition and repetition levels.
    level_encodings: [i64; 2],
    /// The lengths of the encoded levels.
    level_lengths: [usize; 2],
    /// Values are not packed.
    plain: bool,
    sorted: bool,
    /// The length of the header itself.
    length: u64,
}

const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const DATA_2: i64 = 3;

impl Header {
    fn read(source: impl Read) -> io::Result<Self> {
        let (mut thrift, mut header, mut last) = (Thrift::new(source), Self::default(), 0);
        while let Some((id, what)) = thrift.field(&mut last)? {
            match (id, what) {
                (1, Type::Number) => header.kind = thrift.number()?,
                (2, Type::Number) => header.unpacked = thrift.size()?,
                (3, Type::Number) => header.packed = thrift.size()?,
                (4, Type::Number) => header.crc = Some(thrift.number()? as u32),
                (5 | 7 | 8, Type::Struct) => header.read_kind(id, &mut thrift)?,
                _ => thrift.skip(what)?,
            }
        }
        header.length = thrift.count;
        Ok(header)
    }

    /// Reads the fields of one kind of page: 5 data, 7 a dictionary, 8 data of the second version.
    fn read_kind(&mut self, kind: i64, thrift: &mut Thrift<impl Read>) -> io::Result<()> {
        let mut last = 0;
        let count = |size: usize| u32::try_from(size).map_err(io::Error::other);
        while let Some((id, what)) = thrift.field(&mut last)? {
            match (kind, id, what) {
                (_, 1, Type::Number) => self.values = count(thrift.size()?)?,
                (8, 2, Type::Number) => self.nulls = count(thrift.size()?)?,
                (8, 3, Type::Number) => self.rows = count(thrift.size()?)?,
                (5 | 7, 2, Type::Number) | (8, 4, Type::Number) => self.encoding = thrift.number()?,
                (5, 3, Type::Number) => self.level_encodings[0] = thrift.number()?,
                (5, 4, Type::Number) => self.level_encodings[1] = thrift.number()?,
                (8, 5, Type::Number) => self.level_lengths[0] = thrift.size()?,
                (8, 6, Type::Number) => self.level_lengths[1] = thrift.size()?,
                (8, 7, Type::False) => self.plain = true,
                (7, 3, Type::True) => self.sorted = true,
                _ => thrift.skip(what)?,
            }
        }
        Ok(())
    }
}

fn encoding(code: i64) -> Result<Encoding> {
    Ok(match code {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        4 =>
        {
            #[expect(deprecated, reason = "old files have it")]
            Encoding::BIT_PACKED
        }
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(wrong("a page has no known encoding")),
    })
}

impl Pages {
    /// Reads a column whose repetition and definition levels go up to `levels`.
    pub fn new(
        file: Arc<File>,
        column: &ColumnChunkMetaData,
        levels: [i16; 2],
        budget: Budget,
    ) -> Result<Self> {
        let length = file.metadata()?.len();
        let begin = column.dictionary_page_offset().filter(|at| *at > 0).unwrap_or(column.data_page_offset());
        let (Ok(at), Ok(size)) = (u64::try_from(begin), u64::try_from(column.compressed_size())) else {
            return Err(wrong("a column has no place in the file"));
        };
        let end = at.checked_add(size).filter(|end| *end <= length);
        let end = end.ok_or_else(|| wrong("a column ends beyond the file: it is cut off"))?;
        Ok(Self { file, at, end, codec: column.compression(), levels, values: 0, budget, held: [0; 2] })
    }

    /// The header of the next page and what follows it; `None` at the end.
    fn header(&self) -> Result<Option<(Header, impl Read + use<>)>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let mut source = self.file.get_read(self.at)?.take(self.end - self.at);
        let header = Header::read(&mut source)
            .map_err(|e| wrong(format!("the page at byte {} has no header: {e}", self.at)))?;
        let most = header.packed.saturating_mul(LARGEST_RATIO).clamp(FREE, LARGEST);
        if header.packed > LARGEST || header.unpacked > most {
            return Err(wrong(format!(
                "the page at byte {} is larger than {most} bytes, or damaged",
                self.at
            )));
        }
        if header.kind == DICTIONARY && u64::from(header.values) > MOST_VALUES {
            return Err(wrong(format!("want at most {MOST_VALUES} values in a dictionary")));
        }
        Ok(Some((header, source)))
    }

    /// Checks that no row has too many values, and that the page's own counts are not exceeded.
    fn check(&mut self, header: &Header, bytes: &[u8]) -> Result<()> {
        let cut = || wrong("a page ends too early");
        let [repetition, definition] = self.levels;
        let first = header.kind == DATA;
        // The levels stand before the values; in the first version of pages each after its length.
        let level = |most: i16, length: usize, rest| -> Result<(&[u8], &[u8])> {
            let (length, rest): (usize, &[u8]) = match (most, first) {
                (0, true) => (0, rest),
                (_, true) => {
                    let (length, rest) = <[u8]>::split_first_chunk::<4>(rest).ok_or_else(cut)?;
                    (u32::from_le_bytes(*length) as usize, rest)
                }
                _ => (length, rest),
            };
            rest.split_at_checked(length).ok_or_else(cut)
        };
        const RLE: i64 = 3;
        let used = [(definition, 0), (repetition, 1)];
        if first && used.iter().any(|(most, at)| *most > 0 && header.level_encodings.get(*at) != Some(&RLE)) {
            return Err(wrong("levels in packed bits alone are not read"));
        }
        let [definitions, repetitions] = header.level_lengths;
        let (repeats, rest) = level(repetition, repetitions, bytes)?;
        let (_, rest) = level(definition, definitions, rest)?;
        if repetition > 0 {
            self.check_rows(repeats, header.values)?;
        }
        let claims = |rest| differences(rest).filter(|(count, _)| *count <= header.values.into());
        let fits = match encoding(header.encoding)? {
            Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY => claims(rest).is_some(),
            Encoding::DELTA_BYTE_ARRAY => {
                // Each value may repeat all that were before.
                let size = rest.len() as u64 * u64::from(header.values);
                claims(rest).and_then(|(_, rest)| claims(rest)).is_some()
                    && (repetition == 0 || size <= LARGEST as u64)
            }
            _ => true,
        };
        if fits { Ok(()) } else { Err(wrong("a page claims more values than it has")) }
    }

    fn check_rows(&mut self, repeats: &[u8], values: u32) -> Result<()> {
        let mut left = u64::from(values);
        let [most, _] = self.levels;
        for (level, count) in Runs::new(repeats, most) {
            let count = count.min(left);
            left -= count;
            match level {
                0 if count > 0 => self.values = 1,
                _ => self.values += count,
            }
            if self.values > MOST_VALUES {
                return Err(wrong(format!("want at most {MOST_VALUES} values in one row of a column")));
            }
            if left == 0 {
                break;
            }
        }
        if left == 0 { Ok(()) } else { Err(wrong("a page claims more values than it has")) }
    }

    /// Takes the place of what was held before, by the dictionary or by a page.
    fn hold(&mut self, dictionary: bool, size: usize) -> Result<()> {
        let held = &mut self.held[usize::from(!dictionary)];
        self.budget.give_back(core::mem::take(held));
        self.budget.take(size)?;
        *held = size;
        Ok(())
    }

    fn page(&mut self, header: &Header, packed: &[u8]) -> Result<Page> {
        let in_two = header.kind == DATA_2;
        // Levels of the second version are not packed.
        let plain = if in_two { header.level_lengths.iter().sum() } else { 0 };
        let parts = packed.split_at_checked(plain).zip(header.unpacked.checked_sub(plain));
        let ((levels, values), size) = parts.ok_or_else(|| wrong("a page ends too early"))?;
        let values = match size {
            // No values, and perhaps no block of the codec either.
            0 => Vec::new(),
            _ if header.plain => values.to_vec(),
            _ => unpack(self.codec, values, size)
                .map_err(|e| wrong(format!("a page cannot be unpacked: {e}")))?,
        };
        let buf = Bytes::from(if levels.is_empty() { values } else { [levels, &values].concat() });
        if header.kind != DICTIONARY {
            self.check(header, &buf)?;
        }
        let (num_values, of) = (header.values, encoding(header.encoding)?);
        let [definitions, repetitions] = header.level_lengths.map(|length| length as u32);
        Ok(match header.kind {
            DICTIONARY => Page::DictionaryPage { buf, num_values, encoding: of, is_sorted: header.sorted },
            DATA_2 => Page::DataPageV2 {
                buf,
                num_values,
                encoding: of,
                num_nulls: header.nulls,
                num_rows: header.rows,
                def_levels_byte_len: definitions,
                rep_levels_byte_len: repetitions,
                is_compressed: !header.plain,
                statistics: None,
            },
            _ => Page::DataPage {
                buf,
                num_values,
                encoding: of,
                def_level_encoding: Encoding::RLE,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            },
        })
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        loop {
            let Some((header, mut source)) = self.header()? else { return Ok(None) };
            let end = self.at + header.length + header.packed as u64;
            let dictionary = header.kind == DICTIONARY;
            if dictionary || header.kind == DATA || header.kind == DATA_2 {
                let entries = if dictionary { ENTRY * header.values as usize } else { 0 };
                let mut packed = vec![0; header.packed];
                source.read_exact(&mut packed).map_err(|_| wrong("a page ends beyond its column"))?;
                drop(source);
                if header.crc.is_some_and(|crc| crc != crc32fast::hash(&packed)) {
                    return Err(wrong(format!("the checksum of the page at byte {} is another", self.at)));
                }
                self.hold(dictionary, header.packed + header.unpacked + entries)?;
                self.at = end;
                return self.page(&header, &packed).map(Some);
            }
            // An index.
            drop(source);
            self.at = end;
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Ok(self.header()?.map(|(header, _)| PageMetadata {
            num_rows: (header.kind == DATA_2).then_some(header.rows as usize),
            num_levels: Some(header.values as usize),
            is_dict: header.kind == DICTIONARY,
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        if let Some((header, _)) = self.header()? {
            self.at += header.length + header.packed as u64;
        }
        Ok(())
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.held.into_iter().for_each(|size| self.budget.give_back(size));
    }
}

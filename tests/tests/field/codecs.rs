//! Parquet of every codec: whole, cut and damaged.

use super::reading::{columns, put, read, said, zstandard};
use parquet::basic::{Compression as Codec, Encoding};
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::SchemaDescriptor;
use proptest::prelude::*;
use std::io::Write;
use std::sync::Arc;

const ROWS: usize = 30;

/// Pairs in Parquet, ten in a group, by `pack`: what the library's own writer has no codec for.
fn packed(codec: Codec, pack: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let schema = "message rows { REQUIRED BINARY prompt (UTF8); REQUIRED BINARY chosen (UTF8);
        REQUIRED BINARY rejected (UTF8); }";
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(parse_message_type(schema).unwrap())));
    let file = FileMetaData::new(1, ROWS as i64, None, None, schema.clone(), None);
    let (mut out, mut metadata) = (b"PAR1".to_vec(), ParquetMetaDataBuilder::new(file));
    for begin in (0..ROWS).step_by(10) {
        let mut group = RowGroupMetaData::builder(schema.clone()).set_num_rows(10);
        for (at, text) in ["Why", "Yes", "No"].into_iter().enumerate() {
            let mut page = Vec::new();
            for i in begin..begin + 10 {
                let text = format!("{text} {i}");
                page.extend((text.len() as u32).to_le_bytes());
                page.extend(text.as_bytes());
            }
            let (plain, packed) = (page.len(), pack(&page));
            let (offset, header) = (out.len(), header(plain, packed.len(), 10));
            out.extend(&header);
            out.extend(&packed);
            let column = ColumnChunkMetaData::builder(schema.column(at))
                .set_compression(codec)
                .set_encodings(vec![Encoding::PLAIN, Encoding::RLE])
                .set_num_values(10)
                .set_data_page_offset(offset as i64)
                .set_total_compressed_size((header.len() + packed.len()) as i64)
                .set_total_uncompressed_size((header.len() + plain) as i64);
            group = group.add_column_metadata(column.build().unwrap());
        }
        metadata = metadata.add_row_group(group.build().unwrap());
    }
    ParquetMetaDataWriter::new(&mut out, &metadata.build()).finish().unwrap();
    out
}

/// The header of a page of plain values, in Thrift's compact form.
fn header(plain: usize, packed: usize, values: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut field = |id: u8, value: usize| {
        out.push(id);
        let mut rest = value << 1;
        while rest > 0x7f {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    };
    // Each field's number after the one before, and its kind: an integer.
    field(0x15, 0);
    field(0x15, plain);
    field(0x15, packed);
    // The header of the data page is a structure: its values, and how they and their levels are encoded.
    out.push(0x2c);
    let mut field = |id: u8, value: usize| out.extend([id, (value << 1) as u8]);
    field(0x15, values);
    field(0x15, 0);
    field(0x15, 3);
    field(0x15, 3);
    out.extend([0, 0]);
    out
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = lz4_flex::frame::FrameEncoder::new(Vec::new());
    frame.write_all(bytes).unwrap();
    frame.finish().unwrap()
}

/// A file of each codec, with its name.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("plain", columns(ROWS, Codec::UNCOMPRESSED)),
        ("snappy", columns(ROWS, Codec::SNAPPY)),
        ("gzip", columns(ROWS, Codec::GZIP(Default::default()))),
        ("brotli", columns(ROWS, Codec::BROTLI(Default::default()))),
        ("lz4, raw", columns(ROWS, Codec::LZ4_RAW)),
        ("lz4, Hadoop's frames", columns(ROWS, Codec::LZ4)),
        ("lz4, its own frames", packed(Codec::LZ4, framed)),
        ("lz4, no frames", packed(Codec::LZ4, lz4_flex::block::compress)),
        ("zstandard", packed(Codec::ZSTD(Default::default()), zstandard)),
    ]
}

#[test]
fn every_codec_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files() {
        assert_eq!(read(&put(folder.path(), "a", bytes)), (ROWS, 0, None), "{name}");
    }
}

#[test]
fn columns_that_no_format_knows_are_told_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a", columns(ROWS, Codec::SNAPPY));
    let (code, said) = said(folder.path(), &["data", "check", "a"]);
    assert!(said.contains("fields not used        embedding (30 rows)"), "{code:?} {said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Of every codec, a file that is cut is an error, and one with a damaged byte is one or has all of its rows.
    #[test]
    fn no_row_is_lost_in_silence(at: prop::sample::Index, bit in 0u8..8) {
        let folder = tempfile::tempdir().unwrap();
        for (name, whole) in files() {
            let at = at.index(whole.len());
            let (kept, _, end) = read(&put(folder.path(), "a", &whole[..at]));
            prop_assert!(kept == 0 && end.is_some(), "{name}, cut at {at}: {kept}");
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            let (kept, refused, end) = read(&put(folder.path(), "a", &flipped));
            prop_assert!(end.is_some() || kept + refused == ROWS, "{name}, flipped at {at}: {kept} and {refused}");
        }
    }
}

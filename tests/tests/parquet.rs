//! Parquet files read as JSON lines are.

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use rlhf::data::{Format, Group, Options, comparisons, recognize};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const SCHEMA: &str = "message rows {
    REQUIRED BINARY prompt (UTF8);
    REQUIRED BINARY chosen (UTF8);
    REQUIRED BINARY rejected (UTF8);
    REQUIRED INT64 user_id;
}";

/// Pairs in row groups of 10.
fn write(path: &Path, rows: usize, compression: Compression) {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    for begin in (0..rows).step_by(10) {
        let rows = begin..rows.min(begin + 10);
        let mut group = writer.next_row_group().unwrap();
        for text in ["Why", "Yes", "No"] {
            let values: Vec<ByteArray> =
                rows.clone().map(|i| ByteArray::from(format!("{text} {i}é").into_bytes())).collect();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
        let users: Vec<i64> = rows.map(|i| i as i64 / 3).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&users, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn rows_are_those_of_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(Default::default())]
    {
        write(&path, 25, compression);
        assert_eq!(recognize(&path).unwrap(), Some(Format::Pairs));
        let rows: Vec<_> = comparisons(&path, Options::default()).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), 25);
        assert_eq!(rows[12].prompt, "\n\nHuman: Why 12é\n\nAssistant:");
        assert_eq!((rows[12].answers[0].as_str(), rows[12].origin.line), (" Yes 12é", 13));
        assert_eq!(rows[12].group, Group::new("Why 12é", Some("4")));
    }
}

#[test]
fn a_page_is_looked_at_before_its_size_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    write(&path, 25, Compression::SNAPPY);
    let mut bytes = std::fs::read(&path).unwrap();
    // The first page's header follows the file's mark: its kind, then its size, negative now.
    assert_eq!((bytes[4], bytes[6]), (0x15, 0x15));
    bytes[7] |= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = recognize(&path).unwrap_err().to_string();
    assert!(error.contains("row 1") && error.contains("the page at byte 4 "), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn damaged_files_are_survived(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        write(&path, 25, Compression::SNAPPY);
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(rows) = comparisons(&path, Options::default()) {
            prop_assert!(rows.take(1000).count() < 1000);
        }
    }
}

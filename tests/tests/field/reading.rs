//! Files that are cut, damaged, packed or huge.

use core::time::Duration;
use flate2::{Compression, write::GzEncoder};
use parquet::basic::Compression as Codec;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use rlhf::data::{Format, Options, comparisons, recognize, text};
use rlhf_tests::run_data;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

fn rlhf(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rlhf-tested")).current_dir(folder).args(args).output().unwrap()
}

/// The exit code, and what was printed.
pub(super) fn said(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let out = rlhf(folder, args);
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code(), text)
}

fn pair(i: usize) -> String {
    format!(r#"{{"prompt": "Why {i}? {}", "chosen": "Yes {i}.", "rejected": "No."}}"#, i * i % 977)
}

fn lines(rows: usize) -> String {
    (0..rows).map(|i| pair(i) + "\n").collect()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub(super) fn zstandard(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn table(rows: usize) -> String {
    let rows = (0..rows).map(|i| format!("\"Why {i}?\",Yes {i}.,No.\n"));
    core::iter::once("prompt,chosen,rejected\n".to_owned()).chain(rows).collect()
}

fn array(rows: usize) -> String {
    format!("[\n{}\n]\n", (0..rows).map(pair).collect::<Vec<_>>().join(",\n"))
}

/// Pairs in Parquet, ten in a group.
pub(super) fn columns(rows: usize, codec: Codec) -> Vec<u8> {
    let schema = "message rows { REQUIRED BINARY prompt (UTF8); REQUIRED BINARY chosen (UTF8);
        REQUIRED BINARY rejected (UTF8); OPTIONAL BINARY embedding (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(codec).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    for begin in (0..rows).step_by(10) {
        let rows = begin..rows.min(begin + 10);
        let mut group = writer.next_row_group().unwrap();
        for text in ["Why", "Yes", "No"] {
            let values: Vec<ByteArray> =
                rows.clone().map(|i| ByteArray::from(format!("{text} {i}").into_bytes())).collect();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
        let mut column = group.next_column().unwrap().unwrap();
        let none = vec![0; rows.len()];
        column.typed::<ByteArrayType>().write_batch(&[], Some(&none), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

pub(super) fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    std::fs::write(folder.join(name), bytes).unwrap();
    folder.join(name)
}

/// Returns the number of rows kept, the number refused, and the error that ended the reading.
pub(super) fn read(path: &Path) -> (usize, usize, Option<String>) {
    let rows = match comparisons(path, Options::default()) {
        Ok(rows) => rows,
        Err(error) => return (0, 0, Some(error.to_string())),
    };
    let (mut kept, mut refused, mut end) = (0, 0, None);
    for row in rows {
        match row {
            Ok(_) => kept += 1,
            Err(error) if error.is_end() => end = Some(error.to_string()),
            Err(_) => refused += 1,
        }
    }
    (kept, refused, end)
}

/// A folder with all that a run needs, and `name` with its content; the run's exit code and words.
fn run_with(name: &str, content: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    run_data::write(folder.path());
    put(folder.path(), "run.toml", run_data::CONFIG);
    put(folder.path(), name, content);
    said(folder.path(), &["run", "run.toml", "--data", ".", "--out", "out", "--threads", "1"])
}

#[test]
fn half_a_gzip_file_is_not_trained_on() {
    let whole = gzipped(lines(600).as_bytes());
    let (code, said) = run_with("cut.jsonl.gz", &whole[..whole.len() / 2]);
    assert!(
        code != Some(0) && said.contains("cut.jsonl.gz") && said.contains("cut off or damaged"),
        "{said}"
    );
}

#[test]
fn rows_of_empty_answers_are_not_trained_on_and_a_run_says_so() {
    let row = |i: usize| {
        let said = if i < 5 { "" } else { "So." };
        format!(r#"{{"instruction": "Say {i}", "output": "{said}"}}"#) + "\n"
    };
    let (code, said) = run_with("said.jsonl", (0..20).map(row).collect::<String>().as_bytes());
    let told = "5 rows have empty answers alone and are left out";
    assert!(code == Some(0) && said.contains(told), "{said}");
}

#[test]
fn a_file_that_ends_early_is_a_problem_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let whole = gzipped(lines(600).as_bytes());
    put(folder.path(), "cut.jsonl.gz", &whole[..whole.len() / 2]);
    let (code, said) = said(folder.path(), &["data", "check", "cut.jsonl.gz"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("cut.jsonl.gz ends early at line "), "{said}");
}

#[test]
fn every_way_to_end_early_is_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines(600);
    let (gzip, zstd) = (gzipped(text.as_bytes()), zstandard(text.as_bytes()));
    let parquet = columns(600, Codec::SNAPPY);
    // The middle of the page of a column in some group.
    let at = parquet.windows(7).position(|bytes| bytes == b"Why 300").unwrap();
    let mut flipped = parquet.clone();
    flipped[at - 3] ^= 0xff;
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    for (name, bytes) in [
        ("gzip", half(&gzip)),
        ("trailing", [&gzip[..], b"and more"].concat()),
        ("zstandard", half(&zstd)),
        ("zstandard without its last bytes", zstd[..zstd.len() - 3].to_vec()),
        ("line", text.as_bytes()[..text.len() - 20].to_vec()),
        ("array", half(array(600).as_bytes())),
        ("table.csv", half(&[table(600).as_bytes(), b"\"x".repeat(9000).as_slice()].concat())),
        ("page", flipped),
        ("footer", half(&parquet)),
    ] {
        let path = put(folder.path(), name, bytes);
        let (kept, _, end) = read(&path);
        let end = end.unwrap_or_else(|| panic!("{name}: {kept} rows and no end"));
        assert!(end.contains(name), "{end}");
    }
}

#[test]
fn a_line_over_16_mib_is_one_bad_row_where_its_end_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!(r#"{{"prompt": "{}"}}"#, "x".repeat(17 << 20));
    let path = put(folder.path(), "a", format!("{}\n{long}\n{}\n", pair(1), pair(2)));
    assert_eq!(read(&path), (2, 1, None));
    let path = put(folder.path(), "a", format!("{}\n{long}", pair(1)));
    let (kept, _, end) = read(&path);
    assert!(kept == 1 && end.unwrap().contains("line 2: want at most 16 MiB"));
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("lines", lines(12)), ("array", array(12)), ("table.csv", table(12))] {
        let path = put(folder.path(), name, format!("\u{feff}{content}"));
        assert_eq!(recognize(&path).unwrap(), Some(Format::Pairs), "{name}");
        assert_eq!(read(&path), (12, 0, None), "{name}");
    }
    // As `cat` leaves it.
    let path = put(folder.path(), "two", format!("{}\u{feff}{}", lines(2), lines(3)));
    assert_eq!(read(&path), (5, 0, None));
}

#[test]
fn utf_16_and_git_lfs_pointers_are_called_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(lines(2).encode_utf16()).flat_map(u16::to_le_bytes).collect();
    put(folder.path(), "wide.jsonl", wide);
    put(folder.path(), "lfs.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n");
    for (name, want) in [("wide.jsonl", "it is UTF-16"), ("lfs.jsonl", "run `git lfs pull`")] {
        let (code, said) = said(folder.path(), &["data", "check", name]);
        assert!(code == Some(1) && said.contains(want) && said.contains(name), "{said}");
    }
}

#[test]
fn another_encoding_or_order_of_a_packed_file_or_a_table_loses_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let reordered = |text: &str| {
        let (header, rows) = text.split_once('\n').unwrap();
        let reversed = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",") + "\n";
        reversed(header) + &rows.lines().rev().map(reversed).collect::<String>()
    };
    let table = table(12).replace("Yes", "né");
    for content in [table.clone(), table.replace('\n', "\r\n"), format!("\u{feff}{table}"), reordered(&table)]
    {
        assert_eq!(read(&put(folder.path(), "a.csv", &content)), (12, 0, None), "{content}");
        assert_eq!(read(&put(folder.path(), "a.csv.gz", gzipped(content.as_bytes()))), (12, 0, None));
    }
    for (name, content) in [
        ("a.csv", table),
        ("a.jsonl", lines(12).replace("Yes", "né")),
        ("a.json", array(12).replace("Yes", "né")),
    ] {
        let wide: Vec<u8> = content.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let latin: Vec<u8> = content.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let padded = [content.as_bytes(), &[0; 64]].concat();
        for pack in [|bytes: &[u8]| bytes.to_vec(), gzipped, zstandard] {
            let (kept, _, end) = read(&put(folder.path(), name, pack(&wide)));
            assert!(kept == 0 && end.unwrap().contains("it is UTF-16"), "{name}");
            let (kept, _, end) = read(&put(folder.path(), name, pack(&latin)));
            assert!(kept == 0 && end.unwrap().contains("no UTF-8"), "{name}");
            let (kept, refused, end) = read(&put(folder.path(), name, pack(&padded)));
            assert!(
                kept == 12 && refused + usize::from(end.is_some()) == 1,
                "{name}: {kept}, {refused}, {end:?}"
            );
        }
    }
}

#[test]
fn nan_in_a_field_that_nobody_reads_refuses_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..12)
        .map(|i| pair(i).replace('}', r#", "score": NaN, "other": [1e999, -Infinity]}"#) + "\n")
        .collect();
    assert_eq!(read(&put(folder.path(), "a.jsonl", rows)), (12, 0, None));
}

#[test]
fn arrays_and_objects_over_several_lines_are_rows() {
    let folder = tempfile::tempdir().unwrap();
    let pretty = |i| {
        let row: serde_json::Value = serde_json::from_str(&pair(i)).unwrap();
        serde_json::to_string_pretty(&row).unwrap()
    };
    let objects: String = (0..9).map(|i| pretty(i) + "\n").collect();
    let all = format!("[\n{}\n]", (0..9).map(pretty).collect::<Vec<_>>().join(",\n"));
    for content in [&array(9), &array(9).replace('\n', ""), &objects, &all] {
        assert_eq!(read(&put(folder.path(), "a.json", content)), (9, 0, None), "{content}");
        let packed = gzipped(content.as_bytes());
        assert_eq!(read(&put(folder.path(), "a.json.gz", packed)), (9, 0, None));
    }
    let one_bad = array(9).replace("\"No.\"}", "\"No.\" 7}").replacen(" 7}", "}", 8);
    assert_eq!(read(&put(folder.path(), "a.json", one_bad)), (8, 1, None));
}

#[test]
fn rows_that_returns_or_nothing_part_are_rows() {
    let folder = tempfile::tempdir().unwrap();
    for end in ["\r", "", " "] {
        assert_eq!(read(&put(folder.path(), "a", lines(12).replace('\n', end))), (12, 0, None), "{end:?}");
    }
    let joined = lines(12).replacen("}\n", "}", 3);
    assert_eq!(read(&put(folder.path(), "a", joined)), (12, 0, None));
}

#[test]
fn tables_are_rows_and_ragged_rows_are_bad_ones() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(&put(folder.path(), "a.csv", table(9))), (9, 0, None));
    assert_eq!(read(&put(folder.path(), "a.csv.gz", gzipped(table(9).as_bytes()))), (9, 0, None));
    assert_eq!(read(&put(folder.path(), "a.tsv", table(9).replace(',', "\t"))), (9, 0, None));
    let ragged = table(9) + "\"a\",b\n" + "a,b,c\n";
    assert_eq!(read(&put(folder.path(), "a.csv", ragged)), (10, 1, None));
}

#[test]
fn a_list_of_very_many_values_is_refused_or_not_looked_at() {
    const VALUES: usize = (1 << 20) + 1;
    let folder = tempfile::tempdir().unwrap();
    let schema = "message rows { REQUIRED BINARY prompt (UTF8); REPEATED INT32 NAME; }";
    for (name, read) in [("responses", true), ("embedding", false)] {
        let schema = Arc::new(parse_message_type(&schema.replace("NAME", name)).unwrap());
        let properties =
            Arc::new(WriterProperties::builder().set_compression(Codec::GZIP(Default::default())).build());
        let path = folder.path().join(name);
        let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, properties).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let prompt = [ByteArray::from("Why?")];
        column.typed::<ByteArrayType>().write_batch(&prompt, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let (values, here) = (vec![7; VALUES], vec![1i16; VALUES]);
        let mut levels = here.clone();
        levels[0] = 0;
        let typed = column.typed::<parquet::data_type::Int32Type>();
        typed.write_batch(&values, Some(&here), Some(&levels)).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        let found = recognize(&path);
        if read {
            let error = found.unwrap_err().to_string();
            assert!(error.contains("row 1") && error.contains("responses"), "{error}");
        } else {
            assert_eq!(found.unwrap(), Some(Format::Prompts));
        }
    }
}

#[test]
fn a_packed_file_that_becomes_far_too_much_is_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let text = [lines(2).as_bytes(), b"\n".repeat(80 << 20).as_slice()].concat();
    for packed in [gzipped(&text), zstandard(&text)] {
        let (kept, _, end) = read(&put(folder.path(), "a.jsonl.packed", packed));
        assert!(kept == 2 && end.unwrap().contains("256 times its size"));
    }
}

#[cfg(unix)]
#[test]
fn a_fifo_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    assert!(made.success());
    let path = folder.path().join("pipe");
    let (told, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || told.send((recognize(&path).is_err(), text(&path, 9).is_err())));
    assert_eq!(answer.recv_timeout(Duration::from_secs(20)), Ok((true, true)));
    put(folder.path(), "in.txt", "Ann\n");
    std::os::unix::fs::symlink("other.txt", folder.path().join("link")).unwrap();
    for out in ["pipe", "link"] {
        let (code, said) = said(folder.path(), &["data", "mask", "in.txt", "--out", out]);
        assert!(code == Some(1) && said.contains("is not replaced"), "{said}");
    }
}

#[test]
fn a_json_array_is_masked_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let content = r#"[{"who": "Jos\u00e9 Garc\u00eda", "card": 4111111111111111}, {"who": ["M\u00fcller"]}]"#;
    put(folder.path(), "in.json", content);
    put(folder.path(), "names", "José García\nMüller\n");
    let (code, said) =
        said(folder.path(), &["data", "mask", "in.json", "--out", "out.json", "--names", "names"]);
    assert_eq!(code, Some(0), "{said}");
    let out: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).unwrap()).unwrap();
    assert_eq!(out, serde_json::json!([{"who": "<name>", "card": "<card>"}, {"who": ["<name>"]}]));
}

#[test]
fn what_is_not_understood_is_not_vouched_for() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("a.json", "[{\"a\": \"x\"}".into()),
        ("b.json", "\"Jos\\u00e9\"".into()),
        ("c.parquet", columns(3, Codec::SNAPPY)),
        ("d", b"a\0b".to_vec()),
    ] {
        put(folder.path(), name, content);
        let (code, said) = said(folder.path(), &["data", "mask", name, "--out", "out"]);
        assert!(code == Some(1) && said.contains(name), "{name}: {said}");
        assert!(!folder.path().join("out").exists());
    }
}

/// A damage to a file.
#[derive(Clone, Debug)]
enum Damage {
    Cut(prop::sample::Index),
    Flipped(prop::sample::Index, u8),
    /// A part is repeated.
    Repeated(prop::sample::Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || any::<prop::sample::Index>();
    prop_oneof![
        at().prop_map(Damage::Cut),
        (at(), 0u8..8).prop_map(|(at, bit)| Damage::Flipped(at, bit)),
        (at(), 1usize..200).prop_map(|(at, length)| Damage::Repeated(at, length)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    /// A damaged file is an error, or all of its rows are accounted for.
    #[test]
    fn no_row_is_lost_in_silence(which in 0usize..7, damage in damage()) {
        const ROWS: usize = 40;
        let (name, whole) = match which {
            0 => ("a", lines(ROWS).into_bytes()),
            1 => ("a", array(ROWS).into_bytes()),
            2 => ("a.csv", table(ROWS).into_bytes()),
            3 => ("a", gzipped(lines(ROWS).as_bytes())),
            4 => ("a", zstandard(lines(ROWS).as_bytes())),
            5 => ("a", columns(ROWS, Codec::SNAPPY)),
            _ => ("a.json", gzipped(array(ROWS).as_bytes())),
        };
        let mut bytes = whole.clone();
        let plain = which == 0 || which == 2;
        // In plain lines, a cut between two rows cannot be seen, and a changed end of a line joins two.
        let mut rows = ROWS;
        match damage {
            Damage::Cut(at) => {
                bytes.truncate(at.index(bytes.len()));
                if plain {
                    let ends = bytes.iter().filter(|b| **b == b'\n').count();
                    rows = ends.saturating_sub(usize::from(which == 2));
                }
            }
            Damage::Flipped(at, bit) => {
                let at = at.index(bytes.len());
                prop_assume!(!plain || bytes[at] != b'\n' && bytes[at] ^ 1 << bit != b'\n');
                bytes[at] ^= 1 << bit;
            }
            Damage::Repeated(at, length) => {
                let at = at.index(bytes.len());
                let part = bytes[at..(at + length).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let (kept, refused, end) = read(&put(folder.path(), name, &bytes));
        prop_assert!(end.is_some() || kept + refused >= rows, "{kept} and {refused} of {rows}: {:?}", damage);
    }
}

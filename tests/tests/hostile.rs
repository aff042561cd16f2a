//! A short run of the fuzz targets without a fuzzer: keyed mutations of good files.

use rlhf_core::random::{Draws, Key, Stream};
use rlhf_tests::fuzz;

const ROWS: [&str; 5] = [
    r#"{"prompt": "Hi ann@example.org", "chosen": "Yes", "rejected": "No", "user_id": 3, "margin": 1}"#,
    r#"{"chosen": "\n\nHuman: Hi\n\nAssistant: Yes", "rejected": "\n\nHuman: Hi\n\nAssistant: No"}"#,
    r#"{"prompt": "Hi", "answers": ["a", "é", "c"], "ranks": [0, 1, 1]}"#,
    r#"{"prompt": "Hi", "answers": ["a", "b"], "votes": [[0, 1], [1, 0, "tie"]]}"#,
    "Call 212-555-0199, 192.0.2.1 or 4111 1111 1111 1111, Ann Example.",
];

/// Bytes turned around, left out, doubled or replaced by what means something.
fn mutate(bytes: &mut Vec<u8>, draws: &mut Draws) {
    const MARKS: &[u8] = b"{}[]\",:\\0-9ea@. \n\0\x80\xff";
    for _ in 0..1 + draws.below(6) {
        let at = draws.below(bytes.len());
        match draws.below(4) {
            _ if bytes.is_empty() => bytes.push(b'{'),
            0 => bytes[at] ^= 1 << draws.below(8),
            1 => bytes[at] = *draws.pick(MARKS),
            2 => drop(bytes.drain(at..(at + 1 + draws.below(8)).min(bytes.len()))),
            _ => {
                let part = bytes[at..(at + 1 + draws.below(16)).min(bytes.len())].to_vec();
                let to = draws.below(bytes.len());
                bytes.splice(to..to, part);
            }
        }
    }
}

#[test]
fn mutated_files_are_survived() {
    for case in 0..2000 {
        let mut draws = Key::new(7, Stream::Data, 0).draws(case);
        let mut bytes = [*draws.pick(&ROWS), "\n", *draws.pick(&ROWS)].concat().into_bytes();
        mutate(&mut bytes, &mut draws);
        fuzz::json_lines(&bytes);
        fuzz::transcript(&bytes);
        if case % 8 == 0 {
            // These write files.
            fuzz::mask(&bytes);
            fuzz::parquet(&bytes);
        }
    }
}

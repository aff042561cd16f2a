//! A short run of the fuzz targets without a fuzzer: keyed mutations of the seeds.

use rlhf_core::random::{Draws, Key, Stream};
use rlhf_tests::fuzz;

/// The fuzzer's seeds for a target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/");
    let files = std::fs::read_dir(format!("{folder}{target}")).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

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

/// Runs a target on its seeds, and on `cases` mutations of them.
fn survives(target: &str, cases: u32, run: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| run(seed));
    for case in 0..cases {
        let mut draws = Key::new(7, Stream::Data, 0).draws(case);
        let mut bytes = draws.pick(&seeds).clone();
        mutate(&mut bytes, &mut draws);
        run(&bytes);
    }
}

#[test]
fn mutated_files_are_survived() {
    survives("json_lines", 2000, fuzz::json_lines);
    survives("transcript", 1000, fuzz::transcript);
    survives("parquet", 2000, fuzz::parquet);
    survives("mask", 250, fuzz::mask);
}

#[test]
fn mutated_models_and_configurations_are_survived() {
    survives("model_file", 1000, fuzz::model_file);
    survives("scorer_file", 300, fuzz::scorer_file);
    survives("config", 600, fuzz::config);
}

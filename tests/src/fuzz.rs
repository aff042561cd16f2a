//! Functions that must not panic on any bytes: called by the targets of `tests/fuzz` and, on keyed
//! mutations of good files, by `tests/hostile.rs`.

use rlhf::config::Config;
use rlhf::data::personal::{Finder, Names, mask as mask_file};
use rlhf::data::{
    Format, Kind, Options, comparisons, demonstrations, feedback, prompts, recognize, solutions,
};
use rlhf::models::{Files, Members, Safetensors, Scoring, open, tokenizer};
use rlhf::record::{Manifest, Metrics};
use rlhf::scorer::{Buffer, Model, Scorer, arena_bytes, checksum};
use std::path::{Path, PathBuf};

/// The most rows that a few bytes can hold, and more.
const MOST_ROWS: usize = 100_000;

fn with_file(bytes: &[u8], read: impl FnOnce(PathBuf)) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join("x");
    if std::fs::write(&path, bytes).is_ok() {
        read(path);
    }
}

/// Any file of rows: plain, packed or Parquet.
pub fn json_lines(bytes: &[u8]) {
    with_file(bytes, |path| match recognize(&path).ok().flatten().map(Format::kind) {
        Some(Kind::Demonstrations) => {
            demonstrations(&path).into_iter().flatten().take(MOST_ROWS).for_each(drop);
        }
        Some(Kind::Comparisons) => {
            comparisons(&path, Options::default()).into_iter().flatten().take(MOST_ROWS).for_each(drop);
        }
        Some(Kind::Solutions) => solutions(&path).into_iter().flatten().take(MOST_ROWS).for_each(drop),
        Some(Kind::Feedback) => feedback(&path).into_iter().flatten().take(MOST_ROWS).for_each(drop),
        Some(Kind::Prompts) => prompts(&path).into_iter().flatten().take(MOST_ROWS).for_each(drop),
        Some(Kind::Text) | None => {}
    });
}

/// Reads the bytes as a Parquet file; the first four are replaced by those of the format.
pub fn parquet(bytes: &[u8]) {
    json_lines(&[b"PAR1", bytes.get(4..).unwrap_or_default()].concat());
}

/// Two transcripts of any text.
pub fn transcript(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let middle = (0..=text.len() / 2).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let (chosen, rejected) = text.split_at(middle);
    let row = serde_json::json!({ "chosen": chosen, "rejected": rejected });
    json_lines(row.to_string().as_bytes());
}

/// Masking, of a text and of a file.
pub fn mask(bytes: &[u8]) {
    let finder = Finder::with_names(Names::new(["Ann Example"]));
    if let Ok(text) = core::str::from_utf8(bytes) {
        let _ = finder.mask(text);
    }
    with_file(bytes, |path| {
        let _ = mask_file(&path, &mut std::io::sink(), false, &finder);
    });
}

/// A whole model, of which one file is replaced at a time.
const MODEL: [(&str, &[u8]); 3] = [
    ("model.safetensors", include_bytes!("../fuzz/seeds/model_file/model.safetensors")),
    ("config.json", include_bytes!("../fuzz/seeds/model_file/config.json")),
    ("tokenizer.rlhf", include_bytes!("../fuzz/seeds/model_file/tokenizer.rlhf")),
];

/// Files of models and of runs: checkpoints, tokenizers, manifests, metrics.
pub fn model_file(bytes: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let folder = folder.path();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).is_ok();
    let load = |path: &Path| {
        if let Ok(opened) = open(path)
            && opened.architecture.parameters() < MOST_WEIGHTS
        {
            let _ = opened.weights(&opened.architecture);
        }
    };
    for (name, whole) in MODEL {
        if !MODEL.iter().all(|(name, whole)| write(name, whole)) || !write(name, bytes) {
            return;
        }
        let _ = Safetensors::open(&folder.join("model.safetensors"));
        let _ = tokenizer(&folder.join("tokenizer.rlhf"));
        load(folder);
        write(name, whole);
    }
    if !["x.bin", "manifest.json", "metrics.jsonl", "reward.json", "ensemble.json"]
        .iter()
        .all(|name| write(name, bytes))
    {
        return;
    }
    load(&folder.join("x.bin"));
    let _ = (Scoring::read(&Files::folder(folder)), Members::read(&Files::folder(folder)));
    let _ = Metrics::read(folder);
    let _ = Manifest::check(folder);
}

/// Weights that are read to see what happens.
const MOST_WEIGHTS: usize = 1 << 20;

/// A configuration.
pub fn config(bytes: &[u8]) {
    if let Ok(text) = core::str::from_utf8(bytes)
        && let Ok(config) = Config::parse(text, "run.toml".as_ref(), &[])
    {
        let _ = config.resolve();
    }
}

/// Opens the bytes as a scorer's file and scores with it: as they are, and with the length and the checksum that they should
/// have.
pub fn scorer_file(bytes: &[u8]) {
    scored(&Buffer::from(bytes));
    let mut signed = [b"rlhf-rm\n\x01\0\0\0", bytes.get(12..).unwrap_or_default()].concat();
    if signed.len() >= 32 {
        let length = (signed.len() as u64).to_le_bytes();
        signed[16..24].copy_from_slice(&length);
        let sum = checksum(&signed).to_le_bytes();
        signed[12..16].copy_from_slice(&sum);
    }
    scored(&Buffer::from(&signed[..]));
}

fn scored(file: &[u8]) {
    let Ok(model) = Model::new(file) else { return };
    let shape = model.shape();
    let context = (shape.context as usize).min(20);
    // Sizes that a file of a few bytes cannot fill were refused; a wide context can still ask for much.
    let bytes = arena_bytes(&shape, context);
    if bytes > 1 << 26 {
        return;
    }
    let mut arena = Buffer::zeros(bytes);
    let Ok(mut scorer) = Scorer::of(model, context, &mut arena) else { return };
    for score in [scorer.score_tokens(&[1, 2, 3]), scorer.score("a b\u{e9}"), scorer.compare("a", "")] {
        assert!(score.is_err() || !score.is_ok_and(f32::is_nan));
    }
}

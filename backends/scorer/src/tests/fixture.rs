//! The file of version 1 that is part of the documentation, and will always load.

use super::{File, weights};
use crate::{Model, NewModel, Scorer, WeightFormat, arena_bytes, write};
use alloc::{format, vec};
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes};
use rlhf_core::model::{Architecture, Family};
use rlhf_core::rewards::RewardScale;
use rlhf_kernels::Processor;

const TINY: &[u8] = crate::include_model!("../../tests/tiny.rlhf");

fn tiny() -> Architecture {
    Architecture {
        family: Family::Llama,
        kv_heads: 2,
        hidden: 48,
        ..Architecture::gpt2(257, 64, 32, 2, 4).with_scalar()
    }
}

/// That network in f32, whose scores are the same wherever nothing is fused: see `tests/run firmware`.
const TINY_F32: &[u8] = crate::include_model!("../../tests/tiny_f32.rlhf");

#[test]
fn the_files_are_what_is_written_today() {
    let (architecture, tokenizer) = (tiny(), AnyTokenizer::from(Bytes));
    let weights = weights(&architecture, 11);
    let model = NewModel {
        architecture: &architecture,
        weights: &weights,
        tokenizer: Some(&tokenizer),
        scale: RewardScale::default(),
    };
    for (format, name, committed) in
        [(WeightFormat::Int8, "tiny", TINY), (WeightFormat::F32, "tiny_f32", TINY_F32)]
    {
        let bytes = write(&model, format, 64).unwrap();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(format!("{}/tests/{name}.rlhf", env!("CARGO_MANIFEST_DIR")), &bytes).unwrap();
        } else {
            assert!(bytes == committed, "the file would be another: is it a new version?");
        }
    }
}

#[test]
fn scores_of_the_file_never_change() {
    let scores = scores(TINY, Processor::best());
    assert_eq!(scores.map(f32::to_bits), SCORES, "{scores:?} {:#x?}", scores.map(f32::to_bits));
}

#[test]
fn portable_scores_in_f32_never_change() {
    let scores = scores(TINY_F32, Processor::PORTABLE);
    assert_eq!(scores.map(f32::to_bits), SCORES_F32, "{scores:?} {:#x?}", scores.map(f32::to_bits));
}

/// The scores of four texts.
fn scores(file: &[u8], processor: Processor) -> [f32; 4] {
    let mut arena = vec![0; arena_bytes(&Model::new(file).unwrap().shape(), 64)];
    let mut scorer = Scorer::new(file, &mut arena).unwrap().with_processor(processor);
    ["", "Hello", "Thank you, friend.", "Go away!"].map(|text| scorer.score(text).unwrap())
}

/// Their bits in f32, where nothing is fused.
const SCORES_F32: [u32; 4] = [0xbdbc_fe35, 0xbd98_0a23, 0xbde5_b415, 0xbc70_d0d7];

/// Their bits, on every processor.
const SCORES: [u32; 4] = [0xbdcb_ba55, 0xbda0_b295, 0xbdbc_bcc7, 0xbbb3_b24e];

#[test]
fn a_file_can_be_anywhere_at_a_multiple_of_16() {
    assert_eq!(TINY.as_ptr().align_offset(16), 0);
    assert_eq!(Model::new(File::new(TINY).bytes()).unwrap().shape(), Model::new(TINY).unwrap().shape());
}

//! The file of version 1 that is part of the documentation, and will always load.

use super::{File, weights};
use crate::{Model, NewModel, Scorer, WeightFormat, arena_bytes, write};
use alloc::vec;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes};
use rlhf_core::model::{Architecture, Family};
use rlhf_core::rewards::RewardScale;

const TINY: &[u8] = crate::include_model!("../../tests/tiny.rlhf");

fn tiny() -> Architecture {
    Architecture {
        family: Family::Llama,
        kv_heads: 2,
        hidden: 48,
        ..Architecture::gpt2(257, 64, 32, 2, 4).with_scalar()
    }
}

#[test]
fn the_file_is_what_is_written_today() {
    let (architecture, tokenizer) = (tiny(), AnyTokenizer::from(Bytes));
    let weights = weights(&architecture, 11);
    let model = NewModel {
        architecture: &architecture,
        weights: &weights,
        tokenizer: Some(&tokenizer),
        scale: RewardScale::default(),
    };
    let bytes = write(&model, WeightFormat::Int8, 64).unwrap();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tiny.rlhf"), &bytes).unwrap();
    } else {
        assert!(bytes == TINY, "the file would be another: is it a new version?");
    }
}

#[test]
fn scores_of_the_file_never_change() {
    let shape = Model::new(TINY).unwrap().shape();
    let mut arena = vec![0; arena_bytes(&shape, 64)];
    let mut scorer = Scorer::new(TINY, &mut arena).unwrap();
    let scores = ["", "Hello", "Thank you, friend.", "Go away!"].map(|text| scorer.score(text).unwrap());
    assert_eq!(scores.map(f32::to_bits), SCORES, "{scores:?} {:#x?}", scores.map(f32::to_bits));
}

/// Their bits, on every processor.
const SCORES: [u32; 4] = [0xbdcb_ba55, 0xbda0_b295, 0xbdbc_bcc7, 0xbbb3_b24e];

#[test]
fn a_file_can_be_anywhere_at_a_multiple_of_16() {
    assert_eq!(TINY.as_ptr().align_offset(16), 0);
    assert_eq!(Model::new(File::new(TINY).bytes()).unwrap().shape(), Model::new(TINY).unwrap().shape());
}

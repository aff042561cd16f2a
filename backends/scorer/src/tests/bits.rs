//! Bits that depend on nothing.

use super::{arena, file, gpt2, llama, score, tokens};
use crate::{Isa, Processor, Scorer, WeightFormat, arena_bytes_with_rows};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_kernels::quantized::IntegerIsa;

#[test]
fn integers_score_to_the_same_bits_on_every_instruction_set() {
    for architecture in [gpt2(), llama()] {
        for format in [WeightFormat::Int8, WeightFormat::Int4] {
            let file = file(&architecture, format, 3);
            let tokens = tokens(41, 1);
            let mut arena = arena(&file);
            let mut scores = Vec::new();
            for isa in Isa::ALL.into_iter().filter_map(Processor::new) {
                let with = IntegerIsa::ALL.into_iter().filter_map(|integers| isa.with_integers(integers));
                for processor in with {
                    let mut scorer = Scorer::new(file.bytes(), &mut arena).unwrap().with_processor(processor);
                    scores.push(scorer.score_tokens(&tokens).unwrap());
                }
            }
            assert!(scores.iter().all(|score| score.to_bits() == scores[0].to_bits()), "{scores:?}");
        }
    }
}

#[test]
fn a_larger_arena_changes_no_bit() {
    for format in WeightFormat::ALL {
        let file = file(&llama(), format, 4);
        let tokens = tokens(45, 2);
        let want = score(&file, &tokens);
        let shape = crate::Model::new(file.bytes()).unwrap().shape();
        for rows in [12, 20, 24, 48] {
            let mut arena = vec![0x55; arena_bytes_with_rows(&shape, 48, rows)];
            let got = Scorer::new(file.bytes(), &mut arena).unwrap().score_tokens(&tokens).unwrap();
            assert_eq!(got.to_bits(), want.to_bits(), "{format:?} {rows}");
        }
    }
}

#[test]
fn a_score_does_not_depend_on_the_texts_before() {
    for format in WeightFormat::ALL {
        let file = file(&gpt2(), format, 5);
        let mut arena = arena(&file);
        let mut scorer = Scorer::new(file.bytes(), &mut arena).unwrap();
        for sample in 0..5 {
            let tokens = tokens(48 - 9 * sample as usize, sample);
            assert_eq!(scorer.score_tokens(&tokens).unwrap().to_bits(), score(&file, &tokens).to_bits());
        }
    }
}

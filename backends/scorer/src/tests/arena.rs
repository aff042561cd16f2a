//! The caller's memory.

use super::{file, gpt2, llama, tokens};
use crate::{Error, Family, Model, Scorer, Shape, WeightFormat, arena_bytes};
use alloc::vec;

/// The tiny language model of llama2.c, as a reward model.
const STORIES: Shape = Shape {
    family: Family::Llama,
    weights: WeightFormat::Int8,
    vocabulary: 512,
    context: 512,
    width: 64,
    layers: 5,
    heads: 8,
    kv_heads: 4,
    head_width: 8,
    hidden: 172,
};

#[test]
fn a_microcontroller_has_room_for_512_tokens() {
    const ARENA: usize = arena_bytes(&STORIES, 512);
    const { assert!(ARENA <= 122 * 1024) };
}

#[test]
fn exactly_so_many_bytes_are_needed_wherever_they_begin() {
    for architecture in [gpt2(), llama()] {
        for format in WeightFormat::ALL {
            let file = file(&architecture, format, 1);
            let model = Model::new(file.bytes()).unwrap();
            for context in [1, 7, 16, 48] {
                let want = arena_bytes(&model.shape(), context);
                let mut memory = vec![0xff; want + 16];
                for start in 0..16 {
                    let arena = &mut memory[start..start + want];
                    let mut scorer = Scorer::of(model, context, arena).unwrap();
                    scorer.score_tokens(&tokens(context, 2)).unwrap();
                    let too_long = Err(Error::Context { want: context + 1, context });
                    assert_eq!(scorer.score_tokens(&tokens(context + 1, 2)), too_long);
                    let arena = &mut memory[start..start + want - 1];
                    let error = Scorer::of(model, context, arena).unwrap_err();
                    assert_eq!(error, Error::Arena { want, got: want - 1 });
                }
                // Nothing beyond it is touched.
                assert_eq!(memory[want + 15], 0xff);
            }
        }
    }
}

#[test]
fn a_context_beyond_the_models_is_refused() {
    let file = file(&llama(), WeightFormat::F32, 1);
    let mut arena = vec![0; 1 << 20];
    let error = Scorer::with_context(file.bytes(), 49, &mut arena).unwrap_err();
    assert_eq!(error, Error::Context { want: 49, context: 48 });
}

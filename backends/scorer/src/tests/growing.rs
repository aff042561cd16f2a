//! A text that grows.

use super::{file, gpt2, llama, score, tokens};
use crate::{Error, Growing, Model, WeightFormat, growing_arena_bytes};
use alloc::vec;

#[test]
fn a_text_that_grows_has_the_bits_of_a_whole_one() {
    for architecture in [gpt2(), llama()] {
        for format in WeightFormat::ALL {
            let file = file(&architecture, format, 6);
            let model = Model::new(file.bytes()).unwrap();
            let mut arena = vec![0xff; growing_arena_bytes(&model.shape(), 48)];
            let mut reply = Growing::new(file.bytes(), &mut arena).unwrap();
            let tokens = tokens(48, 3);
            for (i, token) in tokens.iter().enumerate() {
                let got = reply.push(*token).unwrap();
                assert_eq!(got.to_bits(), score(&file, &tokens[..=i]).to_bits(), "{format:?} {i}");
            }
            assert_eq!(reply.push(1), Err(Error::Context { want: 49, context: 48 }));
            // Back, and on in another way, without scores between.
            reply.truncate(20);
            reply.extend(&tokens[5..15]).unwrap();
            assert_eq!(reply.len(), 30);
            let other = [&tokens[..20], &tokens[5..15], &tokens[7..8]].concat();
            assert_eq!(reply.push(tokens[7]).unwrap().to_bits(), score(&file, &other).to_bits());
        }
    }
}

#[test]
fn a_token_that_is_refused_changes_nothing() {
    let file = file(&llama(), WeightFormat::Int8, 7);
    let model = Model::new(file.bytes()).unwrap();
    let want = growing_arena_bytes(&model.shape(), 20);
    let mut arena = vec![0; want];
    assert_eq!(Growing::of(model, 20, &mut arena[1..]).unwrap_err(), Error::Arena { want, got: want - 1 });
    assert_eq!(Growing::of(model, 49, &mut arena).unwrap_err(), Error::Context { want: 49, context: 48 });
    let mut reply = Growing::of(model, 20, &mut arena).unwrap();
    reply.push(5).unwrap();
    assert_eq!(reply.push(257), Err(Error::Token { position: 1, token: 257, vocabulary: 257 }));
    assert_eq!((reply.len(), reply.push(9).unwrap()), (1, score(&file, &[5, 9])));
}

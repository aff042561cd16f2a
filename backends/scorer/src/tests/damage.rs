//! Files that are damaged, or made to do harm.

use super::{File, arena, file, gpt2, llama, tokens};
use crate::file::test_header;
use crate::{Error, Model, Scorer, WeightFormat, checksum};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

/// A file whose checksum is right, whatever it holds.
fn signed(mut bytes: Vec<u8>) -> File {
    if bytes.len() >= 32 {
        let length = (bytes.len() as u64).to_le_bytes();
        bytes[16..24].copy_from_slice(&length);
        let sum = checksum(&bytes).to_le_bytes();
        bytes[12..16].copy_from_slice(&sum);
    }
    File::new(&bytes)
}

/// Scores with whatever can be opened. Nothing panics, and no score is anything but a number.
fn survives(file: &File) {
    let Ok(model) = Model::new(file.bytes()) else { return };
    let shape = model.shape();
    let context = (shape.context as usize).min(20);
    let bytes = crate::arena_bytes(&shape, context);
    if bytes > 1 << 24 {
        let mut small = vec![0; 1 << 10];
        assert!(matches!(Scorer::of(model, context, &mut small), Err(Error::Arena { .. })));
        return;
    }
    let mut arena = vec![0xff; bytes];
    let mut scorer = Scorer::of(model, context, &mut arena).unwrap();
    for score in [scorer.score_tokens(&tokens(context, 1)), scorer.score("a bc"), scorer.compare("a", "bb")] {
        assert!(score.is_err() || !score.unwrap().is_nan());
    }
}

#[test]
fn what_is_no_model_file_says_so() {
    let whole = file(&llama(), WeightFormat::Int8, 2);
    let open = |bytes: &[u8]| Model::new(File::new(bytes).bytes()).err();
    let bytes = whole.bytes();
    assert_eq!(open(&[]), Some(Error::Magic));
    assert_eq!(open(&bytes[..31]), Some(Error::Magic));
    assert_eq!(open(&bytes[1..]), Some(Error::Magic));
    let cut = bytes.len() - 16;
    let lengths = Error::Length { want: bytes.len() as u64, got: cut as u64 };
    assert_eq!(open(&bytes[..cut]), Some(lengths));
    let mut later = bytes.to_vec();
    later[8] = 2;
    assert_eq!(open(&later), Some(Error::Version { got: 2 }));
    assert_eq!(Model::new(&File::new(&[&[0], bytes].concat()).bytes()[1..]).err(), Some(Error::Unaligned));
    assert_eq!(open(bytes), None);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let whole = file(&llama(), WeightFormat::Int4, 2);
    for at in 0..whole.bytes().len() {
        let mut bytes = whole.bytes().to_vec();
        bytes[at] ^= 1 << (at % 8);
        assert!(Model::new(File::new(&bytes).bytes()).is_err(), "{at}");
    }
}

#[test]
fn weights_that_mean_nothing_make_no_score() {
    for format in WeightFormat::ALL {
        let mut bytes = file(&gpt2(), format, 2).bytes().to_vec();
        let end = bytes.len();
        // The scalar head's bias.
        bytes[end - 16..end - 12].copy_from_slice(&f32::NAN.to_le_bytes());
        let file = signed(bytes);
        let mut arena = arena(&file);
        let mut scorer = Scorer::new(file.bytes(), &mut arena).unwrap();
        assert_eq!(scorer.score_tokens(&[1, 2]), Err(Error::NotFinite));
    }
}

#[test]
fn sizes_that_cannot_be_are_named() {
    let shape = Model::new(file(&llama(), WeightFormat::Int8, 2).bytes()).unwrap().shape();
    for (field, bad) in [
        ("vocabulary", crate::Shape { vocabulary: 0, ..shape }),
        ("kv_heads", crate::Shape { kv_heads: 3, ..shape }),
        ("kv_heads", crate::Shape { kv_heads: 0, ..shape }),
        ("head_width", crate::Shape { head_width: 7, ..shape }),
        ("layers", crate::Shape { layers: u32::MAX, ..shape }),
    ] {
        let file = signed(test_header(bad));
        assert_eq!(Model::new(file.bytes()).err(), Some(Error::Shape { field }));
    }
    // Sizes whose product is beyond memory.
    let huge =
        crate::Shape { width: 1 << 20, hidden: 1 << 22, layers: 1 << 12, vocabulary: 1 << 24, ..shape };
    assert_eq!(Model::new(signed(test_header(huge)).bytes()).err(), Some(Error::Header));
}

proptest! {
    #[test]
    fn damaged_files_are_survived(
        int8: bool,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        early: bool,
    ) {
        let whole = file(&llama(), if int8 { WeightFormat::Int8 } else { WeightFormat::F32 }, 2);
        let mut bytes = whole.bytes().to_vec();
        let most = if early { 96 } else { bytes.len() };
        for (at, to) in flips {
            bytes[at.index(most)] = to;
        }
        bytes[..12].copy_from_slice(&whole.bytes()[..12]);
        survives(&signed(bytes));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&File::new(&bytes));
        let mut begun = b"rlhf-rm\n\x01\0\0\0".to_vec();
        begun.extend(bytes);
        survives(&signed(begun));
    }

    #[test]
    fn cut_files_are_survived(len in any::<prop::sample::Index>()) {
        let whole = file(&gpt2(), WeightFormat::Int8, 2);
        survives(&signed(whole.bytes()[..len.index(whole.bytes().len())].to_vec()));
    }
}

//! Texts become the tokens that training makes of them.

use super::{File, arena, gpt2, weights};
use crate::{Error, NewModel, Scorer, WeightFormat, probability, write};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bpe, Bytes, Tokenizer, Words};
use rlhf_core::rewards::RewardScale;

/// Specials, bytes, and characters and pairs with scores.
fn llama2c() -> AnyTokenizer {
    let mut tokens: Vec<(f32, String)> = ["<unk>", "<s>", "</s>"].map(|t| (0.0, t.into())).into();
    tokens.extend((0..=255u8).map(|b| (0.0, format!("<0x{b:02X}>"))));
    let own = [
        (-9.0, " "),
        (-9.0, "a"),
        (-9.0, "b"),
        (-9.0, "é"),
        (-1.0, " a"),
        (-2.0, "ab"),
        (-3.0, "aba"),
        (-2.5, "bb"),
    ];
    tokens.extend(own.map(|(score, text)| (score, text.into())));
    let mut out = 7i32.to_le_bytes().to_vec();
    for (score, text) in tokens {
        out.extend(score.to_le_bytes());
        out.extend((text.len() as i32).to_le_bytes());
        out.extend(text.as_bytes());
    }
    Bpe::llama2c(&out).unwrap().into()
}

/// GPT-2's bytes, and a few merges.
fn gpt2_bpe() -> AnyTokenizer {
    let alphabet: Vec<char> = {
        let mut next = 0x100;
        (0..=255u8)
            .map(|byte| match byte {
                0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => char::from(byte),
                _ => {
                    next += 1;
                    char::from_u32(next - 1).unwrap()
                }
            })
            .collect()
    };
    let mut names: Vec<String> = alphabet.iter().map(|c| String::from(*c)).collect();
    names.extend(["he", "Ġhe", "ll", "hell", "<|endoftext|>"].map(String::from));
    let ids = names.iter().enumerate().map(|(id, name)| format!("{name:?}: {id}").replace("\\'", "'"));
    let encoder = format!("{{{}}}", ids.collect::<Vec<_>>().join(", "));
    Bpe::gpt2(&encoder, "h e\nĠ he\nl l\nhe ll\n").unwrap().into()
}

fn words() -> AnyTokenizer {
    Words::new(["the", "fox", "ran", ".", "a", "thé"]).unwrap().into()
}

/// A model with that tokenizer, and one of the same weights without.
fn files(tokenizer: &AnyTokenizer) -> [File; 2] {
    let architecture = Architecture { vocabulary: tokenizer.vocabulary(), ..gpt2() };
    let weights = weights(&architecture, 1);
    [Some(tokenizer), None].map(|tokenizer| {
        let scale = RewardScale { gain: 3.0, bias: 1.0 };
        let model = NewModel { architecture: &architecture, weights: &weights, tokenizer, scale };
        File::new(&write(&model, WeightFormat::Int8, 48).unwrap())
    })
}

/// The score of a text, and of the tokens that training would make of it.
fn both(tokenizer: &AnyTokenizer, prompt: Option<&str>, text: &str) -> [Result<f32, Error>; 2] {
    let [with, without] = files(tokenizer);
    let mut tokens: Vec<u32> = tokenizer.bos().into_iter().collect();
    match prompt {
        Some(prompt) => {
            tokens.extend(tokenizer.encode(prompt));
            tokens.extend(tokenizer.encode_continuation(text));
        }
        None => tokens.extend(tokenizer.encode(text)),
    }
    tokens.extend(tokenizer.eos());
    let mut memory = [arena(&with), arena(&without)];
    let [a, b] = &mut memory;
    let mut scorer = Scorer::new(with.bytes(), a).unwrap();
    let text = match prompt {
        Some(prompt) => scorer.score_reply(prompt, text),
        None => scorer.score(text),
    };
    let mut bare = Scorer::new(without.bytes(), b).unwrap();
    assert_eq!(bare.score("a"), Err(Error::NoTokenizer));
    [text, bare.score_tokens(&tokens)]
}

fn agree(tokenizer: &AnyTokenizer, prompt: Option<&str>, text: &str) {
    match both(tokenizer, prompt, text) {
        [Ok(text), Ok(tokens)] => assert_eq!(text.to_bits(), tokens.to_bits()),
        // How long a text would be is counted until it is too long.
        [Err(Error::Context { context, .. }), Err(Error::Context { .. })] => assert_eq!(context, 48),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn bytes_agree(prompt in any::<Option<String>>(), text in any::<String>()) {
        agree(&Bytes.into(), prompt.as_deref(), &text);
    }

    #[test]
    fn merges_of_characters_agree(prompt in prop::option::of("[ abé!]{0,20}"), text in "[ abé\u{1f600}]{0,40}") {
        agree(&llama2c(), prompt.as_deref(), &text);
    }

    #[test]
    fn merges_within_words_agree(prompt in prop::option::of("[ hel']{0,20}"), text in "[ helo\n1é]{0,40}") {
        agree(&gpt2_bpe(), prompt.as_deref(), &text);
    }

    #[test]
    fn words_agree(prompt in prop::option::of("(the|fox|thé|owl| ){0,8}"), text in "(a|the|ran|\\.| ){0,20}") {
        agree(&words(), prompt.as_deref(), &text);
    }
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    for tokenizer in [Bytes.into(), llama2c(), gpt2_bpe(), words()] {
        let [file, _] = files(&tokenizer);
        let mut arena = arena(&file);
        let mut scorer = Scorer::new(file.bytes(), &mut arena).unwrap();
        let long = "a b é he ".repeat(100_000);
        assert!(matches!(scorer.score(&long), Err(Error::Context { context: 48, .. })));
        assert!(scorer.score("a").is_ok());
    }
}

#[test]
fn people_prefer_by_bradley_and_terry() {
    let [file, _] = files(&Bytes.into());
    let mut arena = arena(&file);
    let mut scorer = Scorer::new(file.bytes(), &mut arena).unwrap();
    let mut scores = [0.0; 2];
    scorer.scores(&["good", "bad"], &mut scores).unwrap();
    // Comparisons know neither gain nor bias.
    let want = 1.0 / (1.0 + ((scores[1] - scores[0]) / 3.0).exp());
    assert!((scorer.compare("good", "bad").unwrap() - want).abs() < 1e-6);
    let there = scorer.compare_replies("Hi", "good", "bad").unwrap();
    let back = scorer.compare_replies("Hi", "bad", "good").unwrap();
    let [good, bad] = ["good", "bad"].map(|reply| scorer.raw_score_reply("Hi", reply).unwrap());
    assert_eq!(probability(good, bad), there);
    assert_eq!(scorer.model().reward(good), scorer.score_reply("Hi", "good").unwrap());
    assert_ne!(scorer.model().reward(good), good);
    assert!((there + back - 1.0).abs() < 1e-6 && there != 0.5);
    assert_eq!(probability(100.0, -100.0), 1.0);
    assert_eq!(scorer.scores(&["a"], &mut [0.0; 2]), Err(Error::Outputs { want: 1, got: 2 }));
}

//! Real tokenizers, model files and human feedback, where they are beside the repository.

use core::time::Duration;
use rlhf::data::{
    Format, Kind, Options, comparisons, demonstrations, discover, feedback, prompts, solutions, text,
};
use rlhf::models;
use rlhf_core::model::Family;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bpe, Bytes, Tokenizer};
use rlhf_tests::{golden, shared};
use std::collections::HashMap;
use std::time::Instant;

fn gpt2() -> Bpe {
    let folder = shared::data("models/gpt2_tokenizer");
    let read = |name| std::fs::read_to_string(folder.join(name)).unwrap();
    Bpe::gpt2(&read("encoder.json"), &read("vocab.bpe")).unwrap()
}

fn tok512() -> Bpe {
    Bpe::llama2c(&std::fs::read(shared::data("models/tok512.bin")).unwrap()).unwrap()
}

/// Prompts and responses of all demonstrations.
fn texts() -> Vec<String> {
    let root = shared::data("demonstrations");
    let mut texts = Vec::new();
    for (path, format) in discover(&root).unwrap().files {
        if format.kind() == Kind::Demonstrations {
            for d in demonstrations(&path).unwrap().map(Result::unwrap) {
                texts.extend([d.prompt, d.response]);
            }
        }
    }
    texts
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn all_demonstrations_come_back_from_their_tokens() {
    let texts = texts();
    let tokenizers: [AnyTokenizer; 3] = [Bytes.into(), gpt2().into(), tok512().into()];
    for tokenizer in tokenizers {
        let mut tokens = 0;
        for text in &texts {
            let ids = tokenizer.encode(text);
            tokens += ids.len();
            assert_eq!(tokenizer.decode(&ids), *text);
            let ids = tokenizer.encode_continuation(text);
            assert_eq!(tokenizer.decode_continuation(&ids), *text);
            assert!(ids.iter().all(|&id| (id as usize) < tokenizer.vocabulary()));
        }
        println!("vocabulary {}: {} texts, {tokens} tokens", tokenizer.vocabulary(), texts.len());
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn gpt2_gives_the_published_ids() {
    let gpt2 = gpt2();
    assert_eq!((gpt2.vocabulary(), gpt2.eos()), (50257, Some(50256)));
    for (text, ids) in [
        ("Hello world", &[15496, 995][..]),
        ("Hello, world!", &[15496, 11, 995, 0]),
        ("\n\nHuman: it's 2024", &[198, 198, 20490, 25, 340, 338, 48609]),
        ("   spaces  in\n\n a row ", &[220, 220, 9029, 220, 287, 628, 257, 5752, 220]),
        ("naïve café — 北京 🦊", &[2616, 38776, 40304, 851, 10263, 234, 245, 12859, 105, 12520, 99, 232]),
    ] {
        assert_eq!(gpt2.encode(text), ids, "{text:?}");
    }
    assert_eq!(gpt2.decode(&[15496, 50256, 995]), "Hello world");
    assert_eq!(gpt2.decode(&[15496, 99_999]), "Hello\u{fffd}");
}

/// llama2.c's own loop: look for the best-scored pair again after every merge.
fn llama2c_naive(file: &[u8], text: &str) -> Vec<u32> {
    let (mut tokens, mut rest) = (Vec::new(), &file[4..]);
    while !rest.is_empty() {
        let score = f32::from_le_bytes(*rest.first_chunk().unwrap());
        let length = i32::from_le_bytes(*rest[4..].first_chunk().unwrap()) as usize;
        tokens.push((score, &rest[8..8 + length]));
        rest = &rest[8 + length..];
    }
    let id = |bytes: &[u8]| tokens.iter().position(|t| t.1 == bytes);
    let mut ids = Vec::new();
    for c in format!(" {text}").chars() {
        let bytes = c.to_string().into_bytes();
        match id(&bytes) {
            Some(id) => ids.push(id),
            None => ids.extend(bytes.iter().map(|&b| usize::from(b) + 3)),
        }
    }
    loop {
        let mut best: Option<(f32, usize, usize)> = None;
        for i in 1..ids.len() {
            let both = [tokens[ids[i - 1]].1, tokens[ids[i]].1].concat();
            if let Some(id) = id(&both)
                && best.is_none_or(|(score, ..)| tokens[id].0 > score)
            {
                best = Some((tokens[id].0, i, id));
            }
        }
        let Some((_, i, id)) = best else { return ids.into_iter().map(|id| id as u32).collect() };
        ids[i - 1] = id;
        ids.remove(i);
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn tok512_merges_as_llama2c_does() {
    let (tokenizer, path) = (tok512(), shared::data("models/tok512.bin"));
    assert_eq!((tokenizer.vocabulary(), tokenizer.bos(), tokenizer.eos()), (512, Some(1), Some(2)));
    let file = std::fs::read(path).unwrap();
    let all = texts();
    let some = all.iter().step_by(200).map(String::as_str).chain(["", "é", "北京 <0x41> <s>\n", "  "]);
    for text in some.filter(|t| t.len() < 600) {
        let want = if text.is_empty() { vec![] } else { llama2c_naive(&file, text) };
        assert_eq!(tokenizer.encode(text), want, "{text:?}");
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn a_long_text_without_spaces_is_encoded_in_no_time() {
    for tokenizer in [gpt2(), tok512()] {
        let text = "ab".repeat(200_000);
        let begun = Instant::now();
        let ids = tokenizer.encode(&text);
        // A quadratic loop would take hours.
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(tokenizer.decode(&ids), text);
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn stored_tokenizers_come_back_and_damaged_ones_do_not_break_their_promises() {
    let tokenizer = tok512();
    let bytes = postcard::to_allocvec(&AnyTokenizer::from(tokenizer.clone())).unwrap();
    let stored: AnyTokenizer = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(stored, tokenizer.into());
    for end in (0..bytes.len()).step_by(11) {
        assert!(postcard::from_bytes::<AnyTokenizer>(&bytes[..end]).is_err());
    }
    for i in (0..bytes.len() * 8).step_by(37) {
        let mut damaged = bytes.clone();
        damaged[i / 8] ^= 1 << (i % 8);
        if let Ok(tokenizer) = postcard::from_bytes::<AnyTokenizer>(&damaged) {
            let text = "Once upon a time, café.";
            assert_eq!(tokenizer.decode(&tokenizer.encode(text)), text, "bit {i}");
        }
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn a_damaged_llama2c_tokenizer_is_survived() {
    let file = std::fs::read(shared::data("models/tok512.bin")).unwrap();
    for end in 0..file.len() {
        if let Ok(t) = Bpe::llama2c(&file[..end]) {
            assert_eq!(t.decode(&t.encode("So it goes.")), "So it goes.");
        }
    }
    for i in (0..file.len() * 8).step_by(41) {
        let mut damaged = file.clone();
        damaged[i / 8] ^= 1 << (i % 8);
        if let Ok(t) = Bpe::llama2c(&damaged) {
            assert_eq!(t.decode(&t.encode("So it goes.")), "So it goes.", "bit {i}");
        }
    }
}

#[test]
fn damaged_gpt2_tokenizers_are_named() {
    for (encoder, merges, message) in [
        ("[]", "", "encoder.json, line 1"),
        ("{\"a\": 1}", "", "encoder.json, token \"a\": its id is not below the number of tokens"),
        ("{\"a\": 0, \"b\": 0}", "", "its id belongs to another token too"),
        ("{\"a\": 0}", "", "encoder.json, byte 0x00: there is no token 'Ā'"),
    ] {
        let error = Bpe::gpt2(encoder, merges).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn the_fixtures_models_open() {
    for (name, family, scalar) in [
        ("gpt2_tiny", Family::Gpt2, false),
        ("gpt2_rm_tiny", Family::Gpt2, true),
        ("llama_tiny", Family::Llama, false),
    ] {
        let folder = golden::folder().join(format!("models/{name}"));
        let opened = models::open(&folder).unwrap();
        let a = &opened.architecture;
        assert_eq!((a.family, a.scalar, a.vocabulary, a.width), (family, scalar, 256, 64));
        let (weights, missing) = opened.weights(a).unwrap();
        assert_eq!(missing, if scalar { vec!["scalar.bias"] } else { vec![] });
        // A language model's folder serves a reward model too, whose head it does not hold.
        if !scalar {
            let (more, missing) = opened.weights(&a.with_scalar()).unwrap();
            assert_eq!(missing, ["scalar.weight", "scalar.bias"]);
            assert_eq!(more[..weights.len()], weights);
        }
        let copy = tempfile::tempdir().unwrap();
        models::huggingface::save(copy.path(), a, &weights, &[0]).unwrap();
        let again = models::open(copy.path()).unwrap();
        assert_eq!(again.architecture, *a);
        assert_eq!(again.weights(a).unwrap().0, weights);
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn stories260k_opens() {
    let path = shared::data("models/stories260K.bin");
    let opened = models::open(&path).unwrap();
    let a = &opened.architecture;
    assert_eq!((a.width, a.hidden, a.layers, a.heads, a.kv_heads), (64, 172, 5, 8, 4));
    assert_eq!((a.vocabulary, a.context, a.tied), (512, 512, true));
    let (weights, missing) = opened.weights(a).unwrap();
    assert!(missing.is_empty() && weights.iter().all(|x| x.is_finite()));
    assert_eq!(weights.len(), 264_128 - 512 * 8);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn all_human_feedback_is_read() {
    let root = shared::data("");
    let found = discover(&root).unwrap().files;
    let mut rows: HashMap<Format, usize> = HashMap::new();
    for (path, format) in &found {
        let n = match format.kind() {
            Kind::Demonstrations => demonstrations(path).unwrap().map(Result::unwrap).count(),
            Kind::Comparisons => {
                let all = comparisons(path, Options::default()).unwrap().map(Result::unwrap);
                all.inspect(|c| assert!(c.prompt.ends_with("\n\nAssistant:") && !c.votes.is_empty())).count()
            }
            Kind::Solutions => solutions(path).unwrap().map(Result::unwrap).count(),
            Kind::Feedback => feedback(path).unwrap().map(Result::unwrap).count(),
            Kind::Prompts => prompts(path).unwrap().map(Result::unwrap).count(),
            Kind::Text => text(path, 1 << 26).unwrap().len(),
        };
        println!("{format:?} {n} {}", path.display());
        *rows.entry(*format).or_default() += n;
    }
    for (format, least) in [
        (Format::Instructions, 4000),
        (Format::SelfInstruct, 250),
        (Format::Transcripts, 1500),
        (Format::Rankings, 100),
        (Format::Predictions, 300),
        (Format::Prompts, 3000),
        (Format::Text, 1_000_000),
    ] {
        assert!(rows.get(&format).is_some_and(|&n| n >= least), "{format:?}: {:?}", rows.get(&format));
    }
}

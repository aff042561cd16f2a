//! The model that the page opens.

use rlhf::prelude::*;
use rlhf_story_model::files::words_module;
use rlhf_story_model::gold::{Taste, is_story};
use rlhf_story_model::grammar::story;
use rlhf_story_model::pretrain::{Prompts, prompts};
use std::path::Path;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../web/model"))
}

/// Replies that ended, and the number of all.
fn samples() -> (Vec<String>, usize) {
    let mut model = LanguageModel::open(folder(), &Device::default()).unwrap();
    let prompts = prompts().vote;
    let mut ended = Vec::new();
    for prompt in prompts.iter().take(20) {
        let writing = Writing { longest: 36, count: 10, seed: 3, ..Writing::default() };
        let responses = model.generate(prompt, &writing).unwrap();
        ended.extend(responses.into_iter().filter(|r| r.finish == "eos").map(|r| r.text));
    }
    (ended, 200)
}

#[test]
fn the_files_are_at_most_two_megabytes() {
    let files = std::fs::read_dir(folder()).unwrap();
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes <= 2_000_000, "{bytes}");
}

#[test]
fn the_lists_are_those_of_the_source() {
    let text = std::fs::read_to_string(folder().join("prompts.json")).unwrap();
    assert_eq!(serde_json::from_str::<Prompts>(&text).unwrap(), prompts());
    let text = words_module().unwrap();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(folder().join("words.js"), &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(folder().join("words.js")).unwrap(), text);
}

/// The cases that `wasm/web/visitors.test.js` reads, too.
#[test]
fn golds_are_those_of_the_page() {
    let cases: Vec<(String, [f64; 4])> = serde_json::from_str(include_str!("golds.json")).unwrap();
    for (reply, want) in cases {
        let got = [Taste::Happy, Taste::Short, Taste::Dialogue, Taste::Calm].map(|taste| taste.gold(&reply));
        assert!(
            got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-9),
            "{reply}: {got:?}, want {want:?}"
        );
    }
}

#[test]
fn replies_are_whole_stories_whose_endings_are_spread() {
    let (ended, all) = samples();
    let stories: Vec<&String> = ended.iter().filter(|reply| is_story(reply)).collect();
    assert!(stories.len() * 100 >= all * 95, "{} of {all}", stories.len());
    for (taste, least, most) in
        [(Taste::Happy, 0.15, 0.4), (Taste::Dialogue, 0.2, 0.6), (Taste::Calm, 0.4, 0.85)]
    {
        let share = stories.iter().map(|reply| taste.gold(reply)).sum::<f64>() / stories.len() as f64;
        assert!((least..most).contains(&share), "{taste:?}: {share:.2}");
    }
}

#[test]
fn every_story_of_the_grammar_is_a_story_and_short_enough() {
    for number in 0..2000 {
        let story = story(9, number);
        assert!(is_story(&story.reply), "{}", story.reply);
        assert!((3..=40).contains(&story.reply.split(' ').count()), "{}", story.reply);
    }
}

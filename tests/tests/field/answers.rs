//! Answers, scores, model folders and errors, as the next program or reader takes them.

use crate::command::rlhf;
use crate::field::models::{model, said, trained};
use rlhf::engine::{Device, Model};
use rlhf::{LanguageModel, RewardModel};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::Bytes;
use serde_json::{Value, json};
use std::path::Path;

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_generate_writes_score_reads() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    std::fs::write(folder.path().join("prompts.jsonl"), "{\"prompt\": \" Hi \"}\n{\"prompt\": \"Bye\"}\n")
        .unwrap();
    let run = |args: &[&str], input: &str| said(&rlhf(folder.path(), args, input));
    let generate =
        ["generate", "policy", "--prompts", "prompts.jsonl", "--n", "2", "--max-new-tokens", "4", "--json"];
    for (more, prompt) in [(&[][..], " Hi "), (&["--transcript"], "\n\nHuman: Hi\n\nAssistant:")] {
        let (code, lines, error) = run(&[&generate[..], more].concat(), "");
        let written = rows(&lines);
        assert_eq!((code, written.len(), &written[0]["prompt"]), (0, 4, &json!(prompt)), "{error}");
        let (code, scores, error) = run(&["score", "reward", "--json"], &lines);
        let scores = rows(&scores);
        assert_eq!((code, scores.len()), (0, 4), "{error}");
        let mut judge = RewardModel::open(folder.path().join("reward"), &Device::default()).unwrap();
        for (written, score) in written.iter().zip(&scores) {
            assert_eq!((&written["prompt"], &written["response"]), (&score["prompt"], &score["response"]));
            let [prompt, response] = ["prompt", "response"].map(|name| written[name].as_str().unwrap());
            let want = f64::from(judge.score(prompt.trim_end_matches('\n'), response).unwrap());
            assert!((score["reward"].as_f64().unwrap() - want).abs() < 1e-6, "{score}");
        }
    }
}

#[test]
fn several_answers_are_set_apart() {
    let folder = tempfile::tempdir().unwrap();
    model(&folder.path().join("model"), &[]);
    let generate = |more: &[&str], input: &str| {
        let args = ["generate", "model", "--temperature", "0", "--max-new-tokens", "2"];
        let (code, out, error) = said(&rlhf(folder.path(), &[&args[..], more].concat(), input));
        assert_eq!(code, 0, "{error}");
        out
    };
    // The model writes nothing but token 256, which has no text.
    assert_eq!(generate(&["--prompt", "Hi"], ""), "\n");
    assert_eq!(
        generate(&["--prompt", "Hi", "--n", "2"], ""),
        "--- answer 1 of 2 ---\n\n\n--- answer 2 of 2 ---\n\n"
    );
    assert_eq!(generate(&[], "Hi\n"), "\n");
    assert_eq!(generate(&[], "Hi\nBye\n"), "\n\n--- standard input, line 2 ---\n\n");
}

#[test]
fn a_saved_model_has_the_files_of_its_tokenizer_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let template =
        json!({"eos_token": "</s>", "chat_template": "{{ messages }}", "tokenizer_class": "GPT2Tokenizer"});
    let map = json!({"eos_token": "</s>"});
    model(&path("base"), &[("tokenizer_config.json", template), ("special_tokens_map.json", map)]);
    let names = ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"];
    let same = |folder: &Path| {
        for name in names {
            let [got, want] =
                [folder.join(name), path("base").join(name)].map(|path| std::fs::read(path).unwrap());
            assert_eq!(got, want, "{name} in {}", folder.display());
        }
    };
    let device = Device::default();
    let base = LanguageModel::open(path("base"), &device).unwrap();
    base.save(path("once")).unwrap();
    same(&path("once"));
    // The tokenizer is now read from our own file; the others stay with it.
    LanguageModel::open(path("once"), &device).unwrap().save(path("twice")).unwrap();
    same(&path("twice"));
    let tokenizer = base.tokenizer().clone();
    let network = Model::random(&device, Architecture::gpt2(257, 32, 8, 1, 1), 1).unwrap();
    network.with_scalar_head(0.5, 1).unwrap().save(&path("reward"), &tokenizer).unwrap();
    same(&path("reward"));

    // OpenAI's names become Hugging Face's, and the class is said where no file says it.
    std::fs::create_dir(path("openai")).unwrap();
    for (from, to) in [("vocab.json", "encoder.json"), ("merges.txt", "vocab.bpe")] {
        std::fs::copy(path("base").join(from), path("openai").join(to)).unwrap();
    }
    let tokenizer = rlhf::models::tokenizer(&path("openai")).unwrap();
    rlhf::models::save_tokenizer_in(&path("openai"), &tokenizer).unwrap();
    let read = |name: &str| std::fs::read_to_string(path("openai").join(name)).unwrap();
    assert_eq!(read("vocab.json"), read("encoder.json"));
    assert_eq!(read("merges.txt"), read("vocab.bpe"));
    assert_eq!(read("tokenizer_config.json"), r#"{"tokenizer_class":"GPT2Tokenizer"}"#);
}

/// A program whose `main` returns an error ends with `{error:?}`.
#[test]
fn errors_in_programs_print_their_advice() {
    let architecture = Architecture::gpt2(257, 16, 8, 1, 1);
    let mut model = LanguageModel::random(&Device::default(), architecture, Bytes, 1).unwrap();
    let diverged = model.fine_tune(&[("a", "b"); 8]).set(|s| {
        (s.epochs, s.optimizer.learning_rate) = (100, 1e30);
    });
    let errors = [
        diverged.run().map(|_| ()).unwrap_err(),
        LanguageModel::open("no such folder", &Device::default()).map(|_| ()).unwrap_err(),
        model.generate(&"x".repeat(20), &rlhf::Writing::default()).map(|_| ()).unwrap_err(),
    ];
    for error in errors {
        let printed = format!("{error:?}");
        assert_eq!(printed, error.to_string());
        assert!(printed.len() < 1000 && !printed.contains(" { "), "{printed}");
    }
    let hot = rlhf::Writing {
        sampling: rlhf_core::sampling::SamplingParams::at_temperature(-1.0),
        ..rlhf::Writing::default()
    };
    let printed = format!("{:?}", model.generate("a", &hot).map(|_| ()).unwrap_err());
    assert!(printed.contains("temperature") && printed.contains("above 0"), "{printed}");
}

//! Model folders as people have them, and the commands that read rows.

use crate::command::rlhf;
use rlhf::engine::{Device, Model};
use rlhf::models::huggingface;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Output;

/// A network that writes `token` whatever it reads.
fn writes(token: usize) -> (Architecture, Vec<f32>) {
    let a = Architecture::gpt2(257, 64, 8, 1, 1);
    let mut weights = Vec::new();
    for tensor in a.tensors() {
        let mut numbers = vec![0.0; tensor.len()];
        match tensor.name.as_str() {
            "norm.bias" => numbers[0] = 1.0,
            "embedding" => numbers[token * a.width] = 9.0,
            _ => {}
        }
        weights.extend(numbers);
    }
    (a, weights)
}

/// A folder with GPT-2's two files, in which token 256 is `</s>`; and these files.
pub fn model(folder: &Path, more: &[(&str, Value)]) {
    let (a, weights) = writes(256);
    huggingface::save(folder, &a, &weights, &[]).unwrap();
    let printed = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let (mut ids, mut next) = (Map::new(), 0x100);
    for byte in 0..256u32 {
        let stands = if printed(byte) { byte } else { next };
        next += u32::from(!printed(byte));
        ids.insert(char::from_u32(stands).unwrap().into(), byte.into());
    }
    ids.insert("</s>".into(), 256.into());
    let files = [("vocab.json", Value::Object(ids).to_string()), ("merges.txt", "#version: 0.2\n".into())];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    for (name, value) in more {
        let mut file: Value = std::fs::read(folder.join(name))
            .map_or(json!({}), |bytes| serde_json::from_slice(&bytes).unwrap());
        value.as_object().unwrap().iter().for_each(|(field, value)| file[field] = value.clone());
        std::fs::write(folder.join(name), file.to_string()).unwrap();
    }
}

pub fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn texts_end_at_the_token_that_the_folder_names() {
    let generate =
        ["generate", "model", "--prompt", "Hi", "--temperature", "0", "--max-new-tokens", "9", "--json"];
    let named = |more: &[(&str, Value)]| {
        let folder = tempfile::tempdir().unwrap();
        model(&folder.path().join("model"), more);
        said(&rlhf(folder.path(), &generate, ""))
    };
    for more in [
        ("config.json", json!({"eos_token_id": 256})),
        ("generation_config.json", json!({"eos_token_id": [256, 1]})),
        ("generation_config.json", json!({"eos_token_id": [1, 2, 256]})),
        ("special_tokens_map.json", json!({"eos_token": {"content": "</s>"}})),
        ("tokenizer_config.json", json!({"eos_token": "</s>"})),
    ] {
        let (code, out, _) = named(core::slice::from_ref(&more));
        let row: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &row["finish"], &row["tokens"]), (0, &json!("eos"), &json!(1)), "{more:?}");
    }
    let beyond = ("generation_config.json", json!({"eos_token_id": [256, 257]}));
    let (code, _, error) = named(&[beyond]);
    assert!(code == 2 && error.contains("token 257 is outside the vocabulary of 257"), "{error}");
    // Nothing names one.
    assert!(named(&[]).1.contains("\"finish\":\"length\""));
    let (code, _, error) = named(&[("config.json", json!({"eos_token_id": 50256}))]);
    assert!(
        code == 2 && error.contains("config.json") && error.contains("outside the vocabulary of 257"),
        "{error}"
    );
}

#[test]
fn a_folder_whose_files_are_of_two_models_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let a = Architecture::gpt2(257, 64, 8, 2, 1);
    huggingface::save(&path, &a, &vec![0.5; a.parameters()], &[]).unwrap();
    let kept = std::fs::read(path.join("model.safetensors")).unwrap();
    model(&path, &[]);
    std::fs::write(path.join("model.safetensors"), kept).unwrap();
    let (code, _, error) = said(&rlhf(folder.path(), &["generate", "model", "--prompt", "Hi"], ""));
    assert!(code == 2 && error.contains("h.1.") && error.contains("two models"), "{error}");
}

#[test]
fn weights_that_are_not_numbers_are_refused_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    model(&path, &[]);
    let (a, mut weights) = writes(256);
    weights[5] = f32::NAN;
    huggingface::save(&path, &a, &weights, &[]).unwrap();
    let (code, _, error) = said(&rlhf(folder.path(), &["generate", "model", "--prompt", "Hi"], ""));
    assert!(code == 2 && error.contains("wte.weight") && error.contains("NaN"), "{error}");
}

/// A policy and a reward model that read bytes.
pub fn trained(folder: &Path) {
    let a = Architecture::gpt2(257, 32, 8, 1, 1);
    let policy = Model::random(&Device::default(), a, 1).unwrap();
    let tokenizer = AnyTokenizer::from(Bytes);
    policy.save(&folder.join("policy"), &tokenizer).unwrap();
    policy.with_scalar_head(0.5, 1).unwrap().save(&folder.join("reward"), &tokenizer).unwrap();
}

#[test]
fn blank_lines_marks_and_packing_mean_the_same_to_every_command() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let plain = "{\"prompt\":\"a\",\"response\":\"x\"}\n\n{\"prompt\":\"b\",\"response\":\"y\"}\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(plain.as_bytes()).unwrap();
    let array = "[{\"prompt\":\"a\",\"response\":\"x\"},\n{\"prompt\":\"b\",\"response\":\"y\"}]";
    let files = [
        ("plain.jsonl", plain.as_bytes().to_vec()),
        ("marked.jsonl", format!("\u{feff}{plain}").into_bytes()),
        ("ends.jsonl", plain.replace('\n', "\r\n").into_bytes()),
        ("packed.jsonl.gz", packed.finish().unwrap()),
        ("array.json", array.into()),
    ];
    let mut all = Vec::new();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let generate = ["generate", "policy", "--prompts", name, "--max-new-tokens", "3", "--json"];
        let written = said(&rlhf(folder.path(), &generate, ""));
        assert_eq!((written.0, written.1.lines().count()), (0, 2), "{name}: {written:?}");
        all.push((written, said(&rlhf(folder.path(), &["score", "reward", name], ""))));
    }
    assert!(all.iter().all(|said| *said == all[0]), "{all:?}");
    assert_eq!(all[0].1, said(&rlhf(folder.path(), &["score", "reward"], plain)));
}

#[test]
fn one_bad_row_is_told_in_its_place_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let long = "x".repeat(40);
    let file = format!(
        "{{\"prompt\":\"a\",\"response\":\"x\"}}\n{{\"prompt\":3}}\nno JSON\n{{\"prompt\":\"{long}\",\"response\":\"\"}}\n\
         {{\"prompt\":\"b\",\"response\":\"y\"}}\n"
    );
    std::fs::write(folder.path().join("rows.jsonl"), file).unwrap();
    // A prompt that leaves no room for an answer is a bad row; a text that is too long to score is cut.
    for (command, bad) in [
        (&["generate", "policy", "--prompts", "rows.jsonl", "--max-new-tokens", "3", "--json"][..], 3),
        (&["score", "reward", "rows.jsonl", "--json"], 2),
    ] {
        let (code, out, error) = said(&rlhf(folder.path(), command, ""));
        let rows: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: Vec<_> = rows.iter().map(|row| row.get("error").and_then(Value::as_str)).collect();
        assert!(code == 4 && error.contains(&format!("{bad} of 5 rows")), "{code} {error}");
        assert!(rows.len() == 5 && told[0].is_none() && told[4].is_none(), "{out}");
        for (told, place) in told[1..=bad].iter().zip(["line 2, field \"prompt\"", "line 3", "line 4"]) {
            assert!(told.unwrap().contains(&format!("rows.jsonl, {place}")), "{told:?}");
        }
    }
    let (code, out, error) = said(&rlhf(folder.path(), &["score", "reward", "rows.jsonl"], ""));
    assert!(code == 4 && out.lines().count() == 3 && error.contains("rows.jsonl, line 3"), "{error}");
}

#[test]
fn comparisons_are_scored_with_an_accuracy_beside_rules_that_read_nothing() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let rows: String = (0..12)
        .map(|i| {
            let (long, short) = ("longer answer".repeat(1 + i % 2), format!("no {i}"));
            let (chosen, rejected) = if i < 9 { (long, short) } else { (short, long) };
            json!({"prompt": format!("Question {i}"), "chosen": chosen, "rejected": rejected}).to_string()
                + "\n"
        })
        .collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(rows.as_bytes()).unwrap();
    std::fs::write(folder.path().join("pairs.jsonl"), &rows).unwrap();
    std::fs::write(folder.path().join("pairs.gz"), packed.finish().unwrap()).unwrap();
    let (code, out, error) = said(&rlhf(folder.path(), &["score", "reward", "pairs.jsonl", "--json"], ""));
    assert_eq!((code, out.lines().count()), (0, 13), "{error}");
    assert_eq!(said(&rlhf(folder.path(), &["score", "reward", "pairs.gz", "--json"], "")).1, out);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let right = lines[..12].iter().map(|row| row["rewards"][0].as_f64() > row["rewards"][1].as_f64());
    let right = right.filter(|right| *right).count() as f64 / 12.0;
    let all = &lines[12];
    assert_eq!(all["accuracy"]["value"].as_f64(), Some(right));
    assert!(all["accuracy"]["low"].as_f64() < Some(right) && all["accuracy"]["high"].as_f64() > Some(right));
    assert_eq!((all["longer"]["value"].as_f64(), all["shorter"]["value"].as_f64()), (Some(0.75), Some(0.25)));
    // The context is 32 tokens.
    assert_eq!(all["cut"], json!(12));
    let (_, people, _) = said(&rlhf(folder.path(), &["score", "reward", "pairs.jsonl"], ""));
    assert!(people.contains("the longer answer") && people.contains("75.0 %"), "{people}");
}

#[test]
fn a_text_that_is_too_long_is_scored_as_training_would_cut_it() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let score = |prompt: &str, reply: &str| {
        let (code, out, error) = said(&rlhf(
            folder.path(),
            &["score", "reward", "--prompt", prompt, "--reply", reply, "--json"],
            "",
        ));
        assert_eq!(code, 0, "{error}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    // 32 tokens: the end token, 21 bytes of reply, the prompt's last ten.
    let (long, reply) = ("0123456789".repeat(4), "r".repeat(21));
    let (cut, whole) = (score(&long, &reply), score("0123456789", &reply));
    assert_eq!((&cut["reward"], &cut["cut"]), (&whole["reward"], &json!(true)));
    assert!(whole.get("cut").is_none());
    // A reply that takes all leaves a quarter to the prompt, and loses its end.
    let (one, two) = (score("question one", &"r".repeat(99)), score("question two", &"r".repeat(99)));
    assert_ne!(one["reward"], two["reward"]);
}

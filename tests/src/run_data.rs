//! A folder of made-up data in the public formats, and a tiny base.

use rlhf::models::{huggingface, save_tokenizer};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes, Tokenizer};
use rlhf_cpu::{Cpu, Model};
use serde_json::{Value, json};
use std::path::Path;

/// The number of prompts. Each data set has all of them.
pub const PROMPTS: usize = 40;

fn prompt(i: usize) -> String {
    format!("Question {i}: how is it {}?", ["red", "blue", "hot"][i % 3])
}

fn rows(of: impl Fn(usize, &str) -> Value) -> String {
    (0..PROMPTS).map(|i| of(i, &prompt(i)).to_string() + "\n").collect()
}

/// Writes the folder. No name says what a file holds.
pub fn write(folder: &Path) {
    let write = |name: &str, content: String| std::fs::write(folder.join(name), content).unwrap();
    write("a.json", rows(|i, p| json!({"instruction": p, "response": format!("It is {i}.")})));
    write(
        "b",
        rows(|i, p| json!({"instruction": p, "instances": [{"input": "", "output": format!("So {i}.")}]})),
    );
    write(
        "c.data",
        rows(|i, p| {
            let transcript = |a: &str| format!("\n\nHuman: {p}\n\nAssistant: {a}");
            // A few are longer than the context.
            let long = "very ".repeat(if i % 10 == 0 { 40 } else { 1 });
            json!({"chosen": transcript("Yes."), "rejected": transcript(&format!("No, {long}so."))})
        }),
    );
    write(
        "d.data",
        rows(|_, p| {
            json!({
                "context": [{"role": "prompter", "text": p}],
                "responses": [{"text": "Bad", "rank": 2}, {"text": "Good", "rank": 0}, {"text": "Fair", "rank": 1}]
            })
        }),
    );
    write(
        "e.data",
        rows(|_, p| {
            json!({
                "question": p, "passages": [["T", "S."]], "prediction 1": "a", "prediction 2": "b",
                "prediction 3": "c", "prediction 4": "d", "preference": [1, 1, 1, 0, 2, 1]
            })
        }),
    );
    write("f.data", rows(|_, p| json!({"prompt": p})));
    write("g.txt", "Once upon a time there was a fox. ".repeat(2000));
    base(folder);
}

/// Writes `base`, a random network that reads bytes, and `bytes.tok`.
pub fn base(folder: &Path) {
    let tokenizer = AnyTokenizer::from(Bytes);
    let architecture = Architecture::gpt2(tokenizer.vocabulary(), 96, 16, 1, 2);
    let cpu = Cpu::default();
    let model = Model::random(&cpu, architecture, 1).unwrap();
    huggingface::save(&folder.join("base"), model.architecture(), model.weights(), &tokenizer.ends())
        .unwrap();
    save_tokenizer(&folder.join("bytes.tok"), &tokenizer).unwrap();
}

/// The configuration of a run of seconds on it.
pub const CONFIG: &str = r#"version = 1
seed = 3
held_out = 0.3
context = 96

[base]
model = "base"
tokenizer = "bytes.tok"

[supervised]
formats = ["instructions", "self_instruct"]
rows = 100
pretraining = 0.1
epochs = 1

[reward]
formats = ["transcripts", "rankings", "predictions"]
rows = 100
passages = false

[ppo]
formats = ["prompts"]
rows = 100
iterations = 3
prompt = 60
response = 8
batch = 16

[pretraining]
source = "base"
texts = 16
length = 16

[evaluation]
prompts = 20
samples = 6

[reasons]
"supervised.epochs" = "a test"
"ppo.batch" = "a test"
"#;

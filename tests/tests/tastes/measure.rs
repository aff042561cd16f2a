//! Answers to questions that no run has seen: three to each, at temperature 0.7.

use super::data::{Kept, Taste};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Each answer with the thing asked for, and whether it ended by itself.
pub struct Answers(Vec<(String, &'static str, bool)>);

impl Answers {
    pub fn of(folder: &Path, model: &str, kept: &[Kept]) -> Self {
        let prompts: String =
            kept.iter().map(|k| json!({ "prompt": k.question }).to_string() + "\n").collect();
        std::fs::write(folder.join("kept.jsonl"), prompts).unwrap();
        let how = "--transcript --n 3 --temperature 0.7 --max-new-tokens 64 --json";
        let mut args = vec!["generate", model, "--prompts", "kept.jsonl"];
        args.extend(how.split(' '));
        let rows = super::rlhf(folder, &args);
        let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), 3 * kept.len());
        let answer = |(row, kept): (&Value, &Kept)| {
            assert!(row["prompt"].as_str().unwrap().contains(&kept.question), "{row}");
            (row["response"].as_str().unwrap().trim().to_owned(), kept.thing, row["finish"] != "length")
        };
        let each = kept.iter().flat_map(|kept| core::iter::repeat_n(kept, 3));
        let answers = rows.iter().zip(each).map(answer).collect();
        Self(answers)
    }

    /// The share of the wanted kind.
    pub fn share(&self, taste: &Taste) -> f64 {
        self.mean(|(answer, thing, _)| (taste.is)(answer, thing))
    }

    /// The share that ended by itself.
    pub fn ended(&self) -> f64 {
        self.mean(|(_, _, ended)| *ended)
    }

    /// The number of different answers.
    pub fn distinct(&self) -> usize {
        self.0.iter().map(|(answer, ..)| answer).collect::<BTreeSet<_>>().len()
    }

    fn mean(&self, of: impl Fn(&(String, &'static str, bool)) -> bool) -> f64 {
        self.0.iter().filter(|answer| of(answer)).count() as f64 / self.0.len() as f64
    }
}

//! The meaning of rows, and the format of files.

use rlhf::data::{
    Feedback, Flaw, Format, Group, Kind, Options, Vote, comparisons, demonstrations, discover, feedback,
    formats, prompts, recognize, solutions,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn rlhf(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rlhf-tested")).current_dir(folder).args(args).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A folder with one file of these rows.
struct Rows {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Rows {
    fn new(rows: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        std::fs::write(&path, rows.join("\n")).unwrap();
        Self { folder, path }
    }

    /// `count` rows of a pattern, in which `%` is the row's number.
    fn many(count: usize, row: &str) -> Self {
        let rows: Vec<String> = (0..count).map(|i| row.replace('%', &i.to_string())).collect();
        Self::new(&rows.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn format(&self) -> Format {
        recognize(&self.path).unwrap().unwrap()
    }

    /// The exit code of `data check` and what it says.
    fn check(&self) -> (i32, String) {
        let output = rlhf(self.folder.path(), &["data", "check", "rows.jsonl"]);
        (output.status.code().unwrap(), text(&output))
    }

    /// The prompt and the answers of each comparison, the better answer first where one is.
    fn compared(&self) -> Vec<(String, Vec<String>, Vec<Vote>)> {
        let rows = comparisons(&self.path, Options::default()).unwrap().map(Result::unwrap);
        rows.map(|c| (c.prompt, c.answers, c.votes)).collect()
    }

    fn demonstrated(&self) -> Vec<(String, String)> {
        demonstrations(&self.path).unwrap().map(Result::unwrap).map(|d| (d.prompt, d.response)).collect()
    }

    fn rated(&self) -> Vec<Feedback> {
        feedback(&self.path).unwrap().map(Result::unwrap).collect()
    }
}

const FIRST: Vote = Vote::Prefers { winner: 0, loser: 1 };
const SECOND: Vote = Vote::Prefers { winner: 1, loser: 0 };

fn asked(prompt: &str) -> String {
    format!("\n\nHuman: {prompt}\n\nAssistant:")
}

#[test]
fn null_is_absence_in_every_optional_field() {
    for (row, kept) in [
        (r#"{"instruction": "Hi", "context": null, "response": "Ho"}"#, Format::Instructions),
        (
            r#"{"instruction": "Hi", "input": null, "output": "Ho", "system": null, "history": null}"#,
            Format::Instructions,
        ),
        (r#"{"instruction": "Hi", "instances": [{"input": null, "output": "Ho"}]}"#, Format::SelfInstruct),
        (
            r#"{"instruction": "Hi", "input": null, "response1": "a", "response2": "b", "annotator1": 1, "annotator2": null, "annotator3": 2}"#,
            Format::Annotated,
        ),
        (r#"{"prompt": "Hi", "response": null, "completion": "Ho"}"#, Format::Responses),
        (r#"{"prompt": "Hi", "response": "Ho", "completion": null}"#, Format::Responses),
        (r#"{"prompt": "Hi", "response": "Ho", "label": null, "reward": 1}"#, Format::Feedback),
        (
            r#"{"prompt": "Hi", "response": "Ho", "label": true, "reward": null, "log_prob": null}"#,
            Format::Feedback,
        ),
        (r#"{"prompt": "Hi", "response": "Ho", "label": null, "reward": null}"#, Format::Responses),
        (r#"{"prompt": "Hi", "answers": null, "responses": ["a", "b"], "ranks": [1, 2]}"#, Format::Ranked),
        (r#"{"prompt": "Hi", "answers": ["a", "b"], "responses": null, "votes": [[0, 1]]}"#, Format::Voted),
        (r#"{"prompt": "Hi", "steps": null, "completions": ["a", "b"], "labels": [1, 0]}"#, Format::Steps),
        (
            r#"{"prompt": "Hi", "chosen": "a", "rejected": "b", "margin": null, "degree": null, "annotator": null, "user": null}"#,
            Format::Pairs,
        ),
        (
            r#"{"question": "Who?", "passages": null, "prediction 1": "a", "prediction 2": "b", "prediction 3": "c", "prediction 4": "d", "preference": [0, 1, 2, 1, 2, 0]}"#,
            Format::Predictions,
        ),
        (
            r#"{"prompt": null, "messages": [{"role": "user", "content": "Hi", "name": null}, {"role": "assistant", "content": "Ho", "tool_calls": null}]}"#,
            Format::Messages,
        ),
    ] {
        let rows = Rows::new(&[row]);
        assert_eq!(rows.format(), kept, "{row}");
        let (_, said) = rows.check();
        assert!(!said.contains("do not fit"), "{row}\n{said}");
    }
    for row in [
        r#"{"instruction": "Hi", "context": [], "response": "Ho"}"#,
        r#"{"instruction": "Hi", "input": {}, "output": "Ho", "system": [], "history": []}"#,
    ] {
        assert_eq!(Rows::new(&[row]).demonstrated(), [(asked("Hi"), " Ho".into())], "an empty list, too");
    }
    let annotated = Rows::new(&[
        r#"{"instruction": "Hi", "response1": "a", "response2": "b", "annotator1": 1, "annotator2": null, "annotator3": 2}"#,
    ]);
    assert_eq!(annotated.compared()[0].2, [FIRST, SECOND]);
}

#[test]
fn a_template_that_all_prompts_begin_with_does_not_make_them_one() {
    let template =
        "Below is an instruction that describes a task. Write a response that completes the request.";
    let row = format!(
        r#"{{"prompt": "{template}\n\nDescribe thing % in 3 words.\n\n### Response:", "response": "Thing %."}}"#
    );
    let rows = Rows::many(72, &row);
    let (code, said) = rows.check();
    assert!(code == 0 && said.contains("different prompts      72"), "{said}");
}

#[test]
fn signs_digits_and_emoji_tell_prompts_apart() {
    let same = |a: &str, b: &str| Group::new(a, None) == Group::new(b, None);
    for (a, b) in [
        ("1+2", "1-2"),
        ("1.5", "15"),
        ("-1", "1"),
        ("Rate 🙂", "Rate 🙁"),
        ("a != b", "a = b"),
        ("C++", "C"),
    ] {
        assert!(!same(a, b), "{a}, {b}");
    }
    assert!(same("Why is it so?", "why is IT -- so"));
    let rows = Rows::new(&[r#"{"prompt": "1+2", "response": "x"}"#, r#"{"prompt": "1-2", "response": "x"}"#]);
    assert!(rows.check().1.contains("different prompts      2"));
    assert_eq!(rows.check().0, 0, "neither a duplicate");
}

#[test]
fn ultrafeedback_is_pairs_and_never_prompts() {
    let rows = Rows::many(
        12,
        r#"{"prompt": "Name color %", "prompt_id": "%", "chosen": [{"role": "user", "content": "Name color %"}, {"role": "assistant", "content": "Blue %."}], "rejected": [{"role": "user", "content": "Name color %"}, {"role": "assistant", "content": "No."}], "messages": [{"role": "user", "content": "Name color %"}, {"role": "assistant", "content": "Blue %."}], "score_chosen": 8.5, "score_rejected": 2.0}"#,
    );
    assert_eq!(rows.format(), Format::Pairs);
    assert_eq!(
        rows.compared()[3],
        (asked("Name color 3"), vec![" Blue 3.".into(), " No.".into()], vec![FIRST])
    );
    let (code, said) = rows.check();
    assert!(code == 0 && said.contains("score_chosen (12 rows)"), "{said}");
}

#[test]
fn labels_are_never_bare_prompts() {
    for row in [
        r#"{"prompt": "Hi", "chosen": 3}"#,
        r#"{"prompt": "Hi", "responses": ["a", "b"]}"#,
        r#"{"prompt": "Hi", "rewards": [1, 2]}"#,
        r#"{"prompt": "Hi", "completions": ["a"]}"#,
        r#"{"prompt": "Hi", "label": true}"#,
        r#"{"prompt": "Hi", "ranking": [1, 2]}"#,
        r#"{"prompt": "Hi", "score": 4}"#,
        r#"{"prompt": "Hi", "rating": "good"}"#,
        r#"{"prompt": "Hi", "response_a": "x", "response_b": "y"}"#,
        r#"{"instruction": "Hi", "outputs": ["x"]}"#,
    ] {
        let rows = Rows::new(&[row]);
        assert_eq!(recognize(&rows.path).unwrap(), None, "{row}");
        let (code, said) = rows.check();
        assert!(code == 1 && said.contains("line 1") && said.contains("rlhf data formats"), "{said}");
    }
}

#[test]
fn an_odd_first_row_does_not_decide_what_a_file_is() {
    let pair = r#"{"prompt": "Name color %", "chosen": "Blue %.", "rejected": "No."}"#;
    let prompt = r#"{"prompt": "Name color %"}"#;
    for (odd, others, format, reason) in [
        (r#"{"prompt": "x", "chosen": null, "rejected": null}"#, pair, Format::Pairs, "field \"chosen\""),
        (r#"{"prompt": "x", "response": "y"}"#, pair, Format::Pairs, "field \"chosen\""),
        (r#"{"prompt": "x", "chosen": "", "rejected": 7}"#, pair, Format::Pairs, "field \"rejected\""),
        (r#"{"color": "red"}"#, pair, Format::Pairs, "field \"chosen\""),
        (r#"{"prompt": "x", "chosen": "y", "rejected": "z"}"#, prompt, Format::Prompts, "field \"chosen\""),
    ] {
        let mut rows = vec![odd.to_owned()];
        rows.extend((1..40).map(|i| others.replace('%', &i.to_string())));
        let rows = Rows::new(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(rows.format(), format, "{odd}");
        let (code, said) = rows.check();
        let counts = format!("{:<14} {:>9} {:>9} {:>9}", format!("{format:?}"), 40, 39, 1);
        assert!(code == 4 && said.contains(&counts), "{odd}\n{said}");
        assert!(said.contains("line 1, ") && said.contains(reason), "{odd}\n{said}");
    }
}

#[test]
fn many_unanswered_rows_do_not_hide_the_comparisons() {
    let rows: Vec<String> = (0..200)
        .map(|i| match i % 4 {
            0 => format!(r#"{{"prompt": "p{i}", "chosen": "a", "rejected": "b"}}"#),
            _ => format!(r#"{{"prompt": "p{i}", "chosen": null, "rejected": null}}"#),
        })
        .collect();
    let rows = Rows::new(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(rows.format(), Format::Pairs);
}

#[test]
fn the_reason_why_a_file_is_of_no_format_can_be_acted_on() {
    for (row, parts) in [
        (r#"{"prompt": "Hi", "chosen": "a"}"#, &["line 1", "(chosen, prompt)", "pairs", "`rejected`"][..]),
        (
            r#"{"prompt": "Hi", "chosen": 3, "rejected": "b"}"#,
            &["line 1, field \"chosen\"", "a text or messages, found a number"],
        ),
        (r#"{"prompt": "Hi", "responses": ["a", "b"]}"#, &["(prompt, responses)", "nearest"]),
        (r#"{"color": "red"}"#, &["no known format has any of its fields (color)"]),
        (r#"{"prompt": NaN}"#, &["line 1"]),
        (r#"{"question": "Hi", "response_j": "a", "response_k": "b"}"#, &["has no use for `response_j`"]),
        (r#"{"prompt": "Hi", "answer_x": "a", "answer_y": "b"}"#, &["has no use for `answer_x`"]),
        (r#"{"prompt": "Hi", "win": "a", "lose": "b"}"#, &["has no use for `win`"]),
        (
            r#"{"prompt": "Hi", "response": "a", "rejected_response": "b"}"#,
            &["has no use for `rejected_response`"],
        ),
        (r#"{"prompt": "Hi", "response": "a", "rejected": "b"}"#, &["`rejected`"]),
        (r#"{"prompt": "Hi", "response": "a", "rating": "4/5"}"#, &["has no use for `rating`"]),
        (r#"{"prompt": "Hi", "response": "a", "thumbs_down": true}"#, &["has no use for `thumbs_down`"]),
        (r#"{"prompt": "Hi", "response": "a", "stars": "★★★"}"#, &["has no use for `stars`"]),
        (r#"{"prompt": "Hi", "response": "a", "score": [4, 5]}"#, &["has no use for `score`"]),
    ] {
        let (code, said) = Rows::new(&[row]).check();
        assert_eq!(code, 1);
        for part in parts {
            assert!(said.contains(part), "{part}\n{said}");
        }
        assert!(!said.contains("rlhf_data") && !said.contains("::"), "{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let output = rlhf(folder.path(), &["data", "formats"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(said.lines().find(|line| line.chars().count() > 100), None);
    for format in Format::ALL.into_iter().filter(|format| format.kind() != Kind::Text) {
        assert!(said.contains(&format!("\n  {format}")), "{format}\n{said}");
        assert!(formats().iter().any(|fields| fields.format == format), "{format}");
    }
}

#[test]
fn a_system_turn_is_part_of_the_prompt() {
    let want = asked("Be brief.\n\nHi");
    for row in [
        r#"{"conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Hi"}], "chosen": {"from": "gpt", "value": "a"}, "rejected": {"from": "gpt", "value": "b"}}"#,
        r#"{"conversations": [{"from": "human", "value": "Hi"}], "system": "Be brief.", "chosen": {"value": "a"}, "rejected": {"value": "b"}}"#,
        r#"{"prompt": "Hi", "system": "Be brief.", "chosen": "a", "rejected": "b"}"#,
        r#"{"question": "Hi", "system_prompt": "Be brief.", "chosen": "a", "rejected": "b"}"#,
        r#"{"prompt": "Hi", "system_message": "Be brief.", "chosen": "a", "rejected": "b"}"#,
        r#"{"prompt": "Hi", "system": {"role": "system", "content": "Be brief."}, "chosen": "a", "rejected": "b"}"#,
        r#"{"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}], "chosen": [{"role": "assistant", "content": "a"}], "rejected": [{"role": "assistant", "content": "b"}]}"#,
        r#"{"chosen": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "a"}], "rejected": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "b"}]}"#,
        r#"{"chosen": "\n\nHuman: Hi\n\nAssistant: a", "rejected": "\n\nHuman: Hi\n\nAssistant: b", "system": "Be brief."}"#,
    ] {
        assert_eq!(
            Rows::new(&[row]).compared(),
            [(want.clone(), vec![" a".into(), " b".into()], vec![FIRST])],
            "{row}"
        );
    }
    for row in [
        r#"{"system_prompt": "Be brief.", "question": "Hi", "response": "a"}"#,
        r#"{"instruction": "Hi", "input": "", "output": "a", "system": "Be brief."}"#,
        r#"{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": "a"}]}"#,
        r#"{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "a"}], "system": "Be brief."}"#,
    ] {
        assert_eq!(Rows::new(&[row]).demonstrated(), [(want.clone(), " a".into())], "{row}");
    }
    let opposite = Rows::new(&[
        r#"{"conversations": [{"from": "system", "value": "Answer only in French."}, {"from": "human", "value": "Name a color."}], "chosen": {"from": "gpt", "value": "Bleu."}, "rejected": {"from": "gpt", "value": "Blue."}}"#,
        r#"{"conversations": [{"from": "system", "value": "Answer only in English."}, {"from": "human", "value": "Name a color."}], "chosen": {"from": "gpt", "value": "Blue."}, "rejected": {"from": "gpt", "value": "Bleu."}}"#,
    ]);
    let (code, said) = opposite.check();
    assert!(code == 0 && said.contains("different prompts      2"), "{said}");
}

#[test]
fn a_history_is_part_of_the_prompt_and_tools_are_told_of() {
    let rows = Rows::new(&[
        r#"{"instruction": "And you?", "output": "Fine.", "history": [["Hi", "Hello"]], "tools": "[]"}"#,
    ]);
    let want = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: And you?\n\nAssistant:";
    assert_eq!(rows.demonstrated(), [(want.into(), " Fine.".into())]);
    assert!(rows.check().1.contains("fields not used        tools (1 rows)"), "{}", rows.check().1);
}

#[test]
fn the_demonstrations_that_people_have_are_read() {
    for (format, row) in [
        (Format::Instructions, r#"{"instruction": "Hi", "input": "", "output": "Ho"}"#),
        (Format::Questions, r#"{"id": 1, "system_prompt": "", "question": "Hi", "response": "Ho"}"#),
        (
            Format::Responses,
            r#"{"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Ho"}]}"#,
        ),
        (Format::Responses, r#"{"prompt": "Hi", "completion": {"role": "assistant", "content": "Ho"}}"#),
        (Format::Responses, r#"{"prompt": "Hi", "output": "Ho"}"#),
        (
            Format::Messages,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}"#,
        ),
        (
            Format::Messages,
            r#"{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho"}]}"#,
        ),
        (
            Format::Messages,
            r#"{"conversation": [{"role": "prompter", "text": "Hi"}, {"role": "assistant", "text": "Ho"}]}"#,
        ),
        (
            Format::Messages,
            r#"{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": "Ho"}]}"#,
        ),
    ] {
        let rows = Rows::new(&[row]);
        assert_eq!(
            (rows.format(), rows.demonstrated()),
            (format, vec![(asked("Hi"), " Ho".into())]),
            "{row}"
        );
    }
    let tools = Rows::new(&[
        r#"{"messages": [{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": null, "tool_calls": [{"name": "weather"}]}, {"role": "tool", "content": "Rain."}, {"role": "assistant", "content": "It rains."}]}"#,
    ]);
    let want = "\n\nHuman: Weather?\n\nAssistant: [{\"name\":\"weather\"}]\n\nHuman: Rain.\n\nAssistant:";
    assert_eq!(tools.demonstrated(), [(want.into(), " It rains.".into())]);
    let image = Rows::new(&[
        r#"{"messages": [{"role": "user", "content": [{"type": "image_url"}]}, {"role": "assistant", "content": "Ho"}]}"#,
    ]);
    assert!(image.check().1.contains("found one of type \"image_url\""), "{}", image.check().1);
}

#[test]
fn the_comparisons_that_people_have_are_read() {
    for (format, row) in [
        (
            Format::Pairs,
            r#"{"prompt": [{"role": "user", "content": "Hi"}], "chosen": [{"role": "assistant", "content": "Yes"}], "rejected": [{"role": "assistant", "content": "No"}]}"#,
        ),
        (Format::Pairs, r#"{"instruction": "Hi", "input": "", "chosen": "Yes", "rejected": "No"}"#),
        (Format::Pairs, r#"{"question": "Hi", "chosen": "Yes", "rejected": "No"}"#),
        (
            Format::Pairs,
            r#"{"prompt": "\n\nHuman: Hi\n\nAssistant:", "chosen": "\n\nHuman: Hi\n\nAssistant: Yes", "rejected": "\n\nHuman: Hi\n\nAssistant: No"}"#,
        ),
        (
            Format::Pairs,
            r#"{"prompt": "Hi", "chosen": {"role": "assistant", "content": "Yes"}, "rejected": {"role": "assistant", "content": "No"}}"#,
        ),
        (
            Format::Transcripts,
            r#"{"chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}], "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No"}]}"#,
        ),
        (Format::Transcripts, r#"{"chosen": "Hi Yes", "rejected": "Hi No"}"#),
        (
            Format::Conversations,
            r#"{"messages": [{"role": "user", "content": "Hi"}], "chosen": {"role": "assistant", "content": "Yes"}, "rejected": {"role": "assistant", "content": "No"}}"#,
        ),
        (Format::Scored, r#"{"prompt": "Hi", "responses": ["Yes", "No"], "rewards": [0.5, -1]}"#),
        (Format::Scored, r#"{"prompt": "Hi", "completions": ["Yes", "No"], "scores": [8, 2]}"#),
        (
            Format::Scored,
            r#"{"instruction": "Hi", "completions": [{"response": "Yes", "overall_score": 8.5}, {"response": "No", "overall_score": 2}]}"#,
        ),
        (
            Format::Scored,
            r#"{"instruction": "Hi", "completions": [{"response": "Yes", "annotations": {"helpfulness": {"Rating": "5"}, "honesty": {"Rating": "N/A"}}}, {"response": "No", "annotations": {"helpfulness": {"Rating": "1"}}}]}"#,
        ),
        (
            Format::Scored,
            r#"{"prompt": "Hi", "answers": [{"answer": "Yes", "rank": 1}, {"answer": "No", "rank": 2}]}"#,
        ),
        (
            Format::Preferences,
            r#"{"context": [{"role": "user", "content": "Hi"}], "response1": "Yes", "response2": "No", "overall_preference": -2}"#,
        ),
        (
            Format::Preferences,
            r#"{"prompt": "Hi", "response_0": "Yes", "response_1": "No", "better_response_id": 0}"#,
        ),
        (
            Format::Preferences,
            r#"{"prompt": "Hi", "response_a": "Yes", "response_b": "No", "winner": "model_a"}"#,
        ),
        (
            Format::Preferences,
            r#"{"conversation_a": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}], "conversation_b": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No"}], "winner": "model_a"}"#,
        ),
        (Format::Preferences, r#"{"history": "Hi", "human_ref_A": "Yes", "human_ref_B": "No", "labels": 1}"#),
        (
            Format::Voted,
            r#"{"data": {"prompt": "Hi", "answer1": "Yes", "answer2": "No"}, "annotations": [{"result": [{"type": "pairwise", "to_name": "answer1,answer2", "value": {"selected": "left"}}]}]}"#,
        ),
        (
            Format::Voted,
            r#"{"fields": {"prompt": "Hi", "response-1": "Yes", "response-2": "No"}, "responses": [{"status": "submitted", "values": {"ranking": {"value": [{"value": "response-2", "rank": 2}, {"value": "response-1", "rank": 1}]}}}]}"#,
        ),
        (
            Format::Voted,
            r#"{"prompt": "Hi", "response-1": "Yes", "response-2": "No", "ranking": [{"user_id": null, "status": "submitted", "value": [{"value": "response-2", "rank": 2}, {"value": "response-1", "rank": 1}]}]}"#,
        ),
        (
            Format::Voted,
            r#"{"fields": {"instruction": "Hi", "response1": "Yes", "response2": "No"}, "responses": {"preference": [{"value": "response1", "user_id": "a"}]}}"#,
        ),
        (
            Format::Voted,
            r#"{"fields": {"instruction": "Hi", "response1": "Yes", "response2": "No"}, "responses": [], "suggestions": {"preference": {"value": "response1", "agent": "model"}}}"#,
        ),
        (
            Format::Scored,
            r#"{"fields": {"instruction": "Hi", "response1": "Yes", "response2": "No"}, "responses": {"rating_1": [{"value": 5}], "rating_2": [{"value": 4}, {"value": 5}]}}"#,
        ),
    ] {
        let rows = Rows::new(&[row]);
        assert_eq!(rows.format(), format, "{row}");
        assert_eq!(rows.compared(), [(asked("Hi"), vec![" Yes".into(), " No".into()], vec![FIRST])], "{row}");
        assert_eq!(prompts(&rows.path).unwrap().next().unwrap().unwrap().prompt, asked("Hi"));
    }
    for (row, vote) in [
        (r#"{"prompt": "Hi", "response1": "Yes", "response2": "No", "overall_preference": 1}"#, SECOND),
        (
            r#"{"prompt": "Hi", "response1": "Yes", "response2": "No", "overall_preference": 0}"#,
            Vote::Tie(0, 1),
        ),
        (r#"{"prompt": "Hi", "response_0": "Yes", "response_1": "No", "better_response_id": 1}"#, SECOND),
        (
            r#"{"prompt": "Hi", "response_a": "Yes", "response_b": "No", "winner": "tie (bothbad)"}"#,
            Vote::Tie(0, 1),
        ),
        (r#"{"prompt": "Hi", "responses": ["Yes", "No"], "scores": [3, 3]}"#, Vote::Tie(0, 1)),
        (r#"{"prompt": "Hi", "responses": ["Yes", "No"], "scores": ["9", "10"]}"#, SECOND),
        (r#"{"prompt": "Hi", "responses": ["Yes", "No"], "ranks": ["2", "1"]}"#, SECOND),
    ] {
        assert_eq!(Rows::new(&[row]).compared()[0].2, [vote], "{row}");
    }
}

#[test]
fn a_conversation_in_one_text_is_a_demonstration() {
    for text in [
        r"### Human: Hi### Assistant: Hello### Human: And you?### Assistant: Fine.",
        r"<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nAnd you?<|im_end|>\n<|im_start|>assistant\nFine.<|im_end|>",
        r"<s>[INST] Hi [/INST] Hello </s><s>[INST] And you? [/INST] Fine. </s>",
        r"<|user|>\nHi</s>\n<|assistant|>\nHello</s>\n<|user|>\nAnd you?</s>\n<|assistant|>\nFine.</s>",
    ] {
        let rows = Rows::new(&[&format!(r#"{{"text": "{text}"}}"#)]);
        let want = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: And you?\n\nAssistant:";
        assert_eq!(rows.format(), Format::Messages);
        assert_eq!(rows.demonstrated(), [(want.into(), " Fine.".into())]);
    }
    let system = Rows::new(&[r#"{"text": "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Ho"}"#]);
    assert_eq!(system.demonstrated(), [(asked("Be brief.\n\nHi"), " Ho".into())]);
    let plain = Rows::new(&[r#"{"text": "Once upon a time."}"#]);
    let (code, said) = plain.check();
    for part in ["line 1, field \"text\"", "no turns of a person", "### Human:", "`messages`", "named .txt"] {
        assert!(code == 1 && said.contains(part), "{part}\n{said}");
    }
    let both = Rows::new(&[
        r#"{"text": "Once upon a time."}"#,
        r####"{"text": "### Human: Hi### Assistant: Ho"}"####,
        r####"{"text": "### Human: Hi### Assistant: Ho### Human: Bye"}"####,
        r#"{"text": "There was a fox."}"#,
    ]);
    let read: Vec<_> = demonstrations(&both.path).unwrap().collect();
    assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false, false]);
    let said = both.check().1;
    assert!(said.contains("3 rows do not fit") && said.contains("the assistant's turn last"), "{said}");
}

#[test]
fn an_export_of_argilla_accounts_for_every_judgment() {
    let record = |i: usize, more: &str| {
        format!(
            r#"{{"fields": {{"instruction": "Hi {i}", "response1": "Yes", "response2": "No"}}, "responses": {more}}}"#
        )
    };
    let rows = [
        record(
            0,
            r#"{"preference": [{"value": "response1"}, {"value": "response2"}, {"value": "response1"}]}"#,
        ),
        record(1, r#"[{"values": {"preference": {"value": "response2"}}, "status": "submitted"}]"#),
        record(2, r#"{"preference": [{"value": "response1", "status": "draft"}, {"value": "response2"}]}"#),
        record(3, r#"{"preference": [{"value": "response1", "status": "discarded"}]}"#),
        record(4, "{}"),
        record(5, r#"{"preference": [{"value": "the first"}]}"#),
    ];
    for content in [rows.join("\n"), format!("[{}]", rows.join(",\n"))] {
        let rows = Rows::new(&[&content]);
        let mut records = comparisons(&rows.path, Options::default()).unwrap();
        let read: Vec<_> = records.by_ref().collect();
        let votes: Vec<_> = read.iter().flatten().map(|comparison| comparison.votes.clone()).collect();
        assert_eq!(votes, [vec![FIRST, SECOND, FIRST], vec![SECOND], vec![SECOND]]);
        let error = read.iter().find_map(|row| row.as_ref().err()).unwrap().to_string();
        assert!(
            error.contains(r#"6, field "preference": "the first" is none of response1, response2"#),
            "{error}"
        );
        assert_eq!(records.flaws().get(&Flaw::Unjudged), Some(&2));
        assert_eq!(records.flaws().get(&Flaw::Discarded), Some(&2));
        let (_, said) = rows.check();
        for part in [
            "2 rows were judged by nobody and are left out",
            "2 rows have discarded or draft judgments, which are left out",
            "33.3 % of 3 pairs of votes",
        ] {
            assert!(said.contains(part), "{part}\n{said}");
        }
    }
    let nobody = Rows::new(&[&record(0, "[]")]);
    let (code, said) = nobody.check();
    assert!(code == 1 && said.contains("nobody has judged its rows"), "{said}");
}

#[test]
fn rated_answers_are_feedback_and_no_demonstrations() {
    for (row, reward) in [
        (
            r#"{"prompt": "Hi", "response": "Ho", "helpfulness": 4, "correctness": 3, "coherence": 3, "complexity": 1, "verbosity": 1}"#,
            4.0,
        ),
        (r#"{"prompt": "Hi", "response": "Ho", "score": 0.25}"#, 0.25),
        (r#"{"prompt": "Hi", "response": "Ho", "rating": "2"}"#, 2.0),
        (r#"{"instruction": "Hi", "input": "", "output": "Ho", "quality": 3}"#, 3.0),
        (r#"{"question": "Hi", "answer": "Ho", "stars": 5}"#, 5.0),
        (r#"{"prompt": "Hi", "completion": "Ho", "label": false}"#, -1.0),
        (r#"{"prompt": "Hi", "completion": "Ho", "label": "true"}"#, 1.0),
        (
            r#"{"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Ho"}], "label": true}"#,
            1.0,
        ),
        (r#"{"instruction": "Hi", "output": "Ho", "kto_tag": true}"#, 1.0),
        (r#"{"prompt": "Hi", "response": "Ho", "thumbs": "up"}"#, 1.0),
        (r#"{"instruction": "Hi", "output": "Ho", "feedback": "👎"}"#, -1.0),
        (
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}], "label": "bad"}"#,
            -1.0,
        ),
        (
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}], "kto_tag": false}"#,
            -1.0,
        ),
        (
            r#"{"data": {"prompt": "Hi", "response": "Ho"}, "annotations": [{"result": [{"type": "rating", "value": {"rating": 4}}]}]}"#,
            4.0,
        ),
    ] {
        let rows = Rows::new(&[row]);
        assert_eq!(rows.format(), Format::Feedback, "{row}");
        let rated = &rows.rated()[0];
        assert_eq!(
            (rated.prompt.as_str(), rated.response.as_str(), rated.reward),
            (&*asked("Hi"), " Ho", reward),
            "{row}"
        );
    }
    let unknown = Rows::new(&[r#"{"prompt": "Hi", "response": "Ho", "thumbs": "sideways"}"#]);
    assert_eq!(unknown.format(), Format::Feedback, "never a demonstration");
    let said = unknown.check().1;
    assert!(said.contains(r#"field "thumbs": "sideways" is neither"#) && said.contains("👍/👎"), "{said}");
    let labels = Rows::new(&[r#"{"prompt": "Hi", "response": "Ho", "label": "false"}"#]);
    assert_eq!(solutions(&labels.path).unwrap().next().unwrap().unwrap().labels, [0.0]);
}

#[test]
fn nothing_said_is_a_problem() {
    for (row, what) in [
        (r#"{"prompt": "Name lake %", "response": ""}"#, "6 rows have empty answers alone and are left out"),
        (
            r#"{"prompt": "Name lake %", "response": " \n"}"#,
            "6 rows have empty answers alone and are left out",
        ),
        (
            r#"{"prompt": "Name lake %", "chosen": " \n", "rejected": "Lake %."}"#,
            "6 rows have an empty chosen answer",
        ),
        (r#"{"prompt": "", "response": "Lake %."}"#, "6 rows have an empty prompt"),
        (r#"{"prompt": "  "}"#, "6 rows have an empty prompt"),
        (r#"{"prompt": "Lake %", "answers": ["a", ""], "ranks": [1, 2]}"#, "6 rows have an empty answer"),
        (
            r#"{"messages": [{"role": "user", "content": "Lake %"}, {"role": "assistant", "content": ""}]}"#,
            "6 rows have empty answers alone and are left out",
        ),
        (
            r#"{"messages": [{"role": "user", "content": "Lake %"}, {"role": "assistant", "content": " "}, {"role": "user", "content": "So?"}, {"role": "assistant", "content": "Ho"}]}"#,
            "6 rows have an empty turn",
        ),
    ] {
        let (code, said) = Rows::many(6, row).check();
        assert!(code == 4 && said.contains(what), "{row}\n{said}");
    }
}

#[test]
fn rows_of_empty_answers_alone_are_left_out_and_their_prompts_are_not() {
    for (row, kept) in [
        (r#"{"prompt": "Name lake %", "response": " "}"#, 0),
        (r#"{"prompt": "Name lake %", "response": "\u200b"}"#, 0),
        (r#"{"prompt": "Name lake %", "response": "", "label": true}"#, 0),
        (r#"{"prompt": "Name lake %", "chosen": "", "rejected": " "}"#, 0),
        // An empty answer beside another is a refusal: that it is worse, or better, is learned.
        (r#"{"prompt": "Name lake %", "chosen": "Lake.", "rejected": ""}"#, 4),
        (r#"{"prompt": "Name lake %", "answers": ["", "a", ""], "ranks": [2, 1, 2]}"#, 4),
        (r#"{"instruction": "Name lake %", "instances": [{"output": ""}, {"output": "Lake."}]}"#, 4),
    ] {
        let rows = Rows::many(4, row);
        let flaws = match rows.format().kind() {
            Kind::Demonstrations => {
                let mut records = demonstrations(&rows.path).unwrap();
                assert_eq!(records.by_ref().map(Result::unwrap).count(), kept, "{row}");
                records.flaws().clone()
            }
            Kind::Comparisons => {
                let mut records = comparisons(&rows.path, Options::default()).unwrap();
                assert_eq!(records.by_ref().map(Result::unwrap).count(), kept, "{row}");
                records.flaws().clone()
            }
            _ => {
                let mut records = feedback(&rows.path).unwrap();
                assert_eq!(records.by_ref().map(Result::unwrap).count(), kept, "{row}");
                records.flaws().clone()
            }
        };
        assert_eq!(flaws.get(&Flaw::Unanswered), (kept == 0).then_some(&4), "{row}");
        assert!(prompts(&rows.path).unwrap().map(Result::unwrap).count() >= 4, "{row}");
        assert!(rows.check().1.contains("4 rows have "), "{row}");
    }
}

#[test]
fn turns_out_of_order_are_a_problem() {
    for (row, what) in [
        (
            r#"{"messages": [{"role": "user", "content": "%"}, {"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}]}"#,
            "rows have turns out of order",
        ),
        (
            r#"{"messages": [{"role": "user", "content": "%"}, {"role": "assistant", "content": "b"}, {"role": "assistant", "content": "c"}]}"#,
            "rows have turns out of order",
        ),
        (
            r#"{"messages": [{"role": "system", "content": "%"}, {"role": "assistant", "content": "c"}]}"#,
            "rows have no turn of a person",
        ),
        (
            r#"{"prompt": [{"role": "user", "content": "%"}, {"role": "assistant", "content": "b"}], "response": "c"}"#,
            "rows have turns out of order",
        ),
        (
            r#"{"chosen": "\n\nHuman: %\n\nHuman: b\n\nAssistant: c", "rejected": "\n\nHuman: %\n\nHuman: b\n\nAssistant: d"}"#,
            "rows have turns out of order",
        ),
        (
            r#"{"prompt": "%", "chosen": [{"role": "user", "content": "c"}], "rejected": [{"role": "assistant", "content": "d"}]}"#,
            "want the assistant's turn last, found a person's",
        ),
        (
            r#"{"conversations": [{"from": "human", "value": "%"}], "chosen": {"from": "human", "value": "a"}, "rejected": {"from": "gpt", "value": "b"}}"#,
            "want the assistant's turn last, found a person's",
        ),
    ] {
        let (code, said) = Rows::many(3, row).check();
        assert!(code == 4 && said.contains(what), "{row}\n{said}");
    }
}

#[test]
fn identical_answers_are_ties() {
    let rows = Rows::new(&[
        r#"{"prompt": "Hi", "chosen": "Yes", "rejected": "Yes "}"#,
        r#"{"prompt": "Ho", "chosen": "Yes", "rejected": "No"}"#,
    ]);
    assert_eq!(rows.compared()[0].2, [Vote::Tie(0, 1)]);
    assert!(
        rows.check().1.contains("votes                  2, of which 1 ties, 1 of them of identical answers")
    );
}

#[test]
fn nothing_to_tell_apart_is_a_problem() {
    for (row, what) in [
        (r#"{"prompt": "River %", "answers": ["a", "b"], "ranks": [1, 1]}"#, "there is no decided vote"),
        (r#"{"prompt": "River %", "chosen": "a", "rejected": "a"}"#, "there is no decided vote"),
        (r#"{"prompt": "River %", "completion": "a", "label": true}"#, "labels are of one class"),
        (r#"{"prompt": "River %", "response": "a", "helpfulness": 3}"#, "labels are of one class"),
        (r#"{"prompt": "River %", "steps": ["a", "b"], "labels": [1, 1]}"#, "labels are of one class"),
    ] {
        let (code, said) = Rows::many(5, row).check();
        assert!(code == 4 && said.contains(what), "{row}\n{said}");
    }
}

#[test]
fn a_placeholder_user_keeps_the_split() {
    for user in [r#""anonymous""#, r#""unknown""#, r#""""#, "0", "-1", r#""N/A""#, r#""one person of all""#] {
        let rows = Rows::many(60, &format!(r#"{{"prompt": "Thing %", "response": "a", "user_id": {user}}}"#));
        let groups: Vec<Group> = demonstrations(&rows.path).unwrap().map(|d| d.unwrap().group).collect();
        let mut sides = rlhf::data::Sides::default();
        groups.iter().for_each(|group| sides.join(*group));
        let held = groups.iter().filter(|group| sides.held_out(**group, 0.3)).count();
        assert!((6..40).contains(&held), "{user}: {held}");
    }
}

#[test]
fn every_file_of_a_folder_is_used_or_has_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("pairs.jsonl", r#"{"prompt": "Hi", "chosen": "a", "rejected": "b"}"#);
    write("odd.jsonl", r#"{"prompt": "Hi", "scores": [1, 2]}"#);
    write("adapter_config.json", "{}");
    write("lfs.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n");
    write("notes.txt", "Some words.");
    let found = discover(folder.path()).unwrap();
    assert_eq!(found.files.len(), 1);
    let reason = |name: &str| &found.left_out.iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
    assert!(reason("odd.jsonl").contains("scores"));
    assert!(reason("adapter_config.json").contains("adapter"));
    assert!(reason("lfs.jsonl").contains("git lfs pull"));
    assert!(reason("notes.txt").contains("64 KiB"));
}

#[test]
fn the_key_that_keeps_all_rows_on_one_side_is_named() {
    let folder = tempfile::tempdir().unwrap();
    rlhf_tests::run_data::write(folder.path());
    std::fs::write(folder.path().join("run.toml"), rlhf_tests::run_data::CONFIG).unwrap();
    for (row, reason) in [
        (r#"{"prompt": "Say it", "response": "It %."}"#, "they have the same prompt"),
        (r#"{"prompt": "Say %", "response": "It.", "user_id": "left"}"#, "their users (`user_id`) join them"),
    ] {
        let rows: Vec<String> = (0..20).map(|i| row.replace('%', &i.to_string())).collect();
        std::fs::write(folder.path().join("demo.jsonl"), rows.join("\n")).unwrap();
        let set = ["--set", "supervised.formats=[\"responses\"]", "--set", "held_out=0.999"];
        let output =
            rlhf(folder.path(), &[&["config", "check", "run.toml", "--data", "."], &set[..]].concat());
        let said = text(&output);
        assert!(!output.status.success() && said.contains(reason), "{said}");
        assert!(!said.contains("there are no demonstrations"), "{said}");
    }
}

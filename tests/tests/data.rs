//! Every format of human-feedback data, in small.

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use rlhf::data::{
    Format, Group, Kind, Options, Vote, comparisons, demonstrations, discover, feedback, prompts, recognize,
    solutions, text,
};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

const FIRST: Vote = Vote::Prefers { winner: 0, loser: 1 };
const SECOND: Vote = Vote::Prefers { winner: 1, loser: 0 };

/// A row of each format.
const ROWS: [(Format, &str); 20] = [
    (Format::Instructions, r#"{"id": 0, "instruction": "Add.", "context": "1 2", "response": "3\n"}"#),
    (
        Format::SelfInstruct,
        r#"{"instruction": "Say", "instances": [{"input": "a", "output": "A"}, {"input": "", "output": "B"}]}"#,
    ),
    (Format::Questions, r#"{"question": "1+1?", "answer": "2"}"#),
    (
        Format::Transcripts,
        r#"{"chosen": "\n\nHuman: Hi\n\nAssistant: Yes", "rejected": "\n\nHuman: Hi\n\nAssistant: No"}"#,
    ),
    (Format::Pairs, r#"{"prompt": "Hi", "chosen": "Yes", "rejected": "No"}"#),
    (
        Format::Conversations,
        r#"{"conversations": [{"from": "human", "value": "Hi"}], "chosen": {"value": "Yes"}, "rejected": {"value": "No"}}"#,
    ),
    (
        Format::Rankings,
        r#"{"context": [{"role": "prompter", "text": "Hi"}], "responses": [{"text": "No", "rank": 2}, {"text": "Yes", "rank": 0}, {"text": "So", "rank": 1, "synthetic": true}]}"#,
    ),
    (
        Format::Predictions,
        r#"{"question": "Who?", "passages": [["T", "S."]], "prediction 1": "a", "prediction 2": "b", "prediction 3": "c", "prediction 4": "d", "preference": [0, 1, 2, 1, 2, 0]}"#,
    ),
    (Format::Labeled, r#"{"input": "Hi", "output_1": "No", "output_2": "Yes", "label": 2}"#),
    (
        Format::Annotated,
        r#"{"instruction": "Say", "input": "hi", "response1": "a", "response2": "b", "annotator1": 1, "annotator2": 0, "annotator3": 2}"#,
    ),
    (Format::Responses, r#"{"prompt": "Hi", "completion": "Yes", "user_id": 7}"#),
    (Format::Ranked, r#"{"prompt": "Hi", "answers": ["No", "Yes", "So"], "ranks": [2, 1, 2]}"#),
    (
        Format::Voted,
        r#"{"prompt": "Hi", "responses": ["No", "Yes"], "votes": [[1, 0], [0, 1, "tie"]], "annotator": "a7"}"#,
    ),
    (Format::Steps, r#"{"prompt": "Hi", "steps": ["One.", "Two."], "labels": [1, 0.5]}"#),
    (
        Format::Feedback,
        r#"{"prompt": "Hi", "completion": "Yes", "reward": 0.5, "label": true, "log_prob": -2.5}"#,
    ),
    (
        Format::Messages,
        r#"{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": "Ho"}]}"#,
    ),
    (
        Format::Scored,
        r#"{"instruction": "Hi", "completions": [{"response": "a", "overall_score": 2.5}, {"response": "b", "overall_score": 1}]}"#,
    ),
    (
        Format::Preferences,
        r#"{"context": [{"role": "user", "content": "Hi"}], "response1": "a", "response2": "b", "overall_preference": -3}"#,
    ),
    (Format::Prompts, r#"{"prompt": "Hi"}"#),
    (Format::Turns, r#"{"turns": [{"content": "Hi"}]}"#),
];

fn file(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn gzipped(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    let mut encoder = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap();
    path
}

fn zstandard(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    // Two frames, and one without data between them.
    let (a, b) = content.split_at(content.len() / 2);
    let pack = |part| compress_to_vec(part, CompressionLevel::Fastest);
    let whole = [pack(a), b"\x5a\x2a\x4d\x18\x03\0\0\0abc".to_vec(), pack(b)].concat();
    std::fs::write(&path, whole).unwrap();
    path
}

fn row(format: Format) -> &'static str {
    ROWS.iter().find(|(f, _)| *f == format).unwrap().1
}

#[test]
fn formats_are_recognized_by_their_fields_whatever_the_name() {
    let folder = tempfile::tempdir().unwrap();
    for (i, (format, row)) in ROWS.iter().enumerate() {
        let plain = file(folder.path(), &format!("{i}.anything"), &format!("\n{row}\n"));
        assert_eq!(recognize(&plain).unwrap(), Some(*format));
        let packed = gzipped(folder.path(), &format!("{i}"), row.as_bytes());
        assert_eq!(recognize(&packed).unwrap(), Some(*format));
        let packed = zstandard(folder.path(), &format!("{i}.z"), row.as_bytes());
        assert_eq!(recognize(&packed).unwrap(), Some(*format));
    }
    file(folder.path(), "config.json", "{\n}");
    file(folder.path(), "judge.jsonl", r#"{"question": "", "answer": "", "label": "unsure"}"#);
    file(folder.path(), "LICENSE.txt", "You may.");
    file(folder.path(), "corpus.txt", &"So it goes. ".repeat(10_000));
    std::fs::create_dir(folder.path().join("deeper")).unwrap();
    file(&folder.path().join("deeper"), "x", row(Format::Prompts));
    let found = discover(folder.path()).unwrap().files;
    assert_eq!(found.len(), 3 * ROWS.len() + 2);
    assert!(found.is_sorted());
    assert_eq!(found.iter().filter(|(_, f)| *f == Format::Text).count(), 1);
}

#[test]
fn demonstrations_become_prompts_and_responses() {
    let folder = tempfile::tempdir().unwrap();
    let read = |format| -> Vec<(String, String)> {
        let path = gzipped(folder.path(), "rows", row(format).as_bytes());
        let rows = demonstrations(&path).unwrap().map(Result::unwrap);
        rows.map(|d| (d.prompt, d.response)).collect()
    };
    let pair = |p: &str, r: &str| (format!("\n\nHuman: {p}\n\nAssistant:"), r.to_string());
    assert_eq!(read(Format::Instructions), [pair("Add.\n\n1 2", " 3")]);
    assert_eq!(read(Format::SelfInstruct), [pair("Say\n\na", " A"), pair("Say", " B")]);
    assert_eq!(read(Format::Questions), [pair("1+1?", " 2")]);
    assert_eq!(read(Format::Responses), [pair("Hi", " Yes")]);
}

#[test]
fn comparisons_become_answers_and_votes() {
    let folder = tempfile::tempdir().unwrap();
    let read = |format, options| {
        let path = file(folder.path(), "rows", row(format));
        comparisons(&path, options).unwrap().map(Result::unwrap).next()
    };
    for (format, votes) in [
        (Format::Transcripts, vec![FIRST]),
        (Format::Pairs, vec![FIRST]),
        (Format::Conversations, vec![FIRST]),
        (Format::Rankings, vec![SECOND]),
        (Format::Labeled, vec![SECOND]),
    ] {
        let c = read(format, Options::default()).unwrap();
        assert_eq!(c.prompt, "\n\nHuman: Hi\n\nAssistant:", "{format:?}");
        let best = usize::from(votes[0] == SECOND);
        assert_eq!((c.answers[best].as_str(), c.answers[1 - best].as_str()), (" Yes", " No"));
        assert_eq!(c.votes, votes);
        assert_eq!(c.origin.line, 1);
    }
    let c = read(Format::Rankings, Options { synthetic: true, ..Options::default() }).unwrap();
    let prefers = |winner, loser| Vote::Prefers { winner, loser };
    assert_eq!(c.votes, [prefers(1, 0), prefers(2, 0), prefers(1, 2)]);

    let c = read(Format::Predictions, Options::default()).unwrap();
    assert_eq!(c.prompt, "\n\nHuman: T S.\n\nWho?\n\nAssistant:");
    let want = [Vote::Tie(0, 1), prefers(0, 2), prefers(3, 0), prefers(1, 2), prefers(3, 1), Vote::Tie(2, 3)];
    assert_eq!(c.votes, want);
    let c = read(Format::Predictions, Options { passages: false, ..Options::default() }).unwrap();
    assert_eq!(c.prompt, "\n\nHuman: Who?\n\nAssistant:");

    let c = read(Format::Annotated, Options::default()).unwrap();
    assert_eq!((c.prompt.as_str(), c.votes.len()), ("\n\nHuman: Say\n\nhi\n\nAssistant:", 3));
}

#[test]
fn answers_are_right_or_wrong_as_wholes_and_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let read = |row: &str| {
        let path = file(folder.path(), "rows", row);
        solutions(&path).unwrap().next().unwrap()
    };
    let whole = read(row(Format::Feedback)).unwrap();
    assert_eq!((whole.steps, whole.labels), (vec![" Yes".to_owned()], vec![1.0]));
    let steps = read(row(Format::Steps)).unwrap();
    assert_eq!(
        (&steps.steps[..], &steps.labels[..]),
        (&[" One.".into(), "Two.".into()][..], &[1.0, 0.5][..])
    );
    assert_eq!(steps.prompt, "\n\nHuman: Hi\n\nAssistant:");
    for (row, field) in [
        (r#"{"prompt": "Hi", "response": "a", "label": "maybe"}"#, "label"),
        (r#"{"prompt": "Hi", "response": "a", "label": 1.5}"#, "label"),
        (r#"{"prompt": "Hi", "steps": [], "labels": []}"#, "steps"),
        (r#"{"prompt": "Hi", "steps": ["a", 1], "labels": [1, 1]}"#, "steps"),
        (r#"{"prompt": "Hi", "completions": ["a", "b"], "labels": [true]}"#, "labels"),
        (r#"{"prompt": "Hi", "completions": ["a"], "labels": [null]}"#, "labels"),
    ] {
        let error = read(row).unwrap_err().to_string();
        assert!(error.contains("line 1") && error.contains(field), "{row}: {error}");
    }
}

#[test]
fn rankings_and_votes_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let read = |row: &str| {
        let path = file(folder.path(), "rows", row);
        comparisons(&path, Options::default()).unwrap().next().unwrap()
    };
    let ranked = read(row(Format::Ranked)).unwrap();
    assert_eq!(ranked.votes, [SECOND, Vote::Tie(0, 2), Vote::Prefers { winner: 1, loser: 2 }]);
    let voted = read(row(Format::Voted)).unwrap();
    assert_eq!(voted.votes, [SECOND, Vote::Tie(0, 1)]);
    assert_eq!((voted.annotator.as_deref(), voted.answers[0].as_str()), (Some("a7"), " No"));
    let pair = read(r#"{"prompt": "Hi", "chosen": "Yes", "rejected": "No", "margin": 1.5, "user": "u"}"#);
    assert_eq!(pair.as_ref().unwrap().margin, Some(1.5));
    assert!(pair.unwrap().group.user.is_some());
    let clear = read(r#"{"prompt": "Hi", "chosen": "Yes", "rejected": "No", "degree": 2}"#);
    assert_eq!(clear.unwrap().degree, Some(2));
    for (row, field) in [
        (r#"{"prompt": "", "answers": ["a"], "ranks": [1]}"#, "answers"),
        (r#"{"prompt": "", "answers": ["a", 3], "ranks": [1, 2]}"#, "answers"),
        (r#"{"prompt": "", "answers": ["a", "b"], "ranks": [1]}"#, "ranks"),
        (r#"{"prompt": "", "answers": ["a", "b"], "ranks": [1, "second"]}"#, "ranks"),
        (r#"{"prompt": "", "answers": ["a", "b"], "votes": []}"#, "votes"),
        (r#"{"prompt": "", "answers": ["a", "b"], "votes": [[0, 2]]}"#, "votes"),
        (r#"{"prompt": "", "answers": ["a", "b"], "votes": [[0, 0, "tie"]]}"#, "votes"),
        (r#"{"prompt": "", "answers": ["a", "b"], "votes": [[0, 1, "draw"]]}"#, "votes"),
        (r#"{"prompt": "", "chosen": "a", "rejected": "b", "margin": -1}"#, "margin"),
        (r#"{"prompt": "", "chosen": "a", "rejected": "b", "user": []}"#, "user"),
    ] {
        let error = read(row).unwrap_err().to_string();
        assert!(error.contains(&format!("line 1, field \"{field}\": want")), "{error}");
    }
}

#[test]
fn a_question_is_split_without_its_passages() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "rows", row(Format::Predictions));
    for passages in [true, false] {
        let options = Options { passages, ..Options::default() };
        let made = comparisons(&path, options).unwrap().next().unwrap().unwrap();
        assert_eq!(made.group, Group::new("Who?", None));
    }
}

#[test]
fn every_kind_but_text_has_prompts() {
    let folder = tempfile::tempdir().unwrap();
    for (format, row) in ROWS {
        let path = file(folder.path(), "rows", row);
        let all: Vec<_> = prompts(&path).unwrap().map(Result::unwrap).collect();
        assert!(!all.is_empty(), "{format:?}");
        assert!(
            all.iter().all(|p| p.prompt.starts_with("\n\nHuman: ") && p.prompt.ends_with("\n\nAssistant:"))
        );
    }
}

#[test]
fn faults_name_the_file_the_line_and_the_field() {
    let folder = tempfile::tempdir().unwrap();
    let two =
        |format, second: &str| file(folder.path(), "rows.jsonl", &format!("{}\n\n{second}\n", row(format)));
    let message = |path: &Path| {
        let mut rows = comparisons(path, Options::default()).unwrap();
        rows.next().unwrap().unwrap();
        rows.next().unwrap().unwrap_err().to_string()
    };
    let path = two(Format::Pairs, r#"{"prompt": "Hi", "chosen": 3, "rejected": ""}"#);
    assert_eq!(
        message(&path),
        format!(
            "{}, line 3, field \"chosen\": want a text or a list of messages, found a number",
            path.display()
        )
    );
    let path = two(Format::Labeled, &row(Format::Labeled).replace(": 2}", ": 3}"));
    assert!(message(&path).ends_with("line 3, field \"label\": 3 is neither 0 (tie), 1 nor 2"));
    let path = two(Format::Predictions, &row(Format::Predictions).replace("[0, ", "["));
    assert!(message(&path).ends_with("field \"preference\": want six judgments, got 5"));
    let path = two(Format::Transcripts, r#"{"chosen": "a", "rejected": "b"}"#);
    assert!(message(&path).contains("line 3, field \"chosen\": want two transcripts"));
    let path = two(Format::Pairs, "[1]");
    assert!(message(&path).contains("line 3: want one JSON object"));

    let path = file(folder.path(), "rows.jsonl", row(Format::Pairs));
    let error = demonstrations(&path).err().unwrap().to_string();
    assert!(error.ends_with("line 1: want demonstrations, found pairs"), "{error}");
    let error = discover(&folder.path().join("none")).unwrap_err().to_string();
    assert!(error.contains("none: No such file"), "{error}");
}

#[test]
fn a_damaged_zstandard_file_is_an_error_and_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let content: String =
        (0..2000).map(|i| format!("{{\"prompt\": \"Why {i}? {}\"}}\n", i * i % 977)).collect();
    let path = zstandard(folder.path(), "rows", content.as_bytes());
    assert_eq!(prompts(&path).unwrap().filter(Result::is_ok).count(), 2000);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    let rows: Vec<_> = prompts(&path).unwrap().collect();
    assert!(rows.len() < 2000 && rows.last().unwrap().is_err());
    // A window of a terabyte is asked for, and not given.
    std::fs::write(&path, b"\x28\xb5\x2f\xfd\0\xf0\x01\0\0").unwrap();
    assert!(recognize(&path).unwrap_err().to_string().contains("indow"));
}

#[test]
fn a_row_that_does_not_fit_does_not_hide_those_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let content = format!("{0}\n{{\"prompt\": 1}}\n{{oh\n{0}\n", row(Format::Pairs));
    let path = file(folder.path(), "rows", &content);
    let good: Vec<bool> = comparisons(&path, Options::default()).unwrap().map(|c| c.is_ok()).collect();
    assert_eq!(good, [true, false, false, true]);
}

#[test]
fn a_cut_gzip_file_is_an_error_and_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let content: String =
        (0..2000).map(|i| format!("{{\"prompt\": \"Why {i}? {}\"}}\n", i * i % 977)).collect();
    let path = gzipped(folder.path(), "rows.gz", content.as_bytes());
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let rows: Vec<_> = prompts(&path).unwrap().collect();
    assert!(rows.len() < 2000 && rows.last().unwrap().is_err());
    assert!(rows[..rows.len() - 1].iter().all(Result::is_ok));
    std::fs::write(&path, &whole[..12]).unwrap();
    assert!(discover(folder.path()).unwrap_err().to_string().contains("rows.gz"));
}

#[test]
fn a_small_file_cannot_become_a_huge_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = row(Format::Prompts).as_bytes().to_vec();
    content.push(b'\n');
    content.resize(40 << 20, b' ');
    let path = gzipped(folder.path(), "bomb.gz", &content);
    let rows: Vec<_> = prompts(&path).unwrap().collect();
    assert_eq!(rows.len(), 2);
    assert!(rows[1].as_ref().unwrap_err().to_string().contains("line 2: want at most 16 MiB"));
    assert!(text(&path, 1 << 20).unwrap_err().to_string().contains("want at most 1048576 bytes"));
}

/// Every value of a row, at any depth, taken out or put in another type's place.
fn damaged(whole: &Value) -> Vec<Value> {
    let wrong =
        [Value::Null, json!(true), json!(-1), json!(1e300), json!("x"), json!([]), json!([{}]), json!({})];
    let mut out = wrong.to_vec();
    let mut within = |children: Vec<(Value, &Value)>, put: &dyn Fn(&mut Value, &Value, Option<Value>)| {
        for (place, child) in children {
            for child in damaged(child).into_iter().map(Some).chain([None]) {
                let mut row = whole.clone();
                put(&mut row, &place, child);
                out.push(row);
            }
        }
    };
    match whole {
        Value::Object(fields) => {
            within(fields.iter().map(|(name, child)| (json!(name), child)).collect(), &|row, name, child| {
                let (fields, name) = (row.as_object_mut().unwrap(), name.as_str().unwrap());
                match child {
                    Some(child) => _ = fields.insert(name.into(), child),
                    None => _ = fields.remove(name),
                }
            })
        }
        Value::Array(elements) => within(
            elements.iter().enumerate().map(|(at, child)| (json!(at), child)).collect(),
            &|row, at, child| {
                let (elements, at) = (row.as_array_mut().unwrap(), at.as_u64().unwrap() as usize);
                match child {
                    Some(child) => elements[at] = child,
                    None => _ = elements.remove(at),
                }
            },
        ),
        _ => {}
    }
    out
}

#[test]
fn a_later_row_with_any_value_missing_or_of_another_type_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    for (format, row) in ROWS {
        let rows = damaged(&serde_json::from_str(row).unwrap());
        let content: String = rows.iter().map(|damaged| format!("{damaged}\n")).collect();
        let path = file(folder.path(), "rows", &format!("{row}\n{content}"));
        let most = 2 * rows.len() + 2;
        let read = match format.kind() {
            Kind::Demonstrations => demonstrations(&path).unwrap().count(),
            Kind::Comparisons => comparisons(&path, Options::default()).unwrap().count(),
            Kind::Solutions => solutions(&path).unwrap().count(),
            Kind::Feedback => feedback(&path).unwrap().count(),
            Kind::Prompts => prompts(&path).unwrap().count(),
            Kind::Text => unreachable!(),
        };
        assert!((2..=most).contains(&read), "{format:?}: {read} of {}", rows.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_files_are_survived(
        which in 0..ROWS.len(),
        packed in 0..3,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let content = format!("{0}\n{0}\n", ROWS[which].1);
        let path = match packed {
            0 => file(folder.path(), "x", &content),
            1 => gzipped(folder.path(), "x", content.as_bytes()),
            _ => zstandard(folder.path(), "x", content.as_bytes()),
        };
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        std::fs::write(&path, &bytes).unwrap();
        // A damaged bit may decide a pair that was not, or repeat a part of what is packed; no file is without end.
        const MOST: usize = 64;
        match recognize(&path).ok().flatten().map(Format::kind) {
            Some(Kind::Demonstrations) => prop_assert!(demonstrations(&path).unwrap().count() <= MOST),
            Some(Kind::Comparisons) => {
                prop_assert!(comparisons(&path, Options::default()).unwrap().count() <= MOST);
            }
            Some(Kind::Solutions) => prop_assert!(solutions(&path).unwrap().count() <= MOST),
            Some(Kind::Feedback) => prop_assert!(feedback(&path).unwrap().count() <= MOST),
            Some(Kind::Prompts) => prop_assert!(prompts(&path).unwrap().count() <= MOST),
            Some(Kind::Text) | None => {}
        }
    }
}

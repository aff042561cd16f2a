//! What annotation tools export, as plain rows.
//!
//! Label Studio writes tasks: `data`, and `annotations` with the results of each person. Argilla writes records:
//! `fields` and `responses`, or a column for each field and question. Each becomes a row of `prompt`, `answers` and
//! `votes` or `scores`, or of `prompt`, `response` and `rating`.

use super::value::number;
use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

/// The plain row of an exported one; `None` of what is none, or what holds no judgement.
pub(super) fn plain(fields: &Fields) -> Option<Fields> {
    match (fields.get("data"), fields.get("annotations")) {
        (Some(Value::Object(data)), Some(Value::Array(annotations))) => label_studio(data, annotations),
        _ => argilla(fields),
    }
}

/// A task of Label Studio.
fn label_studio(data: &Fields, annotations: &[Value]) -> Option<Fields> {
    let done = annotations.iter().filter(|a| a["was_cancelled"] != true);
    let results: Vec<_> = done.map(|a| (a, a["result"].as_array().map_or(&[][..], Vec::as_slice))).collect();
    let mut votes = Vec::new();
    let mut answers = None;
    for (_, result) in &results {
        for one in *result {
            let selected = match (&one["value"]["selected"], &one["value"]["choices"]) {
                (Value::String(side), _) => side.as_str(),
                (_, Value::Array(sides)) if one["type"] == "pairwise" || answers.is_some() => {
                    sides.first()?.as_str()?
                }
                _ => continue,
            };
            let vote = match selected.to_lowercase().as_str() {
                "left" => json!([0, 1]),
                "right" => json!([1, 0]),
                "tie" | "both" | "equal" | "neither" | "none" => json!([0, 1, "tie"]),
                _ => continue,
            };
            answers = answers.or_else(|| pair(data, one["to_name"].as_str()));
            votes.push(vote);
        }
    }
    if let Some((answers, used)) = answers {
        let mut row = rest(data, |name| !used.contains(&name.to_owned()));
        row.insert("answers".into(), answers);
        row.insert("votes".into(), votes.into());
        if let [(annotation, _)] = &results[..] {
            annotator(&mut row, &annotation["completed_by"]);
        }
        return Some(row);
    }
    // Several people's ratings of one answer: their mean.
    let ratings = results.iter().flat_map(|(_, result)| *result);
    let ratings: Vec<f64> = ratings.filter_map(|one| number(&one["value"]["rating"])).collect();
    rated(rest(data, |_| true), &ratings)
}

/// The two answers of a task, and the fields that they stand in.
fn pair(data: &Fields, to: Option<&str>) -> Option<(Value, Vec<String>)> {
    let named: Vec<&str> = to.unwrap_or_default().split(',').map(str::trim).collect();
    let named = match named[..] {
        [a, b] if data.contains_key(a) && data.contains_key(b) => Some([a, b]),
        _ => None,
    };
    let [a, b] = named
        .or_else(|| ANSWERS.into_iter().find(|pair| pair.iter().all(|name| data.contains_key(*name))))?;
    Some((json!([data[a], data[b]]), vec![a.into(), b.into()]))
}

/// Names of two answers side by side.
pub(super) const ANSWERS: [[&str; 2]; 13] = [
    ["response1", "response2"],
    ["response_1", "response_2"],
    ["response_0", "response_1"],
    ["response_a", "response_b"],
    ["answer1", "answer2"],
    ["answer_1", "answer_2"],
    ["answer_0", "answer_1"],
    ["answer_a", "answer_b"],
    ["output_1", "output_2"],
    ["completion_a", "completion_b"],
    ["human_ref_A", "human_ref_B"],
    ["conversation_a", "conversation_b"],
    ["left", "right"],
];

/// A record of Argilla.
fn argilla(row: &Fields) -> Option<Fields> {
    // A record's own form, or a data set's columns.
    let (fields, questions) = match (row.get("fields"), row.get("responses")) {
        (Some(Value::Object(fields)), Some(responses)) => (fields.clone(), questions(responses)),
        _ => {
            let question = |name: &&String| {
                ["ranking", "rating", "preference", "score"].iter().any(|kind| name.contains(kind))
            };
            let asked = row.iter().filter(|(name, value)| question(name) && is_judged(value));
            (row.clone(), asked.map(|(name, value)| (name.clone(), vec![value.clone()])).collect())
        }
    };
    if questions.is_empty() {
        return None;
    }
    let mut names: Vec<&String> = fields.keys().filter(|name| numbered(name).is_some()).collect();
    names.sort_by_key(|name| numbered(name));
    let plain = rest(&fields, |name| {
        numbered(name).is_none() && !questions.iter().any(|(question, _)| question == name)
    });
    if names.len() < 2 {
        let ratings: Vec<f64> = questions.iter().flat_map(|(_, values)| values).filter_map(rating).collect();
        return rated(plain, &ratings);
    }
    let mut scores = vec![(0.0, 0u32); names.len()];
    let mut add = |name: &str, score: f64| {
        if let Some(at) = names.iter().position(|known| *known == name) {
            scores[at] = (scores[at].0 + score, scores[at].1 + 1);
        }
    };
    for (question, values) in &questions {
        for value in values {
            let ranked = value.get("value").unwrap_or(value);
            match ranked {
                // [{value: "response-2", rank: 1}, …], or people's answers in a list.
                Value::Array(all) => all.iter().enumerate().for_each(|(place, one)| match one {
                    Value::String(name) => add(name, -(place as f64)),
                    one => {
                        if let (Some(name), Some(rank)) = (one["value"].as_str(), number(&one["rank"])) {
                            add(name, -rank);
                        } else if let Value::Array(ranks) = &one["value"] {
                            for (place, rank) in ranks.iter().enumerate() {
                                match (rank["value"].as_str(), number(&rank["rank"])) {
                                    (Some(name), Some(rank)) => add(name, -rank),
                                    _ => add(rank.as_str().unwrap_or_default(), -(place as f64)),
                                }
                            }
                        } else if let (Some(name), Some(score)) = (about(question, &names), rating(one)) {
                            add(name, score);
                        }
                    }
                }),
                // The answer that is preferred.
                Value::String(name) if names.contains(&name) => add(name, 1.0),
                other => {
                    if let (Some(name), Some(score)) = (about(question, &names), rating(other)) {
                        add(name, score);
                    }
                }
            }
        }
    }
    let preferred = scores.iter().filter(|(_, n)| *n > 0).count();
    if preferred == 0 {
        return None;
    }
    let mean = |(sum, n): &(f64, u32)| if *n > 0 { sum / f64::from(*n) } else { 0.0 };
    let mut out = plain;
    out.insert("answers".into(), names.iter().map(|name| fields[*name].clone()).collect());
    out.insert("scores".into(), scores.iter().map(mean).collect());
    Some(out)
}

/// A record's questions, each with the values that people gave.
fn questions(responses: &Value) -> Vec<(String, Vec<Value>)> {
    let mut out: Vec<(String, Vec<Value>)> = Vec::new();
    let mut add = |question: &String, value: &Value| match out.iter_mut().find(|(known, _)| known == question)
    {
        Some((_, values)) => values.push(value.clone()),
        None => out.push((question.clone(), vec![value.clone()])),
    };
    match responses {
        // Version 1: a person's answers to all questions.
        Value::Array(people) => {
            let submitted =
                people.iter().filter(|one| one["status"] != "discarded" && one["status"] != "draft");
            let values = submitted.filter_map(|one| one["values"].as_object());
            values.flatten().for_each(|(question, value)| add(question, value));
        }
        // Version 2: all people's answers to a question.
        Value::Object(all) => {
            for (question, people) in all {
                people.as_array().into_iter().flatten().for_each(|value| add(question, value));
            }
        }
        _ => {}
    }
    out
}

/// Whether a column holds what people said of a record.
fn is_judged(value: &Value) -> bool {
    let judged = |one: &Value| one.get("value").is_some() || one.get("rank").is_some();
    value.as_array().map_or_else(|| judged(value), |all| all.iter().any(judged))
}

/// The number of `response-2`.
fn numbered(name: &str) -> Option<u32> {
    let (word, n) = name.rsplit_once('-')?;
    let answers = ["response", "answer", "completion", "generation", "output", "text"];
    answers.contains(&word).then(|| n.parse().ok()).flatten()
}

/// The answer that a question is about: `response-2-rating`, `rating-2`.
fn about<'a>(question: &str, names: &[&'a String]) -> Option<&'a str> {
    let ends = question.rsplit_once('-').map(|(_, n)| n).unwrap_or_default();
    let named = names.iter().find(|name| question.contains(name.as_str()));
    let numbered = || names.iter().find(|name| name.rsplit_once('-').is_some_and(|(_, n)| n == ends));
    named.or_else(numbered).map(|name| name.as_str())
}

/// A rating: a number, `{value: 4}`, or people's in a list, whose mean it is.
fn rating(value: &Value) -> Option<f64> {
    match value {
        Value::Array(all) => {
            let all: Vec<f64> = all.iter().filter_map(rating).collect();
            mean(&all)
        }
        value => number(value.get("value").unwrap_or(value)),
    }
}

fn mean(all: &[f64]) -> Option<f64> {
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

fn rated(mut row: Fields, ratings: &[f64]) -> Option<Fields> {
    row.insert("rating".into(), mean(ratings)?.into());
    Some(row)
}

fn rest(fields: &Fields, keep: impl Fn(&str) -> bool) -> Fields {
    fields.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn annotator(row: &mut Fields, who: &Value) {
    let who = who.get("id").unwrap_or(who);
    if who.is_string() || who.is_number() {
        row.insert("annotator".into(), who.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: Value) -> Value {
        plain(value.as_object().unwrap()).map_or(Value::Null, Value::Object)
    }

    #[test]
    fn tasks_of_label_studio() {
        let task = |result: Value| {
            let data = json!({"prompt": "Hi", "answer1": "Yes", "answer2": "No"});
            json!({"id": 3, "data": data, "annotations": [{"completed_by": 7, "result": [result]}]})
        };
        let side = |side: &str| json!({"type": "pairwise", "to_name": "answer1,answer2", "value": {"selected": side}});
        for (chosen, vote) in [("left", json!([0, 1])), ("right", json!([1, 0]))] {
            let want = json!({"prompt": "Hi", "answers": ["Yes", "No"], "votes": [vote], "annotator": 7});
            assert_eq!(of(task(side(chosen))), want);
        }
        let rated = json!({"data": {"prompt": "Hi", "response": "Ho"}, "annotations": [
            {"result": [{"type": "rating", "value": {"rating": 4}}]},
            {"result": [{"type": "rating", "value": {"rating": 1}}]},
            {"was_cancelled": true, "result": [{"type": "rating", "value": {"rating": 5}}]},
        ]});
        assert_eq!(of(rated), json!({"prompt": "Hi", "response": "Ho", "rating": 2.5}));
        assert_eq!(of(json!({"data": {"prompt": "Hi"}, "annotations": []})), Value::Null);
    }

    #[test]
    fn records_of_argilla() {
        let fields = json!({"instruction": "Hi", "response-1": "No", "response-2": "Yes"});
        let ranking = json!([{"value": "response-1", "rank": 2}, {"value": "response-2", "rank": 1}]);
        let want = json!({"instruction": "Hi", "answers": ["No", "Yes"], "scores": [-2.0, -1.0]});
        let first = json!({"fields": fields, "responses": [
            {"status": "submitted", "values": {"ranking": {"value": ranking}}},
            {"status": "discarded", "values": {"ranking": {"value": []}}},
        ]});
        assert_eq!(of(first), want);
        let second = json!({"fields": fields, "responses": {"ranking": [{"value": ["response-2", "response-1"], "user_id": "a"}]}});
        assert_eq!(of(second)["scores"], json!([-1.0, 0.0]));
        let mut columns = fields.as_object().unwrap().clone();
        columns.insert("ranking".into(), json!([{"user_id": "a", "status": "submitted", "value": ranking}]));
        assert_eq!(of(Value::Object(columns)), want);
        let rating = json!({"fields": {"prompt": "Hi", "response": "Ho"}, "responses": [
            {"status": "submitted", "values": {"rating": {"value": 4}}},
        ]});
        assert_eq!(of(rating), json!({"prompt": "Hi", "response": "Ho", "rating": 4.0}));
        let each = json!({"fields": fields, "responses": [
            {"status": "submitted", "values": {"rating-1": {"value": 2}, "response-2-rating": {"value": 5}}},
        ]});
        assert_eq!(of(each)["scores"], json!([2.0, 5.0]));
    }

    #[test]
    fn plain_rows_stay() {
        for row in [
            json!({"prompt": "Hi", "rating": 4}),
            json!({"prompt": "Hi", "responses": ["a", "b"], "ratings": [1, 2]}),
            json!({"prompt": "Hi", "response1": "a", "response2": "b", "overall_preference": 1}),
        ] {
            assert_eq!(of(row), Value::Null);
        }
    }
}

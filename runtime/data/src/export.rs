//! Exports of annotation tools, as plain rows.
//!
//! Label Studio writes tasks: `data`, and `annotations` with the results of each person. Each becomes a row of
//! `prompt`, `answers` and `votes`, or of `prompt`, `response` and `rating`.

use super::argilla::argilla;
use super::flaws::{Flaw, Flaws};
use super::plain::{Fault, Fields, Plain, annotator, mean, rated, rest};
use super::value::number;
use super::words::{UNDERSTOOD, word};
use serde_json::{Value, json};

/// The plain row of an exported one; `None` of what is none.
///
/// # Errors
/// Somebody's judgment is not understood.
pub(super) fn plain(fields: &Fields) -> Result<Option<Plain>, Fault> {
    match (fields.get("data"), fields.get("annotations")) {
        (Some(Value::Object(data)), Some(Value::Array(annotations))) => {
            let discarded = annotations.iter().any(|a| a["was_cancelled"] == true);
            let flaws = if discarded { Flaws::default().with(Flaw::Discarded) } else { Flaws::default() };
            Ok(Some(match label_studio(data, annotations)? {
                Some(fields) => Plain { fields, flaws },
                None => Plain { fields: data.clone(), flaws: flaws.with(Flaw::Unjudged) },
            }))
        }
        _ => argilla(fields),
    }
}

/// A task of Label Studio; `None` where nobody judged it.
fn label_studio(data: &Fields, annotations: &[Value]) -> Result<Option<Fields>, Fault> {
    let done = annotations.iter().filter(|a| a["was_cancelled"] != true);
    let results: Vec<_> = done.map(|a| (a, a["result"].as_array().map_or(&[][..], Vec::as_slice))).collect();
    let (mut votes, mut names) = (Vec::new(), None);
    for one in results.iter().flat_map(|(_, result)| *result) {
        let selected = match (&one["value"]["selected"], &one["value"]["choices"]) {
            (Value::String(side), _) => side,
            (_, Value::Array(sides)) if one["type"] == "pairwise" || names.is_some() => match sides.first() {
                Some(Value::String(side)) => side,
                _ => continue,
            },
            _ => continue,
        };
        votes.push(match selected.to_lowercase().as_str() {
            "left" => json!([0, 1]),
            "right" => json!([1, 0]),
            "tie" | "both" | "equal" | "neither" | "none" => json!([0, 1, "tie"]),
            _ if names.is_some() && one["type"] != "pairwise" => continue,
            _ => {
                return Err(Fault::new(
                    "annotations",
                    format!("{selected:?} is neither left, right nor tie"),
                ));
            }
        });
        names = names.or(one["to_name"].as_str());
    }
    if !votes.is_empty() {
        let (answers, used) = pair(data, names)
            .ok_or_else(|| Fault::new("data", "want the two answers that `to_name` names".into()))?;
        let mut row = rest(data, |name| !used.contains(&name.to_owned()));
        row.insert("answers".into(), answers);
        row.insert("votes".into(), votes.into());
        if let [(annotation, _)] = &results[..] {
            annotator(&mut row, &annotation["completed_by"]);
        }
        return Ok(Some(row));
    }
    // Several people's ratings of one answer: their mean.
    let results = || results.iter().flat_map(|(_, result)| *result);
    let ratings: Vec<f64> = results().filter_map(|one| number(&one["value"]["rating"])).collect();
    if let Some(row) = rated(data.clone(), &ratings) {
        return Ok(Some(row));
    }
    let choices = || results().filter_map(|one| one["value"]["choices"].get(0));
    let labels: Vec<f64> = choices().filter_map(word).collect();
    match (mean(&labels), choices().next()) {
        (Some(label), _) => {
            let mut row = data.clone();
            row.insert("label".into(), label.into());
            Ok(Some(row))
        }
        (None, Some(value)) => {
            Err(Fault::new("annotations", format!("{value} is none of the words such as {UNDERSTOOD}")))
        }
        (None, None) => Ok(None),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: Value) -> Value {
        match plain(value.as_object().unwrap()) {
            Ok(Some(plain)) if plain.flaws.has(Flaw::Unjudged) => "unjudged".into(),
            Ok(plain) => plain.map_or(Value::Null, |plain| Value::Object(plain.fields)),
            Err(Fault { field, reason }) => format!("{field}: {reason}").into(),
        }
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
        assert_eq!(of(json!({"data": {"prompt": "Hi"}, "annotations": []})), "unjudged");
        let wrong = of(task(side("middle")));
        assert_eq!(wrong, "annotations: \"middle\" is neither left, right nor tie");
        let labeled = json!({"data": {"prompt": "Hi", "response": "Ho"}, "annotations": [
            {"result": [{"type": "choices", "value": {"choices": ["Good"]}}]},
        ]});
        assert_eq!(of(labeled), json!({"prompt": "Hi", "response": "Ho", "label": 1.0}));
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

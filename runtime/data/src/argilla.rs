//! Records of Argilla as plain rows: of `answers` and `votes` or `scores`, or of one answer and its `rating` or
//! `label`.
//!
//! A record has `fields`, `responses` and `suggestions`; of version 1 the responses are listed by person, of version 2
//! by question. A data set that was exported has a column for each field and question instead.

use super::flaws::{Flaw, Flaws};
use super::plain::{Fault, Fields, Plain, annotator, mean, rated, rest};
use super::value::number;
use super::words::{UNDERSTOOD, word};
use serde_json::{Map, Value, json};

/// An answer to a question, by one person or a model.
struct Answer {
    question: String,
    who: Value,
    value: Value,
}

/// All judgments of a record, and how many more were drafts or discarded.
#[derive(Default)]
struct Judgments {
    answers: Vec<Answer>,
    discarded: usize,
}

/// The plain row of a record; `None` of what is no record.
pub(super) fn argilla(row: &Fields) -> Result<Option<Plain>, Fault> {
    let (fields, mut judgments) = match (row.get("fields"), row.get("responses")) {
        (Some(Value::Object(fields)), responses)
            if responses.is_some_and(|r| r.is_array() || r.is_object())
                || row.contains_key("suggestions") =>
        {
            let mut judgments = Judgments::default();
            responses.into_iter().for_each(|responses| judgments.of_responses(responses));
            if judgments.answers.is_empty() {
                row.get("suggestions").into_iter().for_each(|all| judgments.of_suggestions(all));
            }
            (fields.clone(), judgments)
        }
        _ => match columns(row) {
            Some(found) => found,
            None => return Ok(None),
        },
    };
    let fields = with_prompt(fields);
    judgments.answers.retain(|answers| !answers.value.is_null());
    let mut flaws = Flaws::default();
    if judgments.discarded > 0 {
        flaws = flaws.with(Flaw::Discarded);
    }
    let answers = answers(&fields);
    let judged = match answers.len() {
        0 | 1 => one(&fields, &judgments.answers)?,
        _ => several(&fields, &answers, &judgments.answers)?,
    };
    Ok(Some(match judged {
        Some(mut fields) => {
            if let [first, others @ ..] = &judgments.answers[..]
                && others.iter().all(|answers| answers.who == first.who)
            {
                annotator(&mut fields, &first.who);
            }
            Plain { fields, flaws }
        }
        None => Plain { fields, flaws: flaws.with(Flaw::Unjudged) },
    }))
}

/// A record whose prompt is in a field of another name, as a chat is.
fn with_prompt(mut fields: Fields) -> Fields {
    const KNOWN: [&str; 5] = ["prompt", "instruction", "question", "query", "messages"];
    const OTHERS: [&str; 5] = ["chat", "conversation", "input", "context", "text"];
    if !KNOWN.iter().any(|name| fields.contains_key(*name))
        && let Some(prompt) = OTHERS.iter().find_map(|name| fields.remove(*name))
    {
        fields.insert("prompt".into(), prompt);
    }
    fields
}

impl Judgments {
    fn add(&mut self, question: &str, answer: &Value, who: Option<&Value>, status: Option<&Value>) {
        if status.and_then(Value::as_str).is_some_and(|status| status != "submitted") {
            self.discarded += 1;
            return;
        }
        let value = answer.get("value").unwrap_or(answer).clone();
        self.answers.push(Answer { question: question.into(), who: who.cloned().unwrap_or_default(), value });
    }

    fn of_responses(&mut self, responses: &Value) {
        match responses {
            // Version 1: a person's answers to all questions.
            Value::Array(people) => {
                for person in people {
                    let (who, status) = (person.get("user_id"), person.get("status"));
                    match person.get("values").and_then(Value::as_object) {
                        Some(values) => values.iter().for_each(|(q, value)| self.add(q, value, who, status)),
                        None => self.discarded += 1,
                    }
                }
            }
            // Version 2: all people's answers to a question.
            Value::Object(questions) => {
                for (question, people) in questions {
                    for one in people.as_array().into_iter().flatten() {
                        self.add(question, one, one.get("user_id"), one.get("status"));
                    }
                }
            }
            _ => {}
        }
    }

    /// Reads machines' answers, which count where no person gave one.
    fn of_suggestions(&mut self, suggestions: &Value) {
        match suggestions {
            Value::Array(all) => {
                for one in all {
                    let question = one.get("question_name").and_then(Value::as_str).unwrap_or_default();
                    self.add(question, one, one.get("agent"), None);
                }
            }
            Value::Object(all) => all.iter().for_each(|(q, one)| self.add(q, one, one.get("agent"), None)),
            _ => {}
        }
    }
}

/// The fields and the answers to questions that stand in columns.
fn columns(row: &Fields) -> Option<(Fields, Judgments)> {
    let (mut judgments, mut questions) = (Judgments::default(), Vec::new());
    for (name, value) in row {
        // Version 2: `preference.responses`, `preference.responses.users`, `preference.responses.status`.
        if let Some(question) = name.strip_suffix(".responses") {
            let beside = |what: &str| row.get(&format!("{name}.{what}")).and_then(Value::as_array);
            let (users, status) = (beside("users"), beside("status"));
            for (at, one) in value.as_array().into_iter().flatten().enumerate() {
                let at = |all: Option<&'_ Vec<Value>>| all.and_then(|all| all.get(at).cloned());
                judgments.add(question, one, at(users).as_ref(), at(status).as_ref());
            }
            questions.push(question);
        } else if is_question(name) && is_judged(value) {
            judgments.of_column(name, value);
            questions.push(name);
        }
    }
    if judgments.answers.is_empty() {
        for (name, value) in row {
            let question = [".suggestion", "-suggestion"].iter().find_map(|end| name.strip_suffix(end));
            if let Some(question) = question {
                judgments.add(question, value, None, None);
                questions.push(question);
            }
        }
    }
    if questions.is_empty() {
        return None;
    }
    let of_question = |name: &str| {
        let rest = questions.iter().find_map(|question| name.strip_prefix(*question));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    };
    Some((rest(row, |name| !of_question(name)), judgments))
}

impl Judgments {
    /// Reads version 1: people's answers in a list, or in an object of lists, or one person's ranking.
    fn of_column(&mut self, question: &str, value: &Value) {
        let listed = |name: &str| value.get(name).and_then(Value::as_array);
        match (value, listed("value")) {
            (_, Some(values)) if listed("user_id").is_some() || listed("status").is_some() => {
                let at = |name: &str, at: usize| listed(name).and_then(|all| all.get(at));
                for (i, value) in values.iter().enumerate() {
                    self.add(question, value, at("user_id", i), at("status", i));
                }
            }
            (Value::Array(all), _) if all.iter().any(|one| one.get("rank").is_some()) => {
                self.add(question, value, None, None);
            }
            (Value::Array(all), _) => {
                all.iter().for_each(|one| self.add(question, one, one.get("user_id"), one.get("status")));
            }
            (one, _) => self.add(question, one, one.get("user_id"), one.get("status")),
        }
    }
}

fn is_question(name: &str) -> bool {
    ["ranking", "rating", "preference", "score"].iter().any(|kind| name.contains(kind))
}

/// Returns whether a column holds people's judgments of a record.
fn is_judged(value: &Value) -> bool {
    let judged = |one: &Value| one.get("value").is_some() || one.get("rank").is_some();
    value.as_array().map_or_else(|| judged(value), |all| all.iter().any(judged))
}

/// The names of the fields that are answers to one prompt, in their order.
fn answers(fields: &Fields) -> Vec<&str> {
    let mut names: Vec<&str> = fields.keys().map(String::as_str).filter(|n| ending(n).is_some()).collect();
    names.sort_by_key(|name| ending(name).map(|end| (end.len(), end.to_lowercase())));
    let named = |name: &str| fields.get_key_value(name).map(|(name, _)| name.as_str());
    match (names.len(), named("chosen"), named("rejected")) {
        (0 | 1, Some(chosen), Some(rejected)) => vec![chosen, rejected],
        _ => names,
    }
}

/// The part of a name that distinguishes answers: the `2` of `response-2`, `response_2` and `response2`, the `b` of
/// `response_b`.
pub(super) fn ending(name: &str) -> Option<&str> {
    const WORDS: [&str; 8] =
        ["response", "answer", "completion", "generation", "output", "text", "reply", "candidate"];
    let rest = WORDS.iter().find_map(|word| {
        let begins = name.get(..word.len())?.eq_ignore_ascii_case(word);
        begins.then(|| &name[word.len()..])
    })?;
    let end = rest.trim_start_matches(SEPARATORS);
    let letter = end.len() == 1 && end.len() < rest.len() && end.as_bytes()[0].is_ascii_alphabetic();
    let digits = !end.is_empty() && end.len() < 10 && end.bytes().all(|b| b.is_ascii_digit());
    (letter || digits).then_some(end)
}

const SEPARATORS: [char; 4] = ['-', '_', ' ', '.'];

/// The judgment of several answers.
fn several(fields: &Fields, names: &[&str], answers: &[Answer]) -> Result<Option<Fields>, Fault> {
    let (mut votes, mut scores, mut other) = (Vec::new(), vec![Vec::new(); names.len()], None);
    for one in answers {
        let rates = about(&one.question, names);
        match (&one.value, number(&one.value), rates) {
            (Value::Array(ranked), ..) if !ranked.is_empty() => votes.extend(ranking(one, ranked, names)?),
            (Value::String(value), _, None) => match preferred(&one.question, value, names)? {
                Some(made) => votes.extend(made),
                None => other = other.or(Some(one)),
            },
            (_, Some(score), Some(at)) => scores[at].push(score),
            _ => other = other.or(Some(one)),
        }
    }
    let mut row = rest(fields, |name| !names.contains(&name));
    if !votes.is_empty() {
        row.insert("answers".into(), names.iter().map(|name| fields[*name].clone()).collect());
        row.insert("votes".into(), votes.into());
        return Ok(Some(row));
    }
    let scored = names.iter().zip(&scores).filter_map(|(name, all)| Some((&fields[*name], mean(all)?)));
    let (answers, means): (Vec<Value>, Vec<f64>) = scored.map(|(text, mean)| (text.clone(), mean)).unzip();
    if answers.len() >= 2 {
        row.insert("answers".into(), answers.into());
        row.insert("scores".into(), means.into());
        return Ok(Some(row));
    }
    match other {
        Some(one) => {
            let reason = format!("{} does not say which of {} is better", one.value, names.join(", "));
            Err(Fault::new(&one.question, reason))
        }
        None => Ok(None),
    }
}

/// The votes of one person's ranking: the answers' names from the best on, or each with its rank.
fn ranking(answers: &Answer, ranked: &[Value], names: &[&str]) -> Result<Vec<Value>, Fault> {
    let mut places = Vec::with_capacity(ranked.len());
    for (place, one) in ranked.iter().enumerate() {
        let name = one.get("value").unwrap_or(one);
        let rank = one.get("rank").map_or(Some(place as f64), number);
        match (name.as_str().and_then(|name| names.iter().position(|known| *known == name)), rank) {
            (Some(at), Some(rank)) => places.push((at, rank)),
            // Several labels, say.
            _ if !is_choice(&answers.question) => return Ok(Vec::new()),
            _ => {
                let reason = format!("{one} is no rank of {}", names.join(", "));
                return Err(Fault::new(&answers.question, reason));
            }
        }
    }
    let mut votes = Vec::new();
    for (at, (one, rank)) in places.iter().enumerate() {
        for (other, below) in places.iter().skip(at + 1).filter(|(other, _)| other != one) {
            votes.push(match rank.total_cmp(below) {
                core::cmp::Ordering::Less => json!([one, other]),
                core::cmp::Ordering::Greater => json!([other, one]),
                core::cmp::Ordering::Equal => json!([one, other, "tie"]),
            });
        }
    }
    Ok(votes)
}

/// The votes of somebody who names the best answer, by its field or by the part that distinguishes it from the others;
/// `None` of other texts.
fn preferred(question: &str, value: &str, names: &[&str]) -> Result<Option<Vec<Value>>, Fault> {
    let value = value.trim();
    let others =
        |best: usize| (0..names.len()).filter(move |at| *at != best).map(move |at| json!([best, at]));
    if let Some(best) = names.iter().position(|name| name.eq_ignore_ascii_case(value)) {
        return Ok(Some(others(best).collect()));
    }
    if !is_choice(question) {
        return Ok(None);
    }
    let same = |name: &&str| ending(name).is_some_and(|end| end.eq_ignore_ascii_case(value));
    if let Some(best) = names.iter().position(same) {
        return Ok(Some(others(best).collect()));
    }
    const TIES: [&str; 8] = ["tie", "both", "equal", "neither", "none", "same", "draw", "either"];
    if TIES.contains(&value.to_lowercase().as_str()) {
        let pairs = super::vote::pairs(names.len()).map(|(a, b)| json!([a, b, "tie"]));
        return Ok(Some(pairs.collect()));
    }
    Err(Fault::new(question, format!("{value:?} is none of {}, nor tie", names.join(", "))))
}

/// Tells by its name whether a question is which answer is better.
fn is_choice(question: &str) -> bool {
    let question = question.to_lowercase();
    ["prefer", "better", "best", "winner", "choice", "chosen", "rank"]
        .iter()
        .any(|word| question.contains(word))
}

/// The answer that a question is about: `response-2-rating`, `rating-2`.
fn about(question: &str, names: &[&str]) -> Option<usize> {
    let places = || names.iter().enumerate();
    let named = places().filter(|(_, name)| question.contains(**name)).max_by_key(|(_, name)| name.len());
    let digits = question.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let after = question.rfind(SEPARATORS).map_or(question.len(), |at| at + 1);
    let ends = |name: &&str| {
        let end = ending(name);
        [digits, after].into_iter().any(|at| at < question.len() && end == question.get(at..))
    };
    named.or_else(|| places().find(|(_, name)| ends(name))).map(|(at, _)| at)
}

/// The judgment of one answer: the mean of its ratings, or of its labels.
fn one(fields: &Fields, answers: &[Answer]) -> Result<Option<Fields>, Fault> {
    let ratings: Vec<f64> = answers.iter().filter_map(|one| number(&one.value)).collect();
    if let Some(row) = rated(fields.clone(), &ratings) {
        return Ok(Some(row));
    }
    let labels: Vec<f64> = answers.iter().filter_map(|one| word(&one.value)).collect();
    let mut row: Map<_, _> = fields.clone();
    match (mean(&labels), answers.first()) {
        (Some(label), _) => {
            row.insert("label".into(), label.into());
            Ok(Some(row))
        }
        (None, Some(one)) => {
            let reason =
                format!("{} is neither a rating, a number, nor a word such as {UNDERSTOOD}", one.value);
            Err(Fault::new(&one.question, reason))
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain row, or what is wrong; with its flaws.
    fn of(value: Value) -> (Value, Vec<Flaw>) {
        match argilla(value.as_object().unwrap()) {
            Ok(Some(Plain { fields, flaws })) => (fields.into(), flaws.iter().collect()),
            Ok(None) => (Value::Null, Vec::new()),
            Err(Fault { field, reason }) => (format!("{field}: {reason}").into(), Vec::new()),
        }
    }

    fn voted(votes: Value) -> (Value, Vec<Flaw>) {
        (json!({"instruction": "Hi", "answers": ["No", "Yes"], "votes": votes}), vec![])
    }

    fn fields() -> Value {
        json!({"instruction": "Hi", "response1": "No", "response2": "Yes"})
    }

    #[test]
    fn who_is_preferred_is_a_vote_in_every_form() {
        let want =
            json!({"instruction": "Hi", "answers": ["No", "Yes"], "votes": [[1, 0]], "annotator": "a"});
        let value = json!({"value": "response2", "user_id": "a"});
        for responses in [
            json!({"preference": [value]}),
            json!([{"values": {"preference": {"value": "response2"}}, "status": "submitted", "user_id": "a"}]),
        ] {
            assert_eq!(of(json!({"fields": fields(), "responses": responses})), (want.clone(), vec![]));
        }
        for columns in [
            json!({"preference": [value]}),
            json!({"preference": {"user_id": ["a"], "value": ["response2"], "status": ["submitted"]}}),
            json!({"preference.responses": ["response2"], "preference.responses.users": ["a"],
                "preference.responses.status": ["submitted"], "preference.suggestion": "response1"}),
        ] {
            let mut row = fields();
            row.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
            assert_eq!(of(row), (want.clone(), vec![]));
        }
        for name in ["response-", "response_", "Response ", "output_"] {
            let [a, b] = [1, 2].map(|n| format!("{name}{n}"));
            let row = json!({"fields": {"instruction": "Hi", &a: "No", &b: "Yes"}, "responses": {"best": [{"value": b}]}});
            assert_eq!(of(row), voted(json!([[1, 0]])));
        }
    }

    #[test]
    fn a_chat_is_a_prompt() {
        let chat = json!([{"role": "user", "content": "Hi"}]);
        let fields = json!({"chat": chat, "response1": "No", "response2": "Yes"});
        let row = of(json!({"fields": fields, "responses": {"preference": [{"value": "response1"}]}}));
        assert_eq!(row, (json!({"prompt": chat, "answers": ["No", "Yes"], "votes": [[0, 1]]}), vec![]));
    }

    #[test]
    fn people_who_disagree_are_several_votes() {
        let votes = |all: &[&str]| {
            let all: Vec<_> =
                all.iter().enumerate().map(|(who, value)| json!({"value": value, "user_id": who})).collect();
            of(json!({"fields": fields(), "responses": {"preference": all}}))
        };
        let all = votes(&["response1", "response2", "response2", "tie"]);
        assert_eq!(all, voted(json!([[0, 1], [1, 0], [1, 0], [0, 1, "tie"]])));
        let unknown = votes(&["response1", "response7"]).0;
        assert_eq!(unknown, "preference: \"response7\" is none of response1, response2, nor tie");
    }

    #[test]
    fn rankings_are_votes_on_all_pairs() {
        let ranked = json!([{"value": "response1", "rank": 2}, {"value": "response2", "rank": 1}]);
        for ranking in [ranked, json!(["response2", "response1"])] {
            let people = json!([{"status": "submitted", "values": {"ranking": {"value": ranking}}}]);
            assert_eq!(of(json!({"fields": fields(), "responses": people})), voted(json!([[1, 0]])));
        }
        let tied = json!([{"value": "response1", "rank": 1}, {"value": "response2", "rank": 1}]);
        let tied = of(json!({"fields": fields(), "responses": {"ranking": [{"value": tied}]}}));
        assert_eq!(tied, voted(json!([[0, 1, "tie"]])));
    }

    #[test]
    fn ratings_are_their_means() {
        let rated = |values: Value| json!([{"status": "submitted", "values": values}]);
        let fields_of_one = json!({"prompt": "Hi", "response": "Ho"});
        let one = of(json!({"fields": fields_of_one, "responses": rated(json!({"rating": {"value": 4}}))}));
        assert_eq!(one, (json!({"prompt": "Hi", "response": "Ho", "rating": 4.0}), vec![]));
        let each = rated(
            json!({"rating-1": {"value": 2}, "response2_rating": {"value": 5}, "why": {"value": "So."}}),
        );
        let each = of(json!({"fields": fields(), "responses": each}));
        assert_eq!(
            each,
            (json!({"instruction": "Hi", "answers": ["No", "Yes"], "scores": [2.0, 5.0]}), vec![])
        );
        // Of one rating alone nothing follows for the other answer.
        let half = of(json!({"fields": fields(), "responses": rated(json!({"rating_1": {"value": 2}}))}));
        assert_eq!(half.1, [Flaw::Unjudged]);
        let label = of(json!({"fields": fields_of_one, "responses": {"quality": [{"value": "bad"}]}}));
        assert_eq!(label, (json!({"prompt": "Hi", "response": "Ho", "label": 0.0}), vec![]));
        let word = of(json!({"fields": fields_of_one, "responses": {"quality": [{"value": "so-so"}]}}));
        assert!(word.0.as_str().unwrap().starts_with("quality: \"so-so\" is neither"), "{word:?}");
    }

    #[test]
    fn drafts_are_left_out_and_suggestions_stand_in() {
        let draft = json!({"value": "response1", "status": "draft"});
        let other = json!({"value": "response2", "status": "discarded"});
        let row =
            of(json!({"fields": fields(), "responses": {"preference": [draft, {"value": "response2"}]}}));
        assert_eq!(row, (voted(json!([[1, 0]])).0, vec![Flaw::Discarded]));
        let all = json!({"fields": fields(), "responses": {"preference": [draft, other]}});
        assert_eq!(of(all.clone()).1, [Flaw::Unjudged, Flaw::Discarded]);
        for suggestions in [
            json!({"preference": {"value": "response2", "score": 0.9, "agent": null}}),
            json!([{"question_name": "preference", "value": "response2"}]),
        ] {
            let mut row = all.clone();
            row["suggestions"] = suggestions;
            assert_eq!(of(row.clone()), (voted(json!([[1, 0]])).0, vec![Flaw::Discarded]));
            row["responses"] = json!({"preference": [{"value": "response1"}]});
            assert_eq!(of(row), voted(json!([[0, 1]])));
        }
        assert_eq!(of(json!({"fields": fields(), "responses": []})).1, [Flaw::Unjudged]);
    }
}

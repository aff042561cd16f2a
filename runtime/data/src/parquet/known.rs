//! Choice of the columns that some format knows. The others are not read and cost nothing.

use crate::fields::Fields;

/// The outermost names of all formats' fields; a number at the end is left out.
const KNOWN: &[&str] = &[
    "annotations",
    "annotator",
    "answer",
    "answers",
    "average_rating",
    "category",
    "chosen",
    "chosen_model",
    "chosen_rating",
    "chosen_response",
    "chosen_score",
    "coherence",
    "completion",
    "completions",
    "complexity",
    "context",
    "conversation",
    "conversations",
    "correctness",
    "data",
    "degree",
    "dialog",
    "dialogue",
    "domain",
    "feedback",
    "fields",
    "generations",
    "helpfulness",
    "history",
    "human_ref_A",
    "human_ref_B",
    "id",
    "input",
    "inputs",
    "instances",
    "instruction",
    "kto_tag",
    "label",
    "labels",
    "log_prob",
    "margin",
    "messages",
    "model",
    "models",
    "model_a",
    "model_b",
    "output",
    "outputs",
    "overall_preference",
    "overall_score",
    "passages",
    "preference",
    "prediction",
    "predictions",
    "preferred",
    "prompt",
    "prompts",
    "prompt_id",
    "quality",
    "query",
    "question",
    "rank",
    "ranking",
    "rankings",
    "ranks",
    "rating",
    "ratings",
    "reference",
    "rejected",
    "rejected_model",
    "rejected_rating",
    "rejected_response",
    "rejected_score",
    "response",
    "response_a",
    "response_b",
    "responses",
    "reward",
    "rewards",
    "safer_response_id",
    "better_response_id",
    "score",
    "score_A",
    "score_B",
    "score_chosen",
    "score_rejected",
    "scores",
    "source",
    "stars",
    "steps",
    "system",
    "system_prompt",
    "target",
    "task",
    "text",
    "tools",
    "turns",
    "user",
    "user_id",
    "verbosity",
    "votes",
    "winner",
    "winner_model_a",
    "winner_model_b",
    "winner_tie",
];

/// Returns whether some format knows a column of this name.
pub(super) fn known(name: &str) -> bool {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches([' ', '_', '-', '.']);
    // `response-1.suggestion` and the like.
    let (first, _) = plain.split_once(['.', '-']).unwrap_or((plain, ""));
    let listed = |name: &str| KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name));
    [name, plain, first].into_iter().any(|name| listed(name) || Fields::is_known(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_columns_are_known_by_their_name() {
        for name in ["prompt", "Prompt", "prediction 1", "output_2", "annotator12", "response-1.suggestion"] {
            assert!(known(name), "{name}");
        }
        for name in ["embedding", "image", "attention_mask", "", "12"] {
            assert!(!known(name), "{name}");
        }
    }
}

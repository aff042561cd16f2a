//! Files that are for testing, by their names.

use std::path::Path;

/// Words that mark such a file, or the folder that it is in.
const WORDS: [&str; 9] =
    ["test", "tests", "eval", "evaluation", "val", "valid", "validation", "dev", "heldout"];

/// Returns whether the name of a file, or of the folder that it is in, marks it as for testing: by a whole
/// word, such as in `hh_test.jsonl` or `validation/0.parquet`, and not as in `latest.jsonl`.
///
/// ```
/// use rlhf_data::for_testing;
/// assert!(for_testing("hh_test.jsonl.gz".as_ref()) && for_testing("validation/0.parquet".as_ref()));
/// assert!(!for_testing("latest.jsonl".as_ref()) && !for_testing("contest/train.jsonl".as_ref()));
/// ```
pub fn for_testing(path: &Path) -> bool {
    let names = [path.file_name(), path.parent().and_then(Path::file_name)];
    names.into_iter().flatten().any(|name| {
        let name = name.to_string_lossy().to_lowercase();
        name.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
    })
}

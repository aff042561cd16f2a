//! The files of a folder: those that can be used, and the reasons why the others cannot.

use super::Format;
use super::recognition::examine;
use crate::error::DataError;
use std::path::{Path, PathBuf};

/// The greatest depth of folders that are searched, and the most files.
const DEEPEST: usize = 8;
const MOST_FILES: usize = 10_000;

/// The files that mark a folder as a run's. In folders of later versions the second lists what the run wrote;
/// everything else there is a user's data.
const RUN: &str = "run.json";
const OWNED: &str = "files.json";

/// The files of a folder: each is in one of the two lists, in the order of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The files whose format is understood.
    pub files: Vec<(PathBuf, Format)>,
    /// All other files, and folders that are not searched, each with the reason.
    pub left_out: Vec<(PathBuf, String)>,
}

/// Finds all files below `root`, at most 8 folders deep. Hidden files and folders, folders of runs, and links to
/// folders are left out.
///
/// # Errors
/// A folder or a file cannot be read; or there are more than 10 000 files.
pub fn discover(root: &Path) -> Result<Found, DataError> {
    let (mut paths, mut found) = (Vec::new(), Found::default());
    collect(root, DEEPEST, &mut paths, &mut found.left_out)?;
    paths.sort();
    for path in paths {
        if let Some(reason) = not_data(&path) {
            found.left_out.push((path, reason.into()));
            continue;
        }
        // A damaged file is no reason to go on without it; one that stands for another, say, is.
        let examined = match examine(&path) {
            Err(error) if error.is_end() => return Err(error),
            examined => examined.and_then(|format| format),
        };
        match examined {
            Ok(format) => found.files.push((path, format)),
            Err(reason) => {
                let reason = reason.within();
                found.left_out.push((path, reason));
            }
        }
    }
    found.left_out.sort();
    Ok(found)
}

fn collect(
    folder: &Path,
    deeper: usize,
    paths: &mut Vec<PathBuf>,
    left_out: &mut Vec<(PathBuf, String)>,
) -> Result<(), DataError> {
    let unreadable = |e| DataError::io(folder, e);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if paths.len() + left_out.len() == MOST_FILES {
            let reason = "there are more than 10 000 files; name a folder with the data alone";
            return Err(DataError::content(folder, "files", reason));
        }
        let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
        let mut leave = |reason: &str| left_out.push((path.clone(), reason.into()));
        if entry.file_name().to_string_lossy().starts_with('.') {
            leave("hidden: its name begins with a dot");
        } else if kind.is_dir() && deeper == 0 {
            leave("more than 8 folders deep");
        } else if kind.is_dir() && path.join(RUN).is_file() && !path.join(OWNED).is_file() {
            leave("the folder of a run, whose texts a model wrote");
        } else if kind.is_dir() {
            collect(&path, deeper - 1, paths, left_out)?;
        } else if path.is_file() {
            paths.push(path);
        } else if path.is_dir() {
            leave("a link to a folder, which is not followed");
        } else {
            leave("neither a file nor a folder");
        }
    }
    Ok(())
}

/// Returns the reason why a file of this name holds no data; `None` where its content decides.
fn not_data(path: &Path) -> Option<&'static str> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let begins = |all: &[&str]| all.iter().any(|start| name.starts_with(start));
    let ends = |all: &[&str]| all.iter().any(|end| name.ends_with(end));
    if begins(&["adapter_"]) && ends(&[".json", ".safetensors", ".bin"]) {
        Some("an adapter (LoRA), which is not read: merge it into its model")
    } else if ends(&[
        ".safetensors",
        ".gguf",
        ".pt",
        ".pth",
        ".bin",
        ".onnx",
        ".rlhf",
        ".safetensors.index.json",
    ]) || MODEL_FILES.contains(&name.as_str())
    {
        Some("a model's file")
    } else if begins(&["readme", "license", "licence", "copying", "notice", "changelog"])
        && !ends(&[".jsonl", ".json", ".parquet", ".csv", ".tsv"])
    {
        Some("a description or a licence")
    } else {
        None
    }
}

/// The files of a model's folder beside its tensors.
const MODEL_FILES: &[&str] = &[
    "added_tokens.json",
    "config.json",
    "encoder.json",
    "generation_config.json",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.bpe",
    "vocab.json",
    "vocab.txt",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_used_or_has_a_reason() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("1/2/3/4/5/6/7/8/9");
        std::fs::create_dir_all(&deep).unwrap();
        for (name, content, reason) in [
            ("adapter_config.json", "{}", "adapter"),
            ("base.safetensors", "", "model"),
            ("config.json", "{}", "model"),
            ("README.md", "# Data", "description"),
            ("empty.jsonl", "", "it is empty"),
            ("page.jsonl", "<!DOCTYPE html>", "neither rows"),
            (".hidden.jsonl", "{\"prompt\": \"Hi\"}", "hidden"),
            ("lfs.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
            ("other.jsonl", "{\"color\": \"red\"}", "color"),
            ("broken.jsonl", "{\"prompt\": NaN}", "line 1"),
            ("short.txt", "Some words.", "64 KiB"),
        ] {
            std::fs::write(root.path().join(name), content).unwrap();
            let found = discover(root.path()).unwrap();
            let reported = found.left_out.iter().find(|(path, _)| path.ends_with(name)).unwrap();
            assert!(reported.1.contains(reason) && !reported.1.contains(name), "{reported:?}");
        }
        std::fs::write(root.path().join("good"), "{\"prompt\": \"Hi\"}").unwrap();
        std::fs::create_dir(root.path().join("run")).unwrap();
        std::fs::write(root.path().join("run/run.json"), "{}").unwrap();
        std::fs::write(root.path().join("run/offending.jsonl"), "{\"prompt\": \"Hi\"}").unwrap();
        let found = discover(root.path()).unwrap();
        assert_eq!((found.files.len(), found.left_out.len()), (1, 13));
        assert!(found.left_out.iter().any(|(path, why)| *path == deep && why.contains("8 folders")));
    }
}

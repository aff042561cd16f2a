//! Sources of data: files, and how often each is drawn from.

use super::Format;
use crate::error::DataError;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path, PathBuf};

/// A source of data: one or more files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Paths or patterns (`*`, `?`, `[a-z]`, `**`) in the data's folder, which they may not leave, or
    /// absolute ones.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(length(min = 1))))]
    pub files: Vec<String>,
    /// The format of all its files; else each is recognized by its rows.
    #[serde(default)]
    pub format: Option<Format>,
    /// The share of rows that are drawn from it, relative to the other sources' weights; above 0.
    #[serde(default = "one")]
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

/// The most files of one source.
const MOST_FILES: usize = 10_000;

impl Source {
    /// The files, in the order of `files` and, of a pattern, of their names; each once.
    ///
    /// # Errors
    /// A pattern is none, finds nothing, or finds too much; or a path leads out of `folder`, by `..` or by
    /// a link.
    pub fn paths(&self, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
        let root = folder.canonicalize().map_err(|e| DataError::io(folder, e))?;
        let mut paths: Vec<PathBuf> = Vec::new();
        for file in &self.files {
            let fault = |reason: String| DataError::content(folder, format!("files {file:?}"), reason);
            let given = Path::new(file);
            if given.components().any(|part| part == Component::ParentDir) {
                return Err(fault("`..` leads out of the data's folder; give the whole path".into()));
            }
            // The folder's own name is no pattern.
            let pattern = match given.is_absolute() {
                true => file.clone(),
                false => format!("{}/{file}", glob::Pattern::escape(&folder.to_string_lossy())),
            };
            let before = paths.len();
            for found in glob::glob(&pattern).map_err(|e| fault(e.to_string()))? {
                let found =
                    found.map_err(|e| DataError::io(e.path(), std::io::Error::other(e.to_string())))?;
                let real = found.canonicalize().map_err(|e| DataError::io(&found, e))?;
                if !given.is_absolute() && !real.starts_with(&root) {
                    return Err(DataError::content(&found, "link", "it leads out of the data's folder"));
                }
                // A folder that a pattern finds is none of the files; a pipe would be missed in silence.
                if !real.is_file() && !real.is_dir() {
                    let reason = "it is a FIFO, socket or device: want a file";
                    return Err(DataError::content(&found, "kind", reason));
                }
                if real.is_file() && !paths.contains(&found) {
                    paths.push(found);
                }
                if paths.len() > MOST_FILES {
                    return Err(fault(format!("want at most {MOST_FILES} files")));
                }
            }
            if paths.len() == before {
                return Err(fault("there is no such file".into()));
            }
        }
        Ok(paths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(files: &[&str]) -> Source {
        Source { files: files.iter().map(|f| (*f).into()).collect(), format: None, weight: 1.0 }
    }

    #[test]
    fn patterns_stay_in_their_folder() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("[data]");
        std::fs::create_dir_all(folder.join("deep")).unwrap();
        for name in ["b.jsonl", "a.jsonl", "deep/c.jsonl", "x.txt"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        std::fs::write(outside.path().join("secret"), "").unwrap();
        let names = |files: &[&str]| -> Result<Vec<String>, DataError> {
            let paths = source(files).paths(&folder)?;
            Ok(paths.iter().map(|p| p.strip_prefix(&folder).unwrap().to_string_lossy().into()).collect())
        };
        assert_eq!(names(&["*.jsonl"]).unwrap(), ["a.jsonl", "b.jsonl"]);
        assert_eq!(names(&["x.txt", "**/*.jsonl"]).unwrap(), ["x.txt", "a.jsonl", "b.jsonl", "deep/c.jsonl"]);
        for bad in ["../secret", "deep/../../secret", "none*", "[", "deep"] {
            assert!(names(&[bad]).is_err(), "{bad}");
        }
        let secret = outside.path().join("secret");
        let named = source(&[&secret.to_string_lossy()]).paths(&folder).unwrap();
        assert!(named.iter().eq([&secret]));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&secret, folder.join("link")).unwrap();
            assert!(names(&["link"]).unwrap_err().to_string().contains("leads out"));
        }
    }

    #[test]
    fn unknown_fields_are_refused() {
        let read = serde_json::from_str::<Source>;
        assert_eq!(read(r#"{"files": ["a"]}"#).unwrap().weight, 1.0);
        assert!(read(r#"{"files": ["a"], "wait": 1}"#).is_err());
        assert_eq!(read(r#"{"files": [], "format": "pairs"}"#).unwrap().format, Some(Format::Pairs));
    }
}

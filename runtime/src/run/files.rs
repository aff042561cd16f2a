//! Files of the data, and the data sets that they make up.

use super::RunError;
use crate::config::{self, Config, Prompts, Wanted};
use crate::stage::of_a_run;
use rlhf_data::{Format, Found, Kind, Source, discover, for_testing, recognize};
use rlhf_models::FormatError;
use rlhf_train::profile::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file, and what it holds.
pub(super) type File = (PathBuf, Format);

/// The files of one data set.
#[derive(Clone)]
pub(super) struct Files {
    /// The data set's name.
    pub name: String,
    pub format: Format,
    pub paths: Vec<PathBuf>,
    /// The most rows that are taken, on either side of the split.
    pub rows: usize,
}

/// The files of all steps.
pub(super) struct All {
    /// The files in the data's folder.
    pub found: Vec<File>,
    /// The folder.
    pub folder: PathBuf,
    /// The files that are not used, with the reasons.
    pub left_out: Vec<(PathBuf, String)>,
    pub demonstrations: Vec<Files>,
    /// The comparisons, where the reward model's loss learns from them.
    pub comparisons: Vec<Files>,
    pub solutions: Vec<Files>,
    /// Comparisons for the pretraining before.
    pub before: Vec<Files>,
    pub prompts: Vec<Files>,
    /// The kind of data that prompts are taken from, where there are none by themselves.
    pub prompts_of: Option<&'static str>,
    /// The feedback, where step 3's method learns from it.
    pub feedback: Vec<Files>,
}

impl All {
    /// Looks for them.
    ///
    /// # Errors
    /// A step has none; or a file of a source is not there, or cannot be used.
    pub fn find(config: &Config) -> Result<Self, RunError> {
        let folder = config.folder()?;
        let (profile, _) = config.resolve()?;
        let Found { files, left_out } = discover(folder)?;
        // What a run wrote, such as the samples that a guard stopped at, is not data for the next.
        let run = |path: &Path| of_a_run(path, folder);
        let paths = files.iter().map(|(path, _)| path).chain(left_out.iter().map(|(path, _)| path));
        let of_runs: BTreeSet<PathBuf> = paths.filter_map(|path| run(path)).collect();
        let found: Vec<File> = files.into_iter().filter(|(path, _)| run(path).is_none()).collect();
        let left_out = left_out.into_iter().filter(|(path, _)| run(path).is_none());
        let of_runs = of_runs.into_iter().map(|path| (path, "a run's own, which is no data".into()));
        let left_out: Vec<_> = left_out.chain(of_runs).collect();
        let of = |wanted: &Wanted<'_>| match wanted.sources {
            [] if wanted.formats.is_empty() => Ok(Vec::new()),
            [] => of_formats(wanted, folder, &found),
            sources => of_sources(wanted, sources, folder),
        };
        let [demonstrations, judged, before, prompts, feedback] = &config.wanted(&profile);
        let (demonstrations, judged) = (of(demonstrations)?, of(judged)?);
        let (before, prompts) = (of(before)?, of(prompts));
        let (comparisons, solutions) =
            if profile.reward.loss.labels() { (Vec::new(), judged) } else { (judged, Vec::new()) };
        let plain = config.ppo.formats == Prompts::default().formats;
        let (prompts, prompts_of) = match prompts {
            Err(RunError::Missing { .. }) if plain => {
                let others = [
                    ("comparisons", &comparisons),
                    ("labels", &solutions),
                    ("demonstrations", &demonstrations),
                ];
                let (what, files) =
                    others.into_iter().find(|(_, files)| !files.is_empty()).unwrap_or(others[0]);
                (
                    files.iter().map(|files| Files { rows: config.ppo.rows, ..files.clone() }).collect(),
                    Some(what),
                )
            }
            prompts => (prompts?, None),
        };
        let feedback = match (profile.method, of(feedback)) {
            (Method::Bandit(_), sets) => sets?,
            // Labels can be made of comparisons too.
            (Method::Kto(_), Err(RunError::Missing { .. })) if !profile.reward.loss.labels() => Vec::new(),
            (Method::Kto(_), sets) => sets?,
            _ => Vec::new(),
        };
        Ok(Self {
            demonstrations,
            comparisons,
            solutions,
            before,
            prompts,
            prompts_of,
            feedback,
            found,
            left_out,
            folder: folder.into(),
        })
    }

    /// Returns whether a file is for testing, by its name or its folder's below the data's folder.
    pub fn for_testing(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.folder).ok();
        for_testing(below.unwrap_or(path.file_name().map_or(path, Path::new)))
    }

    /// The files that a step uses and that are for testing.
    pub fn test_files(&self) -> Vec<&Path> {
        self.used().into_iter().map(|(path, _)| path).filter(|path| self.for_testing(path)).collect()
    }

    /// Lists all files that a run does not read, with the reasons: those of formats that no step takes, but not those
    /// of its models. `texts`: whether plain text is read.
    pub fn unused(&self, config: &Config, texts: bool) -> Vec<(PathBuf, String)> {
        let used: BTreeSet<&Path> = self.used().into_iter().map(|(path, _)| path).collect();
        let models: Vec<PathBuf> = config.models().map(|path| self.folder.join(path)).collect();
        let reads =
            |(path, format): &&File| used.contains(path.as_path()) || (texts && format.kind() == Kind::Text);
        let others = self.found.iter().filter(|file| !reads(file)).map(|(path, format)| {
            (path.clone(), format!("{}: no step of this run reads it", config::name(*format)))
        });
        let all = self.left_out.iter().cloned().chain(others);
        all.filter(|(path, _)| !models.iter().any(|model| path.starts_with(model))).collect()
    }

    /// The files that a step uses, each once.
    pub fn used(&self) -> BTreeSet<(&Path, Format)> {
        let sets = [&self.demonstrations, &self.comparisons, &self.solutions, &self.before, &self.prompts];
        let sets = sets.into_iter().chain([&self.feedback]).flatten();
        sets.flat_map(|set| set.paths.iter().map(|path| (path.as_path(), set.format))).collect()
    }
}

/// Returns all files of the wanted formats: those of one name and format are a data set.
fn of_formats(wanted: &Wanted<'_>, folder: &Path, found: &[File]) -> Result<Vec<Files>, RunError> {
    let mut sets: BTreeMap<(String, Format), Vec<PathBuf>> = BTreeMap::new();
    for (path, format) in found.iter().filter(|(_, format)| wanted.formats.contains(format)) {
        sets.entry((name(path), *format)).or_default().push(path.clone());
    }
    if sets.is_empty() {
        let formats = wanted.formats.iter().map(|f| config::name(*f)).collect::<Vec<_>>().join(", ");
        return Err(RunError::Missing { what: wanted.what, folder: folder.into(), wanted: formats });
    }
    let files = |((name, format), paths)| Files { name, format, paths, rows: wanted.rows };
    Ok(sets.into_iter().map(files).collect())
}

/// Returns the files of each source, which is a data set.
fn of_sources(wanted: &Wanted<'_>, sources: &[Source], folder: &Path) -> Result<Vec<Files>, RunError> {
    let weights: Vec<f64> = sources.iter().map(|source| source.weight).collect();
    let mut sets: Vec<Files> = Vec::new();
    for (source, rows) in sources.iter().zip(shares(wanted.rows, &weights)) {
        let paths = source.paths(folder)?;
        let Some(first) = paths.first() else {
            let reason = "want at least one file of each source";
            return Err(RunError::setting(format!("{}.{}", wanted.section, wanted.key), reason));
        };
        let name = unique(name(first), &sets);
        let format = match source.format {
            Some(format) => format,
            None => shared(wanted, &paths)?,
        };
        sets.push(Files { name, format, paths, rows });
    }
    Ok(sets)
}

/// The format that all these files are of.
fn shared(wanted: &Wanted<'_>, paths: &[PathBuf]) -> Result<Format, RunError> {
    let mut all: Option<Format> = None;
    for path in paths {
        let fault =
            |reason: String| FormatError::content(path, format!("{}.{}", wanted.section, wanted.key), reason);
        let format = recognize(path)?;
        let Some(format) = format.filter(|format| wanted.takes(*format)) else {
            let found = format.map_or("of no known format".into(), config::name);
            let known = wanted.known();
            return Err(
                fault(format!("it is {found}: want {} ({known}), or say its format", wanted.what)).into()
            );
        };
        if *all.get_or_insert(format) != format {
            let name = config::name(format);
            return Err(
                fault(format!("it is {name}, unlike those before: make it a source of its own")).into()
            );
        }
    }
    all.ok_or_else(|| RunError::setting(format!("{}.{}", wanted.section, wanted.key), "there are no files"))
}

/// Shares of `rows` in proportion to weights above 0, by largest remainder; of equal ones the first.
fn shares(rows: usize, weights: &[f64]) -> Vec<usize> {
    // Sums of the greatest numbers are not finite.
    let most = weights.iter().copied().fold(0.0, f64::max);
    let total: f64 = weights.iter().map(|weight| weight / most).sum();
    let exact = weights.iter().map(|weight| rows as f64 * (weight / most / total));
    let mut shares: Vec<(usize, f64)> = exact.map(|x| (x as usize, x.fract())).collect();
    let left = rows.saturating_sub(shares.iter().map(|(whole, _)| whole).sum());
    let mut order: Vec<&mut (usize, f64)> = shares.iter_mut().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order.into_iter().take(left).for_each(|(whole, _)| *whole += 1);
    shares.into_iter().map(|(whole, _)| whole).collect()
}

/// A name that no set has yet.
fn unique(name: String, sets: &[Files]) -> String {
    let taken = |name: &String| sets.iter().any(|set| set.name == *name);
    let later = (2..).map(|n| format!("{name}-{n}"));
    let mut names = core::iter::once(name.clone()).chain(later);
    names.find(|name| !taken(name)).unwrap_or(name)
}

/// A data set's name: its file's, without the endings of its packing and of its part of
/// the set it is; the folder's where nothing else remains.
fn name(path: &Path) -> String {
    let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let whole = ["train", "test"]
        .iter()
        .find_map(|part| stem.strip_suffix(part))
        .filter(|rest| rest.is_empty() || rest.ends_with(['_', '-']))
        .map_or(stem, |rest| rest.trim_end_matches(['_', '-']));
    if !whole.is_empty() {
        return whole.into();
    }
    let folder = path.parent().and_then(Path::file_name);
    folder.map_or(file.clone(), |n| n.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_are_all_rows_and_within_one_of_exact(
            rows in 0usize..100_000,
            weights in prop::collection::vec(prop_oneof![0.001f64..10.0, Just(1.0), Just(f64::MAX)], 1..20),
        ) {
            let (shares, most) = (shares(rows, &weights), weights.iter().copied().fold(0.0, f64::max));
            prop_assert_eq!(shares.iter().sum::<usize>(), rows);
            let total: f64 = weights.iter().map(|weight| weight / most).sum();
            for (share, weight) in shares.into_iter().zip(&weights) {
                let exact = rows as f64 * (weight / most / total);
                prop_assert!((share as f64 - exact).abs() < 1.0 + 1e-6, "{share} of {exact}");
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let set = |name: String| Files { name, format: Format::Pairs, paths: vec![], rows: 0 };
        let mut sets = Vec::new();
        for want in ["a", "a-2", "a-3"] {
            let name = unique("a".into(), &sets);
            assert_eq!(name, want);
            sets.push(set(name));
        }
    }

    #[test]
    fn parts_of_a_set_share_its_name() {
        for (path, want) in [
            ("a/dolly_train.jsonl.gz", "dolly"),
            ("a/dolly-test.jsonl", "dolly"),
            ("a/contest.jsonl", "contest"),
            ("harmless-base/train.jsonl.gz", "harmless-base"),
            ("x", "x"),
        ] {
            assert_eq!(name(path.as_ref()), want);
        }
    }
}

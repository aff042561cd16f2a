//! The data that each step's section asks for.

use super::Config;
use crate::config::{ConfigError, formats};
use rlhf_data::{Format, Kind, Source};
use rlhf_train::profile::Profile;

/// The data of a step: all files of some formats, or sources.
pub struct Wanted<'a> {
    /// The section.
    pub section: &'static str,
    /// The key of its sources.
    pub key: &'static str,
    /// The kind of data, in words.
    pub what: &'static str,
    /// The kinds of formats that can be used.
    kinds: &'static [Kind],
    /// The formats that can be used; empty where there are sources.
    pub formats: Vec<Format>,
    /// The sources; empty where there are formats.
    pub sources: &'a [Source],
    /// The most rows of each data set, or of all sources together, on either side of the split.
    #[cfg_attr(not(feature = "run"), expect(dead_code))]
    pub rows: usize,
}

impl Config {
    /// The data of step 1, step 2, what comes before step 2, step 3, and the feedback that step 3 may learn
    /// from. By the profile's loss step 2 takes comparisons or labels, and nothing is wanted for a
    /// pretraining that it has not.
    pub(crate) fn wanted(&self, profile: &Profile) -> [Wanted<'_>; 5] {
        let Self { supervised, reward, ppo, feedback, .. } = self;
        let wanted = |section, key, what, kinds: &'static [Kind], formats: &[Format], sources, rows| Wanted {
            section,
            key,
            what,
            kinds,
            formats: formats.iter().copied().filter(|format| kinds.contains(&format.kind())).collect(),
            sources,
            rows,
        };
        let (what, kinds) = if profile.reward.loss.labels() {
            ("labels", formats::SOLUTIONS)
        } else {
            ("comparisons", formats::COMPARISONS)
        };
        let (d, c, p, f) =
            (formats::DEMONSTRATIONS, formats::COMPARISONS, formats::PROMPTS, formats::FEEDBACK);
        let before: &[Source] = &reward.pretraining_sources;
        [
            wanted(
                "supervised",
                "sources",
                "demonstrations",
                d,
                &supervised.formats,
                &supervised.sources[..],
                supervised.rows,
            ),
            wanted("reward", "sources", what, kinds, &reward.formats, &reward.sources[..], reward.rows),
            wanted("reward", "pretraining_sources", "comparisons", c, &[], before, reward.rows),
            wanted("ppo", "sources", "prompts", p, &ppo.formats, &ppo.sources[..], ppo.rows),
            wanted(
                "feedback",
                "sources",
                "feedback",
                f,
                &feedback.formats,
                &feedback.sources[..],
                feedback.rows,
            ),
        ]
    }

    /// Checks that there is data for each step, and that it can be shared among.
    pub(super) fn check_wanted(&self, profile: &Profile) -> Result<(), ConfigError> {
        let wanted = self.wanted(profile);
        wanted.iter().try_for_each(Wanted::check)?;
        let [_, _, before, ..] = &wanted;
        match (before.sources.is_empty(), profile.reward.pretraining.is_none()) {
            (true, false) => {
                let reason = "reward.pretraining asks for it: say which comparisons come first";
                Err(ConfigError::setting("reward.pretraining_sources", reason))
            }
            (false, true) => {
                let reason = "there are sources for it: say how, { epochs, language, learning_rate }";
                Err(ConfigError::setting("reward.pretraining", reason))
            }
            _ => Ok(()),
        }
    }
}

impl Wanted<'_> {
    /// Returns whether a format can be used.
    pub fn takes(&self, format: Format) -> bool {
        self.kinds.contains(&format.kind())
    }

    /// Lists all formats that can be used.
    pub fn known(&self) -> String {
        formats::names(self.kinds).join(", ")
    }

    /// Checks that there are either formats or sources, and that sources can be shared among.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let Self { section, key: sources, .. } = self;
        let fault = |key: &str, reason: String| Err(ConfigError::setting(format!("{section}.{key}"), reason));
        if self.formats.is_empty() && self.sources.is_empty() && *sources == "sources" {
            return fault("formats", format!("want {}: {}", self.what, self.known()));
        }
        if !self.formats.is_empty() && !self.sources.is_empty() {
            return fault("formats", format!("remove it: {section}.{sources} name the files"));
        }
        for source in self.sources {
            if !(source.weight > 0.0 && source.weight.is_finite()) {
                return fault(sources, format!("want a weight above 0, not {}", source.weight));
            }
            if let Some(format) = source.format.filter(|format| !self.takes(*format)) {
                let name = format;
                return fault(sources, format!("{name} has no {}; want one of {}", self.what, self.known()));
            }
        }
        Ok(())
    }
}

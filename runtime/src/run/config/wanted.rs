//! What each step's section says of its data.

use super::Config;
use crate::data::{Format, Kind, Source};
use crate::run::{RunError, named};

/// The data of a step: all files of some formats, or sources.
pub struct Wanted<'a> {
    /// The section.
    pub section: &'static str,
    /// What it takes, in words.
    pub what: &'static str,
    /// What its formats have to serve as.
    kinds: &'static [Kind],
    /// Empty where there are sources.
    pub formats: &'a [Format],
    /// Empty where there are formats.
    pub sources: &'a [Source],
    /// Rows: of each data set, or of all sources together, on either side of the split.
    pub rows: usize,
}

impl Config {
    /// The data of the three steps, and the feedback that step 3 may learn from.
    pub(in crate::run) fn wanted(&self) -> [Wanted<'_>; 4] {
        let Self { supervised, reward, ppo, feedback, .. } = self;
        [
            Wanted {
                section: "supervised",
                what: "demonstrations",
                kinds: named::DEMONSTRATIONS,
                formats: &supervised.formats,
                sources: &supervised.sources,
                rows: supervised.rows,
            },
            Wanted {
                section: "reward",
                what: "comparisons",
                kinds: named::COMPARISONS,
                formats: &reward.formats,
                sources: &reward.sources,
                rows: reward.rows,
            },
            Wanted {
                section: "ppo",
                what: "prompts",
                kinds: named::PROMPTS,
                formats: &ppo.formats,
                sources: &ppo.sources,
                rows: ppo.rows,
            },
            Wanted {
                section: "feedback",
                what: "feedback",
                kinds: named::FEEDBACK,
                formats: &feedback.formats,
                sources: &feedback.sources,
                rows: feedback.rows,
            },
        ]
    }
}

impl Wanted<'_> {
    /// Whether a format serves.
    pub fn takes(&self, format: Format) -> bool {
        self.kinds.contains(&format.kind())
    }

    /// All formats that serve, in words.
    pub fn known(&self) -> String {
        named::names(self.kinds).join(", ")
    }

    /// Checks that there are either formats or sources, and that sources can be shared among.
    pub(super) fn check(&self) -> Result<(), RunError> {
        let section = self.section;
        let fault = |key: &str, reason: String| Err(RunError::setting(format!("{section}.{key}"), reason));
        if !self.formats.is_empty() && !self.sources.is_empty() {
            return fault("formats", format!("remove it: {section}.sources say which files serve"));
        }
        for source in self.sources {
            if !(source.weight > 0.0 && source.weight.is_finite()) {
                return fault("sources", format!("want a weight above 0, not {}", source.weight));
            }
            if let Some(format) = source.format.filter(|format| !self.takes(*format)) {
                let name = named::name(format);
                return fault(
                    "sources",
                    format!("{name} has no {}; want one of {}", self.what, self.known()),
                );
            }
        }
        Ok(())
    }
}

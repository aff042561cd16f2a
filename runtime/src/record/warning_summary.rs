//! The warnings of a whole run.

use super::{Line, Phase, RunWarning};
use serde::{Deserialize, Serialize};

/// All warnings of one kind that a run gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarningSummary {
    /// The phase of the first one.
    pub phase: Phase,
    /// The step or iteration of the first one.
    pub step: u64,
    /// The number of steps or iterations that gave one, measurements at the end included.
    pub times: u64,
    /// True where the measurements of the finished model say so; false of what was seen on the way alone.
    pub stands: bool,
    /// The last one.
    #[serde(flatten)]
    pub last: RunWarning,
}

impl WarningSummary {
    /// The warnings of the lines of `metrics.jsonl`, one for each kind: those that stand first, then in the order in
    /// which they came.
    pub fn of(lines: &[Line]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for line in lines {
            for warning in &line.warnings {
                let stands = line.phase == Phase::Evaluate;
                match all.iter_mut().find(|known| known.last.is_like(warning)) {
                    Some(known) => {
                        known.times += 1;
                        known.stands |= stands;
                        known.last = warning.clone();
                    }
                    None => all.push(Self {
                        phase: line.phase,
                        step: line.step,
                        times: 1,
                        stands,
                        last: warning.clone(),
                    }),
                }
            }
        }
        all.sort_by_key(|warning| !warning.stands);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_train::Warning;

    fn line(phase: Phase, step: u64, warnings: &[Warning]) -> Line {
        let worded = |warning: &Warning| RunWarning { warning: *warning, message: warning.to_string() };
        let warnings = warnings.iter().map(worded).collect();
        Line { phase, step, total: 9, figures: Default::default(), seconds: 0.1, warnings }
    }

    #[test]
    fn warnings_of_a_kind_are_one_and_those_that_stand_come_first() {
        let (kl, ended) = (|kl| Warning::Kl { kl, budget: 20.0 }, |now| Warning::Ended { now, before: 0.75 });
        let lines = [
            line(Phase::Ppo, 1, &[]),
            line(Phase::Ppo, 2, &[kl(21.0)]),
            line(Phase::Ppo, 3, &[kl(22.0), ended(0.25)]),
            line(Phase::Evaluate, 1, &[ended(0.125)]),
        ];
        let all = WarningSummary::of(&lines);
        let [first, second] = &all[..] else { panic!("{all:?}") };
        assert_eq!((first.phase, first.step, first.times, first.stands), (Phase::Ppo, 3, 2, true));
        assert_eq!(first.last.warning, ended(0.125));
        assert_eq!((second.step, second.times, second.stands), (2, 2, false));
        assert_eq!(second.last.warning, kl(22.0));
        let text = serde_json::to_string(&all).unwrap();
        assert!(text.contains("\"kind\":\"ended\"") && text.contains("\"message\":\"12"), "{text}");
        assert_eq!(serde_json::from_str::<Vec<WarningSummary>>(&text).unwrap(), all);
        assert!(WarningSummary::of(&lines[..1]).is_empty());
    }
}

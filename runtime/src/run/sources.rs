//! All data of a run, as token ids.

use super::datasets::{RowSelection, Set, one_side, read, sides};
use super::files::{All, Files};
use super::material::LoggedResponse;
use super::rewards::AnswerVotes;
use super::{Data, GeneratedData, LeftOut, RunError};
use crate::config::Config;
use crate::record::Phase;
use crate::transcript::Transcripts;
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_core::random::{Key, Stream};
use rlhf_data::Options;
use rlhf_train::profile::{Profile, RewardLoss};
use rlhf_train::{Examples, Solution};
use std::collections::HashSet;
use std::path::Path;

/// The data of a run, as token ids.
#[derive(Default)]
pub(super) struct Sources {
    /// The demonstrations to train on, and those held out.
    pub demonstrations: (Examples, Examples),
    /// The comparisons of each data set, with its name and format.
    pub comparisons: Vec<Set<AnswerVotes>>,
    /// The labels of each data set; the loss learns from these or from comparisons.
    pub solutions: Vec<Set<Solution>>,
    /// Comparisons for the pretraining before.
    pub before: Vec<Set<AnswerVotes>>,
    pub prompts: Vec<Vec<u32>>,
    pub held_out: Vec<Vec<u32>>,
    /// The kind of data that prompts were taken from, where there were none by themselves.
    pub prompts_of: Option<&'static str>,
    /// The feedback to train on.
    pub feedback: Vec<LoggedResponse>,
    pub data: Data,
}

impl Sources {
    pub fn read(
        config: &Config,
        profile: &Profile,
        tokenizer: &AnyTokenizer,
        files: &All,
    ) -> Result<Self, RunError> {
        let all = files;
        let (sides, tested) = sides(files)?;
        let take =
            RowSelection { seed: config.seed, held_out: config.held_out, sides: &sides, tested: &tested };
        let failed = |e: rlhf_core::Error| RunError::at(Phase::Supervised, 0)(e.into());

        let open = rlhf_data::demonstrations_of;
        let sets = read("demonstrations", all, &files.demonstrations, take, open, |d| d.group)?;
        let mut transcripts = Transcripts::new(tokenizer, config.context);
        let mut demonstrations = (Examples::default(), Examples::default());
        let mut demonstration_sets = Vec::new();
        for mut set in sets {
            for (side, rows) in [(&mut demonstrations.0, &set.train), (&mut demonstrations.1, &set.held_out)]
            {
                for row in rows {
                    let (prompt, response) = transcripts.pair(&row.prompt, &row.response);
                    side.push(&prompt, &response).map_err(failed)?;
                }
            }
            set.counts.add_truncation(&transcripts.take_counts());
            demonstration_sets.push(set.counts);
        }

        let c = &config.reward;
        let options = Options { synthetic: c.synthetic, passages: c.passages };
        let open = |path: &Path, format| rlhf_data::comparisons_of(path, format, options);
        let mut compared = |files: &[Files]| -> Result<Vec<Set<AnswerVotes>>, RunError> {
            let sets = read("comparisons", all, files, take, open, |c| c.group)?;
            let judged = |mut set: Set<rlhf_data::Comparison>| {
                let train = set.train.iter().map(|c| AnswerVotes::new(c, &mut transcripts)).collect();
                let held_out = set.held_out.iter().map(|c| AnswerVotes::new(c, &mut transcripts)).collect();
                set.counts.add_truncation(&transcripts.take_counts());
                Set { train, held_out, counts: set.counts }
            };
            Ok(sets.into_iter().map(judged).collect())
        };
        let (comparisons, before) = (compared(&files.comparisons)?, compared(&files.before)?);

        let whole = profile.reward.loss == RewardLoss::Outcome;
        let sets = read("labels", all, &files.solutions, take, rlhf_data::solutions_of, |s| s.group)?;
        let mut solutions = Vec::new();
        for mut set in sets {
            let mut solved = |all: &[rlhf_data::Solution]| -> Result<Vec<_>, RunError> {
                let all = all.iter().map(|s| transcripts.solution(s, whole));
                all.collect::<Result<_, _>>().map_err(|e| RunError::at(Phase::Reward, 0)(e.into()))
            };
            let (train, held_out) = (solved(&set.train)?, solved(&set.held_out)?);
            set.counts.add_truncation(&transcripts.take_counts());
            solutions.push(Set { train, held_out, counts: set.counts });
        }

        let (mut feedback, mut feedback_sets) = (Vec::new(), Vec::new());
        if !files.feedback.is_empty() {
            let sets = read("feedback", all, &files.feedback, take, rlhf_data::feedback_of, |f| f.group)?;
            for mut set in sets {
                feedback.extend(set.train.iter().map(|f| LoggedResponse::new(f, &mut transcripts)));
                set.counts.add_truncation(&transcripts.take_counts());
                feedback_sets.push(set.counts);
            }
        }

        let mut sets = read("prompts", all, &files.prompts, take, rlhf_data::prompts_of, |p| p.group)?;
        if files.prompts_of.is_some() {
            // Several rows may be about one prompt.
            let mut seen = HashSet::new();
            for set in &mut sets {
                set.train.retain(|prompt| seen.insert(prompt.group.prompt));
                set.held_out.retain(|prompt| seen.insert(prompt.group.prompt));
                (set.counts.train, set.counts.held_out) = (set.train.len(), set.held_out.len());
            }
        }
        let mut transcripts = Transcripts::new(tokenizer, config.ppo.prompt);
        let (mut prompts, mut held_out, mut prompt_sets) = (Vec::new(), Vec::new(), Vec::new());
        let groups: Vec<_> = sets.iter().flat_map(|set| &set.train).map(|prompt| prompt.group).collect();
        for mut set in sets {
            prompts.extend(set.train.iter().map(|p| transcripts.prompt(&p.prompt)));
            held_out.extend(set.held_out.iter().map(|p| transcripts.prompt(&p.prompt)));
            set.counts.add_truncation(&transcripts.take_counts());
            prompt_sets.push(set.counts);
        }
        Key::new(config.seed, Stream::Data, 1 << 18).shuffle(&mut held_out);
        held_out.truncate(config.evaluation.prompts);
        if held_out.len() < 2 {
            let mut reason = format!("{} of the prompts are held out; 2 are the least", held_out.len());
            if held_out.is_empty() {
                let paths = files.prompts.iter().flat_map(|set| &set.paths);
                reason += &format!(": {}", one_side(groups.into_iter(), take.sides, paths));
            }
            return Err(RunError::setting("held_out", reason));
        }
        let judged = before.iter().chain(&comparisons).map(|set| &set.counts);
        let judged = judged.chain(solutions.iter().map(|set| &set.counts));
        let data = Data {
            demonstrations: demonstration_sets,
            comparisons: judged.cloned().collect(),
            prompts: prompt_sets,
            feedback: feedback_sets,
            pretraining: 0,
            test_files: files.test_files().into_iter().map(Path::to_path_buf).collect(),
            left_out: files.unused(config, config.reads_text()).into_iter().map(LeftOut::from).collect(),
        };
        let prompts_of = files.prompts_of;
        Ok(Self {
            demonstrations,
            comparisons,
            solutions,
            before,
            prompts,
            held_out,
            prompts_of,
            feedback,
            data,
        })
    }

    /// Creates the data of a program, which has made no comparisons yet.
    pub fn generated(made: GeneratedData) -> Self {
        let GeneratedData { demonstrations, prompts, held_out, .. } = made;
        let demonstrations = (demonstrations, Examples::default());
        Self { demonstrations, prompts, held_out, ..Self::default() }
    }
}

//! The guards of a rollout, before anything is learnt from it.

use super::{CRITIC, Fault, Guard, Guards, Offender, POLICY, Place, all_finite};
use crate::IterationReport;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::sampling::Responses;
use rlhf_core::{Ragged, Rollouts};

const REWARD: &str = "the reward gave them: see what it makes of these texts";
const REFERENCE: &str = "the reference gave them: are its weights whole?";
const LARGE: &str = "they were too large to reckon with: limit scores by ppo.shaping.score_clip";

impl Guards {
    /// Checks that the policy's log-probabilities are finite.
    pub(crate) fn responses(place: Place, prompts: Ragged<'_>, out: &Responses) -> Result<(), Box<Fault>> {
        let wrong = |i: &usize| !all_finite(&out.log_probs[out.span(*i)]);
        let offenders = (0..prompts.len().min(out.len())).filter(wrong).map(|index| Offender {
            prompt: prompts.tokens()[prompts.span(index)].to_vec(),
            response: out.response(index).to_vec(),
            columns: vec![("log_probs", out.log_probs[out.span(index)].to_vec())],
            ..Offender::of(index)
        });
        Fault::not_finite(place, "the policy's log-probabilities", POLICY, out.len(), offenders.collect())
    }

    /// Checks that all numbers of a rollout are finite.
    pub(crate) fn finite(place: Place, rollouts: &Rollouts) -> Result<(), Box<Fault>> {
        let wrong = |i: &usize| Column::ALL.iter().any(|column| !all_finite(column.of(rollouts, *i)));
        let wrong: Vec<usize> = (0..rollouts.len()).filter(wrong).collect();
        let says = |column: &&Column| wrong.iter().any(|i| !all_finite(column.of(rollouts, *i)));
        let Some(first) = Column::ALL.iter().find(says) else { return Ok(()) };
        let offenders = wrong.iter().map(|&i| Offender::response(rollouts, i, i)).collect();
        Fault::not_finite(place, first.name(), first.advice(), rollouts.len(), offenders)
    }

    /// Checks a rollout before it is learnt from: all numbers are finite, and the KL is not too large.
    pub(crate) fn before_learning(&self, place: Place, report: &IterationReport) -> Result<(), Box<Fault>> {
        Self::finite(place, &report.rollouts)?;
        if report.kl <= self.max_kl {
            return Ok(());
        }
        let far = (0..report.rollouts.len()).filter(|&i| report.rollouts.log_ratio(i) > self.max_kl);
        Err(Box::new(Fault {
            guard: Guard::Kl,
            place,
            what: "the mean KL from the reference, in nats per response,".into(),
            value: report.kl,
            limit: Some(self.max_kl),
            advice: "lower ppo.policy.learning_rate, or raise β (ppo.controller)".into(),
            offenders: far.map(|i| Offender::response(&report.rollouts, i, i)).collect(),
            of: report.rollouts.len(),
        }))
    }
}

/// A column of a rollout.
#[derive(Clone, Copy)]
enum Column {
    LogProbs,
    RefLogProbs,
    Scores,
    Values,
    Rewards,
    Advantages,
    Returns,
}

impl Column {
    /// In the order in which they come about: the first that is wrong is the cause.
    const ALL: [Self; 7] = [
        Self::LogProbs,
        Self::RefLogProbs,
        Self::Scores,
        Self::Values,
        Self::Rewards,
        Self::Advantages,
        Self::Returns,
    ];

    /// The numbers of response `i` that are learnt from.
    fn of(self, rollouts: &Rollouts, i: usize) -> &[f32] {
        let span = rollouts.response_span(i);
        // Values and returns lie one earlier: the state before the first token is the prompt's.
        let states = span.start - 1..span.end;
        match self {
            Self::LogProbs => &rollouts.log_probs()[span],
            Self::RefLogProbs => &rollouts.ref_log_probs()[span],
            Self::Scores => &rollouts.scores()[i..i + 1],
            Self::Values => &rollouts.values()[states],
            Self::Rewards => &rollouts.rewards()[span],
            Self::Advantages => &rollouts.advantages()[span],
            Self::Returns => &rollouts.returns()[states],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::LogProbs => "the policy's log-probabilities",
            Self::RefLogProbs => "the reference's log-probabilities",
            Self::Scores => "the reward's scores",
            Self::Values => "the critic's values",
            Self::Rewards => "rewards",
            Self::Advantages => "advantages",
            Self::Returns => "returns",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::LogProbs => POLICY,
            Self::RefLogProbs => REFERENCE,
            Self::Scores => REWARD,
            Self::Values => CRITIC,
            Self::Rewards | Self::Advantages | Self::Returns => LARGE,
        }
    }
}

//! Training on stored texts: demonstrations and comparisons.

use super::LanguageModel;
use crate::engine::{Member, Model, Scorer, with_dropout};
use crate::training::Training;
use crate::{Error, RewardModel};
use rlhf_core::loss::{Comparisons, PreferenceStats};
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::rewards::{EnsembleRule, RewardScale};
use rlhf_train::profile::{self, PreferenceTraining};
use rlhf_train::{Examples, NormalizedReward, Pairs, Ranking, Step, TrainError, now};

impl LanguageModel {
    /// Fine-tunes the model on demonstrations, each a prompt and a response (step 1). Only responses are learned, with
    /// the token that ends a text after them.
    pub fn fine_tune<'a, P: AsRef<str>, R: AsRef<str>>(
        &'a mut self,
        demonstrations: &'a [(P, R)],
    ) -> Training<'a, profile::Supervised, Step> {
        Training::new(profile::Supervised::default(), move |settings, seed, report| {
            let mut examples = Examples::default();
            for (prompt, response) in demonstrations {
                let (prompt, response) = self.transcript(prompt.as_ref(), response.as_ref())?;
                examples.push(&prompt, &response)?;
            }
            self.learn(settings.dropout, seed, |model| {
                now(rlhf_train::supervised(model, &examples, &settings, seed, &mut |step| report(&step)))
            })
        })
    }

    /// Trains a reward model that starts as this model (step 2), from rankings: a prompt and its responses, the best
    /// first. Two responses are a pair. The score of a text is what the loss makes of it, without gain and bias.
    pub fn reward_model<'a, P: AsRef<str>, R: AsRef<str>, A: AsRef<[R]>>(
        &'a self,
        rankings: &'a [(P, A)],
    ) -> Training<'a, profile::RewardModel, (Step, Comparisons), RewardModel> {
        let settings = profile::RewardModel::default();
        Training::new(settings, move |settings: profile::RewardModel, seed, report| {
            let mut ranked = Vec::with_capacity(rankings.len());
            for (prompt, responses) in rankings {
                let texts = responses.as_ref().iter().map(|response| {
                    let (prompt, response) = self.transcript(prompt.as_ref(), response.as_ref())?;
                    Ok([prompt, response].concat())
                });
                let texts = texts.collect::<Result<Vec<_>, Error>>()?;
                let ranks = (0..texts.len() as u32).collect();
                ranked.push(Ranking { texts, ranks, ..Ranking::default() });
            }
            let deviation = settings.head.deviation(self.model().architecture().width) as f32;
            let mut model = self.model().with_scalar_head(deviation, seed)?;
            let mut report = |step, seen: &Comparisons| report(&(step, *seen));
            now(rlhf_train::reward_model(&mut model, &ranked, &settings, seed, &mut report))?;
            let member = NormalizedReward { reward: Member::new(model, None), scale: RewardScale::default() };
            RewardModel::new(Scorer::new(vec![member], EnsembleRule::Mean)?, self.tokenizer.clone())
        })
    }

    /// Teaches the model to prefer one response to another, without a reward model: DPO (Rafailov et al.,
    /// arXiv:2305.18290), or another loss of [`PreferenceTraining::by_name`]. Each pair is a prompt, the response that
    /// was chosen and the one that was rejected; the reference is the model as it starts.
    pub fn prefer<'a, P: AsRef<str>, C: AsRef<str>, R: AsRef<str>>(
        &'a mut self,
        pairs: &'a [(P, C, R)],
    ) -> Training<'a, PreferenceTraining, (Step, PreferenceStats)> {
        Training::new(PreferenceTraining::default(), move |settings, seed, report| {
            let mut encoded = Pairs::default();
            for (prompt, chosen, rejected) in pairs {
                let (prompt, chosen) = self.transcript(prompt.as_ref(), chosen.as_ref())?;
                encoded.push(&prompt, &chosen, &self.response(&prompt, rejected.as_ref())?)?;
            }
            let mut reference = self.model().clone();
            let mut report = |step, seen: &PreferenceStats| report(&(step, *seen));
            self.learn(settings.passes.dropout, seed, |model| {
                let pairs = &encoded;
                now(rlhf_train::preferences(model, &mut reference, pairs, &settings, seed, &mut report))
            })
        })
    }

    /// Encodes a prompt, with the token that begins a text.
    ///
    /// # Errors
    /// [`Error::Empty`] where no token comes of it, [`Error::Context`] where it leaves no room for a response.
    pub(super) fn prompt(&self, text: &str) -> Result<Vec<u32>, Error> {
        let tokens = crate::transcript::prompt(&self.tokenizer, text);
        let context = self.model().architecture().context;
        match tokens.len() {
            0 => Err(Error::Empty),
            n if n >= context => Err(Error::Context { tokens: n + 1, context }),
            _ => Ok(tokens),
        }
    }

    /// Encodes a response to a prompt, with the token that ends a text.
    fn response(&self, prompt: &[u32], text: &str) -> Result<Vec<u32>, Error> {
        let mut response = self.tokenizer.encode_continuation(text);
        response.extend(self.tokenizer.eos());
        let (tokens, context) = (prompt.len() + response.len(), self.model().architecture().context);
        if tokens > context { Err(Error::Context { tokens, context }) } else { Ok(response) }
    }

    fn transcript(&self, prompt: &str, response: &str) -> Result<(Vec<u32>, Vec<u32>), Error> {
        let prompt = self.prompt(prompt)?;
        let response = self.response(&prompt, response)?;
        Ok((prompt, response))
    }

    /// Trains the network in place, with dropout while it learns.
    pub(super) fn learn(
        &mut self,
        dropout: f64,
        seed: u64,
        train: impl FnOnce(&mut Model) -> Result<(), TrainError>,
    ) -> Result<(), Error> {
        let mut model = with_dropout(self.model(), dropout, seed)?;
        train(&mut model)?;
        // A clone has no optimizer state, which nothing needs any more.
        self.policy.model = with_dropout(&model.clone(), 0.0, seed)?;
        Ok(())
    }
}

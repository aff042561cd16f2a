//! The quickstart's data: its world's texts, demonstrations and prompts, and its labelers' judgments of the
//! supervised model's answers.

use super::world::{Answer, END, LABELERS, Labelers, Prompt, World, gold, tokenizer};
use super::{Labels, Settings};
use rlhf::run::{AnswerPrompts, GeneratedData, Generator, RankedAnswers};
use rlhf::statistics::agreement;
use rlhf::train::{Examples, TrainError};
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_core::random::{Key, Stream};
use serde_json::{Value, json};

/// Prompts whose rankings measure the reward model.
const HELD_OUT: usize = 400;

/// Prompts that all labelers rank, to measure their agreement.
const SHARED: usize = 128;

/// Makes a quickstart's data.
pub struct StoryGenerator<'a> {
    settings: &'a Settings,
    world: &'a World,
    /// The share of pairs on which two labelers agree, once they have compared answers.
    pub agreement: f64,
}

impl<'a> StoryGenerator<'a> {
    /// Generates stories of a world.
    pub fn new(settings: &'a Settings, world: &'a World) -> Self {
        Self { settings, world, agreement: 0.0 }
    }

    /// The base's texts, and those among them that answer no prompt. Only these are mixed into PPO: the
    /// others show how prompts are answered, and rather well, so that PPO would get better without any
    /// reward at all.
    fn corpus(&self) -> Result<(Examples, Examples), TrainError> {
        let (mut all, mut plain) = (Examples::default(), Examples::default());
        for i in 0..self.settings.config.pretraining.texts {
            let text = self.world.corpus(i as u32);
            // Each text begins after the end of another.
            all.push(&[END], &text)?;
            if Prompt::parse(&text).is_none() {
                plain.push(&[END], &text)?;
            }
        }
        Ok((all, plain))
    }

    fn demonstrations(&self) -> Result<Examples, TrainError> {
        let mut out = Examples::default();
        for (i, prompt) in (0..self.settings.config.supervised.rows).zip(self.world.train().iter().cycle()) {
            out.push(&context(prompt), &self.world.demonstration(i as u32, prompt))?;
        }
        Ok(out)
    }
}

/// A prompt as the model reads it: after the end of another text.
pub fn context(prompt: &Prompt) -> Vec<u32> {
    [&[END][..], &prompt.tokens()].concat()
}

impl Generator for StoryGenerator<'_> {
    fn command(&self) -> &'static str {
        "quickstart"
    }

    fn about(&self) -> Value {
        json!({ "rankings": self.settings.config.reward.rows, "labels": format!("{:?}", self.settings.labels) })
    }

    fn tokenizer(&self) -> AnyTokenizer {
        tokenizer().into()
    }

    fn data(&self) -> Result<GeneratedData, TrainError> {
        let (texts, mix) = self.corpus()?;
        let demonstrations = self.demonstrations()?;
        let [prompts, held_out] = [self.world.train(), self.world.test()].map(|all| all.iter().map(context));
        Ok(GeneratedData {
            texts,
            mix,
            demonstrations,
            prompts: prompts.collect(),
            held_out: held_out.collect(),
        })
    }

    fn compare(&mut self, supervised: &mut AnswerPrompts<'_>) -> Result<[Vec<RankedAnswers>; 2], TrainError> {
        let (world, seed) = (self.world, self.settings.config.seed);
        let mut pool = world.train().to_vec();
        Key::new(seed, Stream::Labels, 1 << 20).shuffle(&mut pool);
        // Held-out prompts first; of the others each is ranked as often as it takes.
        let (held_out, others) = pool.split_at(HELD_OUT.min(pool.len() / 2));
        let trained = others.iter().cycle().take(self.settings.config.reward.rows);
        let chosen: Vec<Prompt> = held_out.iter().chain(trained).copied().collect();
        let (mut asked, mut first) = (Vec::new(), vec![0]);
        for (prompt, i) in chosen.iter().zip(0..) {
            asked.resize(asked.len() + world.answers_wanted(i), context(prompt));
            first.push(asked.len());
        }
        let written = supervised(&asked)?;
        let answer = |prompt: &Prompt, a: usize| {
            let tokens = written.response(a);
            Answer { gold: gold(prompt, tokens, written.finish[a]), tokens: tokens.len() }
        };
        let of = |i: usize| first[i]..first[i + 1];
        let answers: Vec<Vec<Answer>> =
            chosen.iter().enumerate().map(|(i, prompt)| of(i).map(|a| answer(prompt, a)).collect()).collect();
        let labelers = Labelers::hire(seed, &answers)?;
        let everyone = |(i, answers): (u32, &Vec<Answer>)| -> Vec<Vec<u32>> {
            (0..LABELERS).map(|labeler| labelers.ranks(labeler, i, answers)).collect()
        };
        let shared: Vec<_> = (0..).zip(answers.iter().take(SHARED)).map(everyone).collect();
        self.agreement = agreement(&shared)?;
        let compared = |i: usize| {
            let mut ranks = labelers.ranks(i % LABELERS, i as u32, &answers[i]);
            if self.settings.labels == Labels::Shuffled {
                Key::new(seed, Stream::Labels, (1 << 21) + i as u32).shuffle(&mut ranks);
            }
            let answers = of(i).map(|a| written.response(a).to_vec()).collect();
            RankedAnswers { prompt: context(&chosen[i]), answers, ranks }
        };
        let split = held_out.len();
        Ok([(split..chosen.len()).map(compared).collect(), (0..split).map(compared).collect()])
    }
}

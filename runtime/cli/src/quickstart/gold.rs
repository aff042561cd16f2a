//! The gold score, which no model sees, on the test prompts: during step 3 and at its end.

use super::summary::{Gold, GoldResults, Point, Sample, Story};
use super::world::{Prompt, World, decode, gold, success};
use rlhf::engine::Model;
use rlhf::run::{Answers, Evaluator, Hook};
use rlhf::statistics::{BeforeAfter, best_of_n_kl, distinct_share, expected_best, win_rate};
use rlhf::train::TrainError;
use rlhf_core::sampling::{FinishReason, Responses};

/// Iterations between two points of the curve.
const EVERY: u64 = 5;
/// The number of test prompts that are shown with their answers, and the step between them.
const SHOWN: usize = 6;
const APART: usize = 97;
/// Draws of the curve and of best of n, apart from each other and from the run's own.
const CURVE: u32 = 1 << 21;
const BEST: u32 = 1 << 22;

/// Measures gold.
pub struct GoldHook<'a> {
    prompts: &'a [Prompt],
    iterations: u64,
    best_of: usize,
    /// The results at the end.
    pub found: Option<GoldResults>,
}

impl<'a> GoldHook<'a> {
    /// Measures the test prompts of a world.
    pub fn new(world: &'a World, iterations: u32, best_of: usize) -> Self {
        Self { prompts: world.test(), iterations: iterations.into(), best_of, found: None }
    }

    /// Returns a value for each answer.
    fn each<T>(&self, answers: &Responses, of: fn(&Prompt, &[u32], FinishReason) -> T) -> Vec<T> {
        let all = self.prompts.iter().enumerate();
        all.map(|(i, prompt)| of(prompt, answers.response(i), answers.finish[i])).collect()
    }

    fn point(&self, answers: &Answers) -> Point {
        let gold = mean(&self.each(&answers.responses, gold));
        Point { kl: answers.kl, gold, proxy: answers.reward() }
    }

    /// The share of answers that do everything that their prompts ask for.
    fn success(&self, answers: &Responses) -> f64 {
        let all = self.each(answers, success);
        all.iter().filter(|good| **good).count() as f64 / all.len() as f64
    }

    /// Measures the best of n by the reward model, among the supervised policy's answers.
    fn best_of_n(&self, evaluator: &mut Evaluator<'_>) -> Result<Vec<Point>, TrainError> {
        let mut sft = evaluator.reference.clone();
        let mut golds = vec![Vec::with_capacity(self.best_of); self.prompts.len()];
        let mut proxies = golds.clone();
        for draw in 0..self.best_of {
            let answers = evaluator.responses(&mut sft, BEST + draw as u32)?;
            let rewards = evaluator.rewards(&answers)?;
            for (i, (gold, proxy)) in self.each(&answers, gold).into_iter().zip(rewards).enumerate() {
                golds[i].push(gold);
                proxies[i].push(proxy);
            }
        }
        let of = |n: usize| {
            let best = |by: &[Vec<f64>]| -> Result<f64, TrainError> {
                let all = proxies.iter().zip(by).map(|(proxies, by)| expected_best(proxies, by, n));
                Ok(mean(&all.collect::<Result<Vec<_>, _>>()?))
            };
            Ok(Point { kl: best_of_n_kl(n), gold: best(&golds)?, proxy: best(&proxies)? })
        };
        (0..).map(|power| 1 << power).take_while(|n| *n <= self.best_of).map(of).collect()
    }

    fn sample(&self, i: usize, (before, after): (&Answers, &Answers)) -> Sample {
        let story = |answers: &Answers| {
            let text = answers.responses.response(i);
            let gold = gold(&self.prompts[i], text, answers.responses.finish[i]);
            Story { text: decode(text), gold, reward: answers.rewards[i] }
        };
        Sample { prompt: self.prompts[i].text(), sft: story(before), ppo: story(after) }
    }
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

impl Hook for GoldHook<'_> {
    fn after_iteration(
        &mut self,
        iteration: u64,
        policy: &mut Model,
        evaluator: &mut Evaluator<'_>,
    ) -> Result<Vec<(&'static str, f64)>, TrainError> {
        if !iteration.is_multiple_of(EVERY) && iteration != self.iterations {
            return Ok(Vec::new());
        }
        let answers = evaluator.evaluate(policy, CURVE + iteration as u32)?;
        let Point { kl, gold, proxy } = self.point(&answers);
        Ok(vec![("test_kl", kl), ("test_gold", gold), ("test_reward", proxy)])
    }

    fn at_end(
        &mut self,
        answers: (&Answers, &Answers),
        evaluator: &mut Evaluator<'_>,
    ) -> Result<(), TrainError> {
        let (before, after) = (&answers.0.responses, &answers.1.responses);
        let both = |of: &dyn Fn(&Responses) -> f64| BeforeAfter { sft: of(before), ppo: of(after) };
        let texts = |r: &Responses| distinct_share((0..r.len()).map(|i| r.response(i)).collect::<Vec<_>>());
        let shown = (0..SHOWN).map(|i| i * APART % self.prompts.len());
        self.found = Some(GoldResults {
            gold: Gold {
                win_rate: win_rate(&self.each(after, gold), &self.each(before, gold))?,
                reward: both(&|answers| mean(&self.each(answers, gold))),
                success: both(&|answers| self.success(answers)),
            },
            start: self.point(answers.0),
            distinct: both(&texts),
            best_of_n: self.best_of_n(evaluator)?,
            samples: shown.map(|i| self.sample(i, answers)).collect(),
        });
        Ok(())
    }
}

//! A backend in miniature with every capability, which can be given one fault at a time.
//!
//! The state after token `i` is `x = e(token i) + ½·e(token i − 1)`, one-hot; logits are `x` times a table,
//! a value and a score are `x` times a column each.

use crate::conformance::faults::Fault;
use rlhf_core::conformance::{Saved, Skip, Subject, Tolerances, WithDropout};
use rlhf_core::optim::Update;
use rlhf_core::random::{Key, Stream};
use rlhf_core::{Batch, Error, Ragged};

pub const VOCABULARY: usize = 7;
pub const CONTEXT: usize = 12;
/// Columns of a row of weights: the vocabulary's logits, a value, a score.
pub const COLUMNS: usize = VOCABULARY + 2;
pub const VALUE: usize = VOCABULARY;
pub const SCORE: usize = VOCABULARY + 1;

#[derive(Clone)]
pub struct Tiny {
    pub fault: Fault,
    pub weights: Vec<f32>,
    pub gradient: Vec<f32>,
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    pub average: Vec<f32>,
    pub steps: u64,
    pub calls: usize,
    /// The seed of the dropout masks; none drops nothing.
    pub dropout: Option<u64>,
    /// Weights that a stale role still reads.
    pub old: Option<Vec<f32>>,
    /// The settings of the first step.
    pub update: Option<Update>,
}

impl Tiny {
    pub fn new(fault: Fault, seed: u64) -> Self {
        let len = VOCABULARY * COLUMNS;
        let key = Key::new(if fault == Fault::IgnoresSeed { 0 } else { seed }, Stream::Init, 0);
        let weights = (0..len as u32).map(|i| key.normal(0, i) as f32 * 0.5).collect();
        let zeros = vec![0.0; len];
        let (gradient, first, second) = (zeros.clone(), zeros.clone(), zeros);
        Self {
            fault,
            weights,
            gradient,
            first,
            second,
            average: Vec::new(),
            steps: 0,
            calls: 0,
            dropout: None,
            old: None,
            update: None,
        }
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// Reads, with this fault, by the weights that the first call saw.
    pub fn stale<T>(&mut self, fault: Fault, read: impl FnOnce(&mut Self) -> T) -> T {
        if !self.has(fault) {
            return read(self);
        }
        let old = self.old.take().unwrap_or_else(|| self.weights.clone());
        let now = core::mem::replace(&mut self.weights, old);
        let out = read(self);
        self.old = Some(core::mem::replace(&mut self.weights, now));
        out
    }

    pub fn check(&self, sequences: Ragged<'_>) -> Result<(), Error> {
        if sequences.is_empty() && self.has(Fault::RefusesNothing) {
            return Err(Error::TooFew { name: "sequences", need: 1, got: 0 });
        }
        let (outside, long) = (self.has(Fault::AcceptsAnyToken), self.has(Fault::AcceptsAnyLength));
        for (tokens, _) in sequences.sequences() {
            if tokens.len() > CONTEXT && !long {
                return Err(Error::Full { capacity: CONTEXT });
            }
            if let Some(&token) = tokens.iter().find(|token| **token as usize >= VOCABULARY)
                && !outside
            {
                let high = VOCABULARY as f64;
                return Err(Error::Range { name: "token", value: token.into(), low: 0.0, high });
            }
        }
        Ok(())
    }

    /// Returns the rows of weights that make up the state after token `i`, each with its coefficient.
    pub fn features(&self, batch: Ragged<'_>, i: usize) -> Vec<(usize, f32)> {
        let tokens = batch.tokens();
        let index = batch.ends().partition_point(|end| *end <= i);
        let mut start = if index == 0 { 0 } else { batch.ends()[index - 1] };
        if self.has(Fault::ReadsNeighbor) {
            start = 0;
        }
        let row = |i: usize| tokens[i] as usize % VOCABULARY;
        let mut rows = vec![(row(i), 1.0)];
        if i > start {
            rows.push((row(i - 1), 0.5));
        }
        if self.has(Fault::ReadsFuture) && i + 2 < tokens.len() && !batch.ends().contains(&(i + 2)) {
            rows.push((row(i + 2), 0.1));
        }
        if self.has(Fault::TilesOf32Sequences) && index >= 32
            || self.has(Fault::TilesOf1024Tokens) && i >= 1024
        {
            rows.push((0, 0.05));
        }
        if self.has(Fault::ReadsPadding) {
            let longest = (0..batch.len()).map(|i| batch.span(i).len()).max().unwrap_or(0);
            let own = batch.ends().iter().find(|end| **end > i).map_or(0, |end| end - start);
            rows.push((0, 0.01 * (longest - own) as f32));
        }
        rows
    }

    /// Returns the features that token `t` is predicted from while learning: each is dropped with a probability of 0.3.
    pub fn learning_features(&self, batch: Ragged<'_>, t: usize) -> Vec<(usize, f32)> {
        let mut features = self.features(batch, t - 1);
        if let Some(seed) = self.dropout {
            let step = if self.has(Fault::SameMasks) { 0 } else { self.steps };
            let key = Key::new(seed, Stream::Dropout, step as u32);
            for (i, (_, amount)) in (0..).zip(&mut features) {
                *amount *= if key.uniform(t as u32, i) < 0.3 { 0.0 } else { 1.0 / 0.7 };
            }
        }
        features
    }

    pub fn columns(&self, features: &[(usize, f32)], columns: core::ops::Range<usize>) -> Vec<f32> {
        columns
            .map(|c| features.iter().map(|(row, amount)| amount * self.weights[row * COLUMNS + c]).sum())
            .collect()
    }

    /// Adds the gradient of columns of the state after a token.
    pub fn pull(&mut self, features: &[(usize, f32)], start: usize, slopes: &[f32]) {
        for (row, amount) in features {
            let skipped = match self.fault {
                Fault::MissesRow => *row == VOCABULARY - 1,
                Fault::MissesValueOfId => *row == 3 && start == VALUE,
                _ => false,
            };
            if skipped {
                continue;
            }
            for (c, slope) in slopes.iter().enumerate() {
                self.gradient[row * COLUMNS + start + c] += amount * slope;
            }
        }
    }

    /// Logits that token `t` is drawn from.
    pub fn logits(&self, batch: Ragged<'_>, t: usize) -> Vec<f32> {
        self.columns(&self.features(batch, t - 1), 0..VOCABULARY)
    }

    pub fn values_of(&self, sequences: Ragged<'_>, column: usize) -> Vec<f32> {
        (0..sequences.tokens().len())
            .map(|i| self.columns(&self.features(sequences, self.place(sequences, i)), column..column + 1)[0])
            .collect()
    }

    /// The token after which value `i` is.
    pub fn place(&self, sequences: Ragged<'_>, i: usize) -> usize {
        let starts = i == 0 || sequences.ends().contains(&i);
        if self.has(Fault::ValuesBeforeToken) && !starts { i - 1 } else { i }
    }

    pub fn positions(batch: Batch<'_>) -> Vec<usize> {
        (0..batch.loss_mask().len()).filter(|t| batch.loss_mask()[*t]).collect()
    }
}

/// The backend with a fault, and what its author declares.
pub struct Faulty {
    pub fault: Fault,
    pub skips: Vec<Skip>,
}

impl Subject for Faulty {
    type Network = Tiny;

    fn fresh(&self, seed: u64) -> Tiny {
        Tiny::new(self.fault, seed)
    }

    fn vocabulary(&self) -> usize {
        VOCABULARY
    }

    fn context(&self) -> usize {
        CONTEXT
    }

    fn name(&self) -> &str {
        "tiny"
    }

    fn tolerances(&self) -> Tolerances {
        // What it draws and scores and learns is one function.
        Tolerances { agree: 1e-5, ..Tolerances::default() }
    }

    fn skips(&self) -> &[Skip] {
        &self.skips
    }
}

impl Saved for Faulty {
    fn reload(&self, network: &mut Tiny) -> Tiny {
        let mut loaded = Tiny { old: None, update: None, ..network.clone() };
        let other = Tiny::new(self.fault, 0);
        match self.fault {
            Fault::SavesHalf => {
                let half = other.weights.len() / 2;
                loaded.weights[half..].copy_from_slice(&other.weights[half..]);
            }
            Fault::SavesNoValues => {
                for row in 0..VOCABULARY {
                    loaded.weights[row * COLUMNS + VALUE] = other.weights[row * COLUMNS + VALUE];
                }
            }
            Fault::SavesNoMoments => (loaded.first, loaded.second) = (other.first, other.second),
            Fault::SavesNoSteps => loaded.steps = 0,
            Fault::SavesNoDropout => loaded.dropout = loaded.dropout.map(|seed| seed + 1),
            Fault::SavesNoAverage => loaded.average.clone_from(&network.weights),
            _ => {}
        }
        loaded
    }
}

impl WithDropout for Faulty {
    fn with_dropout(&self, seed: u64) -> Tiny {
        Tiny { dropout: Some(seed), ..self.fresh(seed) }
    }
}

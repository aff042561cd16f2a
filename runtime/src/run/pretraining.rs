//! The corpus of the pretraining mix.

use super::answers::write;
use super::files::File;
use super::{RunError, Stage};
use crate::config::{Config, Source};
use crate::engine::Model;
use crate::record::{Phase, Progress};
use crate::transcript::pieces;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::StopCriteria;
use rlhf_data::{Kind, text};
use rlhf_train::Examples;
use rlhf_train::profile::{Method, Profile};

/// Texts to mix in, and texts held out to see what alignment does to them.
pub(super) struct Corpus {
    pub train: Examples,
    pub held_out: Examples,
}

/// The number of texts to each one that is held out.
const HELD_OUT: usize = 8;
/// The most texts that are held out where there is no mix, so that nothing but a measurement uses them.
const MEASURED: usize = 64;
/// Texts that the base writes at once.
const AT_ONCE: usize = 256;
/// The longest text file that is read.
const MOST_TEXT: usize = 1 << 28;

/// The numbers of texts of a corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CorpusSize {
    pub train: usize,
    pub held_out: usize,
}

impl CorpusSize {
    /// The texts that a run to the end of this stage uses: none to train on where neither step 1 nor PPO mixes any in,
    /// and none held out where nothing is measured.
    pub fn new(config: &Config, profile: &Profile, until: Stage) -> Self {
        let texts = config.pretraining.texts;
        let held_out = texts.div_ceil(HELD_OUT);
        let ppo = profile.method == Method::Ppo && profile.ppo.pretraining.is_some();
        if ppo || config.supervised.pretraining > 0.0 {
            return Self { train: texts, held_out };
        }
        Self { train: 0, held_out: if until == Stage::Align { held_out.min(MEASURED) } else { 0 } }
    }

    /// All texts.
    pub fn total(self) -> usize {
        self.train + self.held_out
    }
}

/// The source of plain text.
pub(super) enum Texts {
    /// The data's files, or the base.
    Files(Vec<File>),
    /// A program that made it: for a new base, and for the mix.
    Generated(Examples, Examples),
}

impl Texts {
    /// Returns all plain text, in pieces, for a new base to learn from.
    pub fn plain(&self, config: &Config, tokenizer: &AnyTokenizer) -> Result<Examples, RunError> {
        match self {
            Self::Files(found) => examples(&read(config, usize::MAX, found, tokenizer)?),
            Self::Generated(texts, _) => Ok(texts.clone()),
        }
    }

    /// The corpus of the pretraining mix, of this size.
    pub fn corpus(
        &self,
        config: &Config,
        size: CorpusSize,
        base: &mut Model,
        tokenizer: &AnyTokenizer,
        progress: &mut Progress<'_>,
    ) -> Result<Corpus, RunError> {
        let found = match self {
            Self::Files(found) => found,
            Self::Generated(_, mix) => {
                return Ok(Corpus { train: mix.clone(), held_out: Examples::default() });
            }
        };
        let texts = match config.pretraining.source {
            Source::Base => written(config, size.total(), base, tokenizer, progress)?,
            Source::Text => read(config, size.total(), found, tokenizer)?,
        };
        let out = examples(&texts)?;
        // Of fewer texts than are wanted the same share is held out.
        let split = if size.train == 0 { 0 } else { texts.len() - texts.len().div_ceil(HELD_OUT + 1) };
        Ok(Corpus { train: out.select(0..split), held_out: out.select(split..texts.len()) })
    }
}

/// Texts of which everything is learned.
fn examples(texts: &[Vec<u32>]) -> Result<Examples, RunError> {
    let mut out = Examples::default();
    let failed = RunError::at(Phase::Pretrain, 0);
    texts.iter().try_for_each(|text| out.push(&[], text)).map_err(|e| failed(e.into()))?;
    Ok(out)
}

/// Texts of the base's own.
fn written(
    config: &Config,
    count: usize,
    base: &mut Model,
    tokenizer: &AnyTokenizer,
    progress: &mut Progress<'_>,
) -> Result<Vec<Vec<u32>>, RunError> {
    let Some(begin) = tokenizer.bos().or(tokenizer.eos()) else {
        let reason = "the base's tokenizer has no token to begin a text with: use \"text\"";
        return Err(RunError::setting("pretraining.source", reason));
    };
    let ends = tokenizer.ends();
    let stopping = StopCriteria { max_new_tokens: config.pretraining.length - 1, eos: &ends, stop: &[] };
    let mut out = Vec::new();
    while out.len() < count {
        let step = (out.len() / AT_ONCE) as u32;
        let prompts = vec![vec![begin]; AT_ONCE.min(count - out.len())];
        let key = Key::new(config.seed, Stream::Data, (1 << 16) + step);
        let texts = write(base, &prompts, 1.0, &stopping, key)
            .map_err(RunError::at(Phase::Pretrain, u64::from(step) + 1))?;
        out.extend((0..texts.len()).map(|i| [&[begin], texts.response(i)].concat()));
        let (steps, written) = (count.div_ceil(AT_ONCE) as u64, out.len());
        progress(Phase::Pretrain, u64::from(step) + 1, steps, &format!("{written} texts by the base"));
    }
    Ok(out)
}

/// Pieces of the data's plain text.
fn read(
    config: &Config,
    count: usize,
    found: &[File],
    tokenizer: &AnyTokenizer,
) -> Result<Vec<Vec<u32>>, RunError> {
    let mut out: Vec<Vec<u32>> = Vec::new();
    for (path, _) in found.iter().filter(|(_, format)| format.kind() == Kind::Text) {
        out.extend(pieces(tokenizer, &text(path, MOST_TEXT)?, config.pretraining.length));
    }
    if out.is_empty() && count > 0 {
        return Err(RunError::Missing {
            what: "plain texts for the pretraining mix",
            folder: config.folder()?.into(),
            wanted: "text (or set pretraining.source to \"base\")".into(),
        });
    }
    Key::new(config.seed, Stream::Data, 1 << 17).shuffle(&mut out);
    out.truncate(count);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_nothing_uses_are_not_written() {
        let size = |profile: &str, method: &str, mixed: f64, until| {
            let mut config = Config::default();
            (config.profile, config.method) = (profile.into(), method.into());
            config.supervised.pretraining = mixed;
            let CorpusSize { train, held_out } =
                CorpusSize::new(&config, &config.resolve().unwrap().0, until);
            (train, held_out)
        };
        assert_eq!(size("instructgpt", "ppo", 0.0, Stage::Align), (1024, 128));
        assert_eq!(size("small", "ppo", 0.1, Stage::Supervised), (1024, 128));
        assert_eq!(size("small", "ppo", 0.0, Stage::Align), (0, 64));
        assert_eq!(size("instructgpt", "dpo", 0.0, Stage::Align), (0, 64), "PPO alone mixes texts in");
        assert_eq!(size("small", "ppo", 0.0, Stage::Reward), (0, 0), "nothing is measured");
    }
}

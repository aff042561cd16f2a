use crate::error::at;
use crate::error::check;
use crate::maths::{BLOCK, PolicyClip, PolicyStats, PolicySums, filled};
use crate::ranges::positive;
use crate::vectors::widest;
use crate::{Coupling, Error, Needs, Objective};

/// PPO's clipped policy loss with an entropy bonus: [`crate::maths::policy_loss`] and
/// [`crate::maths::entropy_bonus`], over the loss tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PpoPolicy<'a> {
    old: &'a [f32],
    advantages: &'a [f32],
    clip: PolicyClip,
    entropy: f64,
    ratio_threshold: Option<f64>,
    denominator: f64,
    /// What was seen.
    pub stats: PolicyStats,
    /// Whether a mean ratio above the threshold has silenced this update.
    pub silenced: bool,
}

impl<'a> PpoPolicy<'a> {
    /// `old`, the log-probabilities when the tokens were drawn, in nats, and `advantages` are laid
    /// out as the batch's tokens; only loss tokens are read. `entropy` is the bonus's
    /// coefficient. `denominator` counts the loss tokens of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`]; [`Error::NotFinite`] for the coefficient.
    pub fn new(
        old: &'a [f32],
        advantages: &'a [f32],
        clip: PolicyClip,
        entropy: f64,
        denominator: f64,
    ) -> Result<Self, Error> {
        check("advantages", advantages.len(), old.len())?;
        clip.validate()?;
        positive("denominator", denominator)?;
        crate::ranges::finite("entropy coefficient", &[entropy])?;
        let stats = PolicyStats::default();
        Ok(Self {
            old,
            advantages,
            clip,
            entropy,
            ratio_threshold: None,
            denominator,
            stats,
            silenced: false,
        })
    }

    /// Silences the update, loss and gradient 0, where the mean ratio is above `threshold` (TRL
    /// 0.11: 10). The whole minibatch must then be shown at once.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive.
    pub fn with_ratio_threshold(mut self, threshold: f64) -> Result<Self, Error> {
        positive("ratio_threshold", threshold)?;
        self.ratio_threshold = Some(threshold);
        Ok(self)
    }

    /// The first token whose loss is not finite, as an error.
    fn name_the_fault(&self, positions: &[usize], log_probs: &[f32]) -> Result<(), Error> {
        for (&index, &log_prob) in positions.iter().zip(log_probs) {
            let (old, advantage) = (at("old", self.old, index)?, at("advantages", self.advantages, index)?);
            if !self.clip.token(log_prob, old, advantage).loss.is_finite() {
                return Err(Error::NotFinite { name: "policy loss", index });
            }
        }
        Ok(())
    }
}

impl Objective for PpoPolicy<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, entropy: self.entropy != 0.0, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        if self.ratio_threshold.is_some() { Coupling::Batch } else { Coupling::Token }
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`], with the position in the batch, for a token whose loss
    /// is not finite.
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        check("log_probs", log_probs.len(), positions.len())?;
        check("grad_log_probs", grad_log_probs.len(), positions.len())?;
        let mut sums = PolicySums::new(&self.clip, self.denominator);
        widest(
            #[inline(always)]
            || {
                let tiles = positions.chunks(BLOCK).zip(log_probs.chunks(BLOCK));
                for ((positions, log_probs), grad) in tiles.zip(grad_log_probs.chunks_mut(BLOCK)) {
                    let together = follow_one_another(positions);
                    let old = gathered("old", self.old, positions, together)?;
                    let advantages = gathered("advantages", self.advantages, positions, together)?;
                    let loss_mask = filled(&OWED[..positions.len()]);
                    let mut slopes = [0.0; BLOCK];
                    sums.block([&filled(log_probs), &old, &advantages], &loss_mask, &mut slopes);
                    grad.copy_from_slice(&slopes[..grad.len()]);
                }
                Ok(())
            },
        )?;
        let (mut loss, mut stats) = sums.total();
        if !loss.is_finite() {
            self.name_the_fault(positions, log_probs)?;
        }
        grad_entropy.fill(0.0);
        if self.entropy != 0.0 {
            check("entropy", entropy.len(), positions.len())?;
            check("grad_entropy", grad_entropy.len(), positions.len())?;
            stats.entropy = entropy.iter().map(|&h| f64::from(h)).sum();
            loss -= self.entropy * stats.entropy / self.denominator;
            grad_entropy.fill((-self.entropy / self.denominator) as f32);
        }
        if self.ratio_threshold.is_some_and(|threshold| stats.exceeds(threshold)) {
            self.silenced = true;
            loss = 0.0;
            grad_log_probs.fill(0.0);
            grad_entropy.fill(0.0);
        }
        self.stats.merge(&stats);
        Ok(loss)
    }
}

/// A block of tokens that all owe a loss.
const OWED: [bool; BLOCK] = [true; BLOCK];

/// Whether the positions are a response's, or part of it.
#[inline(always)]
fn follow_one_another(positions: &[usize]) -> bool {
    let gaps = positions.iter().zip(positions.iter().skip(1));
    gaps.fold(true, |all, (a, b)| all & (a.wrapping_add(1) == *b))
}

/// The numbers at `positions`, copied as one where they are `together`.
#[inline(always)]
fn gathered(
    name: &'static str,
    from: &[f32],
    positions: &[usize],
    together: bool,
) -> Result<[f32; BLOCK], Error> {
    let run = positions.first().filter(|_| together).and_then(|&first| {
        let run = from.get(first..)?;
        run.get(..positions.len())
    });
    if let Some(run) = run {
        return Ok(filled(run));
    }
    let mut out = [0.0; BLOCK];
    for (&position, out) in positions.iter().zip(&mut out) {
        *out = at(name, from, position)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIP: PolicyClip = PolicyClip::symmetric(0.2);
    const OLD: [f32; 5] = [f32::NAN, -1.0, -2.0, f32::NAN, -0.5];
    const ADVANTAGES: [f32; 5] = [f32::NAN, 1.0, -1.0, f32::NAN, 2.0];

    #[test]
    fn tiles_add_up_and_only_owed_positions_are_read() {
        let new = [-0.9, -2.5, -0.5];
        let h = [1.0, 2.0, 3.0];
        let run = |tiles: &[(usize, usize)]| {
            let mut o = PpoPolicy::new(&OLD, &ADVANTAGES, CLIP, 0.01, 3.0).unwrap();
            let (mut g, mut gh, mut loss) = ([f32::NAN; 3], [f32::NAN; 3], 0.0);
            for &(start, end) in tiles {
                let tile = start..end;
                let positions = &[1, 2, 4][tile.clone()];
                let (g, gh) = (&mut g[tile.clone()], &mut gh[tile.clone()]);
                loss += o.tokens(positions, &new[tile.clone()], &h[tile.clone()], g, gh).unwrap();
            }
            (g, gh, loss, o.stats)
        };
        let (g, gh, loss, stats) = run(&[(0, 3)]);
        let (g2, gh2, loss2, stats2) = run(&[(0, 1), (1, 3)]);
        assert_eq!((g, gh), (g2, gh2));
        assert!((loss - loss2).abs() < 1e-12 && stats.tokens == 3 && stats2.tokens == 3);
        // The second token's ratio, e^−½, is clipped; the last one's gradient is −A/n.
        assert_eq!((g[1], g[2]), (0.0, -2.0 / 3.0));
        assert_eq!(stats.entropy, 6.0);
    }

    #[test]
    fn a_mean_ratio_above_the_threshold_silences_the_update() {
        let mut o = PpoPolicy::new(&OLD, &ADVANTAGES, CLIP, 0.0, 1.0).unwrap();
        assert_eq!(o.coupling(), Coupling::Token);
        o = o.with_ratio_threshold(10.0).unwrap();
        assert_eq!(o.coupling(), Coupling::Batch);
        let mut g = [f32::NAN];
        assert_eq!(o.tokens(&[2], &[1.0], &[], &mut g, &mut []), Ok(0.0));
        assert!(o.silenced && g == [0.0]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut o = PpoPolicy::new(&OLD, &ADVANTAGES, CLIP, 0.0, 1.0).unwrap();
        let beyond = o.tokens(&[5], &[-1.0], &[], &mut [0.0], &mut []);
        assert_eq!(beyond, Err(Error::Shape { name: "old", want: 6, got: 5 }));
        let nan = o.tokens(&[3], &[-1.0], &[], &mut [0.0], &mut []);
        assert_eq!(nan, Err(Error::NotFinite { name: "policy loss", index: 3 }));
        assert!(PpoPolicy::new(&OLD, &ADVANTAGES[..4], CLIP, 0.0, 1.0).is_err());
    }
}

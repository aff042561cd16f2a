use crate::error::{at, check};
use crate::maths::on_policy::{KlTerm, OnPolicyStats, PolicyColumns, Surrogate, policy_gradient};
use crate::ranges::finite;
use crate::{Coupling, Error, Needs, Objective};

/// A surrogate loss over responses whose advantages are known, with a KL term and an entropy bonus
/// where asked for: [`policy_gradient`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyGradient<'a> {
    columns: PolicyColumns<'a, f32>,
    surrogate: Surrogate,
    kl: Option<KlTerm>,
    entropy: f64,
    /// What was seen.
    pub stats: OnPolicyStats,
}

impl<'a> PolicyGradient<'a> {
    /// `columns` are laid out as the batch; their weights hold the denominator.
    ///
    /// # Errors
    /// [`Error::Range`] names the surrogate's setting.
    pub fn new(columns: PolicyColumns<'a, f32>, surrogate: Surrogate) -> Result<Self, Error> {
        surrogate.validate()?;
        Ok(Self { columns, surrogate, kl: None, entropy: 0.0, stats: OnPolicyStats::default() })
    }

    /// Adds the distance to the reference to the loss.
    ///
    /// # Errors
    /// [`Error::Range`] names its setting.
    pub fn with_kl(mut self, kl: KlTerm) -> Result<Self, Error> {
        kl.validate()?;
        self.kl = Some(kl);
        Ok(self)
    }

    /// Takes `coefficient` times each token's entropy, weighted as its loss, off the loss.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn with_entropy(mut self, coefficient: f64) -> Result<Self, Error> {
        finite("entropy coefficient", &[coefficient])?;
        self.entropy = coefficient;
        Ok(self)
    }
}

impl Objective for PolicyGradient<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, entropy: self.entropy != 0.0, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        if self.surrogate.by_sequence() { Coupling::Sequence } else { Coupling::Token }
    }

    /// # Errors
    /// As [`policy_gradient`].
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        let (mut loss, mut stats) = policy_gradient(
            positions,
            log_probs,
            &self.columns,
            &self.surrogate,
            self.kl.as_ref(),
            grad_log_probs,
        )?;
        grad_entropy.fill(0.0);
        if self.entropy != 0.0 {
            check("entropy", entropy.len(), positions.len())?;
            check("grad_entropy", grad_entropy.len(), positions.len())?;
            for (i, &position) in positions.iter().enumerate() {
                let pay = self.entropy * f64::from(at("weights", self.columns.weights, position)?);
                stats.entropy += f64::from(entropy[i]);
                loss -= pay * f64::from(entropy[i]);
                grad_entropy[i] = -pay as f32;
            }
        }
        self.stats.merge(&stats);
        Ok(loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::{KlEstimator, PolicyClip};

    const CLIP: PolicyClip = PolicyClip::symmetric(0.2);
    const COLUMNS: PolicyColumns<'static, f32> = PolicyColumns {
        ends: &[3, 5],
        old: &[f32::NAN, -1.0, -2.0, f32::NAN, -0.5],
        reference: &[f32::NAN, -1.5, -2.0, f32::NAN, -0.25],
        advantages: &[f32::NAN, 1.0, 1.0, f32::NAN, -1.0],
        weights: &[f32::NAN, 0.25, 0.25, f32::NAN, 0.5],
    };
    const NEW: [f32; 3] = [-0.9, -2.1, -0.5];

    fn run(o: &mut PolicyGradient, tiles: &[(usize, usize)]) -> ([f32; 3], [f32; 3], f64) {
        let (mut g, mut gh, mut loss) = ([f32::NAN; 3], [f32::NAN; 3], 0.0);
        for &(start, end) in tiles {
            let tile = start..end;
            let positions = &[1, 2, 4][tile.clone()];
            let (g, gh) = (&mut g[tile.clone()], &mut gh[tile.clone()]);
            loss += o.tokens(positions, &NEW[tile.clone()], &[1.0, 2.0, 3.0][tile], g, gh).unwrap();
        }
        (g, gh, loss)
    }

    #[test]
    fn tiles_add_up_and_only_owed_positions_are_read() {
        let kl = KlTerm { beta: 0.1, estimator: KlEstimator::K3 };
        let new = || PolicyGradient::new(COLUMNS, Surrogate::Clipped(CLIP)).unwrap().with_kl(kl).unwrap();
        let (mut whole, mut tiled) = (new().with_entropy(0.01).unwrap(), new().with_entropy(0.01).unwrap());
        assert!(whole.needs().entropy && !new().needs().entropy);
        assert_eq!(whole.coupling(), Coupling::Token);
        let (g, gh, loss) = run(&mut whole, &[(0, 3)]);
        let (g2, gh2, loss2) = run(&mut tiled, &[(0, 1), (1, 3)]);
        assert_eq!((g, gh), (g2, gh2));
        assert!((loss - loss2).abs() < 1e-12);
        assert_eq!((whole.stats.tokens, whole.stats.entropy, tiled.stats.tokens), (3, 6.0, 3));
        assert_eq!(gh, [-0.0025, -0.0025, -0.005]);
    }

    #[test]
    fn a_sequence_pulls_as_one() {
        let mut o = PolicyGradient::new(COLUMNS, Surrogate::SequenceMean(CLIP)).unwrap();
        assert_eq!(o.coupling(), Coupling::Sequence);
        // The first sequence's log-ratios, 0.1 and −0.1, cancel.
        let (g, _, loss) = run(&mut o, &[(0, 3)]);
        assert!(g.iter().zip([-0.25, -0.25, 0.5]).all(|(g, want)| (g - want).abs() < 1e-6));
        assert!(loss.abs() < 1e-6 && o.stats.ratios.tokens == 2);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut o = PolicyGradient::new(COLUMNS, Surrogate::LogProb).unwrap();
        let beyond = o.tokens(&[5], &[-1.0], &[], &mut [0.0], &mut []);
        assert_eq!(beyond, Err(Error::Shape { name: "old", want: 6, got: 5 }));
        let nan = o.tokens(&[3], &[-1.0], &[], &mut [0.0], &mut []);
        assert_eq!(nan, Err(Error::NotFinite { name: "policy loss", index: 3 }));
        let mut bonus = o.with_entropy(0.1).unwrap();
        let without = bonus.tokens(&[1], &[-1.0], &[], &mut [0.0], &mut []);
        assert_eq!(without, Err(Error::Shape { name: "entropy", want: 1, got: 0 }));
        assert!(o.with_entropy(f64::NAN).is_err());
        let kl = KlTerm { beta: f64::NAN, estimator: KlEstimator::K3 };
        assert!(o.with_kl(kl).is_err());
        let wrong = PolicyClip { low: 2.0, ..CLIP };
        assert!(PolicyGradient::new(COLUMNS, Surrogate::Detached(wrong)).is_err());
    }
}

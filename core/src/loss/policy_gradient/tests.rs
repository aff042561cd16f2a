use super::*;
use crate::advantage::{KlEstimator, broadcast};
use crate::loss::{Normalization, PolicyClip};
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const CLIP: PolicyClip = PolicyClip { high: 0.28, ..PolicyClip::symmetric(0.2) };
const SEQUENCES: [Surrogate; 2] = [Surrogate::SequenceMean(CLIP), Surrogate::SequenceProduct(CLIP)];
const GRPO: KlTerm = KlTerm { beta: 0.04, estimator: KlEstimator::K3 };

/// (log-probability, log-ratio to the old policy, log-ratio to the reference) of each token.
type Response = Vec<(f64, f64, f64)>;

fn responses(longest: usize) -> impl Strategy<Value = Vec<(f64, Response)>> {
    let token = (-4.0..0.0, -0.6..0.6, -1.0..1.0);
    prop::collection::vec((-2.0..2.0, prop::collection::vec(token, 1..=longest)), 1..5)
}

/// Responses as a batch: each behind a prompt token that is not in the loss mask and holds NaN.
struct Laid {
    ends: Vec<usize>,
    positions: Vec<usize>,
    log_probs: Vec<f64>,
    old: Vec<f64>,
    reference: Vec<f64>,
    advantages: Vec<f64>,
    weights: Vec<f64>,
}

fn lay(responses: &[(f64, Response)], normalization: Normalization, denominator: f64) -> Laid {
    let nan = f64::NAN;
    let (mut ends, mut loss_mask) = (vec![], vec![]);
    let (mut log_probs, mut old, mut reference) = (vec![], vec![], vec![]);
    for (_, response) in responses {
        loss_mask.push(false);
        old.push(nan);
        reference.push(nan);
        for (log_prob, to_old, to_reference) in response {
            loss_mask.push(true);
            log_probs.push(*log_prob);
            old.push(log_prob - to_old);
            reference.push(log_prob - to_reference);
        }
        ends.push(loss_mask.len());
    }
    let (mut advantages, mut weights) = (vec![nan; loss_mask.len()], vec![nan; loss_mask.len()]);
    let each: Vec<f64> = responses.iter().map(|r| r.0).collect();
    broadcast(&each, &ends, &loss_mask, &mut advantages).unwrap();
    normalization.weights(&ends, &loss_mask, denominator, &mut weights).unwrap();
    let positions = (0..loss_mask.len()).filter(|&t| loss_mask[t]).collect();
    Laid { ends, positions, log_probs, old, reference, advantages, weights }
}

impl Laid {
    fn columns(&self) -> PolicyColumns<'_, f64> {
        PolicyColumns {
            ends: &self.ends,
            old: &self.old,
            reference: &self.reference,
            advantages: &self.advantages,
            weights: &self.weights,
        }
    }

    fn run(&self, surrogate: Surrogate, kl: Option<KlTerm>) -> (f64, Vec<f64>, OnPolicyStats) {
        let mut grad = vec![f64::NAN; self.positions.len()];
        let columns = self.columns();
        let (loss, stats) =
            policy_gradient(&self.positions, &self.log_probs, &columns, &surrogate, kl.as_ref(), &mut grad)
                .unwrap();
        (loss, grad, stats)
    }
}

/// The mean over responses of GRPO's or GSPO's loss, as the papers write it.
fn naive(surrogate: Surrogate, responses: &[(f64, Response)], log_probs: &[f64], laid: &Laid) -> f64 {
    let pessimist = |rho: f64, a: f64| -(rho * a).min(rho.clamp(1.0 - CLIP.low, 1.0 + CLIP.high) * a);
    let (mut total, mut start) = (0.0, 0);
    for (a, response) in responses {
        let n = response.len();
        let span = start..start + n;
        start += n;
        let at = |t: usize| laid.positions[t];
        let ratios: Vec<f64> = span.clone().map(|t| (log_probs[t] - laid.old[at(t)]).exp()).collect();
        let product: f64 = ratios.iter().product();
        total += match surrogate {
            Surrogate::SequenceMean(_) => pessimist(product.powf(1.0 / n as f64), *a),
            Surrogate::SequenceProduct(_) => pessimist(product, *a),
            _ => ratios.iter().map(|&r| pessimist(r, *a)).sum::<f64>() / n as f64,
        };
        let k3 = |t: usize| {
            let d = laid.reference[at(t)] - log_probs[t];
            d.exp() - d - 1.0
        };
        total += GRPO.beta * span.map(k3).sum::<f64>() / n as f64;
    }
    total / responses.len() as f64
}

/// Returns whether a ratio lies so near an edge of the clip that central differences straddle it.
fn on_an_edge(stats: &OnPolicyStats, laid: &Laid) -> bool {
    let near = |rho: f64| [0.8, 1.28].iter().any(|edge| (rho - edge).abs() < 1e-3);
    let mut ratios = laid.positions.iter().zip(&laid.log_probs).map(|(&p, l)| (l - laid.old[p]).exp());
    ratios.any(near) || near(stats.ratios.ratio_min) || near(stats.ratios.ratio_max)
}

proptest! {
    #[test]
    fn equals_the_oracle_and_its_slope(responses in responses(5)) {
        let laid = lay(&responses, Normalization::Response, responses.len() as f64);
        for surrogate in [Surrogate::Clipped(CLIP), SEQUENCES[0], SEQUENCES[1]] {
            let (loss, grad, stats) = laid.run(surrogate, Some(GRPO));
            let oracle = |x: &[f64]| naive(surrogate, &responses, x, &laid);
            close(loss, oracle(&laid.log_probs), 1e-12);
            // Of three or more sequences a middle ratio may be on an edge; the ends are looked at.
            prop_assume!(!on_an_edge(&stats, &laid));
            if responses.len() < 3 || !surrogate.by_sequence() {
                slope(&laid.log_probs, &grad, oracle);
            }
            prop_assert_eq!(stats.tokens, laid.positions.len());
        }
    }

    /// Any split between sequences gives the same gradient, to the bit, and stats that merge.
    #[test]
    fn a_split_changes_nothing(responses in responses(5), at in 0usize..5) {
        let at = at.min(responses.len());
        let tokens = |part: &[(f64, Response)]| part.iter().map(|r| r.1.len()).sum::<usize>();
        for normalization in [Normalization::Token, Normalization::Response, Normalization::Constant { length: 4 }] {
            let n = normalization.denominator(responses.len(), tokens(&responses));
            let run = |part: &[(f64, Response)], s| lay(part, normalization, n).run(s, Some(GRPO));
            for surrogate in [Surrogate::Clipped(CLIP), Surrogate::Detached(CLIP), SEQUENCES[0], SEQUENCES[1]] {
                let (loss, grad, stats) = run(&responses, surrogate);
                let (a, first, mut merged) = run(&responses[..at], surrogate);
                let (b, second, other) = run(&responses[at..], surrogate);
                merged.merge(&other);
                prop_assert_eq!(grad, [first, second].concat());
                close(a + b, loss, 1e-13);
                close(merged.mean_kl(), stats.mean_kl(), 1e-13);
                prop_assert_eq!(
                    (merged.tokens, merged.clipped_low, merged.ratios.clipped, merged.ratios.tokens),
                    (stats.tokens, stats.clipped_low, stats.ratios.clipped, stats.ratios.tokens)
                );
            }
        }
    }

    /// The order of the responses moves their gradients along, and the loss not at all.
    #[test]
    fn order_does_not_matter(responses in responses(4)) {
        let turned: Vec<_> = responses.iter().rev().cloned().collect();
        for surrogate in [Surrogate::Clipped(CLIP), SEQUENCES[0]] {
            let (loss, grad, _) = lay(&responses, Normalization::Response, 3.0).run(surrogate, None);
            let (other, turned, _) = lay(&turned, Normalization::Response, 3.0).run(surrogate, None);
            close(loss, other, 1e-13);
            let mut rest = &turned[..];
            let mut back = Vec::new();
            for (_, response) in responses.iter().rev() {
                let (first, after) = rest.split_at(response.len());
                back.insert(0, first);
                rest = after;
            }
            prop_assert_eq!(grad, back.concat());
        }
    }

    #[test]
    fn one_token_sequences_make_sequence_and_token_ratios_equal(responses in responses(1)) {
        let laid = lay(&responses, Normalization::Response, 2.0);
        let (loss, grad, stats) = laid.run(Surrogate::Clipped(CLIP), Some(GRPO));
        for surrogate in SEQUENCES {
            let (by_sequence, pulls, sequence_stats) = laid.run(surrogate, Some(GRPO));
            close(by_sequence, loss, 1e-13);
            for (a, b) in pulls.iter().zip(&grad) {
                close(*a, *b, 1e-12);
            }
            prop_assert_eq!(sequence_stats.ratios.clipped, stats.ratios.clipped);
        }
    }

    /// On the first step all ratios are 1, and every surrogate but the product's, which counts a
    /// response and not its tokens, has the gradient of REINFORCE.
    #[test]
    fn on_policy_every_surrogate_is_the_policy_gradient(responses in responses(4)) {
        let mut laid = lay(&responses, Normalization::Response, 3.0);
        for (&p, l) in laid.positions.iter().zip(&laid.log_probs) {
            laid.old[p] = *l;
        }
        let (_, want, _) = laid.run(Surrogate::LogProb, None);
        for s in [Surrogate::Clipped(CLIP), Surrogate::Detached(CLIP), SEQUENCES[0]] {
            let (_, grad, stats) = laid.run(s, None);
            prop_assert_eq!((stats.ratios.ratio_min, stats.ratios.ratio_max), (1.0, 1.0));
            for (a, b) in grad.iter().zip(&want) {
                close(*a, *b, 1e-13);
            }
        }
        let product = laid.run(SEQUENCES[1], None).1;
        let lengths = responses.iter().flat_map(|(_, r)| vec![r.len() as f64; r.len()]);
        for ((a, b), n) in product.iter().zip(&want).zip(lengths) {
            close(*a, b * n, 1e-13);
        }
    }

    /// A detached weight on the loss is a weight on the advantage.
    #[test]
    fn a_weighted_advantage_is_a_weighted_loss(responses in responses(4), w in 0.0..3.0) {
        let laid = lay(&responses, Normalization::Token, 2.0);
        let heavy: Vec<_> = responses.iter().map(|(a, r)| (a * w, r.clone())).collect();
        let heavy = lay(&heavy, Normalization::Token, 2.0);
        for s in [Surrogate::LogProb, Surrogate::Clipped(CLIP), Surrogate::Detached(CLIP), SEQUENCES[0]] {
            let ((loss, grad, _), (other, pulls, _)) = (laid.run(s, None), heavy.run(s, None));
            close(other, w * loss, 1e-12);
            for (a, b) in pulls.iter().zip(&grad) {
                close(*a, w * b, 1e-12);
            }
        }
    }
}

#[test]
fn the_kl_term_stands_alone() {
    // Without an advantage only the KL pulls, with its estimator's slope.
    let laid = lay(&[(0.0, vec![(-1.0, 0.1, 0.5), (-2.0, 0.0, -0.5)])], Normalization::Token, 2.0);
    for estimator in [KlEstimator::K1, KlEstimator::K2, KlEstimator::K3] {
        let (loss, grad, stats) = laid.run(Surrogate::Clipped(CLIP), Some(KlTerm { beta: 0.1, estimator }));
        let each = [0.5, -0.5].map(|d| estimator.estimate(d, 0.0));
        close(stats.mean_kl(), (each[0] + each[1]) / 2.0, 1e-13);
        close(loss, 0.1 * stats.mean_kl(), 1e-13);
        close(grad[0], 0.05 * estimator.slope(0.5, 0.0), 1e-13);
        close(grad[1], 0.05 * estimator.slope(-0.5, 0.0), 1e-13);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let laid = lay(&[(1.0, vec![(-1.0, 0.0, 0.0); 3])], Normalization::Token, 3.0);
    let good = laid.columns();
    let run = |positions: &[usize], columns, surrogate, kl: Option<KlTerm>| {
        let log_probs = &[-1.0, -1.0, 800.0][..positions.len()];
        let grad = &mut [0.0; 3][..positions.len()];
        policy_gradient(positions, log_probs, &columns, &surrogate, kl.as_ref(), grad)
    };
    let clipped = Surrogate::Clipped(CLIP);
    let short = PolicyColumns { weights: &laid.weights[..2], ..good };
    assert_eq!(run(&[2], short, clipped, None), Err(Error::Shape { name: "weights", want: 3, got: 2 }));
    let unasked = PolicyColumns { reference: &[], ends: &[], ..good };
    assert!(run(&[1], unasked, clipped, None).is_ok());
    let missing = Err(Error::Shape { name: "reference", want: 2, got: 0 });
    assert_eq!(run(&[1], unasked, clipped, Some(GRPO)), missing);
    assert_eq!(run(&[1], unasked, SEQUENCES[0], None), Err(Error::Ends { sequence: 0 }));
    // Position 9 lies in no sequence.
    assert_eq!(
        run(&[1, 9], good, SEQUENCES[0], None),
        Err(Error::Shape { name: "positions", want: 2, got: 1 })
    );
    let negative = KlTerm { beta: -1.0, ..GRPO };
    assert!(matches!(run(&[1], good, clipped, Some(negative)), Err(Error::Range { name: "beta", .. })));
    let mut advantages = laid.advantages.clone();
    advantages[3] = -1.0;
    let drifted = PolicyColumns { advantages: &advantages, ..good };
    let infinite = Err(Error::NotFinite { name: "policy loss", index: 3 });
    assert_eq!(run(&[1, 2, 3], drifted, clipped, None), infinite);
}

const SYMMETRIC: PolicyClip = PolicyClip::symmetric(0.2);
const COLUMNS: PolicyColumns<'static, f32> = PolicyColumns {
    ends: &[3, 5],
    old: &[f32::NAN, -1.0, -2.0, f32::NAN, -0.5],
    reference: &[f32::NAN, -1.5, -2.0, f32::NAN, -0.25],
    advantages: &[f32::NAN, 1.0, 1.0, f32::NAN, -1.0],
    weights: &[f32::NAN, 0.25, 0.25, f32::NAN, 0.5],
};
const NEW: [f32; 3] = [-0.9, -2.1, -0.5];

fn through_the_objective(o: &mut PolicyGradient, tiles: &[(usize, usize)]) -> ([f32; 3], [f32; 3], f64) {
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
fn tiles_add_up_and_only_loss_tokens_are_read() {
    let kl = KlTerm { beta: 0.1, estimator: KlEstimator::K3 };
    let new = || PolicyGradient::new(COLUMNS, Surrogate::Clipped(SYMMETRIC)).unwrap().with_kl(kl).unwrap();
    let (mut whole, mut tiled) = (new().with_entropy(0.01).unwrap(), new().with_entropy(0.01).unwrap());
    assert!(whole.needs().entropy && !new().needs().entropy);
    assert_eq!(whole.coupling(), Coupling::Token);
    let (g, gh, loss) = through_the_objective(&mut whole, &[(0, 3)]);
    let (g2, gh2, loss2) = through_the_objective(&mut tiled, &[(0, 1), (1, 3)]);
    assert_eq!((g, gh), (g2, gh2));
    assert!((loss - loss2).abs() < 1e-12);
    assert_eq!((whole.stats.tokens, whole.stats.entropy, tiled.stats.tokens), (3, 6.0, 3));
    assert_eq!(gh, [-0.0025, -0.0025, -0.005]);
}

#[test]
fn a_sequence_pulls_as_one() {
    let mut o = PolicyGradient::new(COLUMNS, Surrogate::SequenceMean(SYMMETRIC)).unwrap();
    assert_eq!(o.coupling(), Coupling::Sequence);
    // The first sequence's log-ratios, 0.1 and −0.1, cancel.
    let (g, _, loss) = through_the_objective(&mut o, &[(0, 3)]);
    assert!(g.iter().zip([-0.25, -0.25, 0.5]).all(|(g, want)| (g - want).abs() < 1e-6));
    assert!(loss.abs() < 1e-6 && o.stats.ratios.tokens == 2);
}

#[test]
fn the_objective_names_what_does_not_fit() {
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
    let wrong = PolicyClip { low: 2.0, ..SYMMETRIC };
    assert!(PolicyGradient::new(COLUMNS, Surrogate::Detached(wrong)).is_err());
}

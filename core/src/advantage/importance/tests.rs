use super::*;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const LEVELS: [ImportanceLevel; 3] =
    [ImportanceLevel::Token, ImportanceLevel::Sequence, ImportanceLevel::SequenceMean];
const TIS: ImportanceLimit = ImportanceLimit::Truncate { high: 2.0 };
const MIS: ImportanceLimit = ImportanceLimit::Mask { low: 0.5, high: 2.0 };

proptest! {
    #[test]
    fn equals_its_definition(
        x in prop::collection::vec((-4.0..0.0f64, -1.0..1.0f64, any::<bool>()), 2..12), cut in 1usize..11,
    ) {
        let n = x.len();
        let trainer: Vec<f64> = x.iter().map(|t| t.0).collect();
        let sampler: Vec<f64> = x.iter().map(|t| t.0 - t.1).collect();
        let loss_mask: Vec<bool> = x.iter().map(|t| t.2).collect();
        let ends = [cut.min(n - 1), n];
        for level in LEVELS {
            for limit in [TIS, MIS] {
                let mut out = vec![f64::NAN; n];
                let correction = ImportanceCorrection { level, limit };
                let stats = correction.weights(&trainer, &sampler, &ends, &loss_mask, &mut out).unwrap();
                for t in 0..n {
                    let span = if t < ends[0] { 0..ends[0] } else { ends[0]..n };
                    let mine: Vec<f64> = span.filter(|&s| loss_mask[s]).map(|s| x[s].1.exp()).collect();
                    let product: f64 = mine.iter().product();
                    let rho = match level {
                        ImportanceLevel::Token => x[t].1.exp(),
                        ImportanceLevel::Sequence => product,
                        ImportanceLevel::SequenceMean => product.powf(1.0 / mine.len().max(1) as f64),
                    };
                    prop_assume!((rho - 0.5).abs() > 1e-9 && (rho - 2.0).abs() > 1e-9);
                    let kept = if limit == TIS { rho.min(2.0) } else if (0.5..=2.0).contains(&rho) { rho } else { 0.0 };
                    close(out[t], if loss_mask[t] { kept } else { 0.0 }, 1e-12);
                }
                close(stats.weight, out.iter().sum(), 1e-12);
                prop_assert_eq!(stats.tokens, loss_mask.iter().filter(|o| **o).count());
                prop_assert!(stats.effective_tokens() <= stats.tokens as f64 + 1e-9);
            }
        }
    }

    #[test]
    fn equal_log_probabilities_weigh_one(x in prop::collection::vec(-9.0f32..0.0, 1..12)) {
        let loss_mask = vec![true; x.len()];
        for level in LEVELS {
            for limit in [TIS, MIS] {
                let mut out = vec![f32::NAN; x.len()];
                let correction = ImportanceCorrection { level, limit };
                let stats = correction.weights(&x, &x, &[x.len()], &loss_mask, &mut out).unwrap();
                prop_assert!(out.iter().all(|&w| w == 1.0));
                prop_assert_eq!((stats.mean(), stats.limited), (1.0, 0));
                prop_assert_eq!(stats.effective_tokens(), x.len() as f64);
            }
        }
    }

    /// The mean weight over the sampler's own distribution is 1: what makes it a correction.
    #[test]
    fn untruncated_weights_average_to_one(z in prop::collection::vec((0.01..1.0, 0.01..1.0), 2..9)) {
        let total = |f: fn(&(f64, f64)) -> f64| z.iter().map(f).sum::<f64>();
        let (p, q) = (total(|x| x.0), total(|x| x.1));
        let trainer: Vec<f64> = z.iter().map(|x| (x.0 / p).ln()).collect();
        let sampler: Vec<f64> = z.iter().map(|x| (x.1 / q).ln()).collect();
        let free = ImportanceCorrection {
            level: ImportanceLevel::Token,
            limit: ImportanceLimit::Truncate { high: f64::MAX },
        };
        let mut out = vec![f64::NAN; z.len()];
        free.weights(&trainer, &sampler, &[z.len()], &vec![true; z.len()], &mut out).unwrap();
        close(out.iter().zip(&sampler).map(|(w, q)| w * q.exp()).sum(), 1.0, 1e-12);
    }
}

#[test]
fn huge_ratios_are_limited_and_bad_input_is_named() {
    let run = |limit, trainer: [f32; 2]| {
        let mut out = [f32::NAN; 2];
        let correction = ImportanceCorrection { level: ImportanceLevel::Sequence, limit };
        correction.weights(&trainer, &[-900.0; 2], &[2], &[true; 2], &mut out).map(|s| (out, s.limited))
    };
    assert_eq!(run(TIS, [0.0; 2]), Ok(([2.0; 2], 2)));
    assert_eq!(run(MIS, [0.0; 2]), Ok(([0.0; 2], 2)));
    let infinite = [0.0, f32::NEG_INFINITY];
    assert_eq!(run(TIS, infinite), Err(Error::NotFinite { name: "trainer", index: 1 }));
    assert!(run(ImportanceLimit::Mask { low: 2.0, high: 1.0 }, [0.0; 2]).is_err());
    assert!(run(ImportanceLimit::Truncate { high: f64::NAN }, [0.0; 2]).is_err());
}

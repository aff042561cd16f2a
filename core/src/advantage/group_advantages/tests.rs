use super::*;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const BASELINES: [Baseline; 5] = [
    Baseline::None,
    Baseline::Moving { decay: 0.9 },
    Baseline::Greedy,
    Baseline::GroupMean,
    Baseline::LeaveOneOut,
];
const SCALES: [Scale; 4] = [Scale::None, Scale::Group, Scale::BatchRewards, Scale::BatchAdvantages];

fn groups() -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop::collection::vec(prop::collection::vec(-3.0..3.0, 2..7), 1..5)
}

fn flat(groups: &[Vec<f64>]) -> (Vec<f64>, Vec<usize>) {
    let ends = groups.iter().scan(0, |end, g| {
        *end += g.len();
        Some(*end)
    });
    (groups.concat(), ends.collect())
}

fn given(baseline: Baseline, groups: usize) -> Vec<f64> {
    let outside = matches!(baseline, Baseline::Moving { .. } | Baseline::Greedy);
    (0..groups).filter(|_| outside).map(|g| 0.3 * g as f64 - 0.5).collect()
}

fn run(settings: GroupAdvantages, groups: &[Vec<f64>]) -> Vec<f64> {
    let (rewards, ends) = flat(groups);
    let mut out = vec![f64::NAN; rewards.len()];
    settings.advantages(&rewards, &ends, &given(settings.baseline, groups.len()), &mut out).unwrap();
    out
}

fn naive_deviation(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}

fn naive(settings: GroupAdvantages, groups: &[Vec<f64>]) -> Vec<f64> {
    let given = given(settings.baseline, groups.len());
    let (rewards, _) = flat(groups);
    let mut out = Vec::new();
    for (g, group) in groups.iter().enumerate() {
        for (i, r) in group.iter().enumerate() {
            let others = group.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, r)| r);
            let b = match settings.baseline {
                Baseline::None => 0.0,
                Baseline::Moving { .. } | Baseline::Greedy => given[g],
                Baseline::GroupMean => group.iter().sum::<f64>() / group.len() as f64,
                Baseline::LeaveOneOut => others.sum::<f64>() / (group.len() - 1) as f64,
            };
            let sigma = match settings.scale {
                Scale::Group => naive_deviation(group),
                Scale::BatchRewards => naive_deviation(&rewards),
                _ => 1.0 - settings.epsilon,
            };
            out.push((r - b) / (sigma + settings.epsilon));
        }
    }
    if settings.scale == Scale::BatchAdvantages {
        let (mean, sigma) = (out.iter().sum::<f64>() / out.len() as f64, naive_deviation(&out));
        out.iter_mut().for_each(|a| *a = (*a - mean) / (sigma + settings.epsilon));
    }
    out
}

proptest! {
    #[test]
    fn equals_the_oracle(groups in groups(), epsilon in 0.0..0.1) {
        for baseline in BASELINES {
            for scale in SCALES {
                let settings = GroupAdvantages { baseline, scale, epsilon };
                for (got, want) in run(settings, &groups).iter().zip(naive(settings, &groups)) {
                    close(*got, want, 1e-9);
                }
            }
        }
    }

    /// Groups apart give the groups together, where the scale is not the batch's.
    #[test]
    fn groups_stand_alone(groups in groups()) {
        for baseline in [Baseline::None, Baseline::GroupMean, Baseline::LeaveOneOut] {
            for scale in [Scale::None, Scale::Group] {
                let settings = GroupAdvantages { baseline, scale, epsilon: 1e-4 };
                let apart = groups.chunks(1).flat_map(|g| run(settings, g)).collect::<Vec<_>>();
                prop_assert_eq!(run(settings, &groups), apart);
            }
        }
    }

    /// The order of the responses within a group moves nothing but rounding.
    #[test]
    fn order_does_not_matter(group in prop::collection::vec(-3.0..3.0, 2..9)) {
        let backwards: Vec<f64> = group.iter().rev().copied().collect();
        for baseline in [Baseline::GroupMean, Baseline::LeaveOneOut] {
            let settings = GroupAdvantages { baseline, ..GroupAdvantages::default() };
            let turned = run(settings, core::slice::from_ref(&backwards));
            for (a, b) in run(settings, core::slice::from_ref(&group)).iter().zip(turned.iter().rev()) {
                close(*a, *b, 1e-9);
            }
        }
    }

    #[test]
    fn leaving_one_out_is_the_mean_baseline_stretched(group in prop::collection::vec(-3.0..3.0, 2..9)) {
        let settings = |baseline| GroupAdvantages { baseline, scale: Scale::None, epsilon: 0.0 };
        let k = group.len() as f64;
        let all = [group];
        let mean = run(settings(Baseline::GroupMean), &all);
        for (rloo, mean) in run(settings(Baseline::LeaveOneOut), &all).iter().zip(mean) {
            close(*rloo, mean * k / (k - 1.0), 1e-12);
        }
    }

    /// Adding a constant to a prompt's rewards changes no advantage; a factor goes with the deviation.
    #[test]
    fn group_advantages_know_neither_origin_nor_unit(
        group in prop::collection::vec(-3.0..3.0, 2..9), shift in -5.0..5.0, factor in 0.1..9.0,
    ) {
        prop_assume!(naive_deviation(&group) > 1e-3);
        let settings = GroupAdvantages { epsilon: 0.0, ..GroupAdvantages::default() };
        let moved: Vec<f64> = group.iter().map(|r| r * factor + shift).collect();
        for (a, b) in run(settings, &[group]).iter().zip(run(settings, &[moved])) {
            close(*a, b, 1e-9);
        }
    }
}

#[test]
fn equal_rewards_carry_no_signal_to_the_bit() {
    // 0.1 + 0.1 + 0.1 is not 3 · 0.1.
    let (rewards, ends) = ([0.1, 0.1, 0.1, 1.0, 0.0, 1.0], [3, 6]);
    let mut keep = [true; 2];
    assert_eq!(informative(&rewards, &ends, &mut keep), Ok(1));
    assert_eq!(keep, [false, true]);
    let settings = |baseline, scale, epsilon| GroupAdvantages { baseline, scale, epsilon };
    for baseline in [Baseline::GroupMean, Baseline::LeaveOneOut] {
        for scale in SCALES {
            let mut out = [f64::NAN; 6];
            settings(baseline, scale, 1e-4).advantages(&rewards, &ends, &[], &mut out).unwrap();
            assert_eq!(out[..3] == [0.0; 3], scale != Scale::BatchAdvantages || out[0] == 0.0);
            assert!(out[3] > 0.0 && out[4] < 0.0);
        }
    }
    // Without ε nothing is divided by 0.
    let mut out = [f64::NAN; 3];
    settings(Baseline::None, Scale::Group, 0.0).advantages(&[2.0; 3], &[3], &[], &mut out).unwrap();
    assert_eq!(out, [0.0; 3]);
}

#[test]
fn what_has_no_advantage_is_refused() {
    let mut out = [0.0; 3];
    let few = Err(Error::TooFew { name: "group", need: 2, got: 1 });
    for (baseline, scale) in [
        (Baseline::GroupMean, Scale::None),
        (Baseline::LeaveOneOut, Scale::None),
        (Baseline::None, Scale::Group),
    ] {
        let settings = GroupAdvantages { baseline, scale, epsilon: 0.0 };
        assert_eq!(settings.advantages(&[1.0, 2.0, 3.0], &[2, 3], &[], &mut out), few);
    }
    let alone = GroupAdvantages { baseline: Baseline::None, scale: Scale::BatchRewards, epsilon: 0.0 };
    assert!(matches!(alone.advantages(&[1.0], &[1], &[], &mut out[..1]), Err(Error::TooFew { .. })));
    let grpo = GroupAdvantages::default();
    let nan = grpo.advantages(&[1.0, f64::NAN, 0.0], &[3], &[], &mut out);
    assert_eq!(nan, Err(Error::NotFinite { name: "rewards", index: 1 }));
    let unasked = grpo.advantages(&[1.0, 2.0, 0.0], &[3], &[1.0], &mut out);
    assert_eq!(unasked, Err(Error::Shape { name: "given", want: 0, got: 1 }));
    let greedy = GroupAdvantages { baseline: Baseline::Greedy, ..alone };
    assert!(greedy.advantages(&[1.0, 2.0, 0.0], &[3], &[], &mut out).is_err());
    assert_eq!(grpo.advantages(&[1.0; 3], &[2], &[], &mut out), Err(Error::Ends { sequence: 0 }));
    assert!(GroupAdvantages { epsilon: -1.0, ..grpo }.validate().is_err());
    assert!(informative(&[f64::NAN, 1.0], &[2], &mut [false]).is_err());
}

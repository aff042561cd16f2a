use super::*;
use crate::advantage::{Shaping, gae};
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;

proptest! {
    #[test]
    fn equals_its_definition_and_gae_without_a_critic(
        r in prop::collection::vec(-2.0..2.0, 1..12), gamma in 0.0..1.0,
    ) {
        let n = r.len();
        let (mut out, mut by_gae) = (vec![f64::NAN; n], vec![f64::NAN; n]);
        reward_to_go(&r, gamma, &mut out).unwrap();
        gae(&r, &vec![gamma; n], &vec![0.0; n + 1], 1.0, &mut by_gae).unwrap();
        for t in 0..n {
            let naive = (t..n).map(|s| gamma.powi((s - t) as i32) * r[s]).sum();
            close(out[t], naive, 1e-12);
            close(out[t], by_gae[t], 1e-12);
        }
    }

    /// REINFORCE++: without discount the KL yet to come is what tokens of one response differ by.
    #[test]
    fn with_a_token_level_kl_it_is_the_score_less_the_kl_to_come(
        kl in prop::collection::vec(-1.0..1.0, 1..12), score in -3.0..3.0, beta in 0.0..0.5,
    ) {
        let shaping = Shaping::PLAIN;
        let (mut rewards, mut out) = (vec![f64::NAN; kl.len()], vec![f64::NAN; kl.len()]);
        shaping.rewards(&kl, beta, score, &mut rewards).unwrap();
        reward_to_go(&rewards, 1.0, &mut out).unwrap();
        for t in 0..kl.len() {
            close(out[t], score - beta * kl[t..].iter().sum::<f64>(), 1e-12);
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    assert!(matches!(reward_to_go(&[1.0], 1.5, &mut [0.0]), Err(Error::Range { name: "gamma", .. })));
    let short = reward_to_go(&[1.0], 1.0, &mut []);
    assert_eq!(short, Err(Error::Shape { name: "out", want: 1, got: 0 }));
}

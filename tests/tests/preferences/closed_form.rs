//! DPO's optimum is known: the reference, reweighed by e^(r/β) (Rafailov et al., arXiv:2305.18290, eq. 4).

use rlhf::train::profile::{Optimizer, PreferenceTraining, WarmUpLength};
use rlhf::train::{Pairs, now, preferences};
use rlhf_core::optim::Shape;
use rlhf_core::random::{Key, Stream};
use rlhf_core::testing::Table;

const TOKENS: u32 = 6;

/// After a prompt of one token comes one token, whose reward depends on both.
fn reward(prompt: u32, response: u32) -> f64 {
    Key::new(2, Stream::Data, 0).normal(prompt, response)
}

fn table(scale: f64) -> Table {
    let key = Key::new(1, Stream::Init, 0);
    Table::with_weights(
        (0..TOKENS * TOKENS).map(|i| (scale * key.normal(0, i)) as f32).collect(),
        TOKENS as usize,
    )
}

/// Pairs of responses, any two alike likely, that people label by Bradley–Terry.
fn labeled(count: u32) -> Pairs {
    let (draw, label) = (Key::new(3, Stream::Data, 1), Key::new(3, Stream::Labels, 0));
    let mut out = Pairs::default();
    for i in 0..count {
        let token = |position| (draw.uniform(i, position) * f64::from(TOKENS)) as u32;
        let (prompt, a, b) = (token(0), token(1), token(2));
        if a != b {
            let wins = 1.0 / (1.0 + (reward(prompt, b) - reward(prompt, a)).exp());
            let (chosen, rejected) = if label.uniform(i, 0) < wins { (a, b) } else { (b, a) };
            out.push(&[prompt], &[chosen], &[rejected]).unwrap();
        }
    }
    out
}

#[test]
fn dpo_reaches_the_optimum_of_the_reward_under_kl() {
    let dpo = PreferenceTraining::by_name("dpo").unwrap();
    let mut settings = dpo;
    (settings.passes.epochs, settings.passes.batch) = (12, 2000);
    settings.objective.beta = 0.5;
    settings.passes.optimizer = Optimizer {
        learning_rate: 0.2,
        warm_up: WarmUpLength::Steps(0),
        shape: Shape::Linear,
        ..dpo.passes.optimizer
    };
    let (mut policy, reference) = (table(0.5), table(0.5));
    let distance = |policy: &Table| {
        let mut worst: f64 = 0.0;
        for prompt in 0..TOKENS {
            let base = reference.probabilities(prompt);
            let unnormalized: Vec<f64> =
                (0..TOKENS).map(|y| base[y as usize] * (reward(prompt, y) / 0.5).exp()).collect();
            let z: f64 = unnormalized.iter().sum();
            let now = policy.probabilities(prompt);
            let off = now.iter().zip(&unnormalized).map(|(p, u)| (p - u / z).abs());
            // Total variation: the most by which the probability of any event is off.
            worst = worst.max(0.5 * off.sum::<f64>());
        }
        worst
    };
    let before = distance(&policy);
    let pairs = labeled(48_000);
    now(preferences(&mut policy, &mut table(0.5), &pairs, &settings, 1, &mut |_, _| {})).unwrap();
    let after = distance(&policy);
    println!("total variation, the worst of six prompts: {before:.3}, then {after:.3}");
    assert!(before > 0.4 && after < 0.05, "{before} {after}");
}

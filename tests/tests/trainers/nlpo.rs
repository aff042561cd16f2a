use crate::trainers::world::{ANSWERS, CONTEXT, SFT, STOPPING, coin, glad, gladness, prompts};
use rlhf::train::profile::{self, Profile};
use rlhf::train::{IterationReport, Models, Nlpo, TopPMaskedPolicy, now};
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::optim::Follow;
use rlhf_core::roles::Reference;
use rlhf_core::{Batch, ready};
use rlhf_cpu::Model;

fn ppo() -> profile::Ppo {
    let mut ppo = Profile::instructgpt().ppo;
    (ppo.minibatches, ppo.average, ppo.pretraining) = (2, None, None);
    (ppo.policy.learning_rate, ppo.critic.learning_rate) = (2e-3, 2e-3);
    ppo
}

fn run(every: u32, iterations: u64) -> Nlpo {
    let settings = profile::Nlpo { follow: Follow::Every { iterations: every }, ..profile::Nlpo::default() };
    Nlpo::new(settings, ppo(), CONTEXT, iterations, 1).unwrap()
}

/// Policy, mask and critic.
type Networks = [Model; 3];

fn networks() -> Networks {
    [SFT.clone(), SFT.clone(), SFT.with_scalar_head(0.0, 1).unwrap()]
}

fn step(run: &mut Nlpo, networks: &mut Networks, mut reward: impl FnMut(&[u32]) -> f32) -> IterationReport {
    let [policy, mask, critic] = networks;
    let prompts = prompts(64);
    let mut models =
        Models::new(policy).with_reference(SFT.clone()).with_critic(critic).with_reward(&mut reward);
    models.others.push(mask);
    now(run.iterate(&mut models, prompts.sequences().unwrap(), &STOPPING)).unwrap()
}

fn said(seen: &IterationReport) -> Vec<String> {
    let tokens = seen.rollouts.sequences().tokens();
    let text = |i| Bytes.decode(&tokens[seen.rollouts.response_span(i)]);
    (0..seen.rollouts.len()).map(text).collect()
}

#[test]
fn it_learns_what_is_wanted_within_what_the_mask_considers() {
    let mut all = networks();
    let mut run = run(5, 25);
    for iteration in 1..=25 {
        let seen = step(&mut run, &mut all, glad);
        // Until it first catches up the mask is the supervised model, which knows nothing else.
        let known = |said: &String| ANSWERS.contains(&said.as_str());
        assert!(iteration > 5 || said(&seen).iter().all(known), "{:?}", said(&seen));
        let caught_up = all[0].weights() == all[1].weights();
        assert_eq!(caught_up, iteration % 5 == 0, "{iteration}");
    }
    let (before, after) = (gladness(&SFT), gladness(&all[0]));
    println!("{before:.2} to {after:.2}");
    assert!(before < 0.4 && after > 0.8, "{before} to {after}");
}

#[test]
fn a_coin_teaches_nothing() {
    let (mut all, mut reward) = (networks(), coin());
    let mut run = run(5, 15);
    for _ in 0..15 {
        step(&mut run, &mut all, &mut reward);
    }
    let after = gladness(&all[0]);
    assert!(after < 0.6, "{after}");
}

#[test]
fn a_run_goes_on_to_the_same_bits() {
    let new = || run(2, 4);
    let (mut all, mut whole) = (networks(), new());
    let seen: Vec<IterationReport> = (0..4).map(|_| step(&mut whole, &mut all, glad)).collect();
    let (mut again, mut first) = (networks(), new());
    (0..3).for_each(|_| drop(step(&mut first, &mut again, glad)));
    let mut second = new().after(first.state());
    assert_eq!(step(&mut second, &mut again, glad).rollouts, seen[3].rollouts);
    assert_eq!(again[0].weights(), all[0].weights());
}

#[test]
fn a_masked_policy_says_of_its_texts_what_it_said_when_it_wrote_them() {
    let mut all = networks();
    let mut run = run(9, 1);
    let [mut policy, mut mask, _] = networks();
    let rollouts = step(&mut run, &mut all, glad).rollouts;
    let mut masked = TopPMaskedPolicy { policy: &mut policy, mask: &mut mask, top_p: 0.9, context: CONTEXT };
    let loss_mask = rollouts.loss_mask();
    let batch = Batch::new(rollouts.sequences(), &loss_mask).unwrap();
    let mut log_probs = vec![f32::NAN; loss_mask.len()];
    ready(masked.log_probs(batch, &mut log_probs)).unwrap().unwrap();
    assert_eq!(log_probs, rollouts.log_probs());
    // With as little mass as one token needs, what is not the likeliest has no probability.
    masked.top_p = 1e-6;
    ready(masked.log_probs(batch, &mut log_probs)).unwrap().unwrap();
    assert!(
        log_probs.iter().all(|l| *l == 0.0 || *l == f32::NEG_INFINITY)
            && log_probs.contains(&f32::NEG_INFINITY)
    );
}

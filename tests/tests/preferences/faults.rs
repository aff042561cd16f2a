//! A number that is not finite stops a run before anything is learnt from it, and the pair is named.

use crate::preferences::world::{TOKENS, pairs, reference, settings};
use rlhf::train::{Guard, Pairs, Place, TrainError, now, preferences};
use rlhf_core::model::{Architecture, Family};
use rlhf_core::optim::Update;
use rlhf_core::roles::Learner;
use rlhf_core::testing::Table;
use rlhf_core::{Batch, Error, Objective};
use rlhf_cpu::{Cpu, Model};

/// A network whose head is its own tensor.
fn network() -> Model {
    let gpt2 = Architecture::gpt2(TOKENS as usize, 8, 8, 1, 2);
    let architecture = Architecture { family: Family::Llama, hidden: 16, tied: false, ..gpt2 };
    Model::random(&Cpu::default(), architecture, 1).unwrap()
}

/// Copies a model and sets an element of the embedding of a token to NaN, which affects the texts that read it.
fn broken_at(model: &Model, token: usize) -> Model {
    let mut weights = model.weights().to_vec();
    weights[token * model.architecture().width] = f32::NAN;
    Model::from_weights(model.cpu(), model.architecture().clone(), weights).unwrap()
}

/// Two pairs: only the second's rejected response reads token 7.
fn two() -> Pairs {
    Pairs::try_from_iter([([1], [2, 3], [3, 2]), ([1], [2, 4], [7, 4])]).unwrap()
}

#[test]
fn a_policy_or_a_reference_that_breaks_is_named_with_the_pair() {
    let mut settings = settings("dpo");
    settings.passes.batch = 2;
    let whole = network();
    for (policy, base, what) in [
        (broken_at(&whole, 7), whole.clone(), "the log-probabilities"),
        (whole.clone(), broken_at(&whole, 7), "the reference's log-probabilities"),
    ] {
        let (mut learner, mut base) = (policy.clone(), base);
        let error =
            now(preferences(&mut learner, &mut base, &two(), &settings, 3, &mut |_, _| {})).unwrap_err();
        let TrainError::Guard(fault) = error else { panic!("{error}") };
        assert_eq!((fault.guard, fault.place), (Guard::NonFinite, Place::Step(1)));
        assert!(fault.what.starts_with(what), "{fault}");
        let [offender] = &fault.offenders[..] else { panic!("{fault:?}") };
        assert_eq!((offender.index, offender.answer), (1, Some(1)));
        assert_eq!((&offender.prompt[..], &offender.response[..]), (&[1][..], &[7, 4][..]));
        assert!(learner.gradient().iter().all(|g| *g == 0.0));
        let same = learner.weights().iter().zip(policy.weights()).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same);
    }
}

#[test]
fn a_loss_that_leaves_the_number_type_names_its_pair() {
    let mut settings = settings("alpha_po");
    settings.passes.batch = 2;
    let mut policy = reference();
    // After token 7 nothing but token 0 can come: 4 is ten thousand nats away.
    policy.weights[7 * TOKENS as usize] = 1e4;
    let data = Pairs::try_from_iter([([1], [2, 3], [3, 2]), ([1], [7, 4], [2, 4])]).unwrap();
    let error =
        now(preferences(&mut policy, &mut reference(), &data, &settings, 3, &mut |_, _| {})).unwrap_err();
    let TrainError::Guard(fault) = error else { panic!("{error}") };
    assert_eq!(
        fault.offenders.iter().map(|o| (o.index, o.answer)).collect::<Vec<_>>(),
        [(1, Some(0)), (1, Some(1))]
    );
}

/// A learner that refuses every step.
struct Stubborn(Table);

impl Learner for Stubborn {
    type Error = Error;
    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        self.0.accumulate(batch, objective).await
    }
    async fn zero_grad(&mut self) -> Result<(), Error> {
        self.0.zero_grad().await
    }
    async fn step(&mut self, _: &Update) -> Result<f64, Error> {
        Err(Error::NotFinite { name: "gradient", index: 0 })
    }
}

#[test]
fn a_refused_step_keeps_the_whole_batch() {
    let data = pairs(32, 7, |_| false);
    let mut settings = settings("dpo");
    settings.passes.batch = 8;
    let mut learner = Stubborn(reference());
    let error =
        now(preferences(&mut learner, &mut reference(), &data, &settings, 3, &mut |_, _| {})).unwrap_err();
    let TrainError::Guard(fault) = error else { panic!("{error}") };
    assert_eq!((fault.guard, fault.offenders.len()), (Guard::Gradient, 16));
}

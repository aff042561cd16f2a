//! A network taken apart between two steps learns on to the same bits.

use super::*;
use alloc::vec;
use rlhf_core::model::Architecture;
use rlhf_core::network::OptimizerState;
use rlhf_core::optim::{Adam, Update};
use rlhf_core::ready;
use rlhf_core::roles::{Averaged, Learner};
use rlhf_cpu::{Cpu, EngineError};

fn learn(model: &mut Model, steps: usize) {
    let (tokens, ends, loss_mask) = text(37, &[9, 4, 17]);
    for _ in 0..steps {
        ready(model.accumulate(
            batch(&tokens, &ends, &loss_mask),
            &mut Everything { first_token: 0, first_sequence: 0 },
        ))
        .unwrap()
        .unwrap();
        let update = Update { learning_rate: 1e-2, adam: Adam::default(), max_grad_norm: Some(1.0) };
        ready(model.step(&update)).unwrap().unwrap();
        ready(model.average(0.7)).unwrap().unwrap();
    }
}

#[test]
fn a_network_put_together_again_learns_on_to_the_same_bits() {
    let cpu = Cpu::new(2, rlhf_cpu::Isa::best());
    for architecture in architectures() {
        let architecture = Architecture { dropout: 0.1, ..architecture };
        let mut whole = network(&cpu, &architecture, 3);
        whole.seed_dropout(5);
        learn(&mut whole, 3);
        let mut again = Model::from_weights(&cpu, architecture.clone(), whole.weights().to_vec()).unwrap();
        again.seed_dropout(5);
        again.set_optimizer_state(whole.optimizer_state().unwrap()).unwrap();
        learn(&mut whole, 2);
        learn(&mut again, 2);
        assert_eq!(whole.weights(), again.weights());
        assert_eq!(whole.optimizer_state(), again.optimizer_state());
        // Weights alone are not enough: the test would find a state that was dropped.
        let mut bare = Model::from_weights(&cpu, architecture, whole.weights().to_vec()).unwrap();
        bare.seed_dropout(5);
        learn(&mut whole, 1);
        learn(&mut bare, 1);
        assert_ne!(whole.weights(), bare.weights());
    }
}

#[test]
fn a_state_of_another_network_is_refused() {
    let mut model = network(&Cpu::default(), &architectures()[0], 3);
    assert!(model.optimizer_state().is_none());
    let n = model.weights().len();
    let (long, short) = (vec![0.0; n], vec![0.0; n - 1]);
    let refused =
        |state| matches!(state, Err(EngineError::Core(Error::Shape { name, .. })) if name == "second");
    let state =
        OptimizerState { first: (&long).into(), second: (&short).into(), steps: 1, ..Default::default() };
    assert!(refused(model.set_optimizer_state(state.clone())));
    assert!(model.set_optimizer_state(OptimizerState { second: (&long).into(), ..state }).is_ok());
}

//! Rows 5, 7 and 11: scores, and where they go.

use rlhf::train::{Examples, Ranking, TrainError, TryReward, now, ranking_accuracy};
use rlhf_core::advantage::KlController;
use rlhf_core::ready;
use rlhf_core::roles::Reward;
use rlhf_core::sampling::FinishReason;
use rlhf_tests::small::{Small, network, settings};

/// trl#2387, trl#734, trl#3750, trl#6802, trl#6805, OpenRLHF#238: the end was looked for among pad
/// ids, which are ids of the text as well.
#[test]
fn row_05_a_score_lands_on_the_last_real_token_whether_or_not_it_is_an_end() {
    let mut settings = settings();
    settings.controller = KlController::Fixed { beta: 0.0 };
    let mut small = Small::new(settings, 1);
    // The end token in a prompt ends nothing.
    small.prompts = Examples::try_from_iter((0..64u32).map(|i| ([0, 2 + i % 9, 0, 3], []))).unwrap();
    let seen = small.iterate(&mut |text: &[u32]| 1.0 + text.len() as f32).unwrap();
    let rollouts = &seen.rollouts;
    let mut finishes = [0; 3];
    for i in 0..rollouts.len() {
        let span = rollouts.response_span(i);
        let response = &rollouts.sequences().tokens()[span.clone()];
        let (last, before) = rollouts.rewards()[span.clone()].split_last().unwrap();
        assert_eq!(*last, rollouts.scores()[i]);
        assert!(before.iter().all(|reward| *reward == 0.0));
        assert_eq!(rollouts.scores()[i], 1.0 + rollouts.span(i).len() as f32);
        let finish = match response.last() {
            Some(0) => FinishReason::Eos,
            Some(1) => FinishReason::Stop,
            _ => FinishReason::Length,
        };
        assert_eq!(rollouts.finish()[i], finish);
        finishes[finish as usize] += 1;
    }
    assert!(finishes.iter().all(|n| *n > 0), "{finishes:?}");
}

/// trl#2518, trl#3093, trl#2273, trl#1977, trl#1793.
#[test]
fn row_07_any_closure_any_model_and_anything_that_fails_is_a_reward() {
    // A closure that remembers, ...
    let mut texts = Vec::new();
    let mut closure = |text: &[u32]| {
        texts.push(text.to_vec());
        texts.len() as f32
    };
    let seen = Small::new(settings(), 1).iterate(&mut closure).unwrap();
    assert_eq!(seen.rollouts.scores(), (1..=16).map(|n| n as f32).collect::<Vec<_>>());
    for (text, (written, _)) in texts.iter().zip(seen.rollouts.sequences().sequences()) {
        assert_eq!(text, written);
    }
    // ... a function, ...
    fn length(text: &[u32]) -> f32 {
        text.len() as f32
    }
    Small::new(settings(), 1).iterate(&mut length).unwrap();
    // ... a model, ...
    Small::new(settings(), 1).iterate(&mut network(1, 7).with_scalar_head(0.1, 1).unwrap()).unwrap();
    // ... and a service that is not there: its own words end the run.
    let mut service = TryReward(|text: &[u32]| match text.len() {
        9.. => Err("the judge at judge.example.org does not answer"),
        _ => Ok(1.0),
    });
    let error = Small::new(settings(), 1).iterate(&mut service).unwrap_err();
    assert!(matches!(error, TrainError::Role { role: "reward", .. }));
    assert!(error.to_string().contains("judge.example.org"), "{error}");
}

/// transformers#35352, reward-bench#137, trl#469: a score depended on the batch and its padding.
#[test]
fn row_11_a_score_depends_neither_on_company_nor_on_place() {
    let mut model = network(2, 3).with_scalar_head(0.5, 1).unwrap();
    let texts: Vec<Vec<u32>> = (0..20u32).map(|i| (0..1 + i).map(|t| (i + t * 3) % 11).collect()).collect();
    let mut score = |order: &[usize]| -> Vec<u32> {
        let batch = Examples::try_from_iter(order.iter().map(|&i| (&texts[i], []))).unwrap();
        let mut out = vec![f32::NAN; order.len()];
        ready(model.score(batch.sequences().unwrap(), &mut out)).unwrap().unwrap();
        out.iter().map(|score| score.to_bits()).collect()
    };
    let all = score(&(0..20).collect::<Vec<_>>());
    let mut backwards = score(&(0..20).rev().collect::<Vec<_>>());
    backwards.reverse();
    assert_eq!(all, backwards);
    for (i, &whole) in all.iter().enumerate() {
        assert_eq!(score(&[i])[0], whole);
        assert_eq!(score(&[19, i, 0])[1], whole);
    }
}

/// trl#937, trl#2778, RLHF-Reward-Modeling#49: a broken reward model looked like one at 50 %.
#[test]
fn row_11_a_model_that_cannot_tell_has_an_accuracy_of_0() {
    let ranking = Ranking {
        texts: vec![vec![2, 3], vec![2, 4], vec![2, 5]],
        ranks: vec![1, 2, 2],
        ..Ranking::default()
    };
    let mut constant = network(1, 3).with_scalar_head(0.0, 1).unwrap();
    let rankings = [ranking];
    assert_eq!(now(ranking_accuracy(&mut constant, &rankings)).unwrap(), (0, 2));
    let mut right = |text: &[u32]| -(text[1] as f32);
    assert_eq!(now(ranking_accuracy(&mut right, &rankings)).unwrap(), (2, 2));
}

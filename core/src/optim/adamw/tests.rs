use super::*;
use crate::oracle::close;
use proptest::prelude::*;

fn update(adam: Adam) -> Update {
    Update { learning_rate: 0.01, adam, max_grad_norm: None }
}

proptest! {
    /// The paper's algorithm 1, word for word, over three steps.
    #[test]
    fn equals_the_definition(
        start in -2.0..2.0, grads in prop::array::uniform3(-5.0..5.0),
        b1 in 0.0..0.95, b2 in 0.5..0.999, w in 0.0..0.2, scale in 0.1..1.0,
    ) {
        for (decay, epsilon_at) in [
            (Decay::Decoupled, EpsilonAt::Corrected),
            (Decay::Gradient, EpsilonAt::Corrected),
            (Decay::Decoupled, EpsilonAt::Raw),
        ] {
            let adam = Adam { beta1: b1, beta2: b2, epsilon: 1e-3, epsilon_at, weight_decay: w, decay };
            let (mut p, mut m, mut v): (f64, f64, f64) = (start, 0.0, 0.0);
            let (mut params, mut first, mut second) = ([start], [0.0], [0.0]);
            for (t, g) in (1..).zip(grads) {
                let g = g * scale + if decay == Decay::Gradient { w * p } else { 0.0 };
                m = b1 * m + (1.0 - b1) * g;
                v = b2 * v + (1.0 - b2) * g * g;
                let (c1, c2) = (1.0 - b1.powi(t), 1.0 - b2.powi(t));
                let step = match epsilon_at {
                    EpsilonAt::Corrected => (m / c1) / ((v / c2).sqrt() + 1e-3),
                    EpsilonAt::Raw => m * c2.sqrt() / c1 / (v.sqrt() + 1e-3),
                };
                p = p * if decay == Decay::Decoupled { 1.0 - 0.01 * w } else { 1.0 } - 0.01 * step;
                let (u, t) = (update(adam), t as u64);
                adamw(&mut params, &[grads[t as usize - 1]], &mut first, &mut second, t, &u, scale).unwrap();
                close(params[0], p, 1e-12);
            }
        }
    }
}

#[test]
fn the_first_step_is_the_learning_rate() {
    let mut p = [0.0f32; 3];
    let u = update(Adam::default());
    adamw(&mut p, &[1e-3, -50.0, 0.0], &mut [0.0; 3], &mut [0.0; 3], 1, &u, 1.0).unwrap();
    for (got, want) in p.into_iter().zip([-0.01, 0.01, 0.0]) {
        close(f64::from(got), want, 1e-6);
    }
}

#[test]
fn clipping_only_shrinks() {
    let norm = global_norm([&[3.0f32, 0.0][..], &[4.0]]);
    assert_eq!(norm, 5.0);
    assert_eq!(clip_factor(norm, None), Ok(1.0));
    assert_eq!(clip_factor(norm, Some(10.0)), Ok(1.0));
    close(clip_factor(norm, Some(1.0)).unwrap(), 0.2, 1e-6);
    let nan = global_norm([&[f32::NAN][..]]);
    assert_eq!(clip_factor(nan, None), Err(Error::NotFinite { name: "gradient norm", index: 0 }));
}

#[test]
fn step_0_and_wrong_settings_are_refused() {
    let u = update(Adam::default());
    assert!(adamw(&mut [0.0f32], &[1.0], &mut [0.0], &mut [0.0], 0, &u, 1.0).is_err());
    let u = update(Adam { beta2: 1.0, ..Adam::default() });
    assert!(adamw(&mut [0.0f32], &[1.0], &mut [0.0], &mut [0.0], 1, &u, 1.0).is_err());
}

#[test]
#[cfg(feature = "alloc")]
fn what_remembers_steps_as_by_hand() {
    let update = Update { max_grad_norm: Some(1.0), ..update(Adam { weight_decay: 0.1, ..Adam::default() }) };
    let (mut got, mut memory) = ([0.5, -1.0], AdamW::new(2));
    let (mut want, mut first, mut second) = (got, [0.0; 2], [0.0; 2]);
    for (step, grads) in [[3.0, -4.0], [0.1, 0.2]].into_iter().enumerate() {
        let mut gradient = grads;
        let norm = memory.step(&mut got, &mut gradient, &update).unwrap();
        assert_eq!((norm, gradient), (global_norm([&grads[..]]), [0.0; 2]));
        let scale = clip_factor(norm, Some(1.0)).unwrap();
        adamw(&mut want, &grads, &mut first, &mut second, step as u64 + 1, &update, scale).unwrap();
        assert_eq!(got, want);
    }
    let before = memory.clone();
    for mut bad in [vec![f64::NAN, 1.0], vec![1.0]] {
        assert!(memory.step(&mut got, &mut bad, &update).is_err());
        assert_eq!((&memory, got), (&before, want));
    }
}

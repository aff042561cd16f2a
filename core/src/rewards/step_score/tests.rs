use super::*;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec::Vec;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

proptest! {
    #[test]
    fn scores_are_what_they_say(z in prop::collection::vec(-6.0..6.0, 1..9)) {
        let p: Vec<f64> = z.iter().map(|&z| sigmoid(z)).collect();
        let want = [
            (StepScore::Min, p.iter().fold(1.0, |a: f64, &b| a.min(b))),
            (StepScore::Product, p.iter().product()),
            (StepScore::Last, p[p.len() - 1]),
            (StepScore::Mean, p.iter().sum::<f64>() / p.len() as f64),
        ];
        for (how, want) in want {
            close(how.score(&z).unwrap(), want, 1e-13);
            close(how.score(&z[..1]).unwrap(), p[0], 1e-13);
        }
        prop_assert!(want[1].1 <= want[0].1 && want[0].1 <= want[3].1);
    }
}

#[test]
fn a_solution_without_a_step_is_refused() {
    let none = StepScore::Min.score::<f32>(&[]);
    assert_eq!(none, Err(Error::TooFew { name: "logits", need: 1, got: 0 }));
}

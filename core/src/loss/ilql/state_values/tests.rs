use super::*;

const SETTINGS: Ilql = Ilql { expectile: 0.75, discount: 1.0, conservatism: 0.0 };

#[test]
fn the_value_before_an_action_learns_its_worth() {
    let nothing = f32::NAN;
    let (targets, loss_mask) = ([nothing, 2.0, nothing, -1.0], [false, true, false, true]);
    let mut objective = StateValues::new(&targets, &loss_mask, SETTINGS, 2.0).unwrap();
    let mut grad = [nothing; 4];
    let loss = objective.values(&[1.0, nothing, 1.0, nothing], &mut grad).unwrap();
    // ¾·1² for the one below its target, ¼·2² for the one above.
    assert_eq!((loss, grad), (0.875, [-0.75, 0.0, 0.5, 0.0]));
    let mut twice = objective.stats;
    twice.merge(&objective.stats);
    assert_eq!((twice.tokens, twice.above, twice.loss), (4, 2, 3.5));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut objective = StateValues::new(&[0.0, f32::NAN], &[false, true], SETTINGS, 1.0).unwrap();
    let got = objective.values(&[0.0; 2], &mut [0.0; 2]);
    assert_eq!(got, Err(Error::NotFinite { name: "value loss", index: 1 }));
    assert!(objective.values(&[0.0], &mut [0.0]).is_err());
    assert!(StateValues::new(&[0.0], &[true], SETTINGS, 1.0).is_err());
    assert!(StateValues::new(&[0.0], &[false], SETTINGS, 0.0).is_err());
}

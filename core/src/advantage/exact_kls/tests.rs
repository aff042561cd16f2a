use super::*;
use crate::testing::Table;
use crate::{Ragged, ready};

#[test]
fn is_the_divergence_of_whole_rows() {
    let sequences = Ragged::new(&[0, 1, 2, 1], &[4]).unwrap();
    let loss_mask = [false, true, false, true];
    let batch = Batch::new(sequences, &loss_mask).unwrap().at_temperature(0.5).unwrap();
    let (mut policy, mut reference) = (Table::new(3, 3), Table::new(3, 3));
    policy.weights[6] = 0.5;
    let held = ready(HeldRows::of(&mut reference, batch)).unwrap().unwrap();
    let mut out = [f32::NAN; 4];
    ready(exact_kls(&mut policy, &held, batch, &mut out)).unwrap().unwrap();
    let (e, z) = (1f64.exp(), 1f64.exp() + 2.0);
    let want = e / z * (3.0 * e / z).ln() + 2.0 / z * (3.0 / z).ln();
    assert_eq!(out[..3], [0.0; 3]);
    assert!((f64::from(out[3]) - want).abs() < 1e-6, "{out:?} {want}");
    let none = HeldRows::default();
    let got = ready(exact_kls(&mut policy, &none, batch, &mut out)).unwrap();
    assert!(matches!(got, Err(Error::Range { name: "position", .. })));
}

use super::*;

#[test]
fn the_first_best_and_the_first_worst_make_a_pair() {
    assert_eq!(best_and_worst(&[0.5, 2.0, -1.0, 2.0, -1.0]), Ok(Some((1, 2))));
    assert_eq!(best_and_worst(&[1.0f32, 1.0]), Ok(None));
    assert_eq!(best_and_worst(&[1.0]), Err(Error::TooFew { name: "scores", need: 2, got: 1 }));
    assert_eq!(best_and_worst(&[1.0, f64::NAN]), Err(Error::NotFinite { name: "scores", index: 1 }));
}

#[test]
fn a_judge_gives_win_rates() {
    let nan = f64::NAN;
    let mut out = [nan; 3];
    win_rates(&[nan, 0.5, 1.0, 0.5, nan, 0.25, 0.0, 0.75, nan], &mut out).unwrap();
    assert_eq!(out, [0.75, 0.375, 0.375]);
    assert_eq!(best_and_worst(&out), Ok(Some((0, 1))));
    assert!(win_rates(&[0.0, 1.5, 0.0, 0.0], &mut [0.0; 2]).is_err());
    assert!(win_rates(&[0.0; 3], &mut [0.0; 2]).is_err());
}

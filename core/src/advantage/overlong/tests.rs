use super::*;

#[test]
fn the_punishment_grows_over_the_buffer() {
    let dapo = Overlong { longest: 20, buffer: 4, penalty: 1.0 };
    let paid = [0, 16, 17, 18, 20, 21, usize::MAX].map(|tokens| dapo.reward(tokens).unwrap());
    assert_eq!(paid, [0.0, 0.0, -0.25, -0.5, -1.0, -1.0, -1.0]);
    for wrong in [
        Overlong { buffer: 0, ..dapo },
        Overlong { buffer: 21, ..dapo },
        Overlong { penalty: -1.0, ..dapo },
        Overlong { penalty: f64::NAN, ..dapo },
    ] {
        assert!(matches!(wrong.reward(1), Err(Error::Range { .. })), "{wrong:?}");
    }
}

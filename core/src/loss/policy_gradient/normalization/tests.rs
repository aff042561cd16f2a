use super::*;
use crate::advantage::broadcast;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const ENDS: [usize; 2] = [3, 8];
const LOSS_MASK: [bool; 8] = [false, true, true, false, true, true, true, true];

fn weights(n: Normalization) -> [f64; 8] {
    let mut out = [f64::NAN; 8];
    n.weights(&ENDS, &LOSS_MASK, n.denominator(2, 6), &mut out).unwrap();
    out
}

#[test]
fn each_counts_what_it_says() {
    let (t, a, b, c) = (1.0 / 6.0, 0.25, 0.125, 0.1);
    assert_eq!(weights(Normalization::Token), [0.0, t, t, 0.0, t, t, t, t]);
    assert_eq!(weights(Normalization::Response), [0.0, a, a, 0.0, b, b, b, b]);
    assert_eq!(weights(Normalization::Constant { length: 5 }), [0.0, c, c, 0.0, c, c, c, c]);
    let mut out = [f64::NAN; 8];
    broadcast(&[2.0, -1.0], &ENDS, &LOSS_MASK, &mut out).unwrap();
    assert_eq!(out, [0.0, 2.0, 2.0, 0.0, -1.0, -1.0, -1.0, -1.0]);
}

proptest! {
    /// Responses of one length, and the constant length of that: all three agree.
    #[test]
    fn equal_lengths_make_them_equal(length in 1usize..9, count in 1usize..6) {
        let ends: Vec<usize> = (1..=count).map(|i| i * length).collect();
        let loss_mask = vec![true; length * count];
        let run = |n: Normalization| {
            let mut out = vec![f64::NAN; loss_mask.len()];
            n.weights(&ends, &loss_mask, n.denominator(count, loss_mask.len()), &mut out).unwrap();
            close(out.iter().sum(), 1.0, 1e-12);
            out[0]
        };
        close(run(Normalization::Response), run(Normalization::Token), 1e-12);
        close(run(Normalization::Constant { length: length as u32 }), run(Normalization::Token), 1e-12);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let bad = |n: Normalization, denominator| n.weights(&ENDS, &LOSS_MASK, denominator, &mut [0.0f32; 8]);
    assert!(matches!(bad(Normalization::Token, 0.0), Err(Error::Range { name: "denominator", .. })));
    let none = bad(Normalization::Constant { length: 0 }, 1.0);
    assert!(matches!(none, Err(Error::Range { name: "length", .. })));
    let short = Normalization::Token.weights(&ENDS, &LOSS_MASK, 1.0, &mut [0.0f32; 7]);
    assert_eq!(short, Err(Error::Shape { name: "out", want: 8, got: 7 }));
    assert!(broadcast(&[1.0], &ENDS, &LOSS_MASK, &mut [0.0; 8]).is_err());
    assert_eq!(broadcast(&[1.0], &[3], &LOSS_MASK, &mut [0.0; 8]), Err(Error::Ends { sequence: 0 }));
}

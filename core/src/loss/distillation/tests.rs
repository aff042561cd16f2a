use super::*;
use crate::advantage::{exact_kl, exact_kl_pull};
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const HALF: Divergence = Divergence::JensenShannon { beta: 0.3 };
const ALL: [Divergence; 3] = [Divergence::Forward, Divergence::Reverse, HALF];
const TAILS: [Tail; 3] = [Tail::Bucket, Tail::Renormalized, Tail::Dropped];

/// Logits of a teacher and of a student, `[V]`.
fn rows() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    prop::collection::vec((-3.0..3.0, -3.0..3.0), 2..10).prop_map(|x| x.into_iter().unzip())
}

fn normalized(logits: &[f64], temperature: f64) -> Vec<f64> {
    let mut out = vec![0.0; logits.len()];
    log_softmax(logits, temperature, &mut out).unwrap();
    out
}

/// The definitions over distributions, word for word.
fn naive(divergence: Divergence, log_p: &[f64], log_q: &[f64]) -> f64 {
    let kl = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * (a / b).ln()).sum() };
    let p: Vec<f64> = log_p.iter().map(|x| x.exp()).collect();
    let q: Vec<f64> = log_q.iter().map(|x| x.exp()).collect();
    match divergence {
        Divergence::Forward => kl(&p, &q),
        Divergence::Reverse => kl(&q, &p),
        Divergence::JensenShannon { beta } => {
            let m: Vec<f64> = p.iter().zip(&q).map(|(p, q)| beta * p + (1.0 - beta) * q).collect();
            beta * kl(&p, &m) + (1.0 - beta) * kl(&q, &m)
        }
    }
}

proptest! {
    #[test]
    fn a_row_has_its_definition_and_its_slope((teacher, student) in rows(), temperature in 0.5..3.0) {
        let p = normalized(&teacher, temperature);
        for divergence in ALL {
            let loss = |z: &[f64]| {
                distil_row(divergence, &p, z, temperature, 1.0, &mut vec![0.0; z.len()]).unwrap()
            };
            close(loss(&student), naive(divergence, &p, &normalized(&student, temperature)), 1e-12);
            let mut grad = vec![f64::NAN; student.len()];
            distil_row(divergence, &p, &student, temperature, 1.5, &mut grad).unwrap();
            slope(&student, &grad, |z| 1.5 * loss(z));
        }
    }

    #[test]
    fn in_reverse_it_is_the_exact_kl((reference, policy) in rows()) {
        let q = normalized(&reference, 1.0);
        let p = normalized(&policy, 1.0);
        let (mut got, mut want) = (vec![f64::NAN; q.len()], vec![0.0; q.len()]);
        let kl = distil_row(Divergence::Reverse, &q, &policy, 1.0, 0.7, &mut got).unwrap();
        exact_kl_pull(&p, &q, 0.7, &mut want).unwrap();
        close(kl, exact_kl(&p, &q).unwrap(), 1e-13);
        got.iter().zip(want).for_each(|(got, want)| close(*got, want, 1e-13));
    }

    #[test]
    fn candidates_have_their_definitions_and_slopes((teacher, student) in rows(), some in 0.2..0.9) {
        // Hot, or else the rest is so small that a difference quotient is no slope of its logarithm.
        let (all_p, all_q) = (normalized(&teacher, 3.0), normalized(&student, 3.0));
        let k = ((some * teacher.len() as f64) as usize).max(1);
        let (p, q) = (&all_p[..k], &all_q[..k]);
        let with_rest = |x: &[f64]| {
            let rest = 1.0 - x.iter().map(|x| x.exp()).sum::<f64>();
            x.iter().copied().chain([rest.ln()]).collect::<Vec<_>>()
        };
        for divergence in ALL {
            let parts = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(&p, &q)| divergence.term(p, q).0).sum();
            for tail in TAILS {
                let want = match tail {
                    Tail::Bucket => naive(divergence, &with_rest(p), &with_rest(q)),
                    Tail::Renormalized => naive(divergence, &normalized(p, 1.0), &normalized(q, 1.0)),
                    Tail::Dropped => parts(p, q),
                };
                let loss = |q: &[f64]| {
                    distil_candidates(divergence, tail, p, q, 1.0, &mut vec![0.0; k]).unwrap()
                };
                close(loss(q), want, 1e-12);
                let mut grad = vec![f64::NAN; k];
                distil_candidates(divergence, tail, p, q, 1.5, &mut grad).unwrap();
                slope(q, &grad, |q| 1.5 * loss(q));
            }
        }
    }

    /// Pulled through the student's softmax, whatever becomes of a tail that is empty.
    #[test]
    fn all_ids_as_candidates_are_a_row((teacher, student) in rows()) {
        let (p, q) = (normalized(&teacher, 1.0), normalized(&student, 1.0));
        for (divergence, tail) in ALL.into_iter().flat_map(|d| TAILS.map(|t| (d, t))) {
            let (mut row, mut some) = (vec![f64::NAN; p.len()], vec![f64::NAN; p.len()]);
            let want = distil_row(divergence, &p, &student, 1.0, 1.0, &mut row).unwrap();
            close(distil_candidates(divergence, tail, &p, &q, 1.0, &mut some).unwrap(), want, 1e-12);
            let sum: f64 = some.iter().sum();
            for (j, want) in row.iter().enumerate() {
                close(some[j] - q[j].exp() * sum, *want, 1e-12);
            }
        }
    }

    #[test]
    fn a_student_like_its_teacher_has_nothing_to_learn((logits, _) in rows()) {
        let logits: Vec<f32> = logits.iter().map(|&z| z as f32).collect();
        let mut p = vec![0.0; logits.len()];
        log_softmax(&logits, 2.0, &mut p).unwrap();
        let zeros = vec![0.0; p.len()];
        for divergence in ALL {
            let mut grad = vec![f32::NAN; p.len()];
            prop_assert_eq!(distil_row(divergence, &p, &logits, 2.0, 1.0, &mut grad), Ok(0.0));
            prop_assert_eq!(&grad, &zeros);
            for tail in TAILS {
                let got = distil_candidates(divergence, tail, &p[1..], &p[1..], 1.0, &mut grad[1..]);
                prop_assert_eq!(got, Ok(0.0));
                prop_assert_eq!(&grad, &zeros);
            }
        }
    }
}

/// TRL 0.23.1, `GKDTrainer.generalized_jsd_loss` and PyTorch's gradient, in f64.
#[test]
fn equals_trl() {
    const WANT: [(f64, f64, [f64; 4]); 5] = [
        (
            0.0,
            2.430446869147102,
            [1.0515667798549089, 0.18176910467783494, -1.1598917229520433, -0.0734441615807001],
        ),
        (
            0.1,
            0.1893889706784861,
            [0.05758805217641682, 0.010195982202155698, -0.06284351451563572, -0.004940519862936798],
        ),
        (
            0.5,
            0.4459852256638128,
            [0.08316219545707836, 0.01646728928323017, -0.09103033405617277, -0.008599150684135809],
        ),
        (
            0.9,
            0.1763962400968612,
            [0.024542154241159273, 0.0069809958535974785, -0.028609604447907184, -0.002913545646849607],
        ),
        (
            1.0,
            2.1489605151612277,
            [0.2593189383416783, 0.11293008879557921, -0.3371589533496698, -0.03509007378758835],
        ),
    ];
    let (teacher, student) = (normalized(&[0.3, -1.2, 2.0, 0.1], 0.7), [1.5, 0.25, -0.5, -2.0]);
    for (beta, loss, slopes) in WANT {
        let divergence = match beta {
            0.0 => Divergence::Forward,
            1.0 => Divergence::Reverse,
            beta => Divergence::JensenShannon { beta },
        };
        let mut grad = [f64::NAN; 4];
        close(distil_row(divergence, &teacher, &student, 0.7, 1.0, &mut grad).unwrap(), loss, 1e-12);
        grad.into_iter().zip(slopes).for_each(|(got, want)| close(got, want, 1e-12));
    }
}

#[test]
fn what_has_no_finite_divergence_is_an_error() {
    let out = f64::NEG_INFINITY;
    let infinite = Err(Error::NotFinite { name: "divergence", index: 0 });
    let row = |d, teacher: &[f64]| distil_row(d, teacher, &[0.0, 0.0], 1.0, 1.0, &mut [0.0; 2]);
    assert_eq!(row(Divergence::Reverse, &[0.0, out]), infinite);
    assert!(row(Divergence::Forward, &[0.0, out]).is_ok() && row(HALF, &[0.0, out]).is_ok());
    assert!(matches!(row(HALF, &[0.0]), Err(Error::Shape { name: "teacher", .. })));
    let some = |t, p: &[f64], q: &[f64]| distil_candidates(HALF, t, p, q, 1.0, &mut vec![0.0; q.len()]);
    assert_eq!(some(Tail::Dropped, &[f64::NAN], &[-1.0]), infinite);
    assert!(matches!(some(Tail::Bucket, &[], &[]), Err(Error::TooFew { .. })));
    assert!(matches!(some(Tail::Renormalized, &[out], &[-1.0]), Err(Error::NotFinite { .. })));
    assert!(matches!(some(Tail::Bucket, &[-1.0], &[]), Err(Error::Shape { name: "student", .. })));
}

use super::*;
use crate::oracle::close;

fn schedule(shape: Shape) -> Schedule {
    Schedule { peak: 2.0, warm_up: WarmUp { steps: 10, from: 0.1 }, shape, total: 110 }
}

#[test]
fn it_warms_up_from_its_fraction() {
    let s = schedule(Shape::Constant);
    for (step, want) in [(0, 0.2), (5, 1.1), (10, 2.0), (1000, 2.0)] {
        close(s.rate(step), want, 1e-15);
    }
}

#[test]
fn each_shape_passes_its_landmarks() {
    let half = 0.1 + 0.9 * 0.5;
    for (shape, at) in [
        (Shape::Linear, [(10, 1.0), (60, 0.5), (110, 0.0), (200, 0.0)]),
        (Shape::Cosine { floor: 0.1 }, [(10, 1.0), (60, half), (110, 0.1), (200, 0.1)]),
        (Shape::CosineCycles { cycles: 0.5 }, [(10, 1.0), (60, 0.5), (110, 0.0), (210, 1.0)]),
        (Shape::CosineRestarts { cycles: 2.0 }, [(10, 1.0), (35, 0.5), (60, 1.0), (110, 0.0)]),
    ] {
        for (step, want) in at {
            close(schedule(shape).rate(step), 2.0 * want, 1e-14);
        }
    }
}

#[test]
fn runs_shorter_than_their_warm_up_divide_by_nothing() {
    let s = Schedule { total: 5, ..schedule(Shape::Linear) };
    assert!((0..20).all(|step| s.rate(step).is_finite()));
    assert_eq!(Schedule::constant(3.0).rate(7), 3.0);
    assert!(schedule(Shape::Cosine { floor: 2.0 }).validate().is_err());
}

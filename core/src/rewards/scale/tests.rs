use super::*;
use crate::oracle::close;

#[test]
fn each_recipe_fixes_what_it_says() {
    let scores = [3.0, 5.0, 10.0];
    let centered = RewardScale::centered_on(&scores).unwrap();
    assert_eq!(scores.map(|s| centered.apply(s)), [-3.0, -1.0, 4.0]);
    let unit = RewardScale::ziegler2019(&scores).unwrap();
    let rewards = scores.map(|s| unit.apply(s));
    close(rewards.iter().sum::<f64>(), 0.0, 1e-14);
    close(rewards.iter().map(|r| r * r).sum::<f64>() / 3.0, 1.0, 1e-14);
}

#[test]
fn no_scores_or_equal_ones_are_refused() {
    let none = Err(Error::TooFew { name: "scores", need: 1, got: 0 });
    assert_eq!(RewardScale::centered_on::<f32>(&[]), none);
    let equal = RewardScale::ziegler2019(&[2.0f32; 3]);
    assert!(matches!(equal, Err(Error::Range { name: "variance", .. })));
}

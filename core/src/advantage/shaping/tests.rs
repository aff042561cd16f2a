use super::*;

const PLAIN: Shaping = Shaping::PLAIN;

#[test]
fn the_score_lands_where_it_is_placed() {
    let kl = [1.0, -2.0];
    let mut last = [f64::NAN; 2];
    PLAIN.rewards(&kl, 0.1, 5.0, &mut last).unwrap();
    assert_eq!(last, [-0.1, 5.2]);
    let after = Shaping { placement: ScorePlacement::AfterLastToken, ..PLAIN };
    assert_eq!(after.placement.steps(2, 3), 3);
    let mut rewards = [f64::NAN; 3];
    after.rewards(&kl, 0.1, 5.0, &mut rewards).unwrap();
    assert_eq!(rewards, [-0.1, 0.2, 5.0]);
    // No room after the last token: both conventions agree.
    assert_eq!(after.placement.steps(2, 2), 2);
    let mut full = [f64::NAN; 2];
    after.rewards(&kl, 0.1, 5.0, &mut full).unwrap();
    assert_eq!(full, last);
}

#[test]
fn the_extra_step_needs_its_placement() {
    let three = PLAIN.rewards(&[1.0f32, 2.0], 0.1, 5.0, &mut [0.0; 3]);
    assert_eq!(three, Err(Error::Shape { name: "rewards", want: 2, got: 3 }));
    assert!(matches!(PLAIN.rewards::<f32>(&[], 0.1, 5.0, &mut []), Err(Error::TooFew { .. })));
}

#[test]
fn a_missing_end_costs_what_the_setting_says() {
    let with = |missing_end, end| Shaping { missing_end, end, score_clip: Some(2.0), ..PLAIN };
    for (setting, eos, stop, length) in [
        (with(MissingEnd::Keep, End::Eos), 2.0, 2.0, 2.0),
        (with(MissingEnd::Subtract(1.0), End::Eos), 2.0, 1.0, 1.0),
        (with(MissingEnd::Subtract(1.0), End::EosOrStop), 2.0, 2.0, 1.0),
        (with(MissingEnd::Replace(-1.0), End::EosOrStop), 2.0, 2.0, -1.0),
    ] {
        let got =
            [FinishReason::Eos, FinishReason::Stop, FinishReason::Length].map(|f| setting.score(7.0, f));
        assert_eq!(got, [eos, stop, length], "{setting:?}");
    }
}

#[test]
fn the_kl_of_a_token_is_clipped_both_ways() {
    let clipped = Shaping { kl_clip: Some(10.0), ..PLAIN };
    assert_eq!([-50.0, 50.0, 3.0].map(|d| clipped.token_kl(d, 0.0)), [-10.0, 10.0, 3.0]);
}

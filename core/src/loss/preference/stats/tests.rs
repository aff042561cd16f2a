use super::*;

#[test]
fn nothing_has_no_mean_and_parts_merge() {
    let mut all = PreferenceStats::default();
    assert_eq!((all.accuracy(), all.margin(), all.chosen_log_ratio()), (None, None, None));
    let part = PreferenceStats {
        loss: 0.5,
        pairs: 2,
        correct: 1,
        chosen: 3.0,
        rejected: -1.0,
        chosen_rewards: 0.25,
        rejected_rewards: -0.75,
    };
    all.merge(&part);
    all.merge(&part);
    assert_eq!((all.loss, all.accuracy(), all.margin()), (1.0, Some(0.5), Some(0.5)));
    assert_eq!((all.chosen_log_ratio(), all.rejected_log_ratio()), (Some(1.5), Some(-0.5)));
}

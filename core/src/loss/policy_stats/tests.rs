use super::*;

#[test]
fn a_mean_ratio_above_the_threshold_is_seen() {
    let stats = PolicyStats { tokens: 2, ratio: 21.0, ..PolicyStats::default() };
    assert!(stats.exceeds(10.0) && !stats.exceeds(10.5));
}

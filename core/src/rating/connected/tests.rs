use super::*;

#[test]
fn only_mutual_reach_joins() {
    assert_eq!(groups(4, &[(0, 1), (1, 2), (2, 0), (2, 3)]), [vec![0, 1, 2], vec![3]]);
    assert_eq!(groups(4, &[(0, 2), (2, 0), (1, 3), (3, 1)]), [vec![0, 2], vec![1, 3]]);
    assert_eq!(groups(2, &[]), [vec![0], vec![1]]);
}

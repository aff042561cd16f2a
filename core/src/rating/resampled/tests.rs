use super::*;

#[test]
fn percentiles_lie_between_neighbors() {
    let rows = Resampled::new(5, |i| Ok::<_, Error>(vec![f64::from(4 - i), 1.0])).unwrap();
    assert_eq!(rows.interval(0, 0.5), Ok((1.0, 3.0)));
    assert_eq!(rows.interval(0, 1.0), Ok((0.0, 4.0)));
    assert_eq!(rows.interval(0, 0.75), Ok((0.5, 3.5)));
    assert_eq!(rows.gap(0, 1, 0.5), Ok((0.0, 2.0)));
    assert!(matches!(rows.interval(2, 0.5), Err(Error::Range { name: "player", .. })));
    assert!(matches!(rows.interval(0, 1.5), Err(Error::Range { name: "level", .. })));
    assert!(Resampled::new(1, |_| Ok::<_, Error>(vec![])).is_err());
}

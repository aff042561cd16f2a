use super::*;
use crate::ready;
use crate::testing::Table;

#[test]
fn catches_up_at_times_or_a_little_at_a_time() {
    let (mut network, mut lagging) = (Table::random(3, 1), Table::new(3, 3));
    let now = |how: Follow, i, network: &mut Table, lagging: &mut Table| {
        ready(how.follow(i, network, lagging)).unwrap()
    };
    let every = Follow::Every { iterations: 2 };
    assert_eq!(now(every, 1, &mut network, &mut lagging), Ok(false));
    assert_eq!(lagging.weights, [0.0; 9]);
    assert_eq!(now(every, 2, &mut network, &mut lagging), Ok(true));
    assert_eq!(lagging.weights, network.weights);
    let mut lagging = Table::new(3, 3);
    let slowly = Follow::Average { decay: 0.75 };
    assert_eq!(now(slowly, 1, &mut network, &mut lagging), Ok(true));
    assert_eq!(lagging.weights[4], 0.25 * network.weights[4]);
    let other = now(slowly, 1, &mut network, &mut Table::new(2, 3));
    assert!(matches!(other, Err(Error::Shape { .. })));
    assert!(now(Follow::Every { iterations: 0 }, 1, &mut network, &mut lagging).is_err());
    assert!(now(Follow::Average { decay: 1.5 }, 1, &mut network, &mut lagging).is_err());
}

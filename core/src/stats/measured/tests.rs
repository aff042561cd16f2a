use super::*;
use crate::oracle::close;
use crate::random::{Key, Stream};
use proptest::prelude::*;

fn of(clusters: &[(f64, usize)]) -> ClusterMean {
    let mut all = ClusterMean::default();
    clusters.iter().for_each(|&(sum, size)| all.record(sum, size));
    all
}

proptest! {
    #[test]
    fn equals_the_definition_and_its_parts_merge(
        x in prop::collection::vec((-9.0..9.0, 1usize..9), 2..20), at in 0usize..20,
    ) {
        let n = x.len() as f64;
        let (mean, all) = (x.iter().map(|c| c.0).sum::<f64>() / n, of(&x));
        let spread: f64 = x.iter().map(|c| (c.0 - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let cluster = all.per_cluster().unwrap();
        close(cluster.value, mean, 1e-13);
        close(cluster.error, (spread / n).sqrt(), 1e-12);
        let size = x.iter().map(|c| c.1 as f64).sum::<f64>() / n;
        let residual = |c: &(f64, usize)| c.0 - mean / size * c.1 as f64;
        let spread: f64 = x.iter().map(|c| residual(c).powi(2)).sum::<f64>() / (n - 1.0);
        let element = all.per_element().unwrap();
        close(element.value, mean / size, 1e-13);
        close(element.error, (spread / n).sqrt() / size, 1e-7);
        let at = at.min(x.len());
        let mut parts = of(&x[..at]);
        parts.merge(&of(&x[at..]));
        close(parts.per_cluster().unwrap().error, cluster.error, 1e-12);
        close(parts.per_element().unwrap().error, element.error, 1e-7);
        prop_assert_eq!(parts.clusters(), x.len());
    }
}

/// Numbers of one cluster share a part, so counting them as independent would be far too sure.
#[test]
fn intervals_cover_at_their_nominal_rate() {
    let covered = (0..1000).filter(|&trial| {
        let mut all = ClusterMean::default();
        for cluster in 0..100 {
            let mut draws = Key::new(5, Stream::Data, trial).draws(cluster);
            let (size, shared) = (1 + draws.below(9), draws.normal());
            all.record((0..size).map(|_| 0.5 + shared + 0.3 * draws.normal()).sum(), size);
        }
        let (low, high) = all.per_element().unwrap().interval(1.96);
        low < 0.5 && 0.5 < high
    });
    let covered = covered.count();
    assert!((925..=970).contains(&covered), "{covered} of 1000");
}

#[test]
fn one_cluster_says_nothing_about_its_error() {
    assert_eq!(ClusterMean::default().per_cluster(), None);
    assert_eq!(ClusterMean::default().per_element(), None);
    assert_eq!(of(&[(3.0, 2)]).per_element(), Some(Measured { value: 1.5, error: f64::INFINITY }));
}

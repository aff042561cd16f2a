//! A reader of Prometheus' text format that takes nothing else.

use std::collections::BTreeMap;

/// Reads samples by their names with labels; panics at a line that the format does not have.
pub fn samples(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n'));
    let (mut out, mut family, mut helped) = (BTreeMap::new(), None, None);
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').expect(line);
            assert!(!text.is_empty(), "{line}");
            helped = Some(name);
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect(line);
            assert!(helped == Some(name), "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            family = Some((name, kind));
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect(line);
        let (family, kind) = family.expect(line);
        let name = sample.split('{').next().unwrap();
        let suffix = name.strip_prefix(family).expect(line);
        match kind {
            "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
            _ => assert_eq!(suffix, "", "{line}"),
        }
        if let Some(labels) = sample.strip_prefix(name).and_then(|rest| rest.strip_prefix('{')) {
            for label in labels.strip_suffix('}').expect(line).split(',') {
                let (_, value) = label.split_once('=').expect(line);
                assert!(value.len() >= 2 && value.starts_with('"') && value.ends_with('"'), "{line}");
            }
        }
        assert!(out.insert(sample.to_string(), value.parse().expect(line)).is_none(), "twice: {line}");
    }
    out
}

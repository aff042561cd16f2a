//! Reading the fixtures that the peers' own code computed (format: `fixtures/README.md`).
//!
//! Everything here panics with the file, case and key where something is not as it should be: that
//! is how a test fails.

use crate::tolerance::Tolerance;
use core::cell::{Cell, RefCell};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

/// This crate's own fixtures.
pub fn own() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Returns the folder of the fixtures: `RLHF_FIXTURES`, relative to the root of the workspace, or this crate's own
/// `fixtures`.
pub fn folder() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    match std::env::var_os("RLHF_FIXTURES") {
        None => here.join("fixtures"),
        // Cargo runs tests in their package's folder, which nobody who types a command is in.
        Some(folder) => here.join("..").join(folder),
    }
}

/// One fixture file.
pub struct Golden {
    name: String,
    cases: Vec<Case>,
}

impl Golden {
    /// Reads `folder()/name.json`; the name may hold folders (`models/gpt2_tiny/golden`).
    pub fn read(name: &str) -> Self {
        let path = folder().join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let json: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let cases = json["cases"].as_array().unwrap_or_else(|| panic!("{name}: no cases"));
        let cases: Vec<Case> = cases.iter().map(|case| Case::new(name, case)).collect();
        assert!(!cases.is_empty(), "{name}: no cases");
        Self { name: name.into(), cases }
    }

    /// Checks every case, and that the check has looked at every output. Says so on standard error,
    /// past the test harness's capture.
    pub fn each(&self, check: impl Fn(&Case)) {
        for case in &self.cases {
            check(case);
            let left: Vec<&String> =
                case.outputs.keys().filter(|k| !case.seen.borrow().contains(*k)).collect();
            assert!(left.is_empty(), "{}: outputs not compared: {left:?}", case.place);
        }
        let numbers: usize = self.cases.iter().map(|c| c.numbers.get()).sum();
        assert!(numbers > 0, "{}: nothing was compared", self.name);
        let worst = self.cases.iter().map(|c| c.worst.get()).fold(0.0, f64::max);
        let line = format!(
            "fixtures: {}.json: {} cases, {numbers} numbers, the worst at {worst:.2} of its tolerance\n",
            self.name,
            self.cases.len()
        );
        std::io::stderr().write_all(line.as_bytes()).ok();
    }
}

/// One case of a file.
pub struct Case {
    /// Its name.
    pub name: String,
    place: String,
    inputs: BTreeMap<String, Item>,
    outputs: BTreeMap<String, Item>,
    seen: RefCell<BTreeSet<String>>,
    numbers: Cell<usize>,
    worst: Cell<f64>,
}

impl Case {
    fn new(file: &str, json: &Value) -> Self {
        let name =
            json["name"].as_str().unwrap_or_else(|| panic!("{file}: a case without a name")).to_string();
        let place = format!("{file}.json, case {name}");
        let mut inputs = BTreeMap::new();
        let mut outputs = BTreeMap::new();
        // Parameters and inputs are both given; whether a number is one or the other is chance.
        for part in ["params", "inputs"] {
            flatten(&place, "", &json[part], &mut inputs);
        }
        flatten(&place, "", &json["outputs"], &mut outputs);
        assert!(!outputs.is_empty(), "{place}: no outputs");
        Self {
            name,
            place,
            inputs,
            outputs,
            seen: RefCell::default(),
            numbers: Cell::new(0),
            worst: Cell::new(0.0),
        }
    }

    /// An input or parameter that has to be there.
    pub fn input(&self, key: &str) -> &Item {
        self.inputs.get(key).unwrap_or_else(|| panic!("{}: no input {key}", self.place))
    }

    /// An input or parameter that may be missing or null.
    pub fn optional(&self, key: &str) -> Option<&Item> {
        self.inputs.get(key).filter(|item| !item.json.is_null())
    }

    /// Returns whether there is an output of this name.
    pub fn has(&self, key: &str) -> bool {
        self.outputs.contains_key(key)
    }

    /// An output, which counts as compared from now on. A nested one is `outer.inner`.
    pub fn output(&self, key: &str) -> &Item {
        self.seen.borrow_mut().insert(key.into());
        self.outputs.get(key).unwrap_or_else(|| panic!("{}: no output {key}", self.place))
    }

    /// The largest finite input in size, at least 1.
    pub fn scale(&self) -> f64 {
        let all = self.inputs.values().filter(|item| item.is_tensor()).flat_map(Item::numbers);
        all.filter(|x| x.is_finite()).fold(1.0, |a: f64, x| a.max(x.abs()))
    }

    /// Compares all numbers of an output, in order.
    #[track_caller]
    pub fn check(&self, key: &str, got: impl IntoIterator<Item = f64>, tolerance: Tolerance) {
        self.compare(key, got, self.output(key).numbers(), tolerance);
    }

    /// Compares results with an output: ours has to be an error exactly where the peer's number is NaN.
    #[track_caller]
    pub fn check_results<E: core::fmt::Debug>(
        &self,
        key: &str,
        got: impl IntoIterator<Item = Result<f64, E>>,
        tolerance: Tolerance,
    ) {
        let (got, want): (Vec<_>, Vec<_>) = (got.into_iter().collect(), self.output(key).numbers());
        assert_eq!(got.len(), want.len(), "{}: {key}: how many numbers", self.place);
        for (i, (got, want)) in got.into_iter().zip(want).enumerate() {
            match got {
                Ok(got) => self.compare(&format!("{key}[{i}]"), [got], [want], tolerance),
                Err(e) => assert!(want.is_nan(), "{}: {key}[{i}]: want {want}, got {e:?}", self.place),
            }
            self.numbers.set(self.numbers.get() + usize::from(want.is_nan()));
        }
    }

    /// Compares numbers that need not be a whole output.
    #[track_caller]
    pub fn compare(
        &self,
        label: &str,
        got: impl IntoIterator<Item = f64>,
        want: impl IntoIterator<Item = f64>,
        tolerance: Tolerance,
    ) {
        let (got, want): (Vec<f64>, Vec<f64>) = (got.into_iter().collect(), want.into_iter().collect());
        assert_eq!(got.len(), want.len(), "{}: {label}: how many numbers", self.place);
        for (i, (got, want)) in got.iter().zip(&want).enumerate() {
            assert!(
                tolerance.holds(*got, *want),
                "{}: {label}[{i}]: got {got}, want {want} within {tolerance:?}",
                self.place
            );
            self.worst.set(self.worst.get().max(tolerance.used(*got, *want)));
        }
        self.numbers.set(self.numbers.get() + got.len());
    }
}

fn flatten(place: &str, prefix: &str, json: &Value, into: &mut BTreeMap<String, Item>) {
    let Some(map) = json.as_object() else { return };
    for (key, value) in map {
        let key = format!("{prefix}{key}");
        if value.is_object() && value.get("data").is_none() {
            flatten(place, &format!("{key}."), value, into);
        } else {
            into.insert(key.clone(), Item { place: format!("{place}: {key}"), json: value.clone() });
        }
    }
}

/// A number, text, list or tensor of a fixture.
pub struct Item {
    place: String,
    json: Value,
}

impl Item {
    fn number(&self, json: &Value) -> f64 {
        match json.as_str() {
            Some("nan") => f64::NAN,
            Some("inf") => f64::INFINITY,
            Some("-inf") => f64::NEG_INFINITY,
            _ => json.as_f64().unwrap_or_else(|| panic!("{}: {json} is no number", self.place)),
        }
    }

    fn is_tensor(&self) -> bool {
        self.json.get("data").is_some()
    }

    fn data<'a>(&'a self, json: &'a Value) -> &'a Vec<Value> {
        let data = json.get("data").unwrap_or(json);
        data.as_array().unwrap_or_else(|| panic!("{}: no list or tensor", self.place))
    }

    /// A number, or a tensor of one.
    pub fn f64(&self) -> f64 {
        match self.numbers()[..] {
            [x] => x,
            ref all => panic!("{}: one number wanted, {} found", self.place, all.len()),
        }
    }

    /// A whole number that is not negative.
    pub fn usize(&self) -> usize {
        let x = self.f64();
        assert!(x >= 0.0 && x.fract() == 0.0, "{}: {x} is no index", self.place);
        x as usize
    }

    /// Yes or no.
    pub fn bool(&self) -> bool {
        self.json.as_bool().unwrap_or_else(|| self.f64() != 0.0)
    }

    /// Text.
    pub fn str(&self) -> &str {
        self.json.as_str().unwrap_or_else(|| panic!("{}: no text", self.place))
    }

    /// All numbers, in order, through lists and tensors.
    pub fn numbers(&self) -> Vec<f64> {
        fn gather(item: &Item, json: &Value, into: &mut Vec<f64>) {
            match json.get("data").unwrap_or(json) {
                Value::Array(all) => all.iter().for_each(|json| gather(item, json, into)),
                one => into.push(item.number(one)),
            }
        }
        let mut all = Vec::new();
        gather(self, &self.json, &mut all);
        all
    }

    /// All numbers, in another type.
    pub fn reals<R: rlhf_core::Real>(&self) -> Vec<R> {
        self.numbers().into_iter().map(R::of).collect()
    }

    /// All numbers, as ids.
    pub fn ids(&self) -> Vec<u32> {
        self.numbers().into_iter().map(|x| x as u32).collect()
    }

    /// All numbers, as yes or no.
    pub fn bools(&self) -> Vec<bool> {
        self.numbers().into_iter().map(|x| x != 0.0).collect()
    }

    /// A tensor's shape.
    pub fn shape(&self) -> Vec<usize> {
        let shape = self.json["shape"].as_array().unwrap_or_else(|| panic!("{}: no tensor", self.place));
        shape.iter().map(|n| self.number(n) as usize).collect()
    }

    /// The size of a tensor's last dimension.
    pub fn width(&self) -> usize {
        *self.shape().last().unwrap_or_else(|| panic!("{}: a tensor without dimensions", self.place))
    }

    /// A tensor's number type.
    pub fn dtype(&self) -> &str {
        self.json["dtype"].as_str().unwrap_or_else(|| panic!("{}: no tensor", self.place))
    }

    /// A list's elements.
    pub fn items(&self) -> Vec<Item> {
        let element =
            |(i, json): (usize, &Value)| Item { place: format!("{}[{i}]", self.place), json: json.clone() };
        self.data(&self.json).iter().enumerate().map(element).collect()
    }

    /// A field of an element.
    pub fn field(&self, key: &str) -> Item {
        let json = self.json.get(key).unwrap_or_else(|| panic!("{}: no {key}", self.place));
        Item { place: format!("{}.{key}", self.place), json: json.clone() }
    }
}

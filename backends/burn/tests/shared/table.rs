//! The README's table of devices and features, of which each row is what a run of the kit found.

use rlhf_core::conformance::Report;
use rlhf_core::model::Architecture;
use rlhf_core::ready;
use rlhf_core::roles::Learner;
use rlhf_cpu::Cpu;

use super::backend::{Device, Model, Precision};
use super::texts::{Everything, Texts};
use super::tolerance::{HALVED, LOGITS, distance};
use super::{llama, weights};

/// Columns that count checks, and the kit's families in each.
const FAMILIES: [(&str, &[&str]); 5] = [
    ("read", &["reference", "critic", "reward", "rows", "candidates"]),
    ("train", &["learner", "learn_values", "learn_scores", "learn_rows", "learn_candidates"]),
    ("sample", &["policy"]),
    ("average", &["averaged"]),
    ("move", &["parameters", "saved"]),
];

/// Rows of the table that no run can fill: there is no code for them, or no browser ran the code.
const UNSEEN: [(&str, &str); 3] = [("LoRA", "no"), ("browser", "not run"), ("several devices", "no")];

const BEGIN: &str = "<!-- what the conformance runs found -->\n";
const END: &str = "<!-- end -->";

fn path() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// Holds the README's row of a device against what was found, or writes it where `RLHF_BLESS` is set.
pub fn check(device: &Device, reports: &[Report]) {
    let readme = std::fs::read_to_string(path()).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has the table's beginning");
    let (table, after) = rest.split_once(END).expect("the README has the table's end");
    let (name, row) = (format!("| `{}` |", device.name()), row(device, reports));
    let lines = table.lines().skip(2).map(|line| if line.starts_with(&name) { &row } else { line });
    let want: String = head().lines().chain(lines).map(|line| format!("{line}\n")).collect();
    assert!(want.contains(&row), "the README has no row for {}", device.name());
    if std::env::var_os("RLHF_BLESS").is_some() {
        std::fs::write(path(), [before, BEGIN, &want, END, after].concat()).unwrap();
    } else {
        assert_eq!(table, want, "the README says otherwise: run again with RLHF_BLESS=1");
    }
}

fn head() -> String {
    let columns = FAMILIES
        .iter()
        .map(|(column, _)| *column)
        .chain(["16 bits", "dropout"])
        .chain(UNSEEN.map(|(column, _)| column));
    let columns: Vec<&str> = columns.collect();
    format!("| device | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()))
}

fn row(device: &Device, reports: &[Report]) -> String {
    let mut cells = vec![format!("`{}`", device.name())];
    for (_, families) in FAMILIES {
        // The networks with a scalar head are those that play every role; the one that passes the fewest counts.
        let whole = reports.iter().filter(|report| report.kept("critic").0 > 0);
        let count = |report: &Report| {
            let kept = families.iter().map(|family| report.kept(family));
            kept.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        };
        let (passed, all) = whole.map(count).min().unwrap_or_default();
        cells.push(format!("{passed} of {all}"));
    }
    let halves = [("bf16", Precision::Bf16), ("f16", Precision::F16)];
    let halves: Vec<_> = halves
        .into_iter()
        .filter(|(_, precision)| multiplies_in(device, *precision))
        .map(|(name, _)| name)
        .collect();
    cells.push(if halves.is_empty() { "no".into() } else { halves.join(", ") });
    cells.push(if drops_out(device) { "yes".into() } else { "no".into() });
    cells.extend(UNSEEN.map(|(_, cell)| cell.into()));
    format!("| {} |", cells.join(" | "))
}

fn texts() -> Texts {
    Texts::random(&[3, 20, 1, 11], llama().vocabulary, 2)
}

/// Returns whether the device multiplies in a precision, and checks that its logits are then near to those of f32.
fn multiplies_in(device: &Device, precision: Precision) -> bool {
    let model = || Model::from_weights(device, llama(), &weights(&llama(), 1)).unwrap();
    let Ok(mut half) = model().with_precision(precision) else { return false };
    let logits = |model: &mut Model| ready(model.logits(texts().sequences())).unwrap().unwrap();
    let far = distance(&logits(&mut half), &logits(&mut model()));
    assert!(0.0 < far && far < HALVED, "{precision:?} on {}: {far}", device.name());
    true
}

/// Returns whether a pass with dropout has the CPU engine's loss, and a pass without dropout another.
fn drops_out(device: &Device) -> bool {
    let a = Architecture { dropout: 0.3, ..llama() };
    let weights = weights(&a, 1);
    let texts = texts();
    let mut objective = Everything { tokens: 31.0, scalar: false };
    let mut loss_of = |a: &Architecture| {
        let mut model = Model::from_weights(device, a.clone(), &weights).unwrap();
        ready(model.accumulate(texts.batch(), &mut objective)).unwrap().unwrap()
    };
    let (with, without) = (loss_of(&a), loss_of(&llama()));
    let mut cpu = rlhf_cpu::Model::from_weights(&Cpu::default(), a, weights.clone()).unwrap();
    let want = ready(cpu.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
    let near = |loss: f64| (loss - want).abs() < f64::from(LOGITS) * want;
    near(with) && !near(without)
}

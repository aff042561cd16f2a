//! Two runs side by side.

use rlhf::record::Line;
use rlhf::report::compared;
use rlhf::report::page::{Headline, Outcome, Page, Sample, Section, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The report of one run, and what it was made of.
pub(super) struct Reported {
    pub page: Page,
    pub lines: Vec<Line>,
    /// The method of step 3, by its key.
    pub method: String,
}

/// The page of two runs, each by its folder: results, figures, settings that differ, answers to the same prompts and
/// common charts.
pub(super) fn page(runs: [(&Path, Reported); 2]) -> Page {
    let names = names(runs.each_ref().map(|(folder, _)| *folder));
    let [a, b] = runs.map(|(_, run)| run);
    let outcome = |name: &str, page: &Page| Outcome {
        name: format!("{name}: {}", page.title),
        verdict: page.verdict.clone(),
        warnings: page.warnings.clone(),
    };
    let charts = compared([&a.lines, &b.lines], [&names[0], &names[1]], [&a.method, &b.method]);
    let samples = samples(&a.page.samples, &b.page.samples);
    let sections = [vec![figures(&names, [&a.page, &b.page]), settings(&names, [&a.page, &b.page])], charts];
    Page {
        title: format!("{} beside {}", names[0], names[1]),
        beside: vec![outcome(&names[0], &a.page), outcome(&names[1], &b.page)],
        writers: names,
        samples,
        sections: sections.concat(),
        ..Page::default()
    }
}

/// Short names of two folders that tell them apart.
fn names(folders: [&Path; 2]) -> [String; 2] {
    let short = folders.map(|folder| {
        let whole = folder.canonicalize();
        let path = whole.as_deref().unwrap_or(folder);
        path.file_name()
            .map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
    });
    if short[0] == short[1] { folders.map(|folder| folder.display().to_string()) } else { short }
}

/// The headlines of both, in one table.
fn figures(names: &[String; 2], pages: [&Page; 2]) -> Section {
    let shown = |of: &Headline| match of.note.as_str() {
        "" => of.value.clone(),
        note => format!("{} ({note})", of.value),
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (column, page) in pages.iter().enumerate() {
        // Which method wins is in the name of a column already.
        let name =
            |of: &Headline| of.name.split_once("'s answer wins").map_or(of.name.clone(), |_| "Wins".into());
        for headline in &page.headlines {
            let name = name(headline);
            let known = rows.iter().position(|row| row[0] == name);
            let at = known.unwrap_or_else(|| {
                rows.push(vec![name, "–".into(), "–".into()]);
                rows.len() - 1
            });
            rows[at][1 + column] = shown(headline);
        }
    }
    let table = Table {
        caption: "Each win rate is against the run's own supervised model, by its own judge".into(),
        header: ["figure".to_string(), names[0].clone(), names[1].clone()].to_vec(),
        rows,
    };
    Section { title: "Figures".into(), tables: vec![table], ..Section::default() }
}

/// Entries of the origin that differ between any two runs.
const ALWAYS: [&str; 2] = ["SHA-256 of the policy's weights", "seconds"];

/// The settings in which the runs differ, and where they come from.
fn settings(names: &[String; 2], pages: [&Page; 2]) -> Section {
    let of = |page: &Page| -> BTreeMap<String, String> {
        let origin = page.origin.iter().filter(|[name, _]| !ALWAYS.contains(&name.as_str()));
        page.settings.iter().chain(origin).map(|[name, value]| (name.clone(), value.clone())).collect()
    };
    let both = pages.map(of);
    let all: BTreeSet<&String> = both.iter().flat_map(BTreeMap::keys).collect();
    let value =
        |of: &BTreeMap<String, String>, name: &str| of.get(name).map_or("–", String::as_str).to_string();
    let differs = all.into_iter().filter(|name| both[0].get(*name) != both[1].get(*name));
    let rows: Vec<_> =
        differs.map(|name| vec![name.clone(), value(&both[0], name), value(&both[1], name)]).collect();
    let lead = if rows.is_empty() { "There is no difference." } else { "" };
    let table = Table {
        caption: "Settings, and what the runs were made of".into(),
        header: ["setting".to_string(), names[0].clone(), names[1].clone()].to_vec(),
        rows,
    };
    let tables = if table.rows.is_empty() { vec![] } else { vec![table] };
    Section { title: "Differences of the settings".into(), lead: lead.into(), tables, ..Section::default() }
}

/// The answers of both policies to prompts that both were shown.
fn samples(a: &[Sample], b: &[Sample]) -> Vec<Sample> {
    let same =
        |one: &Sample| b.iter().find(|other| other.prompt == one.prompt).map(|other| (one.clone(), other));
    let pairs = a.iter().filter_map(same);
    pairs
        .map(|(one, other)| Sample { prompt: one.prompt, before: one.after, after: other.after.clone() })
        .collect()
}

//! The guides in `docs/`: their code blocks are doc tests of this package, their commands work, and their links lead somewhere.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The blocks of a page that are fenced with this language, in order.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Every page for readers, by its path.
fn pages() -> Vec<String> {
    let guides = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let guides = guides.map(|name| format!("docs/{}", name.to_str().unwrap()));
    let mut pages: Vec<String> = guides.filter(|name| name.ends_with(".md")).collect();
    pages.extend(["README.md", "CONTRIBUTING.md"].map(String::from));
    pages.sort();
    pages
}

#[test]
fn the_backend_of_the_guide_is_the_example() {
    let (page, example) = (read("docs/write-a-backend.md"), read("examples/your_own_backend.rs"));
    let excerpts = blocks(&page, "rust,ignore");
    assert!(excerpts.len() > 3);
    for excerpt in excerpts {
        assert!(example.contains(excerpt), "not in examples/your_own_backend.rs:\n{excerpt}");
    }
}

#[test]
fn links_lead_to_files_that_exist() {
    let mut links = 0;
    for page in pages() {
        let text = read(&page);
        let folder = root().join(&page);
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            links += 1;
            let path = folder.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(path.exists(), "{page}: {link}");
        }
    }
    assert!(links > 40);
}

#[test]
fn files_that_contributing_names_exist() {
    let page = read("CONTRIBUTING.md");
    let folders = ["core/", "backends/", "runtime/", "tests/src/"];
    let named =
        page.split('`').skip(1).step_by(2).filter(|name| folders.iter().any(|at| name.starts_with(at)));
    let missing: Vec<&str> = named.clone().filter(|name| !root().join(name).exists()).collect();
    assert!(missing.is_empty() && named.count() > 8, "{missing:?}");
}

/// Every command of "Train from your preferences", in one shell, as a reader would paste them.
#[test]
#[ignore = "a step of its own: tests/run guides"]
fn preferences_from_data_to_a_policy() {
    let folder = tempfile::tempdir().unwrap();
    let tools = folder.path().join("bin");
    std::fs::create_dir(&tools).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_rlhf-tested"), tools.join("rlhf")).unwrap();
    let page = read("docs/train-from-your-preferences.md");
    let script = blocks(&page, "sh").join("\n");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &script]).current_dir(folder.path()).env("PATH", path);
    let out = shell.output().unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{printed}{errors}");

    let summary = |run: &str| -> serde_json::Value {
        let path = folder.path().join("runs").join(run).join("summary.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let number = |value: &serde_json::Value, path: &str| value.pointer(path).unwrap().as_f64().unwrap();
    for run in ["polite", "dpo"] {
        let summary = summary(run);
        // Half of the demonstrations are rude: the polite answer's reward is well above the mean of both.
        let (before, after) = (number(&summary, "/reward/sft"), number(&summary, "/reward/ppo"));
        assert!(after > before + 0.5, "{run}: reward {before} before, {after} after");
        assert!(number(&summary, "/ended/ppo") > 0.8 && number(&summary, "/kl") < 10.0, "{run}: {summary}");
    }
    // Of the two replies that were scored, the polite one is the better.
    let scores: Vec<f64> = printed.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert!(scores.len() == 2 && scores[0] < scores[1], "{scores:?}");
}

//! A run that is stopped, killed or damaged goes on to the same bits, or says why it does not.

use core::cell::Cell;
use core::time::Duration;
use rlhf::config::Config;
use rlhf::record::{Line, Metrics, Phase};
use rlhf::run::{RunError, RunOptions, Stage, Summary, run};
use rlhf::stage::StageError;
use rlhf_core::random::{Key, Stream};
use rlhf_tests::device::threads;
use rlhf_tests::run_data::{CONFIG, write};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// All kinds of state: dropout, a moving average, an adaptive KL coefficient.
const STATEFUL: &str = r#"
[[override]]
setting = "supervised.batch"
value = 16
reason = "a test"

[[override]]
setting = "reward.batch"
value = 16
reason = "a test"

[[override]]
setting = "supervised.dropout"
value = 0.1
reason = "a test"

[[override]]
setting = "ppo.average"
value = 0.9
reason = "a test"

[[override]]
setting = "ppo.controller"
value = { adaptive = { beta = 0.1, target = 1.0, horizon = 100.0 } }
reason = "a test"
"#;

fn config(folder: &Path) -> Config {
    let path = folder.join("run.toml");
    fs::write(&path, CONFIG.replace("iterations = 3", "iterations = 5") + STATEFUL).unwrap();
    Config::read(&path).unwrap_or_else(|e| panic!("{e}")).with_data(&folder.join("data"))
}

/// A folder with data, and how a run in it, with a checkpoint after every step, ends.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.0.path().join("data")).unwrap();
        write(&place.0.path().join("data"));
        place
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    /// Runs, or goes on, until `stop` says so.
    fn run(&self, resume: bool, stop: &dyn Fn() -> bool) -> Result<Option<Summary>, RunError> {
        let out = self.out();
        let manner = RunOptions { resume, every: Some(Duration::ZERO), stop, ..RunOptions::new(&out) };
        run(&config(self.0.path()), &threads(1), &manner, &mut |_, _, _, _| {})
    }

    /// Goes on to the end.
    fn rest(&self) -> Result<Summary, RunError> {
        Ok(self.run(true, &|| false)?.expect("all stages were asked for"))
    }

    /// Returns the results of the run that do not depend on the clock: its lines and its networks.
    fn left(&self) -> (Vec<Line>, Vec<Vec<u8>>) {
        let mut lines = Metrics::read(&self.out()).unwrap();
        lines.iter_mut().for_each(|line| line.seconds = 0.0);
        let file = |name: &str| fs::read(self.out().join(name).join("model.safetensors")).unwrap();
        (lines, ["sft", "reward", "policy"].map(file).to_vec())
    }
}

/// Ends after so many steps.
fn after(steps: usize) -> impl Fn() -> bool {
    let left = Cell::new(steps);
    move || {
        left.set(left.get() - 1);
        left.get() == 0
    }
}

fn whole() -> (Vec<Line>, Vec<Vec<u8>>) {
    let place = Place::new();
    place.rest().unwrap();
    place.left()
}

#[test]
fn a_run_stopped_after_any_step_goes_on_to_the_same_bits() {
    let want = whole();
    // The measurements at the end are no steps to stop after.
    let steps = want.0.iter().filter(|line| line.phase != Phase::Evaluate).count();
    assert!(steps > 10 && want.0.iter().any(|line| line.phase == Phase::Ppo), "{steps}");
    // Once after every step, and twice in a row in each.
    let place = Place::new();
    for _ in 0..steps - 1 {
        match place.run(true, &after(1)) {
            Err(RunError::Stage(StageError::Stopped { folder, .. })) => assert_eq!(folder, Some(place.out())),
            other => panic!("{other:?}"),
        }
    }
    place.rest().unwrap();
    assert!(place.left() == want, "{:?}\n{:?}", place.left().0, want.0);
    // Once more finds all done, and changes nothing.
    place.rest().unwrap();
    assert!(place.left() == want);
}

/// `pretrain`, `sft`, `reward` and `ppo` one after the other, and what they take over from elsewhere.
#[test]
fn parts_of_a_run_are_the_run() {
    let new = "[base.new]\nfamily = \"gpt2\"\nlayers = 1\nwidth = 16\nheads = 2\ncontext = 96\n\
               tokenizer = \"bytes\"\nepochs = 1\nbatch = 64\nlearning_rate = 1e-3\n";
    let config = |place: &Place| {
        let old = "[base]\nmodel = \"base\"\ntokenizer = \"bytes.tok\"\n";
        assert!(CONFIG.contains(old));
        let path = place.0.path().join("new.toml");
        let text = CONFIG.replace(old, new).replace("source = \"base\"", "source = \"text\"");
        fs::write(&path, format!("profile = \"instructgpt\"\n{text}")).unwrap();
        Config::read(&path).unwrap_or_else(|e| panic!("{e}")).with_data(&place.0.path().join("data"))
    };
    let on = |place: &Place, out: &str, until: Stage, from: Option<&Path>| {
        let out = place.0.path().join(out);
        let manner = RunOptions { resume: true, until, from, ..RunOptions::new(&out) };
        run(&config(place), &threads(1), &manner, &mut |_, _, _, _| {}).unwrap_or_else(|e| panic!("{e}"))
    };
    let (whole, parts) = (Place::new(), Place::new());
    let summary = on(&whole, "out", Stage::Align, None).unwrap();
    assert!(whole.out().join("base/model.safetensors").exists());
    for stage in [Stage::Pretrain, Stage::Supervised, Stage::Reward] {
        assert!(on(&parts, "out", stage, None).is_none());
        assert!(parts.out().join(stage.folder()).join("model.safetensors").exists());
        assert!(!parts.out().join("summary.json").exists());
    }
    let again = on(&parts, "out", Stage::Align, None).unwrap();
    assert_eq!(again.common.weights_sha256, summary.common.weights_sha256);
    assert!(parts.left() == whole.left());
    // Its resolved configuration is one, and says the same.
    let written = Config::read(&whole.out().join("config.toml")).unwrap();
    assert_eq!(written, config(&whole));
    // Another folder's models instead of its own.
    let from = whole.out();
    let taken = on(&whole, "taken", Stage::Align, Some(&from)).unwrap();
    assert_eq!(taken.common.weights_sha256, summary.common.weights_sha256);
    assert!(!whole.0.path().join("taken/sft").exists());
}

#[test]
fn a_folder_with_a_run_is_not_overwritten_and_other_settings_are_named() {
    let place = Place::new();
    assert!(place.run(false, &after(2)).is_err());
    let said = place.run(false, &|| false).unwrap_err();
    assert!(matches!(said, RunError::Stage(StageError::Occupied { .. })), "{said}");
    assert!(said.to_string().contains("--resume"), "{said}");
    let mut other = config(place.0.path());
    other.seed += 1;
    let out = place.out();
    let manner = RunOptions { resume: true, ..RunOptions::new(&out) };
    let said = run(&other, &threads(1), &manner, &mut |_, _, _, _| {}).unwrap_err().to_string();
    assert!(said.contains("seed was 3 and is now 4"), "{said}");
}

/// A run that was begun by a version in whose recipe other numbers stand keeps them to its end.
#[test]
fn a_run_goes_on_by_the_numbers_that_it_was_begun_with() {
    let place = |name: &str| {
        let place = Place::new();
        fs::write(place.0.path().join("run.toml"), format!("profile = \"{name}\"\n{CONFIG}")).unwrap();
        place
    };
    let go = |place: &Place, set: &[&str], until: Stage, note: &dyn Fn(&str)| {
        let (path, out) = (place.0.path().join("run.toml"), place.out());
        let given: Vec<_> = set.iter().map(|set| set.parse().unwrap()).collect();
        let config = Config::read_with(&path, &given).unwrap().with_data(&place.0.path().join("data"));
        let manner = RunOptions { resume: true, until, note, ..RunOptions::new(&out) };
        run(&config, &threads(1), &manner, &mut |_, _, _, _| {})
    };
    let others = ["ppo.policy.learning_rate=3.25e-4", "ppo.gae.lambda=0.875", "reward.epochs=2"];
    for name in ["small", "instructgpt"] {
        let (want, today) = (place(name), place(name));
        let want = go(&want, &others, Stage::Align, &|_| {}).unwrap().unwrap();
        let today = go(&today, &[], Stage::Align, &|_| {}).unwrap().unwrap();
        assert_ne!(want.common.weights_sha256, today.common.weights_sha256);

        let place = place(name);
        assert!(go(&place, &[], Stage::Supervised, &|_| {}).unwrap().is_none());
        let (record, written) = (place.out().join("run.json"), place.out().join("config.toml"));
        let before = fs::read_to_string(&written).unwrap();
        let mut run: serde_json::Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
        run["profile"]["ppo"]["policy"]["learning_rate"] = 3.25e-4.into();
        run["profile"]["ppo"]["gae"]["lambda"] = 0.875.into();
        run["profile"]["reward"]["epochs"] = 2.into();
        fs::write(&record, run.to_string()).unwrap();
        let notes = core::cell::RefCell::new(Vec::new());
        let note = |note: &str| notes.borrow_mut().push(note.to_owned());
        let summary = go(&place, &[], Stage::Align, &note).unwrap().unwrap();
        assert_eq!(summary.common.weights_sha256, want.common.weights_sha256, "{name}");
        assert_eq!(serde_json::to_value(summary.common.settings).unwrap(), run["profile"]);
        assert_eq!(fs::read_to_string(&written).unwrap(), before, "they are the recipe's, no changes");
        let told = notes.borrow().iter().filter(|note| note.contains("ppo.gae.lambda = 0.875")).count();
        assert_eq!(told, 1, "{:?}", notes.borrow());
        // What is changed now is a difference, as ever.
        let error = go(&place, &["ppo.gae.lambda=0.5"], Stage::Align, &|_| {}).unwrap_err().to_string();
        assert!(error.contains("ppo.gae.lambda was 0.875 and is now 0.5"), "{error}");
    }
}

/// Every file of the newest checkpoint, and of a finished network, cut or with a bit turned over: the
/// error names it, and once the snapshot is removed the run ends in the same bits.
#[test]
fn damage_is_named_and_what_was_before_it_serves() {
    let want = whole();
    let place = Place::new();
    // In the midst of step 3, after two of its checkpoints.
    let ppo = want.0.iter().filter(|line| line.phase == Phase::Ppo).count();
    assert!(place.run(true, &after(want.0.len() - ppo + 2)).is_err());
    let snapshots = place.out().join("checkpoints");
    let newest = || {
        let mut all: Vec<_> = fs::read_dir(&snapshots).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        all
    };
    assert_eq!(newest().len(), 2);
    let (older, newer) = (newest()[0].clone(), newest()[1].clone());
    for (snapshot, older) in [(newer, Some(older)), (place.out().join("sft"), None)] {
        let files: Vec<_> = fs::read_dir(&snapshot).unwrap().map(|e| e.unwrap().path()).collect();
        assert!(files.len() >= 2);
        for (i, file) in files.iter().enumerate() {
            let whole = fs::read(file).unwrap();
            let at = Key::new(1, Stream::Data, 0).draws(i as u32).below(whole.len());
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            for damaged in [&flipped[..], &whole[..at]] {
                fs::write(file, damaged).unwrap();
                let error = place.rest().unwrap_err();
                let said = error.to_string();
                assert!(said.contains(snapshot.to_str().unwrap()) && said.contains("remove"), "{said}");
                let RunError::Stage(StageError::Damaged { older: offered, .. }) = error else {
                    panic!("{said}")
                };
                assert_eq!(offered, older, "{said}");
            }
            fs::write(file, whole).unwrap();
        }
        fs::write(&files[0], "").unwrap();
        fs::remove_dir_all(&snapshot).unwrap();
    }
    place.rest().unwrap();
    assert!(place.left() == want);
}

/// The process that other tests kill: it runs until it is killed. Not a test of its own.
#[test]
#[ignore = "what the tests that kill start as a process: it runs as part of them"]
fn child() {
    let Some(folder) = std::env::var_os("RLHF_TEST_CHILD") else { return };
    let out = Path::new(&folder).join("out");
    let manner = RunOptions { resume: true, every: Some(Duration::ZERO), ..RunOptions::new(&out) };
    let done = run(&config(folder.as_ref()), &threads(1), &manner, &mut |_, _, _, _| {});
    if let Err(e) = done {
        eprintln!("failed: {e}");
        std::process::exit(3);
    }
}

/// This test program as a process that does [`child`] in a folder.
fn process(folder: &Path, before: &str) -> Command {
    let mut command = Command::new("sh");
    let child = "exec \"$0\" --ignored --exact real::resume::child --nocapture";
    command.args(["-c", &format!("{before}{child}")]).arg(std::env::current_exe().unwrap());
    command.env("RLHF_TEST_CHILD", folder).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Returns the number of lines that a run has written.
fn lines(place: &Place) -> usize {
    let written = fs::read(place.out().join("metrics.jsonl")).unwrap_or_default();
    written.iter().filter(|byte| **byte == b'\n').count()
}

/// Killed at moments that are drawn, again and again, until it gets to the end: some milliseconds after it has got on
/// by a step or more, however fast this machine is just now.
#[cfg(unix)]
#[test]
fn a_run_that_is_killed_at_any_moment_goes_on_to_the_same_bits() {
    let want = whole();
    let place = Place::new();
    let mut draws = Key::new(7, Stream::Data, 0).draws(0);
    let mut killed = 0;
    loop {
        let enough = lines(&place) + 1 + draws.below(4);
        let mut process = process(place.0.path(), "").spawn().unwrap();
        let ended = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break Some(status);
            }
            if lines(&place) >= enough {
                std::thread::sleep(Duration::from_millis(30).mul_f64(draws.uniform()));
                break process.try_wait().unwrap();
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if let Some(status) = ended {
            assert!(status.success(), "{status}");
            break;
        }
        // SIGKILL: nothing is tidied up.
        process.kill().unwrap();
        process.wait().unwrap();
        killed += 1;
        assert!(killed < 200, "it does not get on");
    }
    assert!(killed >= 2, "it was never killed");
    assert!(place.left() == want, "after {killed} kills");
}

/// A disk that is full, as a limit on the size of files: the error names the file, and the run goes on
/// once there is room.
#[cfg(unix)]
#[test]
fn a_full_disk_is_named_and_the_run_before_it_is_intact() {
    let want = whole();
    let place = Place::new();
    assert!(place.run(true, &after(3)).is_err());
    let mut seen = 0;
    for kilobytes in [1, 8, 20, 40] {
        // Blocks of 512 bytes; a process that ignores the signal gets an error.
        let limit = format!("trap '' XFSZ; ulimit -f {}; ", 2 * kilobytes);
        let done = process(place.0.path(), &limit).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.code() == Some(3) {
            seen += 1;
            assert!(said.contains("failed: ") && said.contains(place.0.path().to_str().unwrap()), "{said}");
        }
    }
    assert!(seen >= 2, "the limit was never met");
    place.rest().unwrap();
    assert!(place.left() == want);
}

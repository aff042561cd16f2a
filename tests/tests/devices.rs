//! One run on every device of this build, and models that are moved from one device to another.
//!
//! Without Burn's features only the CPU engine is compared, with itself on another number of threads.

use rlhf::config::Config;
use rlhf::engine::{Device, Model};
use rlhf::models::open;
use rlhf::record::{Line, Metrics, Phase};
use rlhf::run::{RunOptions, Summary, run};
use rlhf::{LanguageModel, Writing};
use rlhf_core::model::Architecture;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Reference;
use rlhf_core::sampling::SamplingParams;
use rlhf_core::{Batch, Ragged, ready};
use rlhf_tests::device::named;
use rlhf_tests::run_data::{CONFIG, write};
use rlhf_tests::tolerance::{Kind, tolerance};
use std::path::Path;

/// Returns the devices to compare with the CPU engine on two threads: the processor's devices of this build, or the one
/// that `RLHF_DEVICE` names.
fn devices() -> Vec<Device> {
    if let Ok(name) = std::env::var("RLHF_DEVICE") {
        return vec![named(&name, 1).unwrap()];
    }
    let processors = ["cpu", "flex", "ndarray"];
    let built = Device::known().filter(|(name, built)| *built && processors.contains(name));
    built.map(|(name, _)| named(name, 1).unwrap()).collect()
}

fn close(got: f64, want: f64, kind: Kind) -> bool {
    tolerance::<f32>(kind, 1.0).holds(got, want)
}

/// A run in `folder` on that device, and its lines.
fn whole(folder: &Path, device: &Device) -> (Summary, Vec<Line>) {
    std::fs::create_dir_all(folder.join("data")).unwrap();
    write(&folder.join("data"));
    let path = folder.join("run.toml");
    std::fs::write(&path, CONFIG).unwrap();
    let config = Config::read(&path).unwrap().with_data(&folder.join("data"));
    let out = folder.join("out");
    let summary = run(&config, device, &RunOptions::new(&out), &mut |_, _, _, _| {});
    (summary.unwrap_or_else(|e| panic!("{device}: {e}")).unwrap(), Metrics::read(&out).unwrap())
}

/// All that a text's log-probabilities are under a model.
fn log_probs(model: &mut Model) -> Vec<f32> {
    let tokens: Vec<u32> = b"Question 7: why is it wet?".iter().map(|b| u32::from(*b)).collect();
    let loss_mask: Vec<bool> = (0..tokens.len()).map(|t| t > 0).collect();
    let ends = [tokens.len()];
    let batch = Batch::new(Ragged::new(&tokens, &ends).unwrap(), &loss_mask).unwrap();
    let mut out = vec![f32::NAN; tokens.len()];
    ready(model.log_probs(batch, &mut out)).unwrap().unwrap();
    out
}

#[test]
fn the_same_run_on_every_device() {
    let here = tempfile::tempdir().unwrap();
    let (want, wanted) = whole(here.path(), &named("cpu", 2).unwrap());
    for device in devices() {
        let folder = tempfile::tempdir().unwrap();
        let (got, lines) = whole(folder.path(), &device);
        assert_eq!(got.common.device, device.to_string());
        assert_eq!(got.common.parameters, want.common.parameters);
        assert_eq!(lines.len(), wanted.len(), "{device}");
        for (got, want) in lines.iter().zip(&wanted) {
            assert_eq!((got.phase, got.step), (want.phase, want.step));
            let names = |line: &Line| line.figures.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(got), names(want), "{device}");
            // What is written in PPO may part where a draw lies within rounding of a token's edge.
            if matches!(got.phase, Phase::Ppo | Phase::Evaluate) {
                continue;
            }
            let (got_loss, want_loss) = (got.figures["loss"], want.figures["loss"]);
            let step = got.step;
            assert!(close(got_loss, want_loss, Kind::Trained), "{device}, {step}: {got_loss} {want_loss}");
        }
        assert!(
            close(got.reward.ppo, want.reward.ppo, Kind::Trained),
            "{device}: {:?} {:?}",
            got.reward,
            want.reward
        );
        // What it has left is read on the processor, and says the same there.
        for part in ["sft", "policy"] {
            let path = folder.path().join("out").join(part);
            let said = |device: &Device| {
                let opened = open(&path).unwrap();
                let weights = opened.weights(&opened.architecture).unwrap().0;
                log_probs(&mut Model::from_weights(device, opened.architecture, weights).unwrap())
            };
            let (there, back) = (said(&device), said(&Device::default()));
            let same = there.iter().zip(&back).all(|(a, b)| close((*a).into(), (*b).into(), Kind::Network));
            assert!(same, "{device}, {part}: {there:?} {back:?}");
            let writing = Writing { sampling: SamplingParams::Greedy, longest: 8, ..Writing::default() };
            let write =
                |device| LanguageModel::open(&path, device).unwrap().generate("Why?", &writing).unwrap();
            assert_eq!(write(&device)[0].text, write(&Device::default())[0].text, "{device}, {part}");
        }
    }
}

#[test]
fn a_network_begins_and_goes_on_the_same_on_every_device() {
    let a = Architecture::gpt2(17, 12, 8, 2, 2).with_scalar();
    let key = Key::new(1, Stream::Data, 0);
    for device in devices() {
        let model = Model::random(&device, a.clone(), 5).unwrap();
        assert_eq!(*model.weights().unwrap(), rlhf_core::model::random(&a, 5).unwrap());
        assert_eq!(model.device().to_string(), device.to_string());
        let headed = model.with_scalar_head(0.5, 6).unwrap();
        let want = rlhf_core::model::with_scalar_head(&a, &model.weights().unwrap(), 0.5, 6).unwrap();
        assert_eq!(*headed.weights().unwrap(), want);
        let part =
            |of: u32| (0..a.parameters() as u32).map(|i| key.normal(of, i).abs() as f32).collect::<Vec<_>>();
        let state = rlhf::engine::OptimizerState {
            first: part(0).into(),
            second: part(1).into(),
            average: part(2).into(),
            steps: 7,
        };
        let mut learned = headed.clone();
        assert_eq!((learned.optimizer_steps(), learned.optimizer_state().unwrap()), (None, None));
        learned.set_optimizer_state(state.clone()).unwrap();
        assert_eq!((learned.optimizer_steps(), learned.optimizer_state().unwrap()), (Some(7), Some(state)));
    }
}

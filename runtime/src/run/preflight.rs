//! Checks of files, shapes and memory before a run begins.

use super::base::{fit, teacher_file};
use super::files::All;
use super::memory::Workload;
use super::options::{CONFIG, RESULTS};
use super::recipe::chosen;
use super::{Memory, RunError, Stage, memory};
use crate::config::{self, Config, Source};
use crate::engine::Device;
use crate::stage::check_vacant;
use rlhf_data::Format;
use rlhf_models::FormatError;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// The models, data and memory that a run would work with.
#[derive(Clone, Debug, Serialize)]
pub struct Preflight {
    /// The base's number of weights.
    pub parameters: usize,
    /// The number of token ids of its tokenizer.
    pub vocabulary: usize,
    /// The number of data files that can be used.
    pub files: usize,
    /// The memory that the stages take, in bytes.
    pub memory: Memory,
    /// The available memory in bytes, where that is known.
    pub available: Option<u64>,
    /// Notes that are no errors.
    pub notes: Vec<String>,
}

/// Responses that one thread has growing at once.
const TOGETHER: usize = 64;

/// Checks all that a run needs, and trains nothing: data, base and tokenizer, the folder `out` that it writes to,
/// memory. `stages`: those that will run; see [`Stage::remaining`]. `available`: bytes of the device's memory; what the
/// machine says is free, unless given. Of a graphics card nothing is known.
///
/// # Errors
/// [`RunError`] names the key, the file or what is missing.
pub fn preflight(
    config: &Config,
    device: &Device,
    stages: &[Stage],
    out: Option<&Path>,
    available: Option<u64>,
) -> Result<Preflight, RunError> {
    config.check()?;
    let folder = config.folder()?;
    if !folder.is_dir() {
        return Err(RunError::setting("data", format!("{}: there is no such folder", folder.display())));
    }
    let (architecture, tokens) = fit(config)?;
    let (config, chosen) = &chosen(config, architecture.parameters(), None)?;
    let (profile, _) = config.resolve()?;
    let teacher = teacher_file(config)?;
    let files = data(config)?;
    let new = config.base.fresh().is_some();
    if let Some(out) = out {
        if !out.join("run.json").exists() {
            let networks = stages.iter().copied().map(Stage::folder);
            let networks = networks.filter(|name| *name != "base" || new);
            check_vacant(out, RESULTS.iter().copied().chain([CONFIG]).chain(networks))?;
        }
        writable(out)?;
    }
    let mut notes: Vec<String> = chosen.iter().chain(&config.notes).cloned().collect();
    if let (Some(responses), Some(minibatches)) = (profile.responses_per_iteration(), profile.minibatches())
        && stages.contains(&Stage::Align)
        && !responses.is_multiple_of(minibatches.into())
    {
        let (size, more) = (responses / u64::from(minibatches), responses % u64::from(minibatches));
        notes.push(format!(
            "{responses} responses make {minibatches} minibatches of {size}, {more} of them with one more"
        ));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let run = Workload {
        profile: &profile,
        base: &architecture,
        new: config.base.fresh().is_some(),
        teacher: teacher.as_ref().map(|opened| &opened.architecture),
        context: config.context,
        sequence: config.ppo.prompt + config.ppo.response,
        corpus: (config.pretraining.source == Source::Base).then_some(config.pretraining.length),
        prompts: config.evaluation.prompts,
        at_once: TOGETHER * threads,
    };
    let memory = Memory::of(stages, &run);
    let available = available.or_else(|| if device.in_memory() { memory::available() } else { None });
    if let Some(available) = available.filter(|available| memory.total() > *available) {
        return Err(RunError::Memory { needed: memory.total(), available });
    }
    Ok(Preflight {
        parameters: architecture.parameters(),
        vocabulary: tokens,
        files,
        memory,
        available,
        notes,
    })
}

/// Counts the files that can be used; each step has one at least.
fn data(config: &Config) -> Result<usize, RunError> {
    let files = All::find(config)?;
    let mut used: BTreeSet<&Path> = files.used().into_iter().map(|(path, _)| path).collect();
    if config.base.fresh().is_some() || config.pretraining.source == Source::Text {
        let texts = files.found.iter().filter(|(_, format)| *format == Format::Text);
        let before = used.len();
        used.extend(texts.map(|(path, _)| path.as_path()));
        if used.len() == before {
            let (what, wanted) = ("plain texts for pretraining", config::name(Format::Text));
            return Err(RunError::Missing { what, folder: config.folder()?.into(), wanted });
        }
    }
    Ok(used.len())
}

/// Tries to write where the folder is or will be, and leaves nothing there.
fn writable(out: &Path) -> Result<(), RunError> {
    let there = out.ancestors().find(|folder| folder.exists());
    let folder = there.filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder).map(|_| ()).map_err(|e| FormatError::io(out, e).into())
}

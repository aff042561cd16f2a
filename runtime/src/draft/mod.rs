//! A configuration for a folder of data: `rlhf init`.
//!
//! [`draft`] looks at the files of a folder and at the lengths of their texts, and writes the five settings that matter,
//! each with a comment. Everything else is left to the recipe that fits the base.

mod base;
mod lengths;

use crate::config::Config;
use crate::run::RunError;
use base::{Base, find};
use core::fmt::Write;
use lengths::Lengths;
use rlhf_data::{Kind, discover};
use rlhf_train::profile::Profile;
use std::path::Path;

/// A configuration, and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The configuration, as TOML with comments.
    pub text: String,
    /// The files and models that were found, in words.
    pub found: String,
}

/// Drafts a configuration for the data and the base model in a folder.
///
/// # Errors
/// [`RunError::Missing`] where there are no demonstrations, or nothing that a reward model learns from;
/// [`RunError::Config`] where there is neither a model nor enough plain text for a new one; a file cannot be read.
pub fn draft(folder: &Path) -> Result<Draft, RunError> {
    let found = discover(folder)?;
    let files =
        |kinds: &[Kind]| found.files.iter().filter(|(_, format)| kinds.contains(&format.kind())).count();
    let (demonstrations, compared) = (files(&[Kind::Demonstrations]), files(&[Kind::Comparisons]));
    let labeled = files(&[Kind::Solutions, Kind::Feedback]);
    let missing = |what, wanted: &str| {
        Err(RunError::Missing {
            what,
            folder: folder.into(),
            wanted: format!("{wanted}: see `rlhf data formats`"),
        })
    };
    if demonstrations == 0 {
        return missing("demonstrations", "rows such as {\"prompt\": …, \"response\": …}");
    }
    if compared == 0 && labeled == 0 {
        return missing("comparisons", "rows such as {\"prompt\": …, \"chosen\": …, \"rejected\": …}");
    }
    let base = find(folder, &found)?;
    let lengths = Lengths::of(&found, base.tokenizer(), base.longest())?;
    let mut description = format!("{}, demonstrations ({demonstrations} files), ", base.description());
    description += &match compared {
        0 => format!("labels ({labeled})"),
        _ => format!("comparisons ({compared})"),
    };
    if files(&[Kind::Prompts]) == 0 {
        description += "; prompts are taken from these";
    }
    Ok(Draft { text: text(&base, lengths, compared == 0)?, found: description })
}

/// The configuration of a run on `base`, whose reward model learns from labels or from comparisons.
fn text(base: &Base, lengths: Lengths, labels: bool) -> Result<String, RunError> {
    let Lengths { prompt, response } = lengths;
    // Not shorter than the texts of the pretraining mix, where the model reads as many.
    let length = Config::default().pretraining.length;
    let context = (prompt + response).max(length.min(base.longest()));
    let name = Profile::for_weights(base.weights(context));
    let recipe = Config::recipe(name, "ppo", response)?;
    let (beta, iterations) = (recipe.ppo.controller.beta(), Config::default().ppo.iterations);
    let mut out = format!(
        "# The settings that matter. All others are those of the recipe `{name}`, which fits the base's size;\n\
         # `rlhf config --profile {name}` prints them, and each may be written here.\n\
         version = 2\n\
         # The longest text, in tokens.\n\
         context = {context}\n\n\
         # 1. How the model learns from the preferences: ppo, grpo, dpo … (`rlhf config --help`).\n\
         method = \"ppo\"\n\n\
         # 2. The model to start from.\n{}\n",
        base.table(context)?,
    );
    if labels {
        out +=
            "[reward]\n# Answers are right or wrong; none is compared with another.\nloss = \"outcome\"\n\n";
    }
    let _ = write!(
        out,
        "[ppo]\n\
         # 3. Rollouts. Of dpo and others that make none: `preference.epochs = 3`, in its table.\n\
         iterations = {iterations}\n\
         # 4. The longest answer, and the longest prompt, in tokens: yours fit.\n\
         response = {response}\n\
         prompt = {prompt}\n\
         # 5. The KL penalty, per nat: a higher one stays closer to the supervised model. Of grpo: `on_policy.kl.beta`.\n\
         controller.fixed.beta = {beta}\n"
    );
    if base.is_new() || context < length {
        out += "\n[pretraining]\n";
    }
    if base.is_new() {
        out += "# The plain text that the new model learns first.\nsource = \"text\"\n";
    }
    if context < length {
        let _ = writeln!(out, "length = {context}");
    }
    Ok(out)
}

//! Checks of data and settings before the first step: that something can be learned.

use super::counted::{CountedStep, Inputs, passes, rollout, same, undecided};
use super::lengths::LengthRule;
use super::{Data, DataSet, RunError, Stage};
use crate::stage::optimizers;
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_train::profile::{Method, Optimizer};
use std::collections::BTreeMap;
use std::path::Path;

/// Files that are named one by one.
const NAMED: usize = 12;

impl Inputs<'_> {
    /// Notes on these stages, of which these are the steps, that the user should know.
    ///
    /// # Errors
    /// [`RunError::Unlearnable`] where step 3 would learn nothing of its data.
    pub fn notes(&self, stages: &[Stage], steps: &[CountedStep]) -> Result<Vec<String>, RunError> {
        let mut notes = Vec::new();
        if self.tokenizer.eos().is_none() {
            let longest = self.config.ppo.response;
            notes.push(format!(
                "the tokenizer has no end token: no model can learn to end its answers, and each goes on to \
                 {longest} tokens (ppo.response)"
            ));
        }
        if stages.contains(&Stage::Supervised) {
            self.supervised(&mut notes);
        }
        if let Some(step) = steps.iter().find(|step| step.stage == Stage::Reward) {
            let (optimizer, steps) = (&self.profile.reward.optimizer, step.optimizer_steps);
            notes.extend(learning_rate_note("step 2", "reward.optimizer", optimizer, steps, 1));
        }
        if stages.contains(&Stage::Align) {
            self.method(&mut notes)?;
        }
        if stages.iter().any(|stage| matches!(stage, Stage::Reward | Stage::Align)) {
            notes.extend(LengthRule::of(&self.sources.comparisons).and_then(|rule| rule.remark()));
        }
        notes.extend(steps.iter().filter_map(CountedStep::idle));
        if let Some(what) = self.sources.prompts_of {
            let prompts = self.sources.prompts.len();
            notes.push(format!("there are no prompts by themselves: {prompts} are taken from the {what}"));
        }
        self.rows(&mut notes);
        Ok(notes)
    }

    fn supervised(&self, notes: &mut Vec<String>) {
        let Some(settings) = &self.profile.supervised else { return };
        let steps = self.supervised_steps();
        notes.extend(learning_rate_note("step 1", "supervised.optimizer", &settings.optimizer, steps, 1));
    }

    fn method(&self, notes: &mut Vec<String>) -> Result<(), RunError> {
        let (method, material) = (&self.profile.method, self.material);
        let what = || format!("step 3, {}", self.config.method);
        let nothing = |reason: String| Err(RunError::Unlearnable { what: what(), reason });
        let train = || self.sources.comparisons.iter().flat_map(|set| &set.train);
        if let Method::Distillation(settings) = method
            && let Some(top) = settings.top.filter(|top| *top as usize > self.tokenizer.vocabulary())
        {
            let tokens = self.tokenizer.vocabulary();
            let reason = format!("want {tokens} at most, as many tokens as there are, not {top}");
            return Err(RunError::setting("distillation.top", reason));
        }
        match method {
            Method::Preference(_) if material.pairs.is_empty() => return nothing(undecided(train())),
            Method::Ilql(_) if train().all(|judged| judged.ranking().pairs().is_empty()) => {
                return nothing(undecided(train()));
            }
            Method::Kto(_) => {
                let (good, all) = (material.labeled.desirable(), material.labeled.len());
                if all == 0 {
                    return nothing(undecided(train()));
                }
                if good == 0 || good == all {
                    let class = if good == 0 { "undesirable" } else { "desirable" };
                    return nothing(format!("all {all} answers are {class}: want both kinds"));
                }
            }
            _ => {}
        }
        if let (Method::Bandit(_), Some(reward)) =
            (method, same(self.sources.feedback.iter().map(|row| row.reward)))
        {
            notes.push(format!("{}: all rewards are {reward}: nothing tells good answers from bad", what()));
        }
        for (setting, optimizer) in optimizers(self.profile) {
            let iterations = u64::from(self.config.ppo.iterations);
            let (total, each) = match method.passes() {
                Some((_, settings)) => (passes(self.items(), settings), 1),
                None => (iterations.saturating_mul(rollout(self.profile)), rollout(self.profile)),
            };
            let told = self.config.given.iter().any(|given| given.setting == "ppo.iterations");
            if let (Some((table, _)), true) = (method.passes(), told) {
                notes.push(format!(
                    "ppo.iterations counts rollouts, of which {} makes none: how long it trains is {table}.epochs",
                    self.config.method
                ));
            }
            notes.extend(learning_rate_note(&what(), setting, optimizer, total, each));
        }
        Ok(())
    }

    /// Notes on the data that is cut, refused, held out or not read.
    fn rows(&self, notes: &mut Vec<String>) {
        let (config, data) = (self.config, &self.sources.data);
        let judged = if self.profile.reward.loss.labels() { "labels" } else { "comparisons" };
        let context = |most| format!("the context of {most} tokens");
        for (what, sets, most) in [
            ("supervised", &data.demonstrations, context(config.context)),
            ("reward", &data.comparisons, context(config.context)),
            ("feedback", &data.feedback, context(config.context)),
            ("prompts", &data.prompts, format!("{} tokens (ppo.prompt)", config.ppo.prompt)),
        ] {
            let what = if what == "reward" { format!("reward, {judged}") } else { what.into() };
            for set in sets {
                notes.extend(cut(&what, set, &most));
                notes.extend(refused(&what, set));
                notes.extend(left_out(&what, set));
                notes.extend(flaw_note(&what, set));
            }
        }
        notes.extend(unused(data));
        let named = |paths: &mut dyn Iterator<Item = &Path>| {
            let names: Vec<_> = paths.map(|path| path.display().to_string()).collect();
            let more = names.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ") + &more
        };
        if !data.test_files.is_empty() {
            let names = named(&mut data.test_files.iter().map(AsRef::as_ref));
            notes.push(format!("held out whole, for their names say that they are for testing: {names}"));
        }
        for left_out in data.left_out.iter().take(NAMED) {
            notes.push(format!("not read: {}: {}", left_out.path.display(), left_out.reason));
        }
        if data.left_out.len() > NAMED {
            let more = data.left_out.len() - NAMED;
            notes.push(format!("not read: {more} more files, which summary.json names with their reasons"));
        }
    }
}

/// Notes that a learning rate over `total` steps, `each` an iteration, is 0, or never reaches its highest.
fn learning_rate_note(
    what: &str,
    setting: &str,
    optimizer: &Optimizer,
    total: u64,
    each: u64,
) -> Option<String> {
    let schedule = optimizer.schedule(total, each);
    let (peak, warm_up) = (schedule.peak, schedule.warm_up.steps);
    if peak == 0.0 {
        return Some(format!("{what}: the learning rate is 0 ({setting}.learning_rate): it learns nothing"));
    }
    if total == 0 || warm_up < total {
        return None;
    }
    let highest = schedule.rate(total - 1);
    let longer = if warm_up == total { "as long as" } else { "longer than" };
    Some(format!(
        "{what}: the warm-up of {warm_up} steps is {longer} the training, which has {total}: the learning rate \
         rises to {highest:.1e} and never to {peak:.1e}; shorten {setting}.warm_up, or train longer"
    ))
}

fn cut(what: &str, set: &DataSet, most: &str) -> Option<String> {
    let (name, cut, rows) = (&set.name, set.cut, set.train + set.held_out);
    let lost = match set.cut_answers {
        0 => String::new(),
        answers => format!("; in {answers} of them an answer lost its end"),
    };
    (cut > 0)
        .then(|| format!("{what}, {name}: {cut} of {rows} rows are longer than {most} and were cut{lost}"))
}

fn left_out(what: &str, set: &DataSet) -> Option<String> {
    let all = set.left_out.iter().map(|(reason, rows)| format!("{rows} {reason}")).collect::<Vec<_>>();
    (!all.is_empty()).then(|| format!("{what}, {}: {}", set.name, all.join(", ")))
}

fn flaw_note(what: &str, set: &DataSet) -> Option<String> {
    let all = set.flaws.iter().map(|(flaw, rows)| format!("{rows} {flaw}")).collect::<Vec<_>>();
    (!all.is_empty()).then(|| {
        format!(
            "{what}, {}: {}; they are trained on (`rlhf data check` shows more)",
            set.name,
            all.join(", ")
        )
    })
}

/// The fields that nothing reads, of all sets once.
fn unused(data: &Data) -> Option<String> {
    let sets = [&data.demonstrations, &data.comparisons, &data.feedback, &data.prompts];
    let mut all = BTreeMap::<(&str, &str), u64>::new();
    for set in sets.into_iter().flatten() {
        for (field, rows) in &set.unused {
            let most = all.entry((&set.name, field)).or_default();
            *most = (*most).max(*rows);
        }
    }
    let named: Vec<_> = all
        .iter()
        .take(NAMED)
        .map(|((set, field), rows)| format!("{set}: {field:?} ({rows} rows)"))
        .collect();
    let more = all.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more, see summary.json") } else { String::new() };
    (!named.is_empty()).then(|| format!("fields that are not used: {}{more}", named.join(", ")))
}

fn refused(what: &str, set: &DataSet) -> Option<String> {
    let (name, refused, all) = (&set.name, set.refused, set.refused + set.rows);
    let first = set.reasons.first().map(|reason| format!("; the first: {reason}")).unwrap_or_default();
    (refused > 0)
        .then(|| format!("{what}, {name}: {refused} of {all} rows do not fit and were left out{first}"))
}

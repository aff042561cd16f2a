//! The class `Trainer` of the module that trains: a [`Session`] whose structures are JSON.

use crate::{Error, RewardRule, Session, Settings, Vote, Writing};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

/// A session, for JavaScript.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Trainer {
    session: Session,
}

/// An error as JavaScript sees it: its code and what to do, with a space between.
fn thrown(error: Error) -> JsValue {
    format!("{} {error}", error.code).into()
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, JsValue> {
    serde_json::from_str(json).map_err(|e| thrown(Error::new("setting", e.to_string())))
}

fn json(value: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(|e| thrown(Error::new("other", e.to_string())))
}

#[wasm_bindgen]
impl Trainer {
    /// Opens a pretrained model. `names` and `files` belong together.
    ///
    /// # Errors
    /// A file is missing or damaged.
    #[wasm_bindgen(constructor)]
    pub fn new(names: Vec<String>, files: Vec<js_sys::Uint8Array>, seed: u32) -> Result<Trainer, JsValue> {
        let files = names.into_iter().zip(files.iter().map(js_sys::Uint8Array::to_vec));
        Ok(Self { session: Session::open(files, u64::from(seed)).map_err(thrown)? })
    }

    /// What there is, as JSON.
    ///
    /// # Errors
    /// None.
    pub fn info(&self) -> Result<String, JsValue> {
        #[derive(Serialize)]
        struct Info {
            parameters: usize,
            vocabulary: usize,
            context: usize,
            iteration: u32,
            reward: bool,
            simd: bool,
        }
        json(&Info {
            parameters: self.session.parameters(),
            vocabulary: self.session.vocabulary(),
            context: self.session.context(),
            iteration: self.session.iteration(),
            reward: self.session.has_reward(),
            simd: cfg!(target_feature = "simd128"),
        })
    }

    /// The settings, as JSON.
    ///
    /// # Errors
    /// None.
    pub fn settings(&self) -> Result<String, JsValue> {
        json(&self.session.settings())
    }

    /// Replaces the settings that are given, and returns all.
    ///
    /// # Errors
    /// A setting is not known or out of range.
    pub fn set(&mut self, changes: &str) -> Result<String, JsValue> {
        let changes: serde_json::Map<String, serde_json::Value> = read(changes)?;
        let mut all = serde_json::to_value(self.session.settings()).unwrap_or_default();
        for (name, value) in changes {
            all[name] = value;
        }
        let settings: Settings =
            serde_json::from_value(all).map_err(|e| thrown(Error::new("setting", e.to_string())))?;
        self.session.set(settings).map_err(thrown)?;
        self.settings()
    }

    /// Writes replies; how, and they, as JSON.
    ///
    /// # Errors
    /// The prompt is too long.
    pub fn generate(&mut self, prompt: &str, writing: &str) -> Result<String, JsValue> {
        let writing: Writing = read(writing)?;
        json(&self.session.generate(prompt, &writing).map_err(thrown)?)
    }

    /// Looks at each token of a reply; as JSON.
    ///
    /// # Errors
    /// The texts are too long together.
    pub fn inspect(&mut self, prompt: &str, reply: &str) -> Result<String, JsValue> {
        json(&self.session.inspect(prompt, reply).map_err(thrown)?)
    }

    /// Adds a vote, from JSON; returns the number of votes.
    ///
    /// # Errors
    /// It is no ranking.
    pub fn vote(&mut self, vote: &str) -> Result<usize, JsValue> {
        let vote: Vote = serde_json::from_str(vote).map_err(|e| thrown(Error::new("vote", e.to_string())))?;
        self.session.vote(vote).map_err(thrown)?;
        Ok(self.session.votes().len())
    }

    /// The votes, as JSON lines.
    pub fn votes(&self) -> String {
        self.session.votes_as_lines()
    }

    /// Adds the votes of JSON lines, all or none.
    ///
    /// # Errors
    /// Names the line.
    #[wasm_bindgen(js_name = addVotes)]
    pub fn add_votes(&mut self, lines: &str) -> Result<usize, JsValue> {
        self.session.add_votes(lines).map_err(thrown)
    }

    /// Forgets all votes.
    #[wasm_bindgen(js_name = clearVotes)]
    pub fn clear_votes(&mut self) {
        self.session.clear_votes();
    }

    /// Begins to train a reward model.
    ///
    /// # Errors
    /// There is no vote.
    #[wasm_bindgen(js_name = beginReward)]
    pub fn begin_reward(&mut self) -> Result<(), JsValue> {
        self.session.begin_reward().map_err(thrown)
    }

    /// Takes up to `steps` steps; the last, as JSON, or `undefined` at the end.
    ///
    /// # Errors
    /// A number is not finite.
    #[wasm_bindgen(js_name = stepReward)]
    pub fn step_reward(&mut self, steps: u32) -> Result<Option<String>, JsValue> {
        let step = self.session.step_reward(u64::from(steps)).map_err(thrown)?;
        step.as_ref().map(json).transpose()
    }

    /// One iteration of PPO, as JSON. `rule`: a [`RewardRule`], as JSON.
    ///
    /// # Errors
    /// There is no reward model; a guard stopped it.
    pub fn iterate(&mut self, prompts: Vec<String>, rule: &str) -> Result<String, JsValue> {
        let rule: RewardRule = read(rule)?;
        json(&self.session.iterate(&prompts, &rule).map_err(thrown)?)
    }

    /// One iteration from inside, as JSON.
    ///
    /// # Errors
    /// As [`Self::iterate`].
    #[wasm_bindgen(js_name = iterateInPhases)]
    pub fn iterate_in_phases(
        &mut self,
        prompts: Vec<String>,
        rule: &str,
        show: usize,
    ) -> Result<String, JsValue> {
        let rule: RewardRule = read(rule)?;
        json(&self.session.iterate_in_phases(&prompts, &rule, show).map_err(thrown)?)
    }

    /// Begins again with the pretrained policy.
    ///
    /// # Errors
    /// None.
    #[wasm_bindgen(js_name = resetPolicy)]
    pub fn reset_policy(&mut self) -> Result<(), JsValue> {
        self.session.reset_policy().map_err(thrown)
    }

    /// Everything but the pretrained model.
    ///
    /// # Errors
    /// None.
    pub fn save(&self) -> Result<Vec<u8>, JsValue> {
        self.session.save().map_err(thrown)
    }

    /// Goes on from what [`Self::save`] gave.
    ///
    /// # Errors
    /// It is damaged, or of another model.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), JsValue> {
        self.session.restore(state).map_err(thrown)
    }

    /// The reward model as a file for the scorer.
    ///
    /// # Errors
    /// There is none.
    #[wasm_bindgen(js_name = rewardFile)]
    pub fn reward_file(&self) -> Result<Vec<u8>, JsValue> {
        self.session.reward_file().map_err(thrown)
    }

    /// The policy's files: names, and bytes in the same order.
    ///
    /// # Errors
    /// They cannot be written.
    #[wasm_bindgen(js_name = policyFiles)]
    pub fn policy_files(&self) -> Result<js_sys::Map, JsValue> {
        let map = js_sys::Map::new();
        for (name, bytes) in self.session.policy_files().map_err(thrown)? {
            map.set(&name.into(), &js_sys::Uint8Array::from(&bytes[..]));
        }
        Ok(map)
    }
}

//! A quickstart as a page.

use super::Summary;
use rlhf::record::Line;
use rlhf::report::page::{self, Chart, Drawing, Headline, Page, Section};
use rlhf::report::{curves, format, number, verdict, warnings};
use rlhf::run::Common;
use serde_json::Value;

impl Summary {
    /// The quickstart's report; `lines` of its `metrics.jsonl` are drawn as curves.
    pub fn page(&self, lines: &[Line]) -> Page {
        let overrides = self.overrides.iter();
        Page {
            title: format!("RLHF quickstart, seed {}", self.common.seed),
            verdict: self.verdict(),
            warnings: warnings(&self.common.warnings, METHOD),
            writers: ["Supervised model".into(), "PPO".into()],
            headlines: self.headlines(),
            sections: [vec![self.distance(), self.trust()], curves(lines, METHOD)].concat(),
            samples: self.samples.iter().map(sample).collect(),
            overrides: overrides
                .map(|o| [o.setting.clone(), plain(&o.paper), plain(&o.here), o.reason.clone()])
                .collect(),
            settings: format::settings(&self.common.settings),
            origin: self.origin(),
            ..Page::default()
        }
    }

    /// The result in a few sentences: what makes it doubtful, if anything does, and whose stories are better.
    pub fn verdict(&self) -> String {
        let Common { kl, warnings, .. } = &self.common;
        let judge = "By a gold score that no model has seen";
        let verdict = verdict(judge, "PPO's story", &self.gold.win_rate, warnings);
        format!("{verdict} It is {} away from the supervised model.", format::nats(*kl))
    }

    fn headlines(&self) -> Vec<Headline> {
        let (gold, proxy) = (&self.gold, &self.proxy.reward);
        let kl = "from the supervised model, per answer".into();
        vec![
            format::sure("PPO's story wins, by gold", &gold.win_rate),
            format::changed("Mean gold, 0 to 1", gold.reward.sft, gold.reward.ppo, number),
            format::changed("Do all that was asked", gold.success.sft, gold.success.ppo, format::percent),
            format::changed("Mean reward", proxy.sft, proxy.ppo, number),
            Headline { name: "KL".into(), value: format::nats(self.common.kl), note: kl },
            format::sure("Reward model's accuracy", &self.reward_model.accuracy),
            format::changed("Mean length, tokens", self.common.length.sft, self.common.length.ppo, number),
            format::changed("Distinct answers", self.distinct.sft, self.distinct.ppo, format::percent),
        ]
    }

    fn distance(&self) -> Section {
        let plot = super::plot(self);
        let note = "Gold and the reward model's score (the proxy), each as a share of its largest gain. Where the \
                    proxy goes on rising and gold falls, the policy has learned to please the reward model rather \
                    than people.";
        let chart = Chart { title: plot.title.clone(), note: note.into(), drawing: Drawing::Lines(plot) };
        Section { title: "What was gained".into(), charts: vec![chart], ..Section::default() }
    }

    fn trust(&self) -> Section {
        let model = &self.reward_model;
        let rows = vec![("held-out rankings".to_string(), Some(model.accuracy))];
        let lead = format!(
            "Two labelers agree with each other on {} of pairs.",
            format::percent(self.labelers.agreement)
        );
        let charts = format::trust(rows, model.calibration.as_ref());
        Section { title: "How far to trust the reward model".into(), lead, charts, ..Section::default() }
    }

    fn origin(&self) -> Vec<[String; 2]> {
        let s = &self.seconds;
        let times = format!(
            "pretraining {}, step 1 {}, step 2 {}, PPO {}",
            number(s.pretrain),
            number(s.sft),
            number(s.reward),
            number(s.ppo)
        );
        let data = "made by the quickstart from its seed".into();
        self.common.origin([("data", data), ("seconds", times)])
    }
}

/// The method of every quickstart.
const METHOD: &str = "ppo";

/// A setting's value, which the summary has as JSON, for people.
fn plain(value: &str) -> String {
    serde_json::from_str::<Value>(value).map_or_else(|_| value.into(), |value| format::plain(&value))
}

fn sample(of: &super::Sample) -> page::Sample {
    let story = |s: &super::Story| [s.text.clone(), format!("gold {:.2}, reward {:+.2}", s.gold, s.reward)];
    page::Sample { prompt: of.prompt.clone(), before: story(&of.sft), after: story(&of.ppo) }
}

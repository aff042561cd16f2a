//! A run as a page.

use super::{DataSet, Sample, Summary};
use crate::config::{self, Override};
use crate::record::Line;
use crate::report::page::{Headline, Page, Section, Table};
use crate::report::{curves, format, method_name, number, verdict, warnings};
use crate::statistics::{BeforeAfter, Interval};

impl Summary {
    /// The run's report; `lines` of its `metrics.jsonl` are drawn as curves.
    pub fn page(&self, lines: &[Line]) -> Page {
        let sections =
            [vec![self.trust()], curves(lines, &self.method), vec![self.losses(), self.sets()]].concat();
        let method = method_name(&self.method);
        Page {
            title: format!("{method}, recipe {}, seed {}", self.profile, self.common.seed),
            verdict: self.verdict(),
            warnings: warnings(&self.common.warnings, &self.method),
            writers: ["Supervised model".into(), method],
            notes: self.notes.clone(),
            headlines: self.headlines(),
            sections,
            samples: self.samples.iter().map(sample).collect(),
            overrides: self.overrides.iter().map(change).collect(),
            settings: format::settings(&self.common.settings),
            origin: self.origin(),
            ..Page::default()
        }
    }

    /// The result in a few sentences: what makes it doubtful, if anything does, and who wins how often.
    pub fn verdict(&self) -> String {
        let who = format!("{}'s answer to a held-out prompt", method_name(&self.method));
        let judge = "By the reward model's own judgment";
        let verdict = verdict(judge, &who, &self.win_rate, &self.common.warnings);
        format!("{verdict} It is {} away from the supervised model.", format::nats(self.common.kl))
    }

    fn headlines(&self) -> Vec<Headline> {
        let kl = "from the supervised model, per answer".into();
        let mut out = vec![
            format::sure(&format!("{}'s answer wins", method_name(&self.method)), &self.win_rate),
            format::changed("Mean reward", self.reward.sft, self.reward.ppo, number),
            Headline { name: "KL".into(), value: format::nats(self.common.kl), note: kl },
        ];
        out.extend(self.reward_model.accuracy.map(|a| format::sure("Reward model's accuracy", &a.into())));
        out.push(format::changed(
            "Mean length, tokens",
            self.common.length.sft,
            self.common.length.ppo,
            number,
        ));
        out.push(format::changed("Ended by themselves", self.ended.sft, self.ended.ppo, format::percent));
        let distinct = |d: BeforeAfter| format::changed("Distinct answers", d.sft, d.ppo, format::percent);
        out.extend(self.distinct.map(distinct));
        out.extend(self.reward_model.longer.map(|l| format::sure("The longer answer is preferred", &l)));
        out
    }

    fn trust(&self) -> Section {
        let sets = self.reward_model.data_sets.iter();
        let mut rows: Vec<_> = sets.map(|set| (set.name.clone(), set.accuracy.map(Interval::from))).collect();
        if rows.len() > 1 {
            rows.push(("all".into(), self.reward_model.accuracy.map(Interval::from)));
        }
        let charts = format::trust(rows, self.reward_model.calibration.as_ref());
        let lead = "Votes on one prompt's answers hang together; the intervals take them as independent and are a little narrow.";
        Section {
            title: "How far to trust the reward model".into(),
            lead: lead.into(),
            charts,
            ..Section::default()
        }
    }

    fn losses(&self) -> Section {
        let row =
            |name: &str, s: super::Stages| vec![name.into(), number(s.base), number(s.sft), number(s.ppo)];
        let table = Table {
            caption: "Cross-entropy in nats per token".into(),
            header: ["held-out".into(), "base".into(), "supervised".into(), method_name(&self.method)]
                .to_vec(),
            rows: vec![
                row("demonstrations", self.losses.demonstrations),
                row("pretraining text: what alignment costs", self.losses.pretraining),
            ],
        };
        Section { title: "Losses on held-out text".into(), tables: vec![table], ..Section::default() }
    }

    fn sets(&self) -> Section {
        let d = &self.data;
        let kinds = [
            ("demonstrations", &d.demonstrations),
            ("comparisons", &d.comparisons),
            ("prompts", &d.prompts),
            ("feedback", &d.feedback),
        ];
        let row = |kind: &str, set: &DataSet| {
            let counts = [set.rows, set.refused, set.train, set.held_out, set.cut].map(|n| n.to_string());
            [vec![set.name.clone(), kind.into(), config::name(set.format)], counts.to_vec()].concat()
        };
        let rows = kinds.iter().flat_map(|(kind, sets)| sets.iter().map(|set| row(kind, set))).collect();
        let header = ["name", "for", "format", "rows", "refused", "trained on", "held out", "cut"];
        let caption =
            "Rows of each data set; prompts of cut ones, which were too long, kept their last tokens";
        let table = Table { caption: caption.into(), header: header.map(String::from).to_vec(), rows };
        let lead = match d.pretraining {
            0 => String::new(),
            n => format!("The pretraining mix was drawn from {n} texts."),
        };
        Section { title: "Data".into(), lead, tables: vec![table], ..Section::default() }
    }

    fn origin(&self) -> Vec<[String; 2]> {
        let s = &self.seconds;
        let times = format!(
            "data {}, step 1 {}, step 2 {}, step 3 {}, measuring {}",
            number(s.data),
            number(s.sft),
            number(s.reward),
            number(s.ppo),
            number(s.evaluate)
        );
        self.common.origin([("method", self.method.clone()), ("seconds", times)])
    }
}

fn sample(sample: &Sample) -> crate::report::page::Sample {
    let answer = |a: &super::Answer| [a.text.clone(), format!("reward {:+.2}", a.reward)];
    let Sample { prompt, sft, ppo } = sample;
    crate::report::page::Sample { prompt: prompt.clone(), before: answer(sft), after: answer(ppo) }
}

fn change(o: &Override) -> [String; 4] {
    [o.setting.clone(), format::plain(&o.paper), format::plain(&o.here), o.reason.clone()]
}

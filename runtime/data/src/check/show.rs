//! A check for a person to read.

use super::super::flaws::Flaw;
use super::super::personal::Kind;
use super::{Quantiles, Report};
use core::fmt;

/// The most unread fields that are named.
const MOST_UNUSED: usize = 12;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<14} {:>9} {:>9} {:>9} {:>9}  file", "format", "rows", "kept", "refused", "records")?;
        for file in &self.files {
            let (name, test) = (format!("{:?}", file.format), if file.test { "  (test)" } else { "" });
            write!(f, "{name:<14} {:>9} {:>9} {:>9} ", file.rows, file.kept, file.refused)?;
            writeln!(f, "{:>9}  {}{test}", file.records, file.path.display())?;
        }
        for bad in &self.bad {
            writeln!(f, "  {}", bad.error)?;
        }
        writeln!(f)?;
        writeln!(f, "{:<22} {:>8} {:>8} {:>8} {:>8}", "lengths", "least", "5 %", "median", "95 %")?;
        for (what, lengths) in [("prompt", &self.prompt_lengths), ("answer", &self.answer_lengths)] {
            for (unit, q) in [("characters", lengths.characters()), ("words", lengths.words())] {
                if q.count > 0 {
                    quantiles(f, &format!("{what}, {unit}"), &q)?;
                }
            }
        }
        writeln!(f)?;
        let mut line = |what: &str, figure: String| writeln!(f, "{what:<22} {figure}");
        line("different prompts", self.prompts.to_string())?;
        let d = &self.duplicates;
        line("duplicates", format!("{} exact, {} but for case, space and punctuation", d.exact, d.near))?;
        if self.leaks.test_prompts > 0 {
            let l = &self.leaks;
            line("test prompts", format!("{}, of which {} are trained on", l.test_prompts, l.leaked))?;
        }
        let v = &self.votes;
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        if v.votes > 0 {
            let same = match v.identical {
                0 => String::new(),
                same => format!(", {same} of them of identical answers"),
            };
            line("votes", format!("{}, of which {} ties{same}", v.votes, v.ties))?;
        }
        if let Some(agreement) = v.agreement {
            line("agreement", format!("{} of {} pairs of votes", percent(agreement), v.judged_twice))?;
        }
        if let Some(longer) = v.longer {
            line("longer is preferred", percent(longer))?;
        }
        if let Some(first) = v.first {
            line("first is preferred", percent(first))?;
        }
        for flaw in Flaw::ALL.into_iter().filter(|flaw| !flaw.is_problem()) {
            if let Some(rows) = self.flaws.get(flaw.what()) {
                line("left out", format!("{rows} {}", flaw.what()))?;
            }
        }
        if !self.unused.is_empty() {
            let all = self.unused.iter().take(MOST_UNUSED);
            let all: Vec<_> = all.map(|(field, rows)| format!("{field} ({rows} rows)")).collect();
            let more = if self.unused.len() > MOST_UNUSED { ", …" } else { "" };
            line("fields not used", all.join(", ") + more)?;
        }
        for (field, counts) in &self.personal {
            let each = Kind::ALL.iter().filter(|kind| counts.of(**kind) > 0);
            let each: Vec<_> = each.map(|kind| format!("{} {}", counts.of(*kind), kind.mask())).collect();
            line("personal data", format!("{} in {field:?}", each.join(", ")))?;
        }
        match &self.problems()[..] {
            [] => writeln!(f, "\nNo problems."),
            problems => writeln!(f, "\nProblems: {}.", problems.join("; ")),
        }
    }
}

fn quantiles(f: &mut fmt::Formatter<'_>, what: &str, q: &Quantiles) -> fmt::Result {
    writeln!(f, "{what:<22} {:>8} {:>8} {:>8} {:>8}  most {}", q.least, q.p5, q.median, q.p95, q.most)
}

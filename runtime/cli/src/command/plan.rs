//! The steps of a run before they are done, as `rlhf config check` prints them.

use rlhf::run::PlannedStep;

/// The table of steps.
pub fn table(steps: &[PlannedStep]) -> String {
    let mut out =
        format!("{:<14} {:>8} {:>16} {:>13}  {}", "step", "rows", "optimizer steps", "highest rate", "about");
    for step in steps {
        let rate = step.learning_rate.map_or("none".into(), |rate| format!("{rate:.1e}"));
        out += &format!(
            "\n{:<14} {:>8} {:>16} {rate:>13}  {}",
            step.name,
            step.rows,
            step.optimizer_steps,
            time(step.seconds)
        );
    }
    out + &format!(
        "\nIn all about {}, on this machine as it is now.",
        time(steps.iter().map(|step| step.seconds).sum())
    )
}

/// A line for each step in which nothing is learned.
pub fn nothing(steps: &[PlannedStep]) -> Vec<String> {
    let idle = steps.iter().filter(|step| !step.learns);
    idle.map(|step| match step.learning_rate {
        Some(rate) => format!(
            "nothing will be learnt in `{}`: {} optimizer steps at {rate:.1e} at most leave this network as it was; \
             raise the learning rate, take more passes or smaller batches, or leave `profile` to the base's size",
            step.name, step.optimizer_steps
        ),
        None => format!("nothing will be learnt in `{}`: it has no optimizer step", step.name),
    })
    .collect()
}

/// A line for each step whose batch is not reached.
pub fn short_batches(steps: &[PlannedStep]) -> Vec<String> {
    let larger =
        |step: &&PlannedStep| step.batch.is_some_and(|batch| batch as usize > step.rows && step.rows > 0);
    let line = |step: &PlannedStep| {
        let (name, rows, batch) = (&step.name, step.rows, step.batch.unwrap_or_default());
        format!("`{name}`: a batch of {batch} has all {rows} rows: a pass over them is one optimizer step")
    };
    steps.iter().filter(larger).map(line).collect()
}

/// Seconds in the unit that suits.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 99.5 => format!("{:.0} s", s.ceil()),
        s if s < 90.0 * 60.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3600.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf::run::Stage;

    fn step(learning_rate: f64, learns: bool) -> PlannedStep {
        let (stage, name, rows) = (Stage::Align, "dpo".into(), 160);
        PlannedStep {
            stage,
            name,
            rows,
            batch: Some(64),
            optimizer_steps: 3,
            learning_rate: Some(learning_rate),
            seconds: 5.2,
            learns,
        }
    }

    #[test]
    fn a_step_that_learns_nothing_has_a_line_of_its_own() {
        let steps = [step(1e-4, true), step(2e-8, false)];
        let (table, lines) = (table(&steps), nothing(&steps));
        assert!(table.contains("1.0e-4  6 s") && table.contains("about 11 s"), "{table}");
        assert!(lines.len() == 1 && lines[0].contains("3 optimizer steps at 2.0e-8"), "{lines:?}");
    }

    #[test]
    fn times_have_the_unit_that_suits() {
        assert_eq!([3.2, 600.0, 7200.0, 864_000.0].map(time), ["4 s", "10 min", "2.0 h", "10 days"]);
    }
}

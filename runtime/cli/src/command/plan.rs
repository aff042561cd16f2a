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

    fn step(learning_rate: f64) -> PlannedStep {
        let (stage, name, rows) = (Stage::Align, "dpo".into(), 160);
        PlannedStep {
            stage,
            name,
            rows,
            batch: Some(64),
            optimizer_steps: 3,
            learning_rate: Some(learning_rate),
            seconds: 5.2,
            learns: true,
        }
    }

    #[test]
    fn a_step_has_a_line_with_its_rate_and_its_time() {
        let table = table(&[step(1e-4), step(2e-8)]);
        assert!(table.contains("1.0e-4  6 s") && table.contains("about 11 s"), "{table}");
    }

    #[test]
    fn times_have_the_unit_that_suits() {
        assert_eq!([3.2, 600.0, 7200.0, 864_000.0].map(time), ["4 s", "10 min", "2.0 h", "10 days"]);
    }
}

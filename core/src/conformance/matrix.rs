//! Reports side by side.

use super::Report;
use super::detect::FAMILIES;
use alloc::vec::Vec;
use core::fmt;

/// Backends × families as a Markdown table: `yes`, how many of the checks pass, or `–`.
///
/// # Errors
/// The writer's own.
pub fn matrix(reports: &[&Report], out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, "| |")?;
    reports.iter().try_for_each(|report| write!(out, " {} |", report.subject))?;
    write!(out, "\n|---|")?;
    reports.iter().try_for_each(|_| write!(out, "---|"))?;
    // A pair adds to the family that it is of; what is only pairs has a row of its own.
    let mut rows: Vec<&str> = Vec::new();
    for family in FAMILIES {
        if !rows.contains(family) {
            rows.push(family);
        }
    }
    for family in rows {
        write!(out, "\n| `{family}` |")?;
        for report in reports {
            match report.kept(family) {
                (0, _) => write!(out, " – |")?,
                (passed, all) if passed == all => write!(out, " yes |")?,
                (passed, all) => write!(out, " {passed} of {all} |")?,
            }
        }
    }
    writeln!(out)
}

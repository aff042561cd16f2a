//! [`Saved`]: a loaded network equals the saved one.

use super::Saved;
use super::company::read;
use super::measure::{Checked, Measured};
use super::probe::LogProbs;
use super::run::Check;
use super::text::Text;
use crate::roles::Reference;

pub(super) fn checks<S: Saved<Network: Reference>>() -> [Check<S>; 1] {
    [("round_trip", round_trip)]
}

/// A network scores as before after saving and loading, and so does the one that was saved.
fn round_trip<S: Saved<Network: Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(0.0);
    let text = Text::uneven(subject);
    for seed in [1, 2] {
        let mut network = subject.fresh(seed);
        let want = read::<S, LogProbs>(subject, &mut network, &text)?;
        let mut loaded = subject.reload(&mut network);
        measured.all(&read::<S, LogProbs>(subject, &mut loaded, &text)?, &want)?;
        measured.all(&read::<S, LogProbs>(subject, &mut network, &text)?, &want)?;
    }
    Ok(measured)
}

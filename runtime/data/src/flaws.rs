//! Problems of rows that can be read.

/// A problem of a row that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Flaw {
    /// The prompt is blank.
    EmptyPrompt,
    /// A turn before the last is blank.
    EmptyTurn,
    /// An answer is blank.
    EmptyAnswer,
    /// A preferred answer is blank.
    EmptyChosen,
    /// Only the assistant, or the system, speaks.
    NoHuman,
    /// Two turns of one side follow each other, or the assistant speaks first or last in a prompt.
    Order,
    /// All answers are empty, so that nothing is learned from the row.
    Unanswered,
    /// The row has no judgment, so that nothing is learned from it.
    Unjudged,
    /// Some judgment is a draft or was discarded, and is left out.
    Discarded,
}

impl Flaw {
    /// All flaws.
    pub const ALL: [Self; 9] = [
        Self::EmptyPrompt,
        Self::EmptyTurn,
        Self::EmptyAnswer,
        Self::EmptyChosen,
        Self::NoHuman,
        Self::Order,
        Self::Unanswered,
        Self::Unjudged,
        Self::Discarded,
    ];

    /// Returns whether rows with it are left out, though they can be read.
    pub fn leaves_out(self) -> bool {
        matches!(self, Self::Unanswered | Self::Unjudged)
    }

    /// Returns whether it should be mended before training. Rows or judgments that people left out on purpose need not
    /// be.
    pub fn is_problem(self) -> bool {
        !matches!(self, Self::Unjudged | Self::Discarded)
    }

    /// The problem of some rows, in words.
    pub fn what(self) -> &'static str {
        match self {
            Self::EmptyPrompt => "rows have an empty prompt",
            Self::EmptyTurn => "rows have an empty turn",
            Self::EmptyAnswer => "rows have an empty answer",
            Self::EmptyChosen => "rows have an empty chosen answer",
            Self::NoHuman => "rows have no turn of a person",
            Self::Order => "rows have turns out of order",
            Self::Unanswered => "rows have empty answers alone and are left out",
            Self::Unjudged => "rows were judged by nobody and are left out",
            Self::Discarded => "rows have discarded or draft judgments, which are left out",
        }
    }
}

/// The flaws of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaws(u16);

impl Flaws {
    /// Adds a flaw.
    #[must_use]
    pub fn with(self, flaw: Flaw) -> Self {
        Self(self.0 | 1 << flaw as u8)
    }

    /// Removes a flaw.
    #[must_use]
    pub fn without(self, flaw: Flaw) -> Self {
        Self(self.0 & !(1 << flaw as u8))
    }

    /// Returns whether the flaw is among them.
    pub fn has(self, flaw: Flaw) -> bool {
        self.0 & (1 << flaw as u8) != 0
    }

    /// Iterates over the flaws.
    pub fn iter(self) -> impl Iterator<Item = Flaw> {
        Flaw::ALL.into_iter().filter(move |flaw| self.has(*flaw))
    }
}

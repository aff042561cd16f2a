//! A report that a person can read: one HTML file that needs nothing else, runs nothing and fetches
//! nothing.
//!
//! A [`Page`] holds its content as plain text; [`Page::html`] makes a file of it. Whatever a text
//! holds, it stays text: there is one way into a page ([`visible`]), and the page's content security
//! policy allows its own style sheet and nothing more.
//!
//! ```
//! use rlhf::report::page::Page;
//! let page = Page { title: "A run".into(), verdict: "It <em>learnt</em>.".into(), ..Page::default() };
//! assert!(page.html().contains("It &lt;em&gt;learnt&lt;/em&gt;."));
//! ```

mod chart;
mod html;
mod style;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use chart::{Chart, Drawing, picture};
pub use table::Table;
pub use text::visible;

/// The content of a report. Texts are plain: any of them may have been written by a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The title.
    pub title: String,
    /// The result, in a sentence.
    pub verdict: String,
    /// The warnings, the gravest first.
    pub warnings: Vec<Warning>,
    /// The results of several runs, side by side.
    pub beside: Vec<Outcome>,
    /// The few numbers that matter most.
    pub headlines: Vec<Headline>,
    /// The chapters, in order.
    pub sections: Vec<Section>,
    /// Answers to prompts side by side; the first ones are on the first screen.
    pub samples: Vec<Sample>,
    /// The names of the two that answered.
    pub writers: [String; 2],
    /// Notes from before the first step, on data and settings.
    pub notes: Vec<String>,
    /// The changes of the recipe: setting, the recipe's value, the value here, the reason.
    pub overrides: Vec<[String; 4]>,
    /// All settings by name.
    pub settings: Vec<[String; 2]>,
    /// Everything needed to repeat the run, and to recognize its result: seed, version and so on.
    pub origin: Vec<[String; 2]>,
}

/// A warning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Warning {
    /// The measurement and the advice.
    pub text: String,
    /// The time and the number of times that it was given.
    pub place: String,
}

/// The result of one of several runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The run's name.
    pub name: String,
    /// The result, in a sentence.
    pub verdict: String,
    /// The warnings.
    pub warnings: Vec<Warning>,
}

/// A number that matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headline {
    /// The name.
    pub name: String,
    /// The number, with its unit.
    pub value: String,
    /// The certainty, or the value before; may be empty.
    pub note: String,
}

/// A chapter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The title.
    pub title: String,
    /// The introduction; may be empty.
    pub lead: String,
    /// The pictures that are seen at once.
    pub charts: Vec<Chart>,
    /// Pictures for a closer look, which are folded away.
    pub details: Vec<Chart>,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A prompt with two answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The prompt.
    pub prompt: String,
    /// The answer of the first writer, such as the supervised model, and what it is worth, such as `reward 1.2`.
    pub before: [String; 2],
    /// The answer of the second writer, and what it is worth.
    pub after: [String; 2],
}

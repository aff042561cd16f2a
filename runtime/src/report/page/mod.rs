//! A report that a person can read: one HTML file that needs nothing else, runs nothing and fetches
//! nothing.
//!
//! A [`Page`] holds what is to be said as plain text; [`Page::html`] makes a file of it. Whatever a text
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

/// What a report says. Texts are plain: any of them may be what a model wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// What it reports on.
    pub title: String,
    /// What came of it, in a sentence.
    pub verdict: String,
    /// The few numbers that matter most.
    pub headlines: Vec<Headline>,
    /// The chapters, in order.
    pub sections: Vec<Section>,
    /// Answers to prompts side by side.
    pub samples: Vec<Sample>,
    /// Where the run leaves its recipe: setting, the recipe's value, the value here, why.
    pub overrides: Vec<[String; 4]>,
    /// All settings by name.
    pub settings: Vec<[String; 2]>,
    /// What it takes to repeat the run, and to know its result again: seed, version and so on.
    pub origin: Vec<[String; 2]>,
}

/// A number that matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headline {
    /// What it is.
    pub name: String,
    /// The number, with its unit.
    pub value: String,
    /// How sure it is, or what it was before; may be empty.
    pub note: String,
}

/// A chapter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// What to know before reading it; may be empty.
    pub lead: String,
    /// Its pictures.
    pub charts: Vec<Chart>,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A prompt with an answer from before and one from after.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The prompt.
    pub prompt: String,
    /// The answer of before, and what it is worth, such as `reward 1.2`.
    pub before: [String; 2],
    /// The answer of after, and what it is worth.
    pub after: [String; 2],
}

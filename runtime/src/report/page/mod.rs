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
    /// The few numbers that matter most.
    pub headlines: Vec<Headline>,
    /// The chapters, in order.
    pub sections: Vec<Section>,
    /// Answers to prompts side by side.
    pub samples: Vec<Sample>,
    /// The changes of the recipe: setting, the recipe's value, the value here, the reason.
    pub overrides: Vec<[String; 4]>,
    /// All settings by name.
    pub settings: Vec<[String; 2]>,
    /// Everything needed to repeat the run, and to recognize its result: seed, version and so on.
    pub origin: Vec<[String; 2]>,
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

//! Tables.

/// A table; the first column names the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The caption.
    pub caption: String,
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows; they may be shorter than the header.
    pub rows: Vec<Vec<String>>,
}

//! What a row says, and what a file is.

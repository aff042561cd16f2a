//! The scorer for Python: the module `rlhf_scorer._native`, which the package `rlhf_scorer` gives out.

mod error;
mod model;
mod scorer;

use pyo3::prelude::*;

/// The part of `rlhf_scorer` that is in Rust.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("ScorerError", py.get_type::<error::ScorerError>())?;
    module.add("ContextError", py.get_type::<error::ContextError>())?;
    module.add_class::<scorer::PyScorer>()
}

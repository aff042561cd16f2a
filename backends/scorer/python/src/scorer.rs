//! The class `Scorer`.

use crate::error::{exception, exception_of, io_exception};
use crate::model::SharedModel;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyByteArray, PyBytes};
use scorer::{Buffer, Error, Scorer};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A reward model from one file. Threads may share it: each call releases the interpreter's lock and has memory of its own.
///
/// `path` is the file. `context` is the longest text in tokens; without it, the model's. Less needs less memory.
///
/// Raises `OSError` where the file cannot be read and `ScorerError` where it is damaged.
#[pyclass(frozen, name = "Scorer", module = "rlhf_scorer")]
pub struct PyScorer {
    model: SharedModel,
}

impl PyScorer {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        f: impl FnOnce(&mut Scorer<'_, '_>) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        py.detach(|| self.model.with(f))
    }
}

#[pymethods]
impl PyScorer {
    #[new]
    #[pyo3(signature = (path, context=None))]
    fn new(py: Python<'_>, path: PathBuf, context: Option<usize>) -> PyResult<Self> {
        py.detach(|| {
            let bytes = read(&path).map_err(|error| io_exception(&path, &error))?;
            let model = SharedModel::open(bytes, context);
            Ok(Self { model: model.map_err(|error| exception_of(path.display(), error))? })
        })
    }

    /// A model file that is in memory: it is copied.
    #[staticmethod]
    #[pyo3(signature = (data, context=None))]
    fn from_bytes(data: &Bound<'_, PyBytes>, context: Option<usize>) -> PyResult<Self> {
        let model = SharedModel::open(Buffer::from(data.as_bytes()), context);
        Ok(Self { model: model.map_err(exception)? })
    }

    /// The longest text in tokens.
    #[getter]
    fn context(&self) -> usize {
        self.model.context()
    }

    /// Whether the file has a tokenizer. Without one only token ids can be scored.
    #[getter]
    fn reads_text(&self) -> bool {
        self.model.model().reads_text()
    }

    /// Scores a whole text. In units of reward.
    fn score(&self, py: Python<'_>, text: &str) -> PyResult<f32> {
        self.with(py, |scorer| scorer.score(text)).map_err(exception)
    }

    /// Scores a reply to a prompt, put together as in training. In units of reward.
    fn score_reply(&self, py: Python<'_>, prompt: &str, reply: &str) -> PyResult<f32> {
        self.with(py, |scorer| scorer.score_reply(prompt, reply)).map_err(exception)
    }

    /// Scores token ids, as they are. In units of reward.
    fn score_tokens(&self, py: Python<'_>, tokens: Vec<u32>) -> PyResult<f32> {
        self.with(py, |scorer| scorer.score_tokens(&tokens)).map_err(exception)
    }

    /// The probability that people prefer text `a` to text `b`.
    fn compare(&self, py: Python<'_>, a: &str, b: &str) -> PyResult<f32> {
        self.with(py, |scorer| scorer.compare(a, b)).map_err(exception)
    }

    /// The probability that people prefer reply `a` to reply `b`.
    fn compare_replies(&self, py: Python<'_>, prompt: &str, a: &str, b: &str) -> PyResult<f32> {
        self.with(py, |scorer| scorer.compare_replies(prompt, a, b)).map_err(exception)
    }

    /// Scores several texts: a `numpy.ndarray` of `float32`, one for each text. In units of reward.
    fn scores<'py>(&self, py: Python<'py>, texts: Vec<PyBackedStr>) -> PyResult<Bound<'py, PyAny>> {
        let mut scores = Vec::with_capacity(size_of::<f32>() * texts.len());
        for (i, text) in texts.iter().enumerate() {
            // Thousands of texts take a while: Ctrl-C ends them.
            py.check_signals()?;
            let score = self.with(py, |scorer| scorer.score(text));
            scores
                .extend(score.map_err(|error| exception_of(format_args!("text {i}"), error))?.to_ne_bytes());
        }
        py.import("numpy")?.call_method1("frombuffer", (PyByteArray::new(py, &scores), "float32"))
    }

    fn __repr__(&self) -> String {
        let shape = self.model.model().shape();
        format!(
            "Scorer(weights={}, layers={}, width={}, context={})",
            shape.weights.name(),
            shape.layers,
            shape.width,
            self.model.context(),
        )
    }
}

/// A file's bytes, read to where the model wants them.
fn read(path: &Path) -> io::Result<Buffer> {
    let mut file = File::open(path)?;
    let len = usize::try_from(file.metadata()?.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = Buffer::zeros(len);
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

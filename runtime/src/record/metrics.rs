//! `metrics.jsonl`: what every step measured.

use super::Line;
use rlhf_models::{FormatError, write_whole};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The longest line that is read, in bytes.
const LONGEST: u64 = 1 << 16;

/// An open `metrics.jsonl`, to which lines are added.
#[derive(Debug)]
pub struct Metrics {
    path: PathBuf,
    file: File,
}

impl Metrics {
    /// The file's name in a run's folder.
    pub const NAME: &'static str = "metrics.jsonl";

    /// Makes the file of `folder` hold just these lines, to go on from there.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn begin(folder: &Path, lines: &[Line]) -> Result<Self, FormatError> {
        let path = folder.join(Self::NAME);
        let mut text = String::new();
        for line in lines {
            text += &to_text(&path, line)?;
        }
        write_whole(&path, text.as_bytes())?;
        let file = OpenOptions::new().append(true).open(&path).map_err(|e| FormatError::io(&path, e))?;
        Ok(Self { path, file })
    }

    /// Adds a line, which is then in the hands of the system.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn add(&mut self, line: &Line) -> Result<(), FormatError> {
        let text = to_text(&self.path, line)?;
        self.file.write_all(text.as_bytes()).map_err(|e| FormatError::io(&self.path, e))
    }

    /// Has all lines written to the disk.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn sync(&self) -> Result<(), FormatError> {
        self.file.sync_all().map_err(|e| FormatError::io(&self.path, e))
    }

    /// The lines of `folder`; none where there is no file. A last line that was cut off, as by a
    /// process that was killed, is left out.
    ///
    /// # Errors
    /// [`FormatError`] names the line that is none.
    pub fn read(folder: &Path) -> Result<Vec<Line>, FormatError> {
        let path = folder.join(Self::NAME);
        let file = match File::open(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file.map_err(|e| FormatError::io(&path, e))?,
        };
        let (mut reader, mut lines) = (BufReader::new(file), Vec::new());
        loop {
            let mut text = Vec::new();
            let part = reader.by_ref().take(LONGEST).read_until(b'\n', &mut text);
            part.map_err(|e| FormatError::io(&path, e))?;
            if text.last() != Some(&b'\n') {
                if text.len() as u64 == LONGEST {
                    let place = format!("line {}", lines.len() + 1);
                    return Err(FormatError::content(&path, place, format!("longer than {LONGEST} bytes")));
                }
                return Ok(lines);
            }
            lines.push(serde_json::from_slice(&text).map_err(|e| {
                FormatError::content(&path, format!("line {}", lines.len() + 1), e.to_string())
            })?);
        }
    }
}

fn to_text(path: &Path, line: &Line) -> Result<String, FormatError> {
    let text = serde_json::to_string(line).map_err(|e| FormatError::content(path, "line", e.to_string()))?;
    Ok(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Phase;
    use proptest::prelude::*;

    fn line(step: u64, loss: f64) -> Line {
        let figures = [("loss".to_string(), loss)].into();
        Line { phase: Phase::Reward, step, total: 9, figures, seconds: 0.25 }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_to_the_bit_and_a_torn_line_is_left_out(
            losses in prop::collection::vec(-1e300f64..1e300, 0..6), torn in 1usize..20,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let lines: Vec<Line> = losses.iter().zip(1..).map(|(loss, step)| line(step, *loss)).collect();
            let mut metrics = Metrics::begin(folder.path(), &lines[..lines.len() / 2]).unwrap();
            lines[lines.len() / 2..].iter().for_each(|line| metrics.add(line).unwrap());
            prop_assert_eq!(&Metrics::read(folder.path()).unwrap(), &lines);
            let text = serde_json::to_string(&line(7, 1.0)).unwrap();
            metrics.file.write_all(&text.as_bytes()[..torn]).unwrap();
            prop_assert_eq!(&Metrics::read(folder.path()).unwrap(), &lines);
        }
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Metrics::begin(folder.path(), &[line(1, 2.0)]).unwrap();
        let path = folder.path().join(Metrics::NAME);
        let text = std::fs::read_to_string(&path).unwrap() + "{\"phase\":\"reward\"}\n";
        std::fs::write(&path, text).unwrap();
        let said = Metrics::read(folder.path()).unwrap_err().to_string();
        assert!(said.contains("metrics.jsonl, line 2"), "{said}");
        std::fs::write(&path, vec![b' '; LONGEST as usize + 5]).unwrap();
        assert!(Metrics::read(folder.path()).is_err());
    }
}

//! The file `metrics.jsonl`: one line for each step.

use super::Line;
use crate::formats::FormatError;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file's name in a run's folder.
pub const METRICS: &str = "metrics.jsonl";

/// The longest line that is read, in bytes.
const LONGEST: usize = 1 << 16;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 28;

/// Writes `metrics.jsonl`, line by line: what has been measured is in the file when [`Self::write`]
/// returns.
#[derive(Debug)]
pub struct Metrics {
    path: PathBuf,
    file: File,
    lines: u64,
}

impl Metrics {
    /// A new, empty file in `folder`; one that is there is emptied.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn create(folder: &Path) -> Result<Self, FormatError> {
        let path = folder.join(METRICS);
        let file = File::create(&path).map_err(|e| FormatError::io(&path, e))?;
        Ok(Self { path, file, lines: 0 })
    }

    /// Goes on with the file in `folder` after its first `lines` lines. What is behind them is cut off:
    /// steps that a resumed run repeats, or a last line that was half-written when the run ended.
    ///
    /// # Errors
    /// The system's; the file has fewer whole lines.
    pub fn open_at(folder: &Path, lines: u64) -> Result<Self, FormatError> {
        if lines == 0 {
            return Self::create(folder);
        }
        let path = folder.join(METRICS);
        let io = |e| FormatError::io(&path, e);
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(io)?;
        let mut reader = BufReader::new(&file);
        let mut kept = 0;
        for line in 0..lines {
            match skip(&mut reader).map_err(io)? {
                Some(bytes) => kept += bytes,
                None => {
                    let reason = format!("it has {line} whole lines, the run had written {lines}");
                    return Err(FormatError::content(&path, "end", reason));
                }
            }
        }
        file.set_len(kept).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        Ok(Self { path, file, lines })
    }

    /// Adds a line. Figures that are not finite have no form in JSON and are left out.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn write(&mut self, line: &Line) -> Result<(), FormatError> {
        let mut line = line.clone();
        line.figures.retain(|_, x| x.is_finite());
        line.seconds = if line.seconds.is_finite() { line.seconds } else { 0.0 };
        let text = serde_json::to_string(&line)
            .map_err(|e| FormatError::content(&self.path, "value", e.to_string()))?;
        // In one call, so that a line is torn only if the system tears it.
        self.file.write_all((text + "\n").as_bytes()).map_err(|e| FormatError::io(&self.path, e))?;
        self.lines += 1;
        Ok(())
    }

    /// How many lines the file has: what a checkpoint stores for [`Self::open_at`].
    pub fn lines(&self) -> u64 {
        self.lines
    }
}

/// The length of the next whole line with its end, whatever it holds; `None` when there is none.
fn skip(reader: &mut impl BufRead) -> std::io::Result<Option<u64>> {
    let mut bytes = 0;
    loop {
        let part = reader.fill_buf()?;
        if part.is_empty() {
            return Ok(None);
        }
        let end = part.iter().position(|b| *b == b'\n');
        let used = end.map_or(part.len(), |at| at + 1);
        reader.consume(used);
        bytes += used as u64;
        if end.is_some() {
            return Ok(Some(bytes));
        }
    }
}

/// The lines of the `metrics.jsonl` in `folder`. A last line without its end is left out: the run is
/// writing it, or was cut off.
///
/// # Errors
/// [`FormatError`] names the file and the line that is no [`Line`]; a line beyond 64 KiB, a file beyond
/// 256 MiB.
pub fn read_metrics(folder: &Path) -> Result<Vec<Line>, FormatError> {
    let path = folder.join(METRICS);
    let io = |e| FormatError::io(&path, e);
    let file = File::open(&path).map_err(io)?;
    if file.metadata().map_err(io)?.len() > LARGEST {
        return Err(FormatError::content(&path, "size", format!("want at most {LARGEST} bytes")));
    }
    let mut reader = BufReader::new(file.take(LARGEST));
    let (mut lines, mut text) = (Vec::new(), Vec::new());
    loop {
        text.clear();
        let read = (&mut reader).take(LONGEST as u64 + 1).read_until(b'\n', &mut text).map_err(io)?;
        let place = || format!("line {}", lines.len() + 1);
        if read > LONGEST {
            return Err(FormatError::content(&path, place(), format!("want at most {LONGEST} bytes")));
        }
        if text.last() != Some(&b'\n') {
            return Ok(lines);
        }
        let line =
            serde_json::from_slice(&text).map_err(|e| FormatError::content(&path, place(), e.to_string()))?;
        lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Phase;
    use super::*;

    fn line(step: u64) -> Line {
        let figures = [("loss".to_string(), 1.0 / step as f64)].into();
        Line { phase: Phase::Reward, step, total: 9, figures, seconds: 0.25 }
    }

    #[test]
    fn what_is_written_is_read_again_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut metrics = Metrics::create(folder.path()).unwrap();
        for step in 1..=3 {
            metrics.write(&line(step)).unwrap();
            assert_eq!(read_metrics(folder.path()).unwrap().len() as u64, step);
        }
        assert_eq!(read_metrics(folder.path()).unwrap(), [1, 2, 3].map(line));
        assert_eq!(metrics.lines(), 3);
        let mut odd = line(4);
        odd.figures.insert("gradient".into(), f64::NAN);
        metrics.write(&odd).unwrap();
        assert_eq!(read_metrics(folder.path()).unwrap().pop(), Some(line(4)), "NaN is left out");
    }

    #[test]
    fn a_resume_cuts_off_what_it_repeats_and_what_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(METRICS);
        for (kept, torn) in [(0, ""), (2, ""), (3, "{\"phase\":\"rew"), (5, "{"), (5, "")] {
            let mut metrics = Metrics::create(folder.path()).unwrap();
            (1..=5).for_each(|step| metrics.write(&line(step)).unwrap());
            let whole = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, whole + torn).unwrap();
            assert_eq!(read_metrics(folder.path()).unwrap().len(), 5, "a torn line is no line yet");
            let mut metrics = Metrics::open_at(folder.path(), kept).unwrap();
            metrics.write(&line(kept + 1)).unwrap();
            let want: Vec<Line> = (1..=kept + 1).map(line).collect();
            assert_eq!(read_metrics(folder.path()).unwrap(), want, "{kept} {torn}");
            assert_eq!(metrics.lines(), kept + 1);
        }
        let error = Metrics::open_at(folder.path(), 9).unwrap_err().to_string();
        assert!(error.contains("metrics.jsonl") && error.contains('6') && error.contains('9'), "{error}");
    }

    #[test]
    fn a_wrong_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let good = serde_json::to_string(&line(1)).unwrap() + "\n";
        for (text, place, what) in [
            ("{}\n".to_string(), "line 2", "phase"),
            (good.replace("loss", "loss\": null, \"x"), "line 2", "null"),
            ("x".repeat(LONGEST + 1), "line 2", "at most"),
            (good.replace("seconds", "secs"), "line 2", "secs"),
        ] {
            std::fs::write(folder.path().join(METRICS), good.clone() + &text).unwrap();
            let error = read_metrics(folder.path()).unwrap_err().to_string();
            assert!([METRICS, place, what].iter().all(|part| error.contains(part)), "{error}");
        }
        assert!(read_metrics(&folder.path().join("none")).unwrap_err().to_string().contains(METRICS));
    }
}

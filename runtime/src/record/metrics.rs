//! `metrics.jsonl`: what every step measured.

use super::Line;
use crc::{CRC_32_ISCSI, Crc};
use rlhf_models::{FormatError, write_whole};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The longest line that is read, in bytes.
const LONGEST: u64 = 1 << 16;
/// The texts before and after a line's sum.
const SUM: [&str; 2] = [",\"sum\":\"", "\"}"];
/// The length of a sum, in hexadecimal.
const DIGITS: usize = 8;

/// An open `metrics.jsonl`, to which lines are added.
#[derive(Debug)]
pub struct Metrics {
    path: PathBuf,
    file: File,
    /// The last line's sum.
    sum: String,
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
        let (mut text, mut sum) = (String::new(), String::new());
        for line in lines {
            text += &to_text(&path, line, &mut sum)?;
        }
        write_whole(&path, text.as_bytes())?;
        let file = OpenOptions::new().append(true).open(&path).map_err(|e| FormatError::io(&path, e))?;
        Ok(Self { path, file, sum })
    }

    /// Adds a line, which is then in the hands of the system.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn add(&mut self, line: &Line) -> Result<(), FormatError> {
        let text = to_text(&self.path, line, &mut self.sum)?;
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
    /// Each line has a sum of itself and the lines before, so that none is changed or lost unnoticed; those of
    /// earlier versions have none.
    ///
    /// # Errors
    /// [`FormatError`] names the line that is none, or damaged.
    pub fn read(folder: &Path) -> Result<Vec<Line>, FormatError> {
        let path = folder.join(Self::NAME);
        let file = match File::open(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file.map_err(|e| FormatError::io(&path, e))?,
        };
        let (mut reader, mut lines, mut sum) = (BufReader::new(file), Vec::new(), String::new());
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
            lines.push(from_text(&text, &mut sum).map_err(|reason| {
                FormatError::content(&path, format!("line {}", lines.len() + 1), reason)
            })?);
        }
    }
}

/// A line with its sum, which becomes `sum`; before, that was the sum of the line before.
fn to_text(path: &Path, line: &Line, sum: &mut String) -> Result<String, FormatError> {
    let mut text =
        serde_json::to_string(line).map_err(|e| FormatError::content(path, "line", e.to_string()))?;
    *sum = sum_of(sum, &text);
    text.pop();
    Ok([&text, SUM[0], sum, SUM[1], "\n"].concat())
}

/// Undoes [`to_text`]; the error is the reason why it cannot.
fn from_text(text: &[u8], sum: &mut String) -> Result<Line, String> {
    const WHAT: &str = "damaged: put the file back from a copy, or begin the run again with --overwrite";
    let text = str::from_utf8(text).map_err(|_| format!("{WHAT} (it is no UTF-8)"))?;
    let line = |text: &str| serde_json::from_str(text).map_err(|e| format!("{WHAT} ({e})"));
    let parts = text.trim_end().strip_suffix(SUM[1]).and_then(|text| {
        let (before, own) = text.split_at_checked(text.len().checked_sub(DIGITS)?)?;
        Some((before.strip_suffix(SUM[0])?, own))
    });
    match parts {
        None if sum.is_empty() => line(text),
        None => line(text).and_then(|_| Err(format!("{WHAT} (it has no sum)"))),
        Some((before, own)) => {
            let text = [before, "}"].concat();
            *sum = sum_of(sum, &text);
            if own != sum {
                return Err(format!("{WHAT} (its sum is {sum}, and should be {own})"));
            }
            line(&text)
        }
    }
}

/// Returns the CRC-32C of the sum of the line before and a line.
fn sum_of(before: &str, line: &str) -> String {
    const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
    let mut sum = CRC.digest();
    sum.update(before.as_bytes());
    sum.update(line.as_bytes());
    format!("{:08x}", sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Phase;
    use proptest::prelude::*;

    fn line(step: u64, loss: f64) -> Line {
        let figures = [("loss".to_string(), loss)].into();
        Line { phase: Phase::Reward, step, total: 9, figures, seconds: 0.25, warnings: vec![] }
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
    fn a_flipped_bit_and_a_lost_line_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<Line> = (1..5).map(|step| line(step, 2.5)).collect();
        Metrics::begin(folder.path(), &all).unwrap();
        let path = folder.path().join(Metrics::NAME);
        let whole = std::fs::read(&path).unwrap();
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let error = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Metrics::read(folder.path()).unwrap_err().to_string()
        };
        for at in lines[0].len()..lines[0].len() + lines[1].len() - 1 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            let error = error(&bytes);
            assert!(error.contains("metrics.jsonl, line 2: damaged"), "{at}: {error}");
        }
        let half = [lines[0], &lines[1][..20], b"\n", lines[2], lines[3]].concat();
        assert!(error(&half).contains("line 2: damaged"));
        assert!(error(&[lines[0], lines[2], lines[3]].concat()).contains("line 2: damaged"));
        // Those of an earlier version have no sums.
        let old: String = all.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        std::fs::write(&path, old).unwrap();
        assert_eq!(Metrics::read(folder.path()).unwrap(), all);
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Metrics::begin(folder.path(), &[line(1, 2.0)]).unwrap();
        let path = folder.path().join(Metrics::NAME);
        let text = std::fs::read_to_string(&path).unwrap() + "{\"phase\":\"reward\"}\n";
        std::fs::write(&path, text).unwrap();
        let error = Metrics::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("metrics.jsonl, line 2"), "{error}");
        std::fs::write(&path, vec![b' '; LONGEST as usize + 5]).unwrap();
        assert!(Metrics::read(folder.path()).is_err());
    }
}

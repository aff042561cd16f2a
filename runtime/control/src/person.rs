//! A person at the keyboard.

use super::{Judgment, Preference, Step, Teacher};
use std::io::{self, BufRead, ErrorKind, Write};

/// Asks a person, line by line, and waits for the answer, so that there is no delay.
#[derive(Debug)]
pub struct Person<R, W> {
    input: R,
    output: W,
    /// Says nothing more.
    gone: bool,
}

impl<R: BufRead, W: Write> Person<R, W> {
    /// Asks a person who reads `output` and types into `input`.
    pub fn new(input: R, output: W) -> Self {
        Self { input, output, gone: false }
    }

    /// Asks until an answer is one of `answers`. An empty line is no answer; after `q` nothing is asked any more.
    fn ask<T: Copy>(&mut self, question: &str, answers: &[(&str, T)]) -> io::Result<Option<T>> {
        while !self.gone {
            write!(self.output, "{question} ")?;
            self.output.flush()?;
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the answers have ended"));
            }
            let line = line.trim();
            if line.is_empty() {
                return Ok(None);
            }
            if let Some((_, answer)) = answers.iter().find(|(key, _)| *key == line) {
                return Ok(Some(*answer));
            }
            self.gone = line == "q";
        }
        Ok(None)
    }

    fn show(&mut self, name: &str, clip: &[Step]) -> io::Result<()> {
        writeln!(self.output, "{name}:")?;
        clip.iter().try_for_each(|step| writeln!(self.output, "  {}", step.words))
    }
}

impl<R: BufRead, W: Write> Teacher for Person<R, W> {
    fn judge(&mut self, step: &Step) -> io::Result<Option<Judgment>> {
        let question = format!("{}: + good, - bad, enter nothing, q enough?", step.words);
        let value = self.ask(&question, &[("+", 1.0), ("g", 1.0), ("-", -1.0), ("b", -1.0)])?;
        Ok(value.map(|value| Judgment { value, after: 0.0 }))
    }

    fn prefer(&mut self, first: &[Step], second: &[Step]) -> io::Result<Option<Preference>> {
        if self.gone {
            return Ok(None);
        }
        self.show("left", first)?;
        self.show("right", second)?;
        let (first, second, same) = (Preference::First, Preference::Second, Preference::Same);
        let answers = [("l", first), ("1", first), ("r", second), ("2", second), ("=", same)];
        self.ask("Better: l left, r right, = alike, enter cannot tell, q enough?", &answers)
    }
}

#[cfg(test)]
mod tests {
    use super::super::teacher::tests::step;
    use super::*;

    #[test]
    fn keys_are_answers_and_nonsense_is_asked_again() {
        let mut shown = Vec::new();
        let mut person = Person::new("+\nhm\n-\n\nl\n=\nq\n".as_bytes(), &mut shown);
        let mut judge =
            || person.judge(&step(1.0, "here; go")).unwrap().map(|answer| (answer.value, answer.after));
        assert_eq!([judge(), judge(), judge()], [Some((1.0, 0.0)), Some((-1.0, 0.0)), None]);
        let clip = [step(1.0, "there; stay")];
        let mut prefer = || person.prefer(&clip, &clip).unwrap();
        let answers = [prefer(), prefer(), prefer(), prefer()];
        assert_eq!(answers, [Some(Preference::First), Some(Preference::Same), None, None]);
        assert_eq!(person.judge(&step(1.0, "here; go")).unwrap(), None, "enough is enough");
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(shown.matches("here; go: + good").count(), 4);
        assert!(shown.contains("left:\n  there; stay\nright:\n  there; stay\nBetter: l left"));
    }

    #[test]
    fn an_input_that_ends_is_an_error() {
        let mut person = Person::new(&b""[..], io::sink());
        assert_eq!(person.judge(&step(1.0, "")).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}

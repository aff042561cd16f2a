//! Thrift's compact protocol, as far as page headers and the nesting of columns need it.

use std::io::{self, Read};

/// The greatest nesting of structures.
const DEEPEST: usize = 64;

/// Reads numbers and structures, and counts bytes.
pub(super) struct Thrift<R> {
    source: R,
    pub count: u64,
}

/// The type of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    True,
    False,
    Byte,
    Number,
    Double,
    Binary,
    List,
    Map,
    Struct,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what}: the file is damaged"))
}

impl Type {
    fn of(code: u8) -> io::Result<Self> {
        Ok(match code {
            1 => Self::True,
            2 => Self::False,
            3 => Self::Byte,
            4..=6 => Self::Number,
            7 => Self::Double,
            8 => Self::Binary,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            _ => return Err(damaged("a field has no known type")),
        })
    }
}

impl<R: Read> Thrift<R> {
    pub fn new(source: R) -> Self {
        Self { source, count: 0 }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.source.read_exact(&mut byte)?;
        self.count += 1;
        let [byte] = byte;
        Ok(byte)
    }

    fn unsigned(&mut self) -> io::Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(damaged("a number has no end"))
    }

    /// A number of any width.
    pub fn number(&mut self) -> io::Result<i64> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A length or a size, which is not negative.
    pub fn size(&mut self) -> io::Result<usize> {
        usize::try_from(self.number()?).map_err(|_| damaged("a size is negative"))
    }

    /// The next field of a structure after the field `last`; `None` at the structure's end.
    pub fn field(&mut self, last: &mut i64) -> io::Result<Option<(i64, Type)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        *last = match byte >> 4 {
            0 => self.number()?,
            step => last.saturating_add(i64::from(step)),
        };
        Ok(Some((*last, Type::of(byte & 15)?)))
    }

    /// The length and the type of a list.
    pub fn list(&mut self) -> io::Result<(u64, Type)> {
        let byte = self.byte()?;
        // An empty list may have no type.
        if byte == 0 {
            return Ok((0, Type::Byte));
        }
        let length = if byte >> 4 == 15 { self.unsigned()? } else { u64::from(byte >> 4) };
        Ok((length, Type::of(byte & 15)?))
    }

    fn pass(&mut self, length: u64) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.source).take(length), &mut io::sink())?;
        self.count = self.count.saturating_add(passed);
        if passed == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Passes over a value.
    pub fn skip(&mut self, what: Type) -> io::Result<()> {
        self.skip_within(what, DEEPEST)
    }

    fn skip_within(&mut self, what: Type, deeper: usize) -> io::Result<()> {
        let Some(deeper) = deeper.checked_sub(1) else {
            return Err(damaged("its footer is nested too deep"));
        };
        match what {
            Type::True | Type::False => Ok(()),
            Type::Byte => self.pass(1),
            Type::Number => self.unsigned().map(drop),
            Type::Double => self.pass(8),
            Type::Binary => {
                let length = self.unsigned()?;
                self.pass(length)
            }
            Type::List => {
                let (length, of) = self.list()?;
                (0..length).try_for_each(|_| self.skip_element(of, deeper))
            }
            Type::Map => {
                let length = self.unsigned()?;
                if length == 0 {
                    return Ok(());
                }
                let types = self.byte()?;
                let (key, value) = (Type::of(types >> 4)?, Type::of(types & 15)?);
                (0..length).try_for_each(|_| {
                    self.skip_element(key, deeper)?;
                    self.skip_element(value, deeper)
                })
            }
            Type::Struct => {
                let mut last = 0;
                while let Some((_, of)) = self.field(&mut last)? {
                    self.skip_within(of, deeper)?;
                }
                Ok(())
            }
        }
    }

    /// Skips an element of a list, where a truth value is a byte of its own.
    fn skip_element(&mut self, what: Type, deeper: usize) -> io::Result<()> {
        match what {
            Type::True | Type::False => self.pass(1),
            _ => self.skip_within(what, deeper),
        }
    }
}

/// Checks that columns are nested no deeper than 64 groups in a footer: schemas are built by recursion.
pub(super) fn check_nesting(footer: &[u8]) -> io::Result<()> {
    const SCHEMA: i64 = 2;
    const CHILDREN: i64 = 5;
    let (mut thrift, mut last) = (Thrift::new(footer), 0);
    while let Some((id, what)) = thrift.field(&mut last)? {
        if (id, what) != (SCHEMA, Type::List) {
            thrift.skip(what)?;
            continue;
        }
        let (length, of) = thrift.list()?;
        // How many columns are still to come in each group that is open.
        let mut open: Vec<usize> = Vec::new();
        for _ in 0..length {
            if of != Type::Struct {
                return Err(damaged("its footer has no columns"));
            }
            let (mut last, mut children) = (0, 0);
            while let Some((id, what)) = thrift.field(&mut last)? {
                match (id, what) {
                    (CHILDREN, Type::Number) => children = thrift.size()?,
                    _ => thrift.skip(what)?,
                }
            }
            if let Some(left) = open.last_mut() {
                *left = left.saturating_sub(1);
            }
            if children > 0 {
                open.push(children);
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            if open.len() > DEEPEST {
                return Err(damaged("want columns nested at most 64 deep"));
            }
        }
        return Ok(());
    }
    Err(damaged("its footer has no columns"))
}

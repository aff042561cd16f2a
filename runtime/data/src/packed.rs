//! Unpacking of gzip and Zstandard, up to a limit on the unpacked size.

use super::catch_panic::catch_panic;
use core::cell::Cell;
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, Read};
use std::rc::Rc;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The bytes after the first, 0x50 to 0x5f, of a frame without data.
const SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];

/// The largest window of a Zstandard frame, which is allocated: that of `zstd -d` without options.
const LARGEST_WINDOW: u64 = 1 << 27;

/// The unpacked size that is allowed whatever the packed size is; more is allowed in proportion to it. Texts become a
/// tenth, a file that is made to fill a disk a thousandth or less.
const FREE: u64 = 1 << 26;
const LARGEST_RATIO: u64 = 256;

/// The packing of a file, by its first bytes.
#[derive(Clone, Copy)]
pub(super) enum Packing {
    Gzip,
    Zstandard,
}

impl Packing {
    pub fn of(first: &[u8]) -> Option<Self> {
        let skipped = matches!(first, [0x50..=0x5f, rest @ ..] if rest.starts_with(&SKIPPED));
        if first.starts_with(&GZIP) {
            Some(Self::Gzip)
        } else {
            (first.starts_with(&ZSTD) || skipped).then_some(Self::Zstandard)
        }
    }

    /// Unpacks a Zstandard frame, without a limit.
    #[cfg(feature = "parquet")]
    pub fn zstandard(packed: &[u8]) -> impl Read {
        Zstandard::new(packed)
    }

    pub fn unpack(self, source: impl BufRead + 'static) -> Box<dyn Read> {
        let read = Rc::new(Cell::new(0));
        let source = Counted { source, read: read.clone() };
        let unpacked: Box<dyn Read> = match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            Self::Zstandard => Box::new(Zstandard::new(source)),
        };
        Box::new(Limited { unpacked, read, written: 0 })
    }
}

/// Counts what is read of a source.
struct Counted<R> {
    source: R,
    read: Rc<Cell<u64>>,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(out)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.read.set(self.read.get() + count as u64);
        self.source.consume(count);
    }
}

/// Ends with an error where little becomes far too much, or where it is damaged.
struct Limited {
    unpacked: Box<dyn Read>,
    read: Rc<Cell<u64>>,
    written: u64,
}

impl Read for Limited {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.unpacked.read(out).map_err(|error| {
            io::Error::new(error.kind(), format!("{error}; the file is cut off or damaged"))
        })?;
        self.written += count as u64;
        if self.written > FREE && self.written / LARGEST_RATIO > self.read.get() {
            let reason = format!("it unpacks to more than {LARGEST_RATIO} times its size");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}

/// A Zstandard file: frames, one after the other, each with the checksum of its content or without.
struct Zstandard<R> {
    source: R,
    frame: FrameDecoder,
    /// The number of bytes read of the frame.
    count: u64,
    /// True after an error: nothing more is read.
    failed: bool,
}

impl<R: BufRead> Zstandard<R> {
    fn new(source: R) -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(LARGEST_WINDOW);
        Self { source, frame, count: 0, failed: false }
    }

    /// Begins the next frame; `false` at the file's end.
    fn next(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.frame.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    /// Checks that the frame holds as much as it says.
    fn is_whole(&self) -> io::Result<()> {
        let checksum = self.frame.get_checksum_from_data();
        if checksum.is_some() && checksum != self.frame.get_calculated_checksum() {
            return Err(io::Error::other("a Zstandard frame's checksum is another"));
        }
        let size = self.frame.content_size();
        if size > 0 && size != self.count {
            return Err(io::Error::other("a Zstandard frame's size is another"));
        }
        Ok(())
    }

    /// Decodes until there is something to hand out, or the file ends.
    fn decode(&mut self) -> io::Result<()> {
        while self.frame.can_collect() == 0 {
            if !self.frame.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.frame.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
                continue;
            }
            self.is_whole()?;
            self.count = 0;
            if !self.next()? {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Zstandard<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Ok(0);
        }
        let read = catch_panic(|| {
            self.decode().map_err(|e| e.to_string())?;
            self.frame.read(out).map_err(|e| e.to_string())
        });
        self.failed = read.is_err();
        self.count += read.as_ref().map_or(0, |count| *count as u64);
        read.map_err(io::Error::other)
    }
}

//! Opening a file, however it is packed.

use super::caught::caught;
use crate::error::DataError;
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What follows the first byte, 0x50 to 0x5f, of a frame that holds no data.
const SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];

/// The largest window of a Zstandard frame, which is allocated: that of `zstd -d` without options.
const LARGEST_WINDOW: u64 = 1 << 27;

/// Opens a file, through gzip or Zstandard where its first bytes say so; its name does not matter.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, DataError> {
    let open = || -> io::Result<Box<dyn BufRead>> {
        let mut file = BufReader::new(File::open(path)?);
        let first = file.fill_buf()?;
        let skipped = matches!(first, [0x50..=0x5f, rest @ ..] if rest.starts_with(&SKIPPED));
        Ok(if first.starts_with(&GZIP) {
            Box::new(BufReader::new(MultiGzDecoder::new(file)))
        } else if first.starts_with(&ZSTD) || skipped {
            Box::new(BufReader::new(Zstandard::new(file)))
        } else {
            Box::new(file)
        })
    };
    open().map_err(|e| DataError::io(path, e))
}

/// Reads plain text, packed or not, of at most `most` bytes.
///
/// # Errors
/// The file cannot be read, is larger, or is no UTF-8.
pub fn text(path: &Path, most: usize) -> Result<String, DataError> {
    let mut bytes = Vec::new();
    open(path)?.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|e| DataError::io(path, e))?;
    if bytes.len() > most {
        return Err(DataError::content(path, "size", format!("want at most {most} bytes of text")));
    }
    String::from_utf8(bytes).map_err(|e| {
        DataError::content(path, format!("byte {}", e.utf8_error().valid_up_to()), "it is no UTF-8")
    })
}

/// A Zstandard file: frames, one after the other, each with the checksum of its content or without.
struct Zstandard<R> {
    source: R,
    frame: FrameDecoder,
    /// After an error nothing more is read.
    failed: bool,
}

impl<R: BufRead> Zstandard<R> {
    fn new(source: R) -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(LARGEST_WINDOW);
        Self { source, frame, failed: false }
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
                    io::copy(&mut (&mut self.source).take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    /// Decodes until there is something to hand out, or the file ends.
    fn decode(&mut self) -> io::Result<()> {
        while self.frame.can_collect() == 0 {
            if !self.frame.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.frame.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
                continue;
            }
            let told = self.frame.get_checksum_from_data();
            if told.is_some() && told != self.frame.get_calculated_checksum() {
                return Err(io::Error::other("a Zstandard frame's checksum is another: it is damaged"));
            }
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
        let read = caught(|| {
            self.decode().map_err(|e| e.to_string())?;
            self.frame.read(out).map_err(|e| e.to_string())
        });
        self.failed = read.is_err();
        read.map_err(io::Error::other)
    }
}

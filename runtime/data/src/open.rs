//! Opening of files, packed or not.

use super::packed::Packing;
use crate::error::DataError;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// The marks of UTF-16, in either order of bytes.
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];
/// The beginning of a Git LFS pointer, which stands in the place of a file that was not fetched.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Opens what is a file, and nothing that would have to be waited for: a FIFO, a socket, a device.
///
/// # Errors
/// It is none; or the system refuses.
pub(super) fn file(path: &Path) -> io::Result<File> {
    // Opening a FIFO would wait for its writer.
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_file() {
        return File::open(path);
    }
    let what = if kind.is_dir() { "a folder" } else { "a FIFO, socket or device" };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}: want a file")))
}

/// Opens a file, through gzip or Zstandard where its first bytes say so; its name does not matter. A byte
/// order mark is left out.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, DataError> {
    let unreadable = |e| DataError::io(path, e);
    let mut plain = BufReader::new(file(path).map_err(unreadable)?);
    let first = plain.fill_buf().map_err(unreadable)?;
    let mut reader: Box<dyn BufRead> = match Packing::of(first) {
        Some(packing) => Box::new(BufReader::new(packing.unpack(plain))),
        None => Box::new(plain),
    };
    let first = reader.fill_buf().map_err(unreadable)?;
    if first.starts_with(LFS) {
        let reason = "it is a Git LFS pointer, not the file itself: run `git lfs pull`";
        return Err(DataError::content(path, "format", reason));
    }
    if UTF_16.iter().any(|mark| first.starts_with(mark)) || is_wide(first) {
        return Err(DataError::content(path, "encoding", "it is UTF-16: save it as UTF-8"));
    }
    if first.starts_with(&[0]) {
        let reason = "it begins with NUL bytes: it is damaged, or no text; remove them";
        return Err(DataError::content(path, "content", reason));
    }
    if first.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(reader)
}

/// Returns whether bytes are UTF-16 without a mark: every other one of the first is 0.
fn is_wide(first: &[u8]) -> bool {
    let letter = |byte: u8| byte.is_ascii() && byte != 0;
    match first {
        [a, 0, b, 0, ..] | [0, a, 0, b, ..] => letter(*a) && letter(*b),
        _ => false,
    }
}

/// Reads plain text, packed or not, of at most `most` bytes. A byte order mark is left out.
///
/// # Errors
/// It is no file (a FIFO, say), cannot be read, is larger, or is no UTF-8.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(bytes: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        text(file.path(), 100).unwrap_err().to_string()
    }

    #[test]
    fn a_byte_order_mark_is_left_out() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\u{feff}So.").unwrap();
        assert_eq!(text(file.path(), 100).unwrap(), "So.");
        assert!(wrong(b"\xff\xfeS\0").contains("it is UTF-16: save it as UTF-8"));
        assert!(wrong(b"\xfe\xff\0S").contains("it is UTF-16"));
        assert!(wrong(b"S\0o\0").contains("it is UTF-16") && wrong(b"\0S\0o").contains("it is UTF-16"));
        assert!(wrong(b"\0\0\0So.").contains("begins with NUL bytes"));
    }

    #[test]
    fn a_git_lfs_pointer_is_named() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
        assert!(wrong(pointer).contains("run `git lfs pull`"));
    }

    #[test]
    fn folders_and_devices_are_no_files() {
        assert!(text(&std::env::temp_dir(), 1).unwrap_err().to_string().contains("a folder: want a file"));
        #[cfg(unix)]
        assert!(text("/dev/null".as_ref(), 1).unwrap_err().to_string().contains("device: want a file"));
    }
}

//! Files, in whole and in parts.

use crate::FormatError;
use std::fs::File;
#[cfg(feature = "write")]
use std::io::Write;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// It cannot be read, or is larger.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| FormatError::io(path, e))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| FormatError::io(path, e))?;
    if bytes.len() as u64 > most {
        return Err(FormatError::content(path, "size", format!("want at most {most} bytes")));
    }
    Ok(bytes)
}

/// Writes a file that appears whole or not at all: first beside it, then renamed.
///
/// # Errors
/// The system's, with the path.
#[cfg(feature = "write")]
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FormatError> {
    write_streamed(path, |file| file.write_all(bytes))
}

/// Writes a file from the pieces that `fill` writes; it appears whole or not at all.
///
/// # Errors
/// The system's, or `fill`'s, with the path.
#[cfg(feature = "write")]
pub fn write_streamed(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FormatError> {
    let write = || -> io::Result<()> {
        let mut file = beside(path)?;
        fill(&mut file)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|e| FormatError::io(path, e))
}

/// An unnamed file in the folder of `path`, with the permissions of the user's umask: temporary files
/// are private by default, and what is to stay should not be.
#[cfg(feature = "write")]
fn beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Gives a file that another library wrote the permissions of a file of ours.
#[cfg(feature = "write")]
pub(super) fn publish(path: &Path) -> io::Result<()> {
    let permissions = beside(path)?.as_file().metadata()?.permissions();
    std::fs::set_permissions(path, permissions)
}

/// A file, or bytes in memory, to be read in parts.
pub(super) struct Source {
    content: Content,
    len: u64,
}

enum Content {
    File(Mutex<File>),
    Memory(Arc<[u8]>),
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, FormatError> {
        let open = || {
            let file = File::open(path)?;
            let len = file.metadata()?.len();
            Ok(Self { content: Content::File(Mutex::new(file)), len })
        };
        open().map_err(|e| FormatError::io(path, e))
    }

    pub(super) fn memory(bytes: Arc<[u8]>) -> Self {
        Self { len: bytes.len() as u64, content: Content::Memory(bytes) }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `out` from `offset` on.
    pub(super) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &self.content {
            Content::File(file) => {
                // A reader that panicked leaves nothing behind but the file's position.
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(out)
            }
            Content::Memory(bytes) => {
                let start = usize::try_from(offset).ok();
                let part = start.and_then(|start| bytes.get(start..start.checked_add(out.len())?));
                out.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    /// Reads `out.len()` little-endian numbers of `N` bytes each.
    pub(super) fn numbers<const N: usize>(
        &self,
        offset: u64,
        out: &mut [f32],
        convert: impl Fn([u8; N]) -> f32,
    ) -> io::Result<()> {
        let mut buffer = vec![0; N * out.len().min(1 << 16)];
        let mut at = offset;
        for part in out.chunks_mut(1 << 16) {
            let bytes = &mut buffer[..N * part.len()];
            self.read(at, bytes)?;
            at += bytes.len() as u64;
            for (x, b) in part.iter_mut().zip(bytes.as_chunks::<N>().0) {
                *x = convert(*b);
            }
        }
        Ok(())
    }
}

/// Writes `value` as indented JSON, whole or not at all.
///
/// # Errors
/// [`FormatError`] names the file.
#[cfg(feature = "write")]
pub fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), FormatError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| FormatError::content(path, "value", e.to_string()))?;
    write_whole(path, (text + "\n").as_bytes())
}

//! A folder of files that appears whole or not at all, and in which damage is noticed.

use super::Phase;
use rlhf_models::{FormatError, read_at_most, write_whole};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// `manifest.json`: what a snapshot is of, and its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of this file: 2; in 1 it has no sum of its own.
    pub version: u32,
    /// The phase of the run.
    pub phase: Phase,
    /// The number of the phase's steps that were done.
    pub step: u64,
    /// The state of a stage beside its networks.
    pub state: Value,
    /// Its files, by name.
    pub files: BTreeMap<String, Sum>,
    /// The SHA-256 of this file, in hexadecimal, computed with zeros here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The checksum of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// Its length, in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// The form of the manifests that are written.
const VERSION: u32 = 2;
/// The text in the place of a manifest's own sum while it is computed.
const UNKNOWN: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The manifest's name.
const MANIFEST: &str = "manifest.json";
/// The longest manifest that is read.
const LONGEST: u64 = 1 << 20;
/// The prefix of a folder's name until the folder is whole.
const UNFINISHED: &str = ".unfinished-";

impl Manifest {
    /// Creates the manifest of a phase after so many steps, without files.
    pub fn new(phase: Phase, step: u64, state: Value) -> Self {
        Self { version: VERSION, phase, step, state, files: BTreeMap::new(), sha256: None }
    }

    /// Makes `folder` with the files that `fill` writes into the folder it is given, and this manifest.
    /// A folder of that name is replaced. Everything is on the disk before the folder gets its name.
    ///
    /// # Errors
    /// [`FormatError`] names the file, or the error is `fill`'s; `folder` is then as before.
    pub fn write<E: From<FormatError>>(
        mut self,
        folder: &Path,
        fill: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<Self, E> {
        let unfinished = beside(folder);
        let filled = self.fill(&unfinished, fill);
        let placed =
            filled.and_then(|()| place(&unfinished, folder).map_err(|e| FormatError::io(folder, e).into()));
        if placed.is_err() {
            // What is left over is only in the way; that it cannot be removed changes nothing.
            let _ = fs::remove_dir_all(&unfinished);
        }
        placed.map(|()| self)
    }

    fn fill<E: From<FormatError>>(
        &mut self,
        unfinished: &Path,
        fill: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |e| FormatError::io(unfinished, e);
        if unfinished.exists() {
            fs::remove_dir_all(unfinished).map_err(failed)?;
        }
        fs::create_dir_all(unfinished).map_err(failed)?;
        fill(unfinished)?;
        for entry in fs::read_dir(unfinished).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            // A folder within is a snapshot of its own.
            if path.is_dir() {
                continue;
            }
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let sum = sum(&path).map_err(|e| FormatError::io(&path, e))?;
            File::open(&path).and_then(|f| f.sync_all()).map_err(|e| FormatError::io(&path, e))?;
            self.files.insert(name, sum);
        }
        Ok(self.write_summed(&unfinished.join(MANIFEST))?)
    }

    /// Writes it with its own sum.
    fn write_summed(&mut self, path: &Path) -> Result<(), FormatError> {
        self.sha256 = Some(UNKNOWN.into());
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| FormatError::content(path, "manifest", e.to_string()))?;
        let own = hex(Sha256::digest(&text));
        let text = text.replacen(UNKNOWN, &own, 1);
        self.sha256 = Some(own);
        write_whole(path, text.as_bytes())
    }

    /// Checks its own sum against the text that it was read from.
    fn check_own(&self, path: &Path, text: &[u8]) -> Result<(), FormatError> {
        let damaged =
            |reason: String| Err(FormatError::content(path, "manifest", format!("damaged: {reason}")));
        let own = match (&self.sha256, self.version) {
            (Some(own), _) => own,
            (None, 1) => return Ok(()),
            (None, _) => return damaged("it has no sum of its own".into()),
        };
        // Hexadecimal digits are no part of anything else of the file that is as long.
        let text = String::from_utf8_lossy(text).replacen(own.as_str(), UNKNOWN, usize::MAX);
        let got = hex(Sha256::digest(&text));
        if got == *own { Ok(()) } else { damaged(format!("its SHA-256 is {got}, and should be {own}")) }
    }

    /// Reads the manifest of `folder` and checks every file against it.
    ///
    /// # Errors
    /// [`FormatError`] names the file that is missing, cut or changed.
    pub fn check(folder: &Path) -> Result<Self, FormatError> {
        let path = folder.join(MANIFEST);
        let bytes = read_at_most(&path, LONGEST)?;
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|e| FormatError::content(&path, "manifest", e.to_string()))?;
        if !(1..=VERSION).contains(&manifest.version) {
            let reason = format!(
                "{} is not known here, 1 to {VERSION} are: was it written by a later rlhf?",
                manifest.version
            );
            return Err(FormatError::content(&path, "field \"version\"", reason));
        }
        manifest.check_own(&path, &bytes)?;
        for (name, want) in &manifest.files {
            let file = folder.join(name);
            if !plain(name) {
                return Err(FormatError::content(
                    &path,
                    "field \"files\"",
                    format!("{name:?} is no file name"),
                ));
            }
            let got = sum(&file).map_err(|e| FormatError::io(&file, e))?;
            if got != *want {
                let reason = format!(
                    "damaged: it should have {} bytes with SHA-256 {}, it has {} with {}",
                    want.bytes, want.sha256, got.bytes, got.sha256
                );
                return Err(FormatError::content(&file, "content", reason));
            }
        }
        Ok(manifest)
    }
}

/// Returns whether there is a snapshot, whole or damaged.
pub fn exists(folder: &Path) -> bool {
    folder.join(MANIFEST).exists()
}

/// Removes a snapshot. It loses its name first, so that a part of it is never taken for a whole.
///
/// # Errors
/// The system's, with the path.
pub fn remove(folder: &Path) -> Result<(), FormatError> {
    let unnamed = beside(folder);
    let remove = || {
        if unnamed.exists() {
            fs::remove_dir_all(&unnamed)?;
        }
        fs::rename(folder, &unnamed)?;
        fs::remove_dir_all(&unnamed)
    };
    remove().map_err(|e| FormatError::io(folder, e))
}

/// Removes the files that a snapshot's manifest lists, the manifest last. Nothing where there is no
/// manifest; the whole folder where it cannot be read.
///
/// # Errors
/// The system's, with the path.
pub fn remove_listed(folder: &Path) -> Result<(), FormatError> {
    if !exists(folder) {
        return Ok(());
    }
    let manifest = read_at_most(&folder.join(MANIFEST), LONGEST);
    let Some(manifest) = manifest.ok().and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok())
    else {
        return remove(folder);
    };
    let files = manifest.files.keys().filter(|name| plain(name)).map(String::as_str);
    for path in files.chain([MANIFEST]).map(|name| folder.join(name)) {
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(FormatError::io(&path, e)),
            _ => {}
        }
    }
    Ok(())
}

/// Returns whether a name is that of a file in the manifest's own folder.
fn plain(name: &str) -> bool {
    Path::new(name).components().count() == 1 && !name.starts_with('.')
}

/// Removes what an interrupted write left in `folder`.
///
/// # Errors
/// The system's, with the path.
pub fn remove_unfinished(folder: &Path) -> Result<(), FormatError> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|e| FormatError::io(folder, e))?,
    };
    for entry in entries {
        let path = entry.map_err(|e| FormatError::io(folder, e))?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(UNFINISHED) {
            fs::remove_dir_all(&path).map_err(|e| FormatError::io(&path, e))?;
        }
    }
    Ok(())
}

fn beside(folder: &Path) -> PathBuf {
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    folder.with_file_name(format!("{UNFINISHED}{name}"))
}

/// Gives a filled folder its name, on the disk too.
fn place(unfinished: &Path, folder: &Path) -> io::Result<()> {
    sync(unfinished)?;
    if folder.exists() {
        if !exists(folder) {
            // Whatever it is, it is not ours to remove.
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "something else is in its place: move it away",
            ));
        }
        let old = beside(&folder.with_extension("old"));
        fs::rename(folder, &old)?;
        fs::rename(unfinished, folder)?;
        sync(folder.parent().unwrap_or(Path::new(".")))?;
        return fs::remove_dir_all(&old);
    }
    fs::rename(unfinished, folder)?;
    folder.parent().map_or(Ok(()), sync)
}

/// Has a folder's entries written; elsewhere than on Unix, folders cannot be opened.
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn sum(path: &Path) -> io::Result<Sum> {
    let (mut file, mut hash, mut bytes) = (File::open(path)?, Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok(Sum { bytes, sha256: hex(hash.finalize()) })
}

fn hex(hash: impl AsRef<[u8]>) -> String {
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn write(folder: &Path, text: &str) -> Result<Manifest, FormatError> {
        let manifest = Manifest::new(Phase::Ppo, 3, json!({ "beta": 0.1 }));
        manifest.write(folder, |at| write_whole(&at.join("a"), text.as_bytes()))
    }

    #[test]
    fn what_is_written_is_whole() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("x");
        assert!(!exists(&folder));
        let manifest = write(&folder, "hello").unwrap();
        assert!(exists(&folder));
        assert_eq!(Manifest::check(&folder).unwrap(), manifest);
        write(&folder, "another").unwrap();
        assert_eq!(fs::read(folder.join("a")).unwrap(), b"another");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen_and_named() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("x");
        write(&folder, "hello").unwrap();
        let file = folder.join("a");
        for bit in 0..40 {
            let mut bytes = *b"hello";
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&file, bytes).unwrap();
            let error = Manifest::check(&folder).unwrap_err().to_string();
            assert!(error.contains(file.to_str().unwrap()) && error.contains("damaged"), "{error}");
        }
        for end in 0..5 {
            fs::write(&file, &b"hello"[..end]).unwrap();
            assert!(Manifest::check(&folder).is_err());
        }
        fs::remove_file(&file).unwrap();
        assert!(Manifest::check(&folder).unwrap_err().to_string().contains(file.to_str().unwrap()));
        // The manifest itself.
        let path = folder.join(MANIFEST);
        let whole = fs::read(&path).unwrap();
        fs::write(&file, "hello").unwrap();
        Manifest::check(&folder).unwrap();
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            assert!(Manifest::check(&folder).is_err(), "{end}");
        }
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bytes).unwrap();
            let error = Manifest::check(&folder).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{bit}: {error}");
        }
    }

    #[test]
    fn a_write_that_fails_leaves_what_was_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("x");
        write(&folder, "hello").unwrap();
        let failed = Manifest::new(Phase::Ppo, 4, Value::Null).write(&folder, |at| {
            write_whole(&at.join("a"), b"half")?;
            Err(FormatError::content(&at.join("b"), "disk", "full"))
        });
        assert!(failed.unwrap_err().to_string().contains("full"));
        assert_eq!(Manifest::check(&folder).unwrap().step, 3);
        fs::create_dir(root.path().join(".unfinished-y")).unwrap();
        remove_unfinished(root.path()).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}

//! A file in memory, of which only what is looked at is read.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

/// A file in memory.
#[derive(Debug)]
pub struct Mapped {
    path: PathBuf,
    metadata: Metadata,
    map: Mmap,
}

impl Mapped {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let refused = || io::Error::other("it is no file");
        // To open a pipe is to wait for who writes to it.
        if !std::fs::metadata(path)?.is_file() {
            return Err(refused());
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(refused());
        }
        // SAFETY: It is only read, as bytes of which any are fine. Nothing relies on two looks at one place being the same but that a
        // result belongs to the bytes, which `is_unchanged` is asked about before it is kept. Whoever makes the file shorter meanwhile
        // ends this process.
        let map = unsafe { Mmap::map(&file) }?;
        Ok(Self { path: path.to_owned(), metadata, map })
    }

    /// Returns its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Whether it is still the same file, and nobody wrote to it since it was opened.
    pub fn is_unchanged(&self) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let state = |of: &Metadata| {
            (of.dev(), of.ino(), of.len(), of.mtime(), of.mtime_nsec(), of.ctime(), of.ctime_nsec())
        };
        std::fs::metadata(&self.path).is_ok_and(|now| state(&now) == state(&self.metadata))
    }
}

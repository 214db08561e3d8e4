//! A cgroup of a test's own (Linux, version 2).

use std::fs;
use std::path::{Path, PathBuf};

/// A cgroup below that of this process, removed when it is dropped.
#[derive(Debug)]
pub struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes one, where this process may.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new(name: &str) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let mount = mounts.lines().find_map(|line| {
            let fields: Vec<_> = line.split(' ').collect();
            (fields.get(2) == Some(&"cgroup2")).then(|| fields[1].to_owned())
        })?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let name = format!("nonblock-{name}-{}", std::process::id());
        let path = Path::new(&mount).join(own).join(name);
        fs::create_dir(&path).ok()?;
        Some(Self(path))
    }

    /// Returns its directory.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // It stays if somebody is in it, who cannot be put out.
        let _ = fs::remove_dir(&self.0);
    }
}

//! A file system whose answers come late: each is held back until the thread that asks is seen to sleep. Linux has such
//! file systems wherever a server answers for them, and a disk is slow in the same way.
//!
//! It is served over `/dev/fuse`, in a mount namespace of this process's own.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;
use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getgid, getuid};
use nonblock_tools::blocking::Effect;

use crate::observe::{Seen, Watched, is_asleep, pause, spawn};
use crate::{Impossible, folder};

/// Leaves the mount namespace that other processes see, and with it the user namespace where that is needed.
pub(crate) fn own_mounts() {
    let (user, group) = (getuid(), getgid());
    if unshare(CloneFlags::CLONE_NEWNS) == Err(Errno::EPERM) {
        let both = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
        unshare(both).unwrap_or_else(|error| Impossible::exit("no namespace of its own", error));
        for (file, map) in [
            ("setgroups", "deny".to_owned()),
            ("uid_map", format!("0 {user} 1")),
            ("gid_map", format!("0 {group} 1")),
        ] {
            std::fs::write(format!("/proc/self/{file}"), map)
                .unwrap_or_else(|error| Impossible::exit("no user namespace of its own", error));
        }
    }
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .unwrap_or_else(|error| Impossible::exit("no mounts of its own", error));
}

/// Nobody is watched: every answer comes at once.
const NOBODY: i32 = 0;
/// No answer comes at all.
const SHUT: i32 = -1;

/// The file system, mounted.
#[derive(Clone)]
pub(crate) struct Slow {
    root: PathBuf,
    /// The thread whose sleep is waited for, or one of the above.
    watched: Arc<AtomicI32>,
    /// What was asked by the thread while it was watched.
    asked: Arc<Mutex<Vec<u32>>>,
}

impl Slow {
    /// Mounts it in a folder of this test's own.
    pub(crate) fn mount() -> Self {
        let root = folder().join("slow");
        std::fs::create_dir_all(&root).expect("the folder can be made");
        Self::mount_at(root)
    }

    /// Mounts it over a folder, as this process sees it.
    pub(crate) fn mount_at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        own_mounts();
        // The kernel wants it opened in the namespace that mounts.
        let device = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/fuse")
            .unwrap_or_else(|error| Impossible::exit("no /dev/fuse", error));
        let data = format!(
            "fd={},rootmode=40000,user_id={},group_id={}",
            device.as_raw_fd(),
            getuid(),
            getgid()
        );
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("slow"), &root, Some("fuse"), flags, Some(data.as_str()))
            .unwrap_or_else(|error| Impossible::exit("no file system may be mounted", error));
        let slow = Self { root, watched: Arc::default(), asked: Arc::default() };
        let server = slow.clone();
        spawn(move || server.serve(&device));
        // The kernel learns here that there is nothing to flush. Otherwise a process that ends with a file open would
        // ask its own server, whose thread has ended, and never be gone.
        drop(File::open(slow.file()).expect("the file is there"));
        slow
    }

    /// Where it is mounted.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file of it.
    pub(crate) fn file(&self) -> PathBuf {
        self.root.join(FILE)
    }

    /// Lets no answer come until it is opened again.
    pub(crate) fn shut(&self) {
        self.watched.store(SHUT, SeqCst);
    }

    /// Lets answers come at once.
    pub(crate) fn open(&self) {
        self.watched.store(NOBODY, SeqCst);
    }

    /// Answers what is asked, until the process ends.
    fn serve(&self, mut device: &File) {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(length) = device.read(&mut buffer) {
            let request = Request(&buffer[..length]);
            loop {
                match self.watched.load(SeqCst) {
                    NOBODY => break,
                    SHUT => {}
                    thread if is_asleep(thread) => {
                        if request.thread() == thread {
                            self.asked.lock().expect("nobody panics").push(request.operation());
                        }
                        break;
                    }
                    _ => {}
                }
                pause();
            }
            if let Some(answer) = request.answer() {
                // What asks may have been interrupted and gone.
                let _ = device.write_all(&answer);
            }
        }
    }
}

/// Shows that a call waits for the file system's answers.
///
/// What it needs is prepared before, and dropped after.
#[track_caller]
pub(crate) fn waits_for_file_system<T: Send + 'static>(
    slow: &Slow,
    prepare: impl FnOnce(&Slow) -> T,
    call: impl FnOnce(&mut T) + Send + 'static,
) -> Seen {
    let mut prepared = prepare(slow);
    let (watching, own) = (slow.clone(), slow.clone());
    let tell = move |thread| watching.watched.store(thread, SeqCst);
    let watched = Watched::start_as(tell, move || {
        call(&mut prepared);
        own.open();
    });
    let switches = watched.finish();
    let asked = slow.asked.lock().expect("nobody panics").clone();
    assert!(!asked.is_empty(), "the file system was not asked");
    assert!(switches > 0, "the kernel did not see it sleep");
    let names: Vec<_> = asked.into_iter().map(name).collect();
    let how = format!(
        "asleep until the file system answered {}; went to sleep: {switches}",
        names.join(", ")
    );
    Seen { effect: Effect::Blocks, how }
}

/// What there is in the root; anything else is not found.
const FILE: &str = "file";
const FOLDER: &str = "folder";
const LINK: &str = "link";

/// The number of the file's, as the kernel asks for it by.
const FILE_NODE: u64 = 2;
const FOLDER_NODE: u64 = 3;
const LINK_NODE: u64 = 4;

/// The operations that are answered, as include/uapi/linux/fuse.h numbers them.
const LOOKUP: u32 = 1;
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const SETATTR: u32 = 4;
const READLINK: u32 = 5;
const OPEN: u32 = 14;
const READ: u32 = 15;
const WRITE: u32 = 16;
const RELEASE: u32 = 18;
const FSYNC: u32 = 20;
const INIT: u32 = 26;
const OPENDIR: u32 = 27;
const READDIR: u32 = 28;
const RELEASEDIR: u32 = 29;
const SETLK: u32 = 32;
const SETLKW: u32 = 33;
const ACCESS: u32 = 34;
const INTERRUPT: u32 = 36;
const BATCH_FORGET: u32 = 42;

fn name(operation: u32) -> String {
    let names = [
        (LOOKUP, "LOOKUP"),
        (GETATTR, "GETATTR"),
        (SETATTR, "SETATTR"),
        (READLINK, "READLINK"),
        (8, "MKNOD"),
        (9, "MKDIR"),
        (10, "UNLINK"),
        (11, "RMDIR"),
        (13, "LINK"),
        (OPEN, "OPEN"),
        (READ, "READ"),
        (WRITE, "WRITE"),
        (FSYNC, "FSYNC"),
        (OPENDIR, "OPENDIR"),
        (READDIR, "READDIR"),
        (RELEASEDIR, "RELEASEDIR"),
        (SETLK, "SETLK"),
        (SETLKW, "SETLKW"),
        (ACCESS, "ACCESS"),
        (35, "CREATE"),
        (45, "RENAME2"),
        (52, "STATX"),
    ];
    let found = names.into_iter().find(|&(number, _)| number == operation);
    found.map_or_else(|| format!("operation {operation}"), |(_, name)| name.to_owned())
}

/// Length, operation, number, node, user, group, thread: the head of every request.
const HEAD: usize = 40;

/// A request of the kernel's.
struct Request<'a>(&'a [u8]);

impl Request<'_> {
    fn u32(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.0[at..at + 4].try_into().expect("these are four bytes"))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.0[at..at + 8].try_into().expect("these are eight bytes"))
    }

    fn operation(&self) -> u32 {
        self.u32(4)
    }

    fn thread(&self) -> i32 {
        self.u32(32).cast_signed()
    }

    /// The answer, with its head; or `None` where the kernel waits for none.
    fn answer(&self) -> Option<Vec<u8>> {
        let (error, body) = match self.operation() {
            FORGET | BATCH_FORGET | INTERRUPT => return None,
            operation => match self.body(operation) {
                Ok(body) => (0, body),
                Err(errno) => (-errno, Vec::new()),
            },
        };
        let length = u32::try_from(16 + body.len()).expect("an answer is short");
        let mut answer = Vec::new();
        answer.extend(length.to_ne_bytes());
        answer.extend(error.to_ne_bytes());
        answer.extend(self.u64(8).to_ne_bytes());
        answer.extend(body);
        Some(answer)
    }

    fn body(&self, operation: u32) -> Result<Vec<u8>, libc::c_int> {
        let node = self.u64(16);
        match operation {
            INIT => Ok(self.agreement()),
            LOOKUP => {
                let name = self.0[HEAD..].split(|&byte| byte == 0).next().unwrap_or_default();
                let node = [(FILE, FILE_NODE), (FOLDER, FOLDER_NODE), (LINK, LINK_NODE)]
                    .into_iter()
                    .find(|(known, _)| known.as_bytes() == name)
                    .ok_or(libc::ENOENT)?
                    .1;
                // Its number, its generation, and for how long the kernel may believe it: not at all.
                let entry = [node, 0, 0, 0, 0].into_iter().flat_map(u64::to_ne_bytes);
                Ok(entry.chain(attributes(node)).collect())
            }
            GETATTR | SETATTR => {
                let valid = [0_u64; 2].into_iter().flat_map(u64::to_ne_bytes);
                Ok(valid.chain(attributes(node)).collect())
            }
            READLINK => Ok(FILE.into()),
            // A handle, and that every read and write is to come here.
            OPEN | OPENDIR => Ok([0, 1].into_iter().flat_map(u64::to_ne_bytes).collect()),
            // Offset 8, size 16.
            READDIR if self.u64(HEAD + 8) == 0 => Ok(entry_of_unknown_type()),
            READ => Ok(vec![0; self.u32(HEAD + 16) as usize]),
            WRITE => Ok(u64::from(self.u32(HEAD + 16)).to_ne_bytes().into()),
            READDIR | RELEASE | FSYNC | RELEASEDIR | SETLK | SETLKW | ACCESS => Ok(Vec::new()),
            _ => Err(libc::ENOSYS),
        }
    }

    /// Version 7.31 of the protocol, with locks of whole files; nothing else is agreed to.
    fn agreement(&self) -> Vec<u8> {
        const FLOCK_LOCKS: u32 = 1 << 10;
        let flags = self.u32(HEAD + 12) & FLOCK_LOCKS;
        // Version, read-ahead, flags; then the requests that may wait in the background, and the longest write.
        let words = [7, 31, 0, flags, 0, 4096, 1, 0, 0];
        words.into_iter().chain([0; 7]).flat_map(u32::to_ne_bytes).collect()
    }
}

/// The attributes of a file, as the kernel has them.
fn attributes(node: u64) -> Vec<u8> {
    let mode = match node {
        // It is no program: what tries to run it learns so, after it has asked.
        FILE_NODE => libc::S_IFREG | 0o644,
        LINK_NODE => libc::S_IFLNK | 0o777,
        _ => libc::S_IFDIR | 0o755,
    };
    // Number, size, blocks, three times; then their nanoseconds, mode, links, user, group, device, block, flags.
    let long = [node, 4096, 8, 0, 0, 0].into_iter().flat_map(u64::to_ne_bytes);
    let short = [0, 0, 0, mode, 1, 0, 0, 0, 4096, 0].into_iter().flat_map(u32::to_ne_bytes);
    long.chain(short).collect()
}

/// The file, as a folder lists it, without saying what it is.
fn entry_of_unknown_type() -> Vec<u8> {
    let length = u32::try_from(FILE.len()).expect("the name is short");
    let mut entry = Vec::new();
    entry.extend(FILE_NODE.to_ne_bytes());
    entry.extend(1_u64.to_ne_bytes());
    entry.extend(length.to_ne_bytes());
    entry.extend(0_u32.to_ne_bytes());
    entry.extend(FILE.as_bytes());
    entry.resize(entry.len().next_multiple_of(8), 0);
    entry
}

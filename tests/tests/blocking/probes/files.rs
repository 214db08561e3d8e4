//! Files.

use std::fs::{self, DirBuilder, DirEntry, File, FileTimes, OpenOptions, Permissions};
use std::os::unix::fs::{self as unix, FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::sys::stat::Mode;

use super::probes;
use crate::folder;
use crate::observe::{ATTEMPTS, Seen, blocks, calls, does_nothing};
use crate::slow::{Slow, waits_for_file_system};

probes! {
    "std::fs::canonicalize" => Shows || looks_up(|path| drop(fs::canonicalize(path)));
    "std::fs::copy" => Shows || opens(File::create, |path| drop(fs::copy(path, "copy")));
    "std::fs::create_dir" => Shows || looks_up(|path| drop(fs::create_dir(path.with_file_name("new"))));
    "std::fs::create_dir_all" => Shows || looks_up(|path| drop(fs::create_dir_all(path.with_file_name("new"))));
    "std::fs::exists" => Shows || looks_up(|path| drop(fs::exists(path)));
    "std::fs::hard_link" => Shows || looks_up(|path| drop(fs::hard_link(path, path.with_file_name("new"))));
    "std::fs::metadata" => Shows || looks_up(|path| drop(fs::metadata(path)));
    "std::fs::read" => Shows || opens(File::create, |path| drop(fs::read(path)));
    "std::fs::read_dir" => Shows || looks_up(|path| drop(fs::read_dir(path.with_file_name("folder"))));
    "std::fs::read_link" => Shows || looks_up(|path| drop(fs::read_link(path.with_file_name("link"))));
    "std::fs::read_to_string" => Shows || opens(File::create, |path| drop(fs::read_to_string(path)));
    "std::fs::remove_dir" => Shows || looks_up(|path| drop(fs::remove_dir(path.with_file_name("folder"))));
    "std::fs::remove_dir_all" => Shows || looks_up(|path| drop(fs::remove_dir_all(path.with_file_name("folder"))));
    "std::fs::remove_file" => Shows || looks_up(|path| drop(fs::remove_file(path)));
    "std::fs::rename" => Shows || looks_up(|path| drop(fs::rename(path, path.with_file_name("new"))));
    "std::fs::set_permissions" => Shows || looks_up(|path| {
        drop(fs::set_permissions(path, Permissions::from_mode(0o700)));
    });
    "std::fs::soft_link" => Shows || looks_up(|path| {
        #[expect(deprecated, reason = "it is still there")]
        drop(fs::soft_link(path, path.with_file_name("new")));
    });
    "std::fs::symlink_metadata" => Shows || looks_up(|path| drop(fs::symlink_metadata(path)));
    "std::fs::write" => Shows || opens(File::open, |path| drop(fs::write(path, [])));
    "std::fs::File::open" => Shows || opens(File::create, |path| drop(File::open(path)));
    "std::fs::File::create" => Shows || opens(File::open, |path| drop(File::create(path)));
    "std::fs::File::create_new" => Shows || looks_up(|path| drop(File::create_new(path.with_file_name("new"))));
    "std::fs::File::sync_all" => Shows || asks(|file| drop(file.sync_all()));
    "std::fs::File::sync_data" => Shows || asks(|file| drop(file.sync_data()));
    "std::fs::File::set_len" => Shows || asks(|file| drop(file.set_len(1)));
    "std::fs::File::metadata" => Shows || asks(|file| drop(file.metadata()));
    "std::fs::File::set_permissions" => Shows || asks(|file| {
        drop(file.set_permissions(Permissions::from_mode(0o700)));
    });
    "std::fs::File::set_times" => Shows || asks(|file| {
        drop(file.set_times(FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH)));
    });
    "std::fs::File::set_modified" => Shows || asks(|file| drop(file.set_modified(SystemTime::UNIX_EPOCH)));
    "std::fs::File::lock" => Shows || locked_by_another(File::lock);
    "std::fs::File::lock_shared" => Shows || locked_by_another(File::lock_shared);
    "std::fs::File::try_lock" => Shows || asks(|file| drop(file.try_lock()));
    "std::fs::File::try_lock_shared" => Shows || asks(|file| drop(file.try_lock_shared()));
    "std::fs::File::unlock" => Shows || {
        let locked = |slow: &Slow| {
            let file = open(slow);
            file.lock().expect("nobody else has it");
            file
        };
        waits_for_file_system(&Slow::mount(), locked, |file| drop(file.unlock()))
    };
    "std::fs::OpenOptions::open" => Shows || opens(File::create, |path| {
        drop(OpenOptions::new().read(true).open(path));
    });
    "std::fs::DirBuilder::create" => Shows || looks_up(|path| {
        drop(DirBuilder::new().create(path.with_file_name("new")));
    });
    "std::fs::DirEntry::metadata" => Shows || waits_for_file_system(&Slow::mount(), entry, |entry| {
        drop(entry.metadata());
    });
    "std::fs::DirEntry::file_type" => Shows || waits_for_file_system(&Slow::mount(), entry, |entry| {
        drop(entry.file_type());
    });
    "std::path::Path::canonicalize" => Shows || looks_up(|path| drop(path.canonicalize()));
    "std::path::Path::exists" => Shows || looks_up(|path| assert!(path.exists()));
    "std::path::Path::try_exists" => Shows || looks_up(|path| drop(path.try_exists()));
    "std::path::Path::is_dir" => Shows || looks_up(|path| assert!(!path.is_dir()));
    "std::path::Path::is_file" => Shows || looks_up(|path| assert!(path.is_file()));
    "std::path::Path::is_symlink" => Shows || looks_up(|path| assert!(!path.is_symlink()));
    "std::path::Path::metadata" => Shows || looks_up(|path| drop(path.metadata()));
    "std::path::Path::symlink_metadata" => Shows || looks_up(|path| drop(path.symlink_metadata()));
    "std::path::Path::read_dir" => Shows || looks_up(|path| drop(path.with_file_name("folder").read_dir()));
    "std::path::Path::read_link" => Shows || looks_up(|path| drop(path.with_file_name("link").read_link()));
    "std::os::unix::fs::chown" => Shows || looks_up(|path| drop(unix::chown(path, None, None)));
    "std::os::unix::fs::fchown" => Shows || asks(|file| drop(unix::fchown(file, Some(0), None)));
    "std::os::unix::fs::lchown" => Shows || looks_up(|path| drop(unix::lchown(path, None, None)));
    "std::os::unix::fs::chroot" => Shows || looks_up(|path| drop(unix::chroot(path.with_file_name("folder"))));
    "std::os::unix::fs::symlink" => Shows || looks_up(|path| drop(unix::symlink(path, path.with_file_name("new"))));
    "std::os::unix::fs::FileExt::read_at" => Shows || asks(|file| drop(file.read_at(&mut [0], 0)));
    "std::os::unix::fs::FileExt::read_exact_at" => Shows || asks(|file| drop(file.read_exact_at(&mut [0], 0)));
    "std::os::unix::fs::FileExt::write_at" => Shows || asks(|file| drop(file.write_at(&[0], 0)));
    "std::os::unix::fs::FileExt::write_all_at" => Shows || asks(|file| drop(file.write_all_at(&[0], 0)));
    "std::env::set_current_dir" => Shows || looks_up(|path| {
        drop(std::env::set_current_dir(path.with_file_name("folder")));
    });
    "std::fs::File::try_clone" => Harmless || {
        let file = open(&Slow::mount());
        let mut clones = Vec::with_capacity(ATTEMPTS);
        // To close one would ask the file system.
        does_nothing(|| clones.push(file.try_clone()))
    };
}

fn open(slow: &Slow) -> File {
    OpenOptions::new().read(true).write(true).open(slow.file()).expect("the file is there")
}

fn entry(slow: &Slow) -> DirEntry {
    let mut entries = fs::read_dir(slow.root()).expect("the folder is there");
    entries.next().expect("there is a file in it").expect("it can be read")
}

/// Shows that a call with a path waits for the file system.
fn looks_up(call: fn(&Path)) -> Seen {
    waits_for_file_system(&Slow::mount(), Slow::file, move |path: &mut PathBuf| call(path))
}

/// Shows that a call on an open file waits for the file system.
fn asks(call: fn(&File)) -> Seen {
    waits_for_file_system(&Slow::mount(), open, move |file| call(file))
}

/// Shows that a call with a path opens it: it waits for the other end of a pipe.
fn opens(other_end: fn(PathBuf) -> std::io::Result<File>, call: fn(&Path)) -> Seen {
    let pipe = folder().join("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).expect("a pipe can be made");
    let own = pipe.clone();
    blocks(calls!(SYS_openat), move || call(&own), || drop(other_end(pipe)))
}

/// Shows that a call waits until another lets go of a file.
fn locked_by_another(call: fn(&File) -> std::io::Result<()>) -> Seen {
    let path = folder().join("locked");
    let holder = File::create(&path).expect("a file can be made");
    holder.lock().expect("nobody else has it");
    let call = move || call(&File::open(path).expect("the file is there")).expect("it comes to it");
    blocks(calls!(SYS_flock), call, || holder.unlock().expect("it is locked"))
}

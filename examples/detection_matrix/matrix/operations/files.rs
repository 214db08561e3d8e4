//! Files, folders, pipes and the standard streams.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::support::{full_pipe, keeping, pipe, succeeded};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::{meanwhile, once_blocked};

const DISK: &str = "It depends on what the disk and the page cache do just then.";

const DEBUG: &str =
    "In a build with debug assertions std first asks whether the descriptor is open.";

pub(super) const OPERATIONS: &[Operation] = operations! {
    "std::fs::File::open" => open;
    "std::fs::File::create" => create [Slept: May(DISK)];
    "std::fs::File::read, cached" => read;
    "std::fs::File::write" => write [Slept: May(DISK)];
    "std::fs::File::sync_all" => sync_all;
    "std::fs::File::set_len" => set_len [Slept: May(DISK)];
    "std::fs::File::metadata" => file_metadata;
    "std::fs::File::seek" => seek;
    "std::fs::File::lock, locked" => lock;
    "std::fs::File, dropped" => close [Sanitizer: Some(DEBUG)];
    "std::fs::metadata" => metadata;
    "std::fs::read_dir" => read_dir;
    "std::fs::read" => read_whole;
    "std::fs::rename" => rename [Slept: May(DISK)];
    "std::fs::remove_file" => remove [Slept: May(DISK)];
    "std::fs::create_dir" => create_dir [Slept: May(DISK)];
    "fcntl(F_SETLKW), locked" => fcntl_lock;
    "println!, a full pipe" => println;
    "eprintln!, a full pipe" => eprintln;
    "std::io::Stdin::read_line" => stdin;
    "std::io::PipeReader::read" => pipe_read;
    "std::io::PipeWriter::write, full" => pipe_write;
    "splice, an empty pipe" => splice;
};

/// Makes a file in the folder for such.
fn file(name: &str) -> (PathBuf, File) {
    let path = std::env::temp_dir().join(name);
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
    let mut file = file.expect("a file can be made");
    file.write_all(&[1; 4096]).expect("it can be written");
    file.rewind().expect("it can be read anew");
    (path, file)
}

fn open() -> Prepared {
    let (path, _) = file("open");
    keeping(move || File::open(&path).expect("it is there"))
}

fn create() -> Prepared {
    let path = std::env::temp_dir().join("created");
    keeping(move || File::create(&path).expect("it can be made"))
}

fn read() -> Prepared {
    let (_, mut file) = file("read");
    let mut bytes = [0; 64];
    Ok(Box::new(move || assert_eq!(file.read(&mut bytes).expect("it can be read"), 64)))
}

fn write() -> Prepared {
    let (_, mut file) = file("written");
    Ok(Box::new(move || assert_eq!(file.write(&[2; 64]).expect("it can be written"), 64)))
}

fn sync_all() -> Prepared {
    let (_, mut file) = file("synced");
    file.write_all(&vec![3; 1 << 16]).expect("it can be written");
    Ok(Box::new(move || file.sync_all().expect("it can be written to the disk")))
}

fn set_len() -> Prepared {
    let (_, file) = file("cut");
    Ok(Box::new(move || file.set_len(1 << 20).expect("its length can be set")))
}

fn file_metadata() -> Prepared {
    let (_, file) = file("looked_at");
    Ok(Box::new(move || assert_eq!(file.metadata().expect("it is there").len(), 4096)))
}

fn seek() -> Prepared {
    let (_, mut file) = file("sought");
    Ok(Box::new(move || assert_eq!(file.seek(io::SeekFrom::End(0)).expect("it has an end"), 4096)))
}

fn lock() -> Prepared {
    let (path, file) = file("locked");
    let other = File::open(path).map_err(|error| error.to_string())?;
    meanwhile(move |blocked| {
        other.lock().expect("nobody else has it");
        blocked.wait();
        other.unlock().expect("it is locked");
    });
    Ok(Box::new(move || file.lock().expect("it is unlocked")))
}

fn close() -> Prepared {
    let mut file = Some(file("closed").1);
    Ok(Box::new(move || drop(file.take())))
}

fn metadata() -> Prepared {
    let (path, _) = file("looked_up");
    Ok(Box::new(move || assert_eq!(fs::metadata(&path).expect("it is there").len(), 4096)))
}

fn read_dir() -> Prepared {
    file("one");
    file("two");
    Ok(Box::new(|| {
        let entries = fs::read_dir(std::env::temp_dir()).expect("it is there").count();
        assert!(entries >= 2);
    }))
}

fn read_whole() -> Prepared {
    let (path, _) = file("whole");
    keeping(move || fs::read(&path).expect("it can be read"))
}

fn rename() -> Prepared {
    let (path, _) = file("renamed");
    let to = path.with_extension("new");
    Ok(Box::new(move || fs::rename(&path, &to).expect("it can be renamed")))
}

fn remove() -> Prepared {
    let (path, _) = file("removed");
    Ok(Box::new(move || fs::remove_file(&path).expect("it can be removed")))
}

fn create_dir() -> Prepared {
    let path = std::env::temp_dir().join("folder");
    Ok(Box::new(move || fs::create_dir(&path).expect("it can be made")))
}

fn lock_request(kind: i32) -> libc::flock {
    // SAFETY: zeros are such a structure: from the beginning to the end of the file.
    let mut request = unsafe { std::mem::zeroed::<libc::flock>() };
    request.l_type = kind.try_into().expect("a small number");
    request
}

fn fcntl_lock() -> Prepared {
    let (path, file) = file("locked_by_fcntl");
    let other = File::options().read(true).write(true).open(path);
    let other = other.map_err(|error| error.to_string())?;
    // Of the open file, as the locks of a process are never held against itself.
    let set = |file: &File, command: i32, kind: i32| {
        let request = lock_request(kind);
        // SAFETY: it reads the request.
        succeeded(unsafe { libc::fcntl(file.as_raw_fd(), command, &raw const request) });
    };
    meanwhile(move |blocked| {
        set(&other, libc::F_OFD_SETLK, libc::F_WRLCK);
        blocked.wait();
        set(&other, libc::F_OFD_SETLK, libc::F_UNLCK);
    });
    let request = lock_request(libc::F_WRLCK);
    Ok(Box::new(move || {
        // SAFETY: it reads the request.
        succeeded(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLKW, &raw const request) });
    }))
}

/// Puts a full pipe in the place of a standard stream. It is read once the operation is blocked.
fn replace_by_full_pipe(stream: i32) {
    let (mut reader, writer) = full_pipe();
    // SAFETY: both are open.
    succeeded(unsafe { libc::dup2(writer.as_raw_fd(), stream) });
    once_blocked(move || {
        let mut bytes = vec![0; 1 << 16];
        while reader.read(&mut bytes).is_ok_and(|read| read > 0) {}
    });
}

fn println() -> Prepared {
    replace_by_full_pipe(1);
    Ok(Box::new(|| println!("a line")))
}

fn eprintln() -> Prepared {
    replace_by_full_pipe(2);
    Ok(Box::new(|| eprintln!("a line")))
}

fn stdin() -> Prepared {
    let (reader, mut writer) = pipe();
    // SAFETY: both are open.
    succeeded(unsafe { libc::dup2(reader.as_raw_fd(), 0) });
    once_blocked(move || {
        writer.write_all(b"a line\n").expect("it is read");
        writer
    });
    let mut line = String::with_capacity(64);
    Ok(Box::new(move || {
        io::stdin().read_line(&mut line).expect("it can be read");
        assert_eq!(line, "a line\n");
    }))
}

fn pipe_read() -> Prepared {
    let (mut reader, mut writer) = pipe();
    once_blocked(move || writer.write_all(&[1]).expect("it is read"));
    let mut byte = [0];
    Ok(Box::new(move || assert_eq!(reader.read(&mut byte).expect("it can be read"), 1)))
}

fn pipe_write() -> Prepared {
    let (mut reader, mut writer) = full_pipe();
    once_blocked(move || {
        reader.read_exact(&mut vec![0; 1 << 16]).expect("it is full");
        reader
    });
    Ok(Box::new(move || assert_eq!(writer.write(&[1]).expect("it is read"), 1)))
}

fn splice() -> Prepared {
    let (from, mut writer) = pipe();
    let (reader, to) = pipe();
    once_blocked(move || writer.write_all(&[1]).expect("it is read"));
    let ends = Arc::new((from, to, reader));
    Ok(Box::new(move || {
        let (from, to) = (ends.0.as_raw_fd(), ends.1.as_raw_fd());
        let none = std::ptr::null_mut();
        // SAFETY: both are open.
        assert_eq!(unsafe { libc::splice(from, none, to, none, 1, 0) }, 1);
    }))
}

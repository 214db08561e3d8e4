//! Readers and writers, and the standard ones among them.

use std::fs::File;
use std::io::{
    self, BufRead, BufReader, BufWriter, IoSlice, IoSliceMut, LineWriter, PipeReader, PipeWriter,
    Read, Seek, SeekFrom, Write,
};
use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::probes;
use crate::observe::{Call, Seen, allocates, blocks, calls, does_nothing, locks};

const READ: &[Call] = calls!(SYS_read);
const WRITE: &[Call] = calls!(SYS_write);

probes! {
    "std::io::Read::read" => Shows || reads(READ, |mut from| drop(from.read(&mut [0])));
    "std::io::Read::read_vectored" => Shows || reads(calls!(SYS_readv), |mut from| {
        drop(from.read_vectored(&mut [IoSliceMut::new(&mut [0])]));
    });
    "std::io::Read::read_exact" => Shows || reads(READ, |mut from| drop(from.read_exact(&mut [0])));
    "std::io::Read::read_to_end" => Shows || reads(READ, |mut from| drop(from.read_to_end(&mut Vec::new())));
    "std::io::Read::read_to_string" => Shows || reads(READ, |mut from| drop(from.read_to_string(&mut String::new())));
    "std::io::Read::bytes" => Shows || reads(READ, |from| {
        #[expect(clippy::unbuffered_bytes, reason = "one is enough")]
        drop(from.bytes().next());
    });
    "std::io::BufRead::fill_buf" => Shows || reads(READ, |from| drop(BufReader::new(from).fill_buf()));
    "std::io::BufRead::read_until" => Shows || reads(READ, |from| drop(BufReader::new(from).read_until(0, &mut Vec::new())));
    "std::io::BufRead::skip_until" => Shows || reads(READ, |from| drop(BufReader::new(from).skip_until(0)));
    "std::io::BufRead::read_line" => Shows || reads(READ, |from| drop(BufReader::new(from).read_line(&mut String::new())));
    "std::io::BufRead::split" => Shows || reads(READ, |from| drop(BufReader::new(from).split(0).next()));
    "std::io::BufRead::lines" => Shows || reads(READ, |from| drop(BufReader::new(from).lines().next()));
    "std::io::Write::write" => Shows || writes(WRITE, |mut to| drop(to.write(b"\n")));
    "std::io::Write::write_vectored" => Shows || writes(calls!(SYS_writev), |mut to| {
        drop(to.write_vectored(&[IoSlice::new(b"\n")]));
    });
    "std::io::Write::write_all" => Shows || writes(WRITE, |mut to| drop(to.write_all(b"\n")));
    "std::io::Write::write_fmt" => Shows || writes(WRITE, |mut to| drop(to.write_fmt(format_args!("\n"))));
    "std::io::Write::flush" => Shows || writes(WRITE, |to| drop(buffered(to).flush()));
    "std::io::Seek::seek" => Shows || writes(WRITE, |to| drop(buffered(to).seek(SeekFrom::Start(1))));
    "std::io::Seek::rewind" => Shows || writes(WRITE, |to| drop(buffered(to).rewind()));
    "std::io::Seek::stream_position" => Shows || writes(WRITE, |to| drop(buffered(to).stream_position()));
    "std::io::Seek::seek_relative" => Shows || writes(WRITE, |to| drop(buffered(to).seek_relative(1)));
    "std::io::copy" => Shows || reads(calls!(SYS_read, SYS_splice, SYS_copy_file_range, SYS_sendfile), |mut from| {
        drop(io::copy(&mut from, &mut io::sink()));
    });
    "std::io::read_to_string" => Shows || reads(READ, |from| drop(io::read_to_string(from)));
    "std::io::BufWriter::into_inner" => Shows || writes(WRITE, |to| drop(buffered(to).into_inner()));
    "std::io::LineWriter::into_inner" => Shows || writes(WRITE, |to| {
        let mut to = LineWriter::new(to);
        to.write_all(b"no end of a line").expect("it is buffered");
        drop(to.into_inner());
    });
    "std::io::Stdin::read_line" => Shows || reads_stdin(|| drop(io::stdin().read_line(&mut String::new())));
    "std::io::Stdin::lines" => Shows || reads_stdin(|| drop(io::stdin().lines().next()));
    "std::io::Stdin::lock" => Shows || locks(
        || (),
        |(), gate| {
            let _held = io::stdin().lock();
            gate.keep();
        },
        |()| drop(io::stdin().lock()),
    );
    "std::io::Stdout::lock" => Shows || locks(
        || (),
        |(), gate| {
            let _held = io::stdout().lock();
            gate.keep();
        },
        |()| drop(io::stdout().lock()),
    );
    "std::io::Stderr::lock" => Shows || locks(
        || (),
        |(), gate| {
            let _held = io::stderr().lock();
            gate.keep();
        },
        |()| drop(io::stderr().lock()),
    );
    "std::io::stdin" => Shows || allocates(io::stdin);
    "std::io::stdout" => Shows || allocates(io::stdout);
    "std::io::BufReader::new" => Shows || allocates(|| BufReader::new(io::empty()));
    "std::io::BufReader::with_capacity" => Shows || allocates(|| BufReader::with_capacity(1, io::empty()));
    "std::io::BufWriter::new" => Shows || allocates(|| BufWriter::new(io::sink()));
    "std::io::BufWriter::with_capacity" => Shows || allocates(|| BufWriter::with_capacity(1, io::sink()));
    "std::io::LineWriter::new" => Shows || allocates(|| LineWriter::new(io::sink()));
    "std::io::LineWriter::with_capacity" => Shows || allocates(|| LineWriter::with_capacity(1, io::sink()));
    "std::io::Error::new" => Shows || allocates(|| io::Error::new(io::ErrorKind::NotFound, Payload));
    "std::io::Error::other" => Shows || allocates(|| io::Error::other(Payload));
    "std::print" => Shows || prints(stdout, || print!("a line\nand a half"));
    "std::println" => Shows || prints(stdout, || println!());
    "std::eprint" => Shows || prints(stderr, || eprint!("{}", 1));
    "std::eprintln" => Shows || prints(stderr, || eprintln!());
    "std::dbg" => Shows || prints(stderr, || {
        dbg!();
    });
    "std::io::stderr" => Harmless || does_nothing(io::stderr);
    "std::io::pipe" => Harmless || does_nothing(io::pipe);
}

/// An error that is allocated by nobody but the call.
#[derive(Debug)]
struct Payload;

impl std::fmt::Display for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an error")
    }
}

impl std::error::Error for Payload {}

/// Shows that a call waits for bytes of a pipe.
fn reads(calls: &[Call], call: impl FnOnce(File) + Send + 'static) -> Seen {
    let (from, mut to) = io::pipe().expect("a pipe can be made");
    blocks(
        calls,
        move || call(OwnedFd::from(from).into()),
        move || {
            to.write_all(b"\n\0").expect("the pipe has room");
        },
    )
}

/// Shows that a call waits for bytes of the standard input.
fn reads_stdin(call: impl FnOnce() + Send + 'static) -> Seen {
    let (from, mut to) = io::pipe().expect("a pipe can be made");
    dup2_stdin(from).expect("it can be put there");
    blocks(READ, call, move || to.write_all(b"\n").expect("the pipe has room"))
}

/// A pipe that is full, and how many bytes there are in it.
pub(super) fn full_pipe() -> (PipeReader, PipeWriter, usize) {
    let (from, mut to) = io::pipe().expect("a pipe can be made");
    let size = fcntl(&to, FcntlArg::F_SETPIPE_SZ(1)).expect("a pipe can be made small");
    let size = usize::try_from(size).expect("a size is positive");
    to.write_all(&vec![0; size]).expect("it has room for that");
    (from, to, size)
}

/// Empties a pipe.
pub(super) fn drain(mut from: &PipeReader, size: usize) {
    from.read_exact(&mut vec![0; size]).expect("there is that much in it");
}

/// Shows that a call waits until a pipe has room.
fn writes(calls: &[Call], call: impl FnOnce(File) + Send + 'static) -> Seen {
    let (from, to, size) = full_pipe();
    blocks(calls, move || call(OwnedFd::from(to).into()), || drain(&from, size))
}

/// A writer that has something to write.
fn buffered(to: File) -> BufWriter<File> {
    let mut to = BufWriter::new(to);
    to.write_all(b"\n").expect("it is buffered");
    to
}

/// Shows that a call waits until what it prints to has room.
fn prints(replace: impl FnOnce(PipeWriter), call: impl FnOnce() + Send + 'static) -> Seen {
    let (from, to, size) = full_pipe();
    replace(to);
    blocks(WRITE, call, || drain(&from, size))
}

fn stdout(to: PipeWriter) {
    dup2_stdout(to).expect("it can be put there");
}

pub(super) fn stderr(to: PipeWriter) {
    dup2_stderr(to).expect("it can be put there");
}

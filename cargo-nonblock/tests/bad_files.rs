//! Files that cannot be checked: each has an error that says what is wrong, exit code 2, and no panic.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-nonblock");

fn check(file: &Path) -> Output {
    Command::new(PROGRAM).arg("check").arg(file).output().expect("the command can be run")
}

/// Writes a file, checks it, and asserts what is said of it.
#[track_caller]
fn refused(folder: &Path, name: &str, bytes: &[u8], says: &str) {
    let file = folder.join(name);
    fs::write(&file, bytes).expect("the file can be written");
    said(&check(&file), 2, says);
}

#[track_caller]
fn said(output: &Output, code: i32, says: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(says), "{text}");
    assert!(!text.contains("panicked"), "{text}");
}

/// Compiles a small program with the linker's relocations, or without.
fn program(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let source = folder.join(format!("{name}.rs"));
    fs::write(&source, "fn main() {}\n").expect("the source can be written");
    let file = folder.join(name);
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc).arg(&source).arg("-o").arg(&file).args(flags).status();
    assert!(status.expect("rustc can be run").success());
    file
}

#[test]
fn a_file_that_cannot_be_checked_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    refused(folder, "empty", b"", "the file is empty");
    refused(folder, "text", b"#!/bin/sh\necho\n", "no ELF file");
    refused(folder, "archive", b"!<arch>\n", "the archive is empty");
    refused(folder, "thin", b"!<thin>\n", "a thin archive");
    refused(folder, "header", b"\x7fELF\x02\x01\x01", "ends within its header");
    let mut foreign = vec![0_u8; 64];
    foreign[..6].copy_from_slice(b"\x7fELF\x02\x01");
    foreign[18] = 183;
    refused(folder, "foreign", &foreign, "for AArch64");

    let plain = program(folder, "plain", &[]);
    said(&check(&plain), 2, "emit-relocs");
    let stripped = program(folder, "stripped", &["-Cstrip=symbols"]);
    said(&check(&stripped), 2, "no symbols");
    let missing = check(&folder.join("missing"));
    said(&missing, 3, "cannot read");
}

/// Damages a good file at many places. Whatever comes out, it is no panic, and the program is never proved: it has no sections.
#[test]
fn a_damaged_file_is_never_proved() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = program(folder.path(), "good", &["-Clink-arg=-Wl,--emit-relocs", "-Cdebuginfo=2"]);
    let bytes = fs::read(&good).expect("it can be read");
    let options = || cargo_nonblock::check::Options {
        entries: vec![cargo_nonblock::demangle::Pattern::new("*main")],
        sections: true,
        ..Default::default()
    };
    let whole = cargo_nonblock::check::check(&bytes, &options()).expect("it can be checked");
    assert_ne!(whole.entries.len(), 0);
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    for round in 0..60 {
        let mut damaged = bytes.clone();
        match round % 3 {
            // The end is missing.
            0 => damaged.truncate(random(bytes.len())),
            // The header, or the tables of sections at the end, say something else.
            1 => {
                for _ in 0..4 {
                    let at = random(64);
                    damaged[at] = u8::try_from(random(256)).expect("a byte");
                }
            }
            _ => {
                for _ in 0..64 {
                    let at = bytes.len() - 1 - random(8192);
                    damaged[at] = u8::try_from(random(256)).expect("a byte");
                }
            }
        }
        // An error, or some outcome.
        let _ = cargo_nonblock::check::check(&damaged, &options());
    }
}

/// What the fuzz targets found worth keeping. Whatever comes out, it is no panic, and it comes soon.
#[test]
fn the_corpus_of_the_fuzz_targets_is_checked_without_a_panic() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let (mut count, mut refused, mut size) = (0, 0, 0);
    let start = std::time::Instant::now();
    for folder in fs::read_dir(corpus).expect("the corpus").flatten() {
        for file in fs::read_dir(folder.path()).expect("a part of the corpus").flatten() {
            let bytes = fs::read(file.path()).expect("it can be read");
            let options = cargo_nonblock::check::Options {
                entries: vec![cargo_nonblock::demangle::Pattern::new("f*")],
                sections: true,
                ..Default::default()
            };
            let outcome = cargo_nonblock::check::check(&bytes, &options);
            count += 1;
            size += bytes.len();
            refused += usize::from(outcome.is_err());
        }
    }
    // Some get far, and some do not.
    assert!(refused > 0 && refused < count, "{refused} of {count}");
    assert!(size < 200_000, "the corpus has {size} bytes: make it smaller");
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

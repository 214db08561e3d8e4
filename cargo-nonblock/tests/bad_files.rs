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
    foreign[18] = 243;
    refused(folder, "foreign", &foreign, "for RISC-V");
    foreign[18] = 183;
    foreign[5] = 2;
    refused(folder, "other_order", &foreign, "for an unknown processor");

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

/// Reads a number of some bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> usize {
    let mut word = [0; 8];
    word[..size].copy_from_slice(&bytes[at..at + size]);
    usize::try_from(u64::from_le_bytes(word)).expect("it is no more than the file has")
}

fn write(bytes: &mut [u8], at: usize, value: usize) {
    bytes[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
}

/// The headers of a file's sections: where each begins, with its section's name.
fn headers(bytes: &[u8]) -> Vec<(usize, String)> {
    let (start, size) = (number(bytes, 0x28, 8), number(bytes, 0x3a, 2));
    let starts = (0..number(bytes, 0x3c, 2)).map(|header| start + size * header);
    let names = number(bytes, start + size * number(bytes, 0x3e, 2) + 0x18, 8);
    let name = |header: usize| {
        let begin = names + number(bytes, header, 4);
        let text = bytes[begin..].split(|byte| *byte == 0).next().expect("a text");
        String::from_utf8_lossy(text).into_owned()
    };
    starts.map(|header| (header, name(header))).collect()
}

#[track_caller]
fn lies_over(bytes: &[u8], says: &str) {
    let options = cargo_nonblock::check::Options {
        entries: vec![cargo_nonblock::demangle::Pattern::new("*main")],
        ..Default::default()
    };
    let error = cargo_nonblock::check::check(bytes, &options).expect_err("it is damaged");
    assert!(error.to_string().contains(says), "{error}");
}

/// A file whose tables lie over each other could ask for any amount of memory and time: it is refused.
#[test]
fn tables_that_lie_over_each_other_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = program(folder.path(), "good", &["-Clink-arg=-Wl,--emit-relocs", "-Cdebuginfo=2"]);
    let good = fs::read(&good).expect("it can be read");
    let headers = headers(&good);
    let header = |name: &str| {
        let found = headers.iter().find(|(_, own)| own == name);
        found.unwrap_or_else(|| panic!("no {name} in {headers:?}")).0
    };
    // Each of these becomes another header of the same table.
    let others: Vec<_> = headers
        .iter()
        .filter(|(_, name)| name.starts_with(".debug") || name.starts_with(".rela.debug"))
        .map(|(header, _)| *header)
        .collect();
    assert!(others.len() > 8, "{headers:?}");

    // The linker's relocations: the largest table there is, for the code.
    let mut bytes = good.clone();
    let mut table = good[header(".rela.text")..][..0x40].to_vec();
    let tables = headers.iter().filter(|(_, name)| name.starts_with(".rela"));
    let largest = tables.max_by_key(|(header, _)| number(&good, header + 0x20, 8));
    let (largest, _) = largest.expect("a table");
    table[0x18..0x28].copy_from_slice(&good[largest + 0x18..largest + 0x28]);
    for other in &others {
        bytes[*other..*other + 0x40].copy_from_slice(&table);
    }
    let number_of = number(&table, 0x20, 8) / 24 * (1 + others.len());
    assert!(number_of > bytes.len() / 24, "{number_of}");
    lies_over(&bytes, "its relocations lie over each other");

    // The dynamic loader's: zeros at the end of the file, which say nothing.
    let mut bytes = good.clone();
    let (at, size) = (bytes.len(), bytes.len() / 24 * 24);
    bytes.resize(at + size, 0);
    let mut table = good[header(".rela.dyn")..][..0x40].to_vec();
    // They are in the file only, and not in the program's memory.
    write(&mut table, 0x08, 0);
    write(&mut table, 0x10, 0);
    write(&mut table, 0x18, at);
    write(&mut table, 0x20, size);
    for other in &others {
        bytes[*other..*other + 0x40].copy_from_slice(&table);
    }
    lies_over(&bytes, "its relocations lie over each other");

    // Functions, each of which goes on for ever.
    let mut bytes = good.clone();
    let symbols = header(".symtab");
    let (start, size) = (number(&good, symbols + 0x18, 8), number(&good, symbols + 0x20, 8));
    for symbol in (start..start + size).step_by(24) {
        if good[symbol + 4] & 0xf == 2 {
            write(&mut bytes, symbol + 16, 1 << 40);
        }
    }
    lies_over(&bytes, "its functions lie over each other");
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

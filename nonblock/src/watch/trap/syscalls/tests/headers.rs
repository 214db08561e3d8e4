//! The tables against the headers of the kernel, where they are installed.

use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::{fs, println};

use crate::watch::trap::syscalls::numbers::{Numbered, aarch64, x86_64};

/// What a header defines with one of these prefixes: a number, or another name.
fn defined(header: &str) -> BTreeMap<String, String> {
    header
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            if words.next() != Some("#define") {
                return None;
            }
            let name = words.next().filter(|name| name.starts_with("__NR"))?;
            Some((name.to_string(), words.next()?.to_string()))
        })
        .collect()
}

/// The calls of a header, with their numbers.
fn calls(header: &str) -> BTreeMap<String, u32> {
    let defined = defined(header);
    defined
        .iter()
        .filter_map(|(name, value)| {
            let value = defined.get(value).unwrap_or(value);
            Some((name.strip_prefix("__NR_")?.to_string(), value.parse().ok()?))
        })
        .collect()
}

/// Asserts that a table has the calls of a header, each under its number.
#[track_caller]
fn assert_has(numbers: &'static [Numbered], calls: &BTreeMap<String, u32>) {
    let table: BTreeMap<_, _> = numbers.iter().map(|(number, call)| (call.name, *number)).collect();
    for (name, number) in calls {
        assert_eq!(table.get(name.as_str()), Some(number), "{name}");
    }
}

#[test]
fn the_table_has_what_the_header_of_x86_64_has() {
    let places = ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"];
    let Some(header) = places.iter().find_map(|path| fs::read_to_string(path).ok()) else {
        println!("skipped: no header of x86-64");
        return;
    };
    let calls = calls(&header);
    assert!(calls.len() > 300, "{}", calls.len());
    assert_has(x86_64::NUMBERS, &calls);
}

#[test]
fn the_table_has_what_the_header_for_new_architectures_has() {
    let Ok(header) = fs::read_to_string("/usr/include/asm-generic/unistd.h") else {
        println!("skipped: no generic header");
        return;
    };
    // The last lines give each call of 64 bits its name; those of 32 bits come behind.
    let (header, _) = header.split_once("#define __NR_fcntl64").expect("names of 32 bits");
    let mut calls = calls(header);
    // Numbers for 32 bits, another name for other architectures, and what is no call.
    calls.retain(|name, number| {
        !(403..424).contains(number)
            && !["sync_file_range2", "arch_specific_syscall", "syscalls"].contains(&name.as_str())
    });
    assert!(calls.len() > 280, "{}", calls.len());
    for name in ["fcntl", "lseek", "mmap", "newfstatat", "renameat", "memfd_secret"] {
        assert!(calls.contains_key(name), "{name}");
    }
    assert_has(aarch64::NUMBERS, &calls);
}

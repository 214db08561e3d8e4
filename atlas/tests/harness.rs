//! The measurement finds each kind of fault that is planted, and calls safe what is clean.
#![cfg(target_os = "linux")]

use std::process::Command;

/// The tables' rows of the planted operations: the name, the verdict, and the cells after it.
fn planted() -> Vec<(String, String, [String; 3])> {
    let atlas = Command::new(env!("CARGO_BIN_EXE_nonblock-atlas")).arg("planted").output();
    let atlas = atlas.expect("the program runs");
    assert!(atlas.status.success(), "{}", String::from_utf8_lossy(&atlas.stderr));
    let text = String::from_utf8(atlas.stdout).expect("it is text");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| planted `"));
    let rows = rows.map(|row| {
        let cells: Vec<_> = row.trim_end_matches(" |").split(" | ").map(str::to_owned).collect();
        let [name, _version, verdict, first, steady, beside, _instead] = &cells[..] else {
            panic!("another number of cells: {row}");
        };
        let cells = [first, steady, beside].map(String::clone);
        (name.replace('`', ""), verdict.replace('*', ""), cells)
    });
    rows.collect()
}

/// The name, the verdict, what the first use says, the steady state, and beside others.
const EXPECTED: [(&str, &str, [&str; 3]); 18] = [
    ("clean", "safe", ["-", "-", "goes on beside an addition"]),
    ("clean, with what is done meanwhile", "safe", ["-", "-", "-"]),
    ("allocates", "not safe", ["1 allocation", "1 allocation", "-"]),
    ("allocates once in a hundred calls", "not safe", ["-", "0 or 1 allocation, 0 or 1 free", "-"]),
    ("frees", "not safe", ["1 free", "1 free", "-"]),
    ("allocates by malloc", "not safe", ["1 C malloc, 1 C free", "1 C malloc, 1 C free", "-"]),
    (
        "allocates on first use on a thread",
        "safe after first use on each thread",
        ["1 allocation", "-", "-"],
    ),
    (
        "allocates on first use in the process",
        "safe after first use",
        ["of all: 1 allocation; of the thread: nothing", "-", "-"],
    ),
    (
        "allocates soon after first use",
        "safe after first use",
        ["nothing; soon after: 0 or 1 allocation", "-", "-"],
    ),
    (
        "registers a destructor",
        "safe after first use on each thread",
        ["1 C malloc, 1 thread-local destructor", "-", "-"],
    ),
    ("waits by futex", "not safe", ["`futex` 1, sleeps", "`futex` 1, sleeps", "-"]),
    ("wakes by futex", "safe", ["`futex` 1", "`futex` 1", "-"]),
    ("sleeps", "not safe", ["`clock_nanosleep` 1, sleeps", "`clock_nanosleep` 1, sleeps", "-"]),
    ("yields", "not safe", ["`sched_yield` 1", "`sched_yield` 1", "-"]),
    ("writes", "not safe", ["`write` 1", "`write` 1", "-"]),
    ("maps memory", "not safe", ["`mmap` 1", "`mmap` 1", "-"]),
    ("waits for a stopped peer", "not safe", ["-", "-", "waits for the same"]),
    ("waits for a holder", "not safe", ["-", "-", "waits for the holder of the lock"]),
];

#[test]
fn each_kind_of_fault_is_found_and_what_is_clean_is_safe() {
    let rows = planted();
    for (name, verdict, cells) in EXPECTED {
        let found = rows.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!((found.1.as_str(), &found.2), (verdict, &cells.map(str::to_owned)), "{name}");
    }
    let (_, verdict, cells) =
        rows.iter().find(|row| row.0 == "gives up beside a stopped peer").expect("it is there");
    assert_eq!((verdict.as_str(), cells[2].as_str()), ("safe", "goes on beside the same"));
    // And nothing else was planted.
    assert_eq!(rows.len(), EXPECTED.len() + 1, "{rows:#?}");
}

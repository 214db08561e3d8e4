//! The static check's list of system calls says what this table says.

use std::collections::BTreeMap;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::watch::trap::syscalls::numbers::x86_64;
use crate::watch::trap::syscalls::system_call::Class;

#[test]
fn the_static_check_knows_the_same_system_calls() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../cargo-nonblock/src/catalogue/syscalls.tsv");
    let text = std::fs::read_to_string(path).expect("the list");
    let rows = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    let theirs: BTreeMap<u32, (String, String, bool, String)> = rows
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            let [number, name, class, unless, reason] = fields[..] else { panic!("{line}") };
            let number = number.parse().expect("a number");
            (number, (name.to_string(), class.to_string(), unless.is_empty(), reason.to_string()))
        })
        .collect();
    assert_eq!(theirs.len(), x86_64::NUMBERS.len());
    for (number, call) in x86_64::NUMBERS {
        let (name, class, has_no_exception, reason) = &theirs[number];
        assert_eq!((name.as_str(), reason.as_str()), (call.name, call.reason), "{number}");
        let never = matches!(call.class, Class::NeverBlocks);
        assert_eq!(class == "never", never, "{name}");
        // Most exceptions need what only a run knows. Where the table has none, the list has none either.
        if !matches!(call.class, Class::ByArguments(_)) {
            assert!(has_no_exception, "{name}");
        }
    }
}

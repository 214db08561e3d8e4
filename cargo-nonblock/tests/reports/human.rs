//! The report for people.

use std::fs;
use std::time::{Duration, SystemTime};

use super::support::{check, exits, folder, nonblock, program};

#[test]
fn the_users_own_lines_are_drawn_and_each_frame_has_its_place() {
    let text = exits(&check(&["--entry", "*alert('x')*"]), 1);
    for says in [
        "BUG: sleeping function reachable from invalid context\n",
        " --> sleeps.rs:7:14\n",
        " 7 | fn relay() { std::thread::sleep(std::time::Duration::from_millis(1)); }",
        "^^^^^^^^^^^^^^^^^^ calls `std::thread::functions::sleep`",
        "calls `sleeps::each`",
        "the function that is checked",
        // Generics with their types, and places within the standard library.
        "sleeps::each::<i32, sleeps::marked::{closure#0}>",
        "at library/core/src/slice/iter/macros.rs:",
        "expected: no call that may sleep, in the function <script>alert('x')</script> at sleeps.rs:",
        "found: a call that may sleep: std::thread::functions::sleep. It sleeps",
        "help: make the call outside the section",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[test]
fn what_cannot_be_followed_is_drawn_too() {
    let text = exits(&check(&["--entry", "asks"]), 1);
    for says in ["NOT PROVED: call that cannot be followed\n", " this call cannot be followed\n"] {
        assert!(text.contains(says), "{says}: {text}");
    }
}

/// A source that is not there, or was changed since, is not drawn: the place stands in the first line.
#[test]
fn without_the_source_the_place_is_in_the_headline() {
    let own = folder().join("elsewhere");
    fs::create_dir_all(&own).expect("a folder");
    let arguments = ["check", "../sleeps", "--no-sections", "--entry", "process"];
    let mut command = super::support::command(&arguments);
    // From here the source has another name, which is there. So it is removed from the program's folder by a copy.
    let copy = own.join("sleeps");
    fs::copy(program(), &copy).expect("it can be copied");
    let old = SystemTime::now() - Duration::from_hours(24);
    let file = fs::File::options().write(true).open(&copy).expect("it is there");
    file.set_modified(old).expect("its time can be set");
    drop(file);
    let text =
        exits(&nonblock(&["check", "elsewhere/sleeps", "--no-sections", "--entry", "process"]), 1);
    let headline = "BUG: sleeping function reachable from invalid context at sleeps.rs:7:14\n";
    assert!(text.contains(headline), "{text}");
    assert!(!text.contains("std::time::Duration::from_millis(1)"), "{text}");
    let text = exits(&command.current_dir(&own).output().expect("it can be run"), 1);
    assert!(text.contains("from_millis(1)"), "an absolute path is found, too: {text}");
}

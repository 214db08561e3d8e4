//! The backend: a program with checks has exactly one, and is told so where it has none or two.

use nonblock_tests::fixture::Fixture;

/// The symbol that a linker names. Its name is the message.
const SYMBOL: &str = "nonblock_needs_exactly_one_backend__feature_std_or_set_backend";

fn program() -> Fixture {
    Fixture::new("no_std", env!("CARGO_TARGET_TMPDIR"))
}

#[test]
fn without_a_backend_the_linker_names_what_is_missing() {
    for profile in [&["--features", "checks"][..], &["--features", "checks", "--release"]] {
        let error = program().fail("build", profile);
        assert!(error.contains("linking with"), "{error}");
        assert!(error.contains(SYMBOL), "{error}");
    }
}

#[test]
fn a_second_backend_in_the_same_crate_is_an_error_at_its_place() {
    let error = program().fail("build", &["--features", "checks,second_backend"]);
    let expected = format!("error: symbol `{SYMBOL}` is already defined\n  --> src/backend.rs:");
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn a_second_backend_in_another_crate_does_not_link() {
    for profile in [
        &["--features", "checks,backend,other_backend"][..],
        &["--features", "checks,backend,other_backend", "--release"],
    ] {
        let error = program().fail("build", profile);
        assert!(error.contains("linking with"), "{error}");
        // Linkers differ in their words: "duplicate symbol: ...", "multiple definition of `...'".
        let names_it = |line: &str| {
            line.contains(SYMBOL) && (line.contains("duplicate") || line.contains("multiple"))
        };
        assert!(error.lines().any(names_it), "{error}");
    }
}

#[test]
fn a_backend_beside_the_feature_std_does_not_compile() {
    let other = Fixture::new("other_backend", env!("CARGO_TARGET_TMPDIR"));
    other.succeed("check", &[]);
    for profile in [&["--features", "std"][..], &["--features", "std", "--release"]] {
        let error = other.fail("check", profile);
        assert!(
            error.contains(
                "a second backend: nonblock's feature `std` is on in this build, and has installed the \
                 thread-local one. Only the final program may call `set_backend!`"
            ),
            "{error}"
        );
        assert!(error.contains("`cargo tree -e features -i nonblock`"), "{error}");
        assert!(error.contains("nonblock::set_backend!(OtherBackend);"), "{error}");
    }
}

#[test]
fn without_checks_no_backend_is_needed_and_two_are_no_matter() {
    program().succeed("build", &["--release"]);
    program().succeed("build", &["--release", "--features", "backend,other_backend"]);
}

//! The attributes where `Cargo.toml` gives the crate another name.

use nonblock_tests::fixture::Fixture;

#[test]
fn every_form_works_under_another_name() {
    let fixture = Fixture::new("renamed", env!("CARGO_TARGET_TMPDIR"));
    let outcome = fixture.succeed("test", &["--lib", "--tests"]);
    for test in [
        "all_of_them",
        "a_test_that_binds_its_token",
        "a_test_that_is_to_panic - should panic",
        "sleeping_in_a_section_is_found",
        "without_the_argument",
    ] {
        let passed = outcome.stdout.lines().any(|line| {
            line.starts_with("test ") && line.contains(test) && line.ends_with(" ... ok")
        });
        assert!(passed, "{test}: {outcome:#?}");
    }
}

/// The words that the documentation of `crate = path` tells the reader to look for.
#[test]
fn without_the_name_the_error_is_the_documented_one() {
    let fixture = Fixture::new("renamed", env!("CARGO_TARGET_TMPDIR"));
    let errors = fixture.fail("check", &["--features", "unnamed"]);
    let documented = "cannot find `nonblock` in the crate root";
    assert_eq!(errors.matches(documented).count(), 1, "{errors}");
    let documentation = include_str!("../../nonblock/src/attributes.rs");
    assert_eq!(documentation.matches(documented).count(), 2, "one for each attribute");
}

#[test]
fn without_the_feature_async_the_error_names_it() {
    let fixture = Fixture::new("renamed", env!("CARGO_TARGET_TMPDIR"));
    let errors = fixture.fail("check", &["--features", "futures"]);
    let lines = errors.lines().filter(|line| line.starts_with("error"));
    assert_eq!(lines.count(), 2, "one, and that it does not compile: {errors}");
    assert!(errors.contains("needs the feature `async` of `nonblock`"), "{errors}");
    assert!(errors.contains("src/lib.rs:"), "{errors}");
}

#[test]
fn a_test_that_the_harness_runs_twice_fails() {
    let fixture = Fixture::new("renamed", env!("CARGO_TARGET_TMPDIR"))
        .in_folder("twice")
        .with_variable("RUST_TEST_THREADS", "2");
    let outcome = fixture.cargo("test", &["--lib", "--features", "twice", "--", "two_tests"]);
    assert!(outcome.stdout.contains("the harness runs `two_tests` twice"), "{outcome:#?}");
    assert!(outcome.stdout.contains("1 passed; 1 failed"), "{outcome:#?}");
}

/// The panic of a violation is not the one that `#[should_panic]` expects.
#[test]
fn a_test_that_is_to_panic_fails_if_a_rule_was_broken() {
    let fixture = Fixture::new("renamed", env!("CARGO_TARGET_TMPDIR")).in_folder("should_panic");
    let filters = ["panics_by_a_violation", "swallows_a_violation", "has_no_panic"];
    let arguments = [&["--lib", "--features", "should_panic", "--"], &filters[..]].concat();
    let outcome = fixture.cargo("test", &arguments);
    assert!(outcome.stdout.contains("0 passed; 3 failed"), "{outcome:#?}");
    let reports = outcome.stdout.matches("1 violation(s) in this test:\n\nBUG: ").count();
    assert_eq!(reports, 2, "{outcome:#?}");
}

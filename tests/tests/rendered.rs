//! What the attributes say on the rendered page of a function.

use std::fs;

use nonblock_tests::fixture::Fixture;

#[test]
fn the_page_says_it_in_a_paragraph_after_the_summary() {
    let fixture = Fixture::new("strict", env!("CARGO_TARGET_TMPDIR")).in_folder("documentation");
    fixture.succeed("doc", &["--package", "edition_2024", "--no-deps"]);
    let pages = fixture.target().join("doc/edition_2024");
    for (page, begins) in [
        (
            "functions/fn.waits.html",
            "<p>Takes the token.</p>\n<p>May sleep: takes <code>&amp;mut Sleepable</code>.</p>",
        ),
        (
            "functions/fn.binds.html",
            "<p>Binds the token.</p>\n<p>May sleep: the right to is checked at run time.</p>",
        ),
        (
            "functions/fn.fails.html",
            "<p>Returns early.</p>\n<p>May sleep: takes <code>&amp;mut Sleepable</code>.</p>\n<h2 ",
        ),
        (
            "functions/fn.is_a_section.html",
            "<p>Is a section.</p>\n<p>Does not block: runs in a section.</p>",
        ),
        (
            "functions/fn.counts.html",
            "<p>Takes the proof.</p>\n<p>Does not block: takes the proof of a section.</p>",
        ),
        (
            "generics/fn.serves.html",
            "<p>Serves both contexts.</p>\n<p>May sleep if its context may.</p>",
        ),
        // A declared method, which has no page of its own.
        (
            "methods/trait.Ask.html",
            "<p>Is declared.</p>\n<p>May sleep: takes <code>&amp;mut Sleepable</code>.</p>",
        ),
    ] {
        let path = pages.join(page);
        let html =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            html.contains(&format!("<div class=\"docblock\">{begins}")),
            "{page} has no {begins:?}\n{html}"
        );
    }
}

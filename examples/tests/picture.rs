//! The picture that the example writes: well-formed, complete, and without a text over another.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use roxmltree::{Document, Node};

/// The example's program, which cargo builds beside its package's tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("it lies in target/<profile>/deps");
    profile.join("examples").join("oom_reaper")
}

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(args).env_remove("NONBLOCK");
    command.output().expect("cargo builds the example before the tests run")
}

/// Has a picture made with so many drivers, and reads it.
fn picture(drivers: usize) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("picture-{drivers}.svg"));
    let name = path.to_str().expect("the path is text");
    let output = run(&["--size", "8", "--drivers", &drivers.to_string(), "--svg", name]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains(&format!("picture     {name}")), "{printed}");
    std::fs::read_to_string(path).expect("it was written")
}

fn number(node: Node<'_, '_>, attribute: &str) -> f64 {
    let value = node.attribute(attribute).unwrap_or_else(|| panic!("{node:?} has no {attribute}"));
    value.parse().unwrap_or_else(|_| panic!("{attribute}=\"{value}\" is no number"))
}

/// A text with the place that it takes, in a font of common width: from left to right, from top to bottom.
#[derive(Debug)]
struct Text {
    content: String,
    across: (f64, f64),
    down: (f64, f64),
}

impl Text {
    fn read(node: Node<'_, '_>) -> Self {
        let content = node.text().unwrap_or_default().trim().to_owned();
        let size = number(node, "font-size");
        let width = content.chars().map(|_| size * 0.53).sum::<f64>();
        let (x, y) = (number(node, "x"), number(node, "y"));
        let left = match node.attribute("text-anchor") {
            Some("start") => x,
            Some("middle") => x - width / 2.0,
            Some("end") => x - width,
            other => panic!("text-anchor {other:?}"),
        };
        Self { content, across: (left, left + width), down: (y - size * 0.75, y + size * 0.2) }
    }

    fn meets(&self, other: &Self) -> bool {
        let meet = |a: (f64, f64), b: (f64, f64)| a.0 < b.1 && b.0 < a.1;
        meet(self.across, other.across) && meet(self.down, other.down)
    }
}

/// What holds of every picture, whatever happened when.
fn check(drivers: usize) {
    let xml = picture(drivers);
    let document = Document::parse(&xml).expect("well-formed XML");
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
    let view = root.attribute("viewBox").expect("it scales");
    let view: Vec<f64> = view.split_whitespace().map(|part| part.parse().unwrap()).collect();
    let [0.0, 0.0, width, height] = view[..] else { panic!("{view:?}") };
    let named = |name: &str| root.children().find(|node| node.has_tag_name(name)).is_some();
    assert!(named("title") && named("desc"), "nothing for who cannot see it");

    // Before everything else a background, so that a dark viewer shows dark text on white too.
    let shapes = ["rect", "path", "line", "text"];
    let first = root.children().find(|node| shapes.contains(&node.tag_name().name())).unwrap();
    let background = ["width", "height", "fill"].map(|attribute| first.attribute(attribute));
    assert_eq!(background, [Some("100%"), Some("100%"), Some("#ffffff")]);

    // Every coordinate is one.
    for node in root.descendants().filter(Node::is_element) {
        for attribute in node.attributes() {
            let value = attribute.value();
            assert!(!value.contains("NaN") && !value.contains("inf"), "{node:?}: {attribute:?}");
        }
    }

    let texts: Vec<_> =
        root.children().filter(|node| node.has_tag_name("text")).map(Text::read).collect();
    for (index, text) in texts.iter().enumerate() {
        assert!(text.across.0 >= 0.0 && text.across.1 <= width, "outside: {text:?}");
        assert!(text.down.0 >= 0.0 && text.down.1 <= height, "outside: {text:?}");
        for other in &texts[..index] {
            assert!(!text.meets(other), "{text:?} is over {other:?}");
        }
    }

    let count = |content: &str| texts.iter().filter(|text| text.content == content).count();
    for driver in 0..drivers {
        assert_eq!(count(&format!("gpu{driver}")), 1);
    }
    for once in [
        "1. The killer may wait",
        "2. The reaper must not wait",
        "seen: a deadlock",
        "the job holds the table, waits for memory",
        "the killer waits for the table",
        "nothing is freed",
        "try 1",
        "8 MiB",
        "0 MiB",
        // The legend.
        "a table is held",
        "a try of the reaper's",
        "a driver's callback, in a section",
        "it refuses",
        "left alone, and tried again",
        "it gives way: taken",
        "resident memory",
    ] {
        assert_eq!(count(once), 1, "{once}: {texts:#?}");
    }
    let begins = |start: &str| texts.iter().filter(|text| text.content.starts_with(start)).count();
    assert_eq!(begins("the first try takes "), 1);

    // In each act the curve, with what is under it; a mark for each driver's part; a cross for each refusal.
    let lines = |color: &str, width: &str| {
        let drawn = root.children().filter(|node| node.has_tag_name("path"));
        let drawn = drawn.filter(|node| {
            node.attribute("stroke") == Some(color) && node.attribute("stroke-width") == Some(width)
        });
        drawn.count()
    };
    assert_eq!(lines("#0969da", "2"), 2);
    // One each is in the legend.
    assert_eq!(lines("#1a7f37", "2.8"), drivers + 1);
    assert!(lines("#cf222e", "2.8") >= 2);
}

#[test]
fn is_complete_and_legible_with_three_drivers() {
    check(3);
}

#[test]
fn is_complete_and_legible_with_sixteen_drivers() {
    check(16);
}

#[test]
fn is_complete_and_legible_with_the_fewest_and_with_many() {
    check(2);
    check(40);
}

#[test]
fn a_place_where_it_cannot_be_is_named_before_the_play() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let in_none = format!("{folder}/no such folder/picture.svg");
    for (path, fault) in
        [(in_none.as_str(), "there is no such directory"), (folder, "that is a directory")]
    {
        let output = run(&["--svg", path]);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            error.starts_with(&format!("oom_reaper: --svg {path}: {fault}; expected")),
            "{error}"
        );
    }
}

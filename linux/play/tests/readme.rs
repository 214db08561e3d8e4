//! The table in the README.

use linux_play::judge::Judged;
use linux_play::readme::{BEGIN, END, markdown, replaced};
use linux_play::rows;

#[test]
fn the_readme_has_every_row_and_each_is_as_it_should_be() {
    let readme = include_str!("../../../README.md");
    let table = readme.split_once(BEGIN).expect("the line before").1;
    let table = table.split_once(END).expect("the line after").0;
    let in_readme: Vec<_> = table.lines().filter(|line| line.starts_with("| `")).collect();
    let names: Vec<_> = rows::names().collect();
    assert_eq!(in_readme.len(), names.len(), "make it anew: linux/run --readme README.md");
    for (line, name) in in_readme.iter().zip(names) {
        assert!(line.starts_with(&format!("| `{name}` |")), "expected {name}: {line}");
        assert!(line.ends_with("| ok |"), "{line}");
        let expected = rows::ROWS.iter().find(|row| row.name == name).map(|row| row.expected);
        assert!(expected.is_none_or(|expected| line.contains(expected)), "{line}");
    }
}

#[test]
fn a_table_takes_the_place_of_the_old_one() {
    let row = Judged {
        name: "load".to_owned(),
        expected: "a | b".to_owned(),
        seen: "<none>".to_owned(),
        is_ok: true,
    };
    let table = markdown(&[row]);
    assert!(table.ends_with("| `load` | a \\| b | &lt;none> | ok |\n"), "{table}");
    let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
    let expected = format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n");
    assert_eq!(replaced(&page, "new\n").expect("it has the lines"), expected);
}

#[test]
fn a_page_without_the_lines_is_named() {
    for page in ["", BEGIN, END, &format!("{END}{BEGIN}")] {
        let error = replaced(page, "new").expect_err("it lacks one");
        assert!(error.to_string().contains(BEGIN), "{error}");
    }
}

//! The table as a part of a page that people read.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::judge::Judged;
use crate::stop::Stop;

/// The line before the table.
pub const BEGIN: &str = "<!-- Made by `linux/run --readme README.md`: -->";
/// The line after it.
pub const END: &str = "<!-- The end of what linux/run made. -->";

/// Writes the rows as a table of Markdown: name, what is expected, what was seen.
pub fn markdown(rows: &[Judged]) -> String {
    let mut text = String::from(
        "| row | what is expected | what the guest's own log showed |  |\n|---|---|---|---|\n",
    );
    // Angle brackets would be taken for the page's own.
    let escaped = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    for row in rows {
        let (expected, seen) = (escaped(&row.expected), escaped(&row.seen));
        let verdict = if row.is_ok { "ok" } else { "NOT" };
        let _infallible = writeln!(text, "| `{}` | {expected} | {seen} | {verdict} |", row.name);
    }
    text
}

/// Puts a table between the two lines of a page.
///
/// # Errors
///
/// [`Stop`] if the page lacks one of them.
pub fn replaced(page: &str, table: &str) -> Result<String, Stop> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_old, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| {
        Stop::Usage(format!("the page for --readme lacks the lines '{BEGIN}' and '{END}'"))
    })?;
    Ok(format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}

/// Looks whether a table can be put into a file, before it takes minutes to make one.
///
/// # Errors
///
/// As [`write()`].
pub fn check(file: &Path) -> Result<(), Stop> {
    let page = fs::read_to_string(file).map_err(|error| Stop::file("read", file, &error))?;
    replaced(&page, "").map(drop)
}

/// Puts the table into a file.
///
/// # Errors
///
/// [`Stop`] if the file cannot be read or written, or lacks the lines.
pub fn write(file: &Path, rows: &[Judged]) -> Result<(), Stop> {
    let page = fs::read_to_string(file).map_err(|error| Stop::file("read", file, &error))?;
    let page = replaced(&page, &markdown(rows))?;
    fs::write(file, page).map_err(|error| Stop::file("write", file, &error))
}

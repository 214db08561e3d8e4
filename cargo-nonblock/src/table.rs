//! Lists of lines with tabs between their columns.

/// Returns the lines of a list, with their numbers. The first one that is no comment names the columns.
///
/// # Errors
///
/// If the columns are others, or a line has not as many.
pub(crate) fn rows<'a, const N: usize>(
    text: &'a str,
    columns: &str,
) -> Result<Vec<(usize, [&'a str; N])>, String> {
    // Some editors begin a file with a mark.
    let lines = (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines());
    let mut lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    match lines.next() {
        Some((_, first)) if first == columns => {}
        _ => return Err(format!("the first line is not `{}`", columns.replace('\t', "<tab>"))),
    }
    let rows = lines.map(|(number, line)| {
        let fields: Vec<_> = line.split('\t').collect();
        let count = fields.len();
        let fields =
            fields.try_into().map_err(|_| format!("line {number}: {count} columns, not {N}"))?;
        Ok((number, fields))
    });
    rows.collect()
}

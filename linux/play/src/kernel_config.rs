//! The kernel's options, and whether its configuration took them.

/// The option without which the kernel keeps no count of sections, and the library has its checks off.
pub const ATOMIC_SLEEP: &str = "CONFIG_DEBUG_ATOMIC_SLEEP";

/// Reads the lines `CONFIG_X=value` of a file of options or of a configuration.
pub fn options(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter_map(|line| line.trim().split_once('='))
        .filter(|(name, _)| name.starts_with("CONFIG_"))
}

/// Returns the options that a configuration has not as they were asked for, as they were asked for.
pub fn not_taken<'a>(asked: &'a str, config: &str) -> Vec<(&'a str, &'a str)> {
    let taken: std::collections::BTreeMap<_, _> = options(config).collect();
    options(asked)
        .filter(|(name, value)| match *value {
            "n" => taken.contains_key(name),
            value => taken.get(name) != Some(&value),
        })
        .collect()
}

/// Returns the options with checks off.
pub fn with_checks_off(asked: &str) -> String {
    let mut lines: Vec<_> = asked
        .lines()
        .filter(|line| line.split_once('=').is_none_or(|(name, _)| name.trim() != ATOMIC_SLEEP))
        .collect();
    let off = format!("{ATOMIC_SLEEP}=n");
    lines.push(&off);
    lines.join("\n") + "\n"
}

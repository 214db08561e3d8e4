//! The machine code of functions, as the compiler writes it out, to be compared between builds.

use std::collections::{BTreeMap, HashMap};

/// The code of each function, an instruction or a label a line.
pub type Functions = BTreeMap<String, Vec<String>>;

/// What begins a comment in this machine's assembly.
pub const COMMENT: &str = if cfg!(target_arch = "x86_64") { "#" } else { "//" };

/// Splits assembly into its global functions that are not mangled.
///
/// Of a function's lines, what the processor executes is left, with names that two builds share.
#[must_use]
pub fn functions(assembly: &str) -> Functions {
    let mut functions = Functions::new();
    let mut inside: Option<(String, Vec<&str>)> = None;
    for line in assembly.lines() {
        if let Some((name, body)) = &mut inside {
            if line.trim_start().starts_with(".Lfunc_end") {
                let name = std::mem::take(name);
                functions.insert(name, normalized(body));
                inside = None;
            } else {
                body.push(line);
            }
        } else if let Some(name) = line.strip_suffix(':')
            // Local labels begin with a dot, mangled names with an underscore.
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && assembly.contains(&format!("\t.globl\t{name}\n"))
            && assembly.contains(&format!("\t.type\t{name},@function\n"))
        {
            inside = Some((name.to_owned(), Vec::new()));
        }
    }
    functions
}

/// The functions that two builds have different code for.
///
/// # Panics
///
/// If the builds do not have the same functions.
#[must_use]
#[track_caller]
pub fn different<'a>(one: &'a Functions, other: &Functions) -> Vec<&'a str> {
    assert!(one.keys().eq(other.keys()), "{:?}\n{:?}", one.keys(), other.keys());
    let differs = |(name, code): &(&String, &Vec<String>)| other[*name] != **code;
    one.iter().filter(differs).map(|(name, _code)| name.as_str()).collect()
}

/// How many instructions a function has.
#[must_use]
pub fn instructions(code: &[String]) -> usize {
    code.iter().filter(|line| !line.ends_with(':')).count()
}

fn normalized(body: &[&str]) -> Vec<String> {
    let mut labels = HashMap::new();
    body.iter()
        .map(|line| line.split(COMMENT).next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty())
        // Directives say how the code is laid out and unwound; a local label is no directive.
        .filter(|line| !line.starts_with('.') || line.ends_with(':'))
        .map(|line| renamed(line, &mut labels))
        .collect()
}

/// Numbers the local labels of a line by their first use, and takes the crate's hash out of mangled names.
fn renamed(line: &str, labels: &mut HashMap<String, usize>) -> String {
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
    let mut result = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| in_name(c) != in_name(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.starts_with(".L") {
            let next = labels.len();
            let number = *labels.entry(word.to_owned()).or_insert(next);
            result.extend([".L", &number.to_string()]);
        } else if let Some(hash) = word.find("17h").filter(|_| word.starts_with("_ZN")) {
            result += &word[..hash];
        } else {
            result += word;
        }
        rest = after;
    }
    result
}

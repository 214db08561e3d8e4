//! Nothing remains where checks are off: what is written with nonblock compiles to the machine code of the same thing
//! written without, instruction by instruction.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, HashMap};

use nonblock_tests::fixture::Fixture;

/// The code of each function, an instruction or a label a line.
type Functions = BTreeMap<String, Vec<String>>;

/// Compiles the fixture and returns its functions.
#[track_caller]
fn compile(profile: &str, features: &str) -> Functions {
    let fixture = Fixture::new("zero_cost", env!("CARGO_TARGET_TMPDIR"));
    let name = format!("{profile}-{}.s", features.replace(',', "-"));
    let output = fixture.target().join(name);
    let emit = format!("--emit=asm={}", output.display());
    fixture.succeed("rustc", &["--lib", "--profile", profile, "--features", features, "--", &emit]);
    let assembly = std::fs::read_to_string(&output).expect("the compiler wrote it");
    functions(&assembly)
}

/// Splits assembly into its global functions.
fn functions(assembly: &str) -> Functions {
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
            // Names of the fixture's, which are not mangled; local labels begin with a dot.
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && assembly.contains(&format!("\t.globl\t{name}\n"))
            && assembly.contains(&format!("\t.type\t{name},@function\n"))
        {
            inside = Some((name.to_owned(), Vec::new()));
        }
    }
    functions
}

/// What begins a comment in this machine's assembly.
const COMMENT: &str = if cfg!(target_arch = "x86_64") { "#" } else { "//" };

/// Leaves of a function's lines what the processor executes, with names that two builds share.
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

/// The functions that two builds have different code for.
#[track_caller]
fn different<'a>(plain: &'a Functions, guarded: &Functions) -> Vec<&'a str> {
    assert!(plain.keys().eq(guarded.keys()), "{:?}\n{:?}", plain.keys(), guarded.keys());
    let differs = |(name, code): &(&String, &Vec<String>)| guarded[*name] != **code;
    plain.iter().filter(differs).map(|(name, _code)| name.as_str()).collect()
}

/// How many pairs the fixture has, so that none is lost on the way.
const PAIRS: usize = 32;

#[track_caller]
fn assert_nothing_remains(profile: &str) {
    let plain = compile(profile, "");
    let guarded = compile(profile, "guarded");
    assert_eq!(plain.len(), PAIRS, "{:?}", plain.keys());
    for name in different(&plain, &guarded) {
        let (plain, guarded) = (plain[name].join("\n    "), guarded[name].join("\n    "));
        eprintln!("{name}, plain:\n    {plain}\n{name}, with nonblock:\n    {guarded}\n");
    }
    assert_eq!(different(&plain, &guarded), [""; 0], "see above");
}

#[test]
fn nothing_remains_in_a_release_build() {
    assert_nothing_remains("release");
}

#[test]
fn nothing_remains_in_a_build_for_size() {
    assert_nothing_remains("small");
}

#[test]
fn with_checks_every_pair_differs_but_those_that_check_nothing() {
    let plain = compile("release", "");
    let checked = compile("release", "guarded,checks");
    let different = different(&plain, &checked);
    let same: Vec<_> = plain.keys().filter(|name| !different.contains(&name.as_str())).collect();
    assert_eq!(same, ["mutex_tried", "rwlock_tried"]);
}

#[test]
fn a_difference_of_one_instruction_is_seen() {
    let function = |code: &str| {
        functions(&format!(
            "\t.globl\tf\n\t.type\tf,@function\nf:\n\t.cfi_startproc\n{code}\n.Lfunc_end0:\n"
        ))
    };
    let one = function(&format!(
        ".LBB0_1:\n\taddl\t$1, %eax {COMMENT} a comment\n\tjne\t.LBB0_1\n\tretq"
    ));
    assert_eq!(one["f"], [".L0:", "addl\t$1, %eax", "jne\t.L0", "retq"]);
    // Numbers of labels, hashes and comments say nothing; operands and instructions do.
    assert_eq!(one, function(".LBB7_9:\n\taddl\t$1, %eax\n\tjne\t.LBB7_9\n\tretq"));
    assert_ne!(one, function(".LBB0_1:\n\taddl\t$2, %eax\n\tjne\t.LBB0_1\n\tretq"));
    assert_ne!(one, function(".LBB0_1:\n\taddl\t$1, %eax\n\tjne\t.LBB0_1\n\tnop\n\tretq"));
    assert_ne!(one, function(".LBB0_1:\n\taddl\t$1, %eax\n\tjne\t.LBB0_2\n.LBB0_2:\n\tretq"));
    let call = |hash: &str| function(&format!("\tcallq\t_ZN4core3fmt17h{hash}E@PLT"));
    assert_eq!(call("0123456789abcdef"), call("fedcba9876543210"));
}

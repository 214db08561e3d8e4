//! With checks off, nothing of nonblock remains: code with it compiles to the same machine code as the same code without it,
//! instruction by instruction.
#![cfg(target_os = "linux")]

use nonblock_tests::fixture::Fixture;
use nonblock_tools::assembly::{COMMENT, Functions, different, functions};

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

/// How many pairs the fixture has, so that none is lost on the way.
const PAIRS: usize = 46;

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

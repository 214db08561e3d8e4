//! The core compiled as a kernel compiles it: one call of rustc, no cargo, a kernel's lints made fatal, and nothing
//! in what comes out that a kernel does not have.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nonblock_tests::process::{self, Outcome};

/// Compiles the core into `folder` with flags of Kbuild's and some of the test's.
fn compile(folder: &str, flags: &[&str]) -> (Outcome, PathBuf) {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kbuild").join(folder);
    std::fs::create_dir_all(&output).expect("the folder can be made");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nonblock/src/lib.rs");
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc
        // As Kbuild does, for the two flags that begin with -Z.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTFLAGS")
        .args(["--edition=2021", "--crate-type=rlib", "--crate-name=nonblock", "--cfg=MODULE"])
        .args(["-Zcrate-attr=no_std", "-Zallow-features="])
        .args(["-Cpanic=abort", "-Cembed-bitcode=n", "-Clto=n", "-Cforce-unwind-tables=n"])
        .args(["-Ccodegen-units=1", "-Copt-level=2", "-Csymbol-mangling-version=v0"])
        .args(["-Cdebug-assertions=n", "-Coverflow-checks=n"])
        .args(["-Dwarnings", "-Dnon_ascii_idents", "-Dunsafe_op_in_unsafe_fn"])
        .args(["-Wmissing_docs", "-Wunreachable_pub", "-Wrust_2018_idioms", "-Wunused"])
        .args(["--emit=metadata,obj,llvm-ir", "--out-dir"])
        .arg(&output)
        .args(flags)
        .arg(root);
    let outcome = process::run(&mut rustc, Duration::from_mins(3));
    (outcome, output.join("nonblock.ll"))
}

/// The two ways in which a kernel may have it.
const WAYS: [(&str, &[&str]); 2] = [("off", &[]), ("checks", &["--cfg=feature=\"checks\""])];

/// Compiles the core and returns the code, in LLVM's language.
#[track_caller]
fn code(test: &str, (name, flags): (&str, &[&str])) -> String {
    let (outcome, file) = compile(&format!("{test}-{name}"), flags);
    assert!(outcome.status.success(), "{name}:\n{}", outcome.stderr);
    std::fs::read_to_string(file).expect("it was compiled")
}

/// The name in a line of LLVM's that declares something from elsewhere.
fn declared(line: &str) -> Option<&str> {
    let is_declaration = line.starts_with("declare ") || line.contains(" = external ");
    let name = line.get(line.find('@')? + 1..)?;
    let end = name.find(['(', ' ']).unwrap_or(name.len());
    is_declaration.then(|| name[..end].trim_matches('"'))
}

#[test]
fn the_core_compiles_under_a_kernels_lints() {
    for way in WAYS {
        let code = code("lints", way);
        assert!(code.contains("target triple"), "{code}");
    }
}

#[test]
fn a_warning_is_fatal() {
    // So that the flags above are known to have an effect: the core has a little unsafe code.
    let (outcome, _) = compile("fatal", &["-Wunsafe_code"]);
    assert!(!outcome.status.success());
    assert!(outcome.stderr.contains("`-D unsafe-code` implied by `-D warnings`"), "{outcome:#?}");
}

#[test]
fn the_core_asks_for_nothing_but_core() {
    for way in WAYS {
        let code = code("symbols", way);
        let needed: Vec<_> = code.lines().filter_map(declared).collect();
        let of_core = |name: &str| name.starts_with("_R") && name.contains("4core");
        // The last is the host's: a kernel's target has no unwind tables.
        let of_a_kernel = |name: &str| {
            ["memcpy", "memmove", "memset", "memcmp", "bcmp", "rust_eh_personality"].contains(&name)
        };
        let strangers: Vec<_> = needed
            .iter()
            .filter(|name| !name.starts_with("llvm.") && !of_core(name) && !of_a_kernel(name))
            .collect();
        // The backend's table is what a kernel with checks must have besides.
        let backend = "nonblock_needs_exactly_one_backend__feature_std_or_set_backend";
        let expected: &[&&str] = if way.0 == "off" { &[] } else { &[&backend] };
        assert_eq!(strangers, expected, "{way:?}");
        assert!(needed.iter().any(|name| of_core(name)), "formatting is core's: {needed:?}");
    }
}

#[test]
fn the_core_uses_neither_floats_nor_128_bit_division() {
    /// Whether the word stands in the line by itself, outside of text.
    fn has(line: &str, word: &str) -> bool {
        let code = line.split_once(" c\"").map_or(line, |(code, _text)| code);
        code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').any(|w| w == word)
    }

    assert!(has("%x = fadd double %a, %b", "double"));
    assert!(!has("@x = private constant [6 x i8] c\"double\"", "double"));
    for way in WAYS {
        let code = code("floats", way);
        for line in code.lines().filter(|line| !line.starts_with(['!', ';', 's'])) {
            for float in ["half", "bfloat", "float", "double", "fp128", "x86_fp80"] {
                assert!(!has(line, float), "{line}");
            }
            let divides = ["udiv", "sdiv", "urem", "srem"].iter().any(|word| has(line, word));
            assert!(!(divides && has(line, "i128")), "{line}");
        }
    }
}

//! What a kernel has of the library, compiled as a kernel compiles it: one call of rustc for each crate, no cargo, a kernel's
//! lints made fatal, and nothing in what comes out that a kernel does not have.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use nonblock_tests::process::{self, Outcome};
use serde_json::Value;

/// A crate of those that a kernel compiles.
struct Crate {
    name: &'static str,
    root: &'static str,
    edition: &'static str,
    /// What it stands on.
    on: &'static [Self],
}

const NONBLOCK: Crate =
    Crate { name: "nonblock", root: "nonblock/src/lib.rs", edition: "2021", on: &[] };

/// Its callbacks, which the kernel's address spaces call.
const NONBLOCK_MM: Crate =
    Crate { name: "nonblock_mm", root: "nonblock-mm/src/lib.rs", edition: "2024", on: &[NONBLOCK] };

/// Its kernel half.
const NONBLOCK_LINUX: Crate = Crate {
    name: "nonblock_linux",
    root: "linux/nonblock-linux/src/lib.rs",
    edition: "2024",
    on: &[NONBLOCK, NONBLOCK_MM],
};

/// A driver that is built for user space too.
const DMIRROR: Crate = Crate {
    name: "dmirror",
    root: "drivers/dmirror/src/lib.rs",
    edition: "2024",
    on: &[NONBLOCK, NONBLOCK_MM, NONBLOCK_LINUX],
};

const CRATES: [Crate; 4] = [NONBLOCK, NONBLOCK_MM, NONBLOCK_LINUX, DMIRROR];

/// The attributes, which run in the compiler: cargo has built them.
fn macros() -> &'static Path {
    static MACROS: OnceLock<PathBuf> = OnceLock::new();
    MACROS.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "--package", "nonblock-macros", "--message-format=json"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let outcome = process::run(&mut cargo, Duration::from_mins(3));
        assert!(outcome.status.success(), "{outcome:#?}");
        let mut messages =
            outcome.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let of_macros = messages.find(|message| message["target"]["name"] == "nonblock_macros");
        let of_macros = of_macros.expect("cargo names what it built");
        PathBuf::from(of_macros["filenames"][0].as_str().expect("a file"))
    })
}

/// Compiles a crate into `folder`, with flags of Kbuild's and some of the test's. What it stands on must be there.
fn compile(folder: &Path, of: &Crate, flags: &[&str]) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of.root);
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc
        // As Kbuild does, for the two flags that begin with -Z.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTFLAGS")
        .args(["--crate-type=rlib", "--cfg=MODULE", "--crate-name", of.name])
        .args(["--edition", of.edition])
        .args(["-Zcrate-attr=no_std", "-Zallow-features="])
        .args(["-Cpanic=abort", "-Cembed-bitcode=n", "-Clto=n", "-Cforce-unwind-tables=n"])
        .args(["-Ccodegen-units=1", "-Copt-level=2", "-Csymbol-mangling-version=v0"])
        .args(["-Cdebug-assertions=n", "-Coverflow-checks=n"])
        .args(["-Dwarnings", "-Dnon_ascii_idents", "-Dunsafe_op_in_unsafe_fn"])
        .args(["-Wmissing_docs", "-Wunreachable_pub", "-Wrust_2018_idioms", "-Wunused"])
        .args(["--emit=metadata,obj,llvm-ir", "--out-dir"])
        .arg(folder)
        .args(flags);
    for below in of.on {
        let metadata = folder.join(format!("lib{}.rmeta", below.name));
        rustc.arg("--extern").arg(format!("{}={}", below.name, metadata.display()));
    }
    let (macros, folder_of_macros) = (macros(), macros().parent().expect("a folder"));
    rustc.arg("--extern").arg(format!("nonblock_macros={}", macros.display()));
    for dependencies in [folder, folder_of_macros] {
        rustc.arg("-L").arg(format!("dependency={}", dependencies.display()));
    }
    process::run(rustc.arg(root), Duration::from_mins(3))
}

/// An empty folder for what a test compiles.
fn folder(test: &str, way: &str, of: &Crate) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kbuild");
    let folder = folder.join(format!("{test}-{way}-{}", of.name));
    // What an earlier run has left there would be taken for this one's.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// The two ways in which a kernel may have it.
const WAYS: [(&str, &[&str]); 2] = [
    ("off", &["--cfg=feature=\"macros\""]),
    (
        "checks",
        &[
            "--cfg=feature=\"macros\"",
            "--cfg=feature=\"checks\"",
            "--cfg=CONFIG_DEBUG_ATOMIC_SLEEP",
        ],
    ),
];

/// Compiles a crate, and what it stands on, and returns its code, in LLVM's language.
#[track_caller]
fn code(test: &str, of: &Crate, (way, flags): (&str, &[&str])) -> String {
    let folder = folder(test, way, of);
    for each in of.on.iter().chain([of]) {
        let outcome = compile(&folder, each, flags);
        assert!(outcome.status.success(), "{} {way}:\n{}", each.name, outcome.stderr);
    }
    let file = folder.join(format!("{}.ll", of.name));
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
fn each_crate_compiles_under_a_kernels_lints() {
    for of in CRATES {
        for way in WAYS {
            let code = code("lints", &of, way);
            assert!(code.contains("target triple"), "{code}");
        }
    }
}

#[test]
fn a_warning_is_fatal() {
    // So that the flags above are known to have an effect: the core has a little unsafe code.
    let unsafe_code = "-Wunsafe_code";
    let outcome = compile(&folder("fatal", "off", &NONBLOCK), &NONBLOCK, &[unsafe_code]);
    assert!(!outcome.status.success());
    assert!(outcome.stderr.contains("`-D unsafe-code` implied by `-D warnings`"), "{outcome:#?}");
}

#[test]
fn each_crate_asks_for_nothing_but_core_and_what_it_stands_on() {
    for of in CRATES {
        for way in WAYS {
            let code = code("symbols", &of, way);
            let needed: Vec<_> = code.lines().filter_map(declared).collect();
            let of_core = |name: &str| name.starts_with("_R") && name.contains("4core");
            let of_ours = |name: &str| {
                let is_of =
                    |below: &Crate| name.contains(&format!("{}{}", below.name.len(), below.name));
                name.starts_with("_R") && of.on.iter().any(is_of)
            };
            // The last is the host's: a kernel's target has no unwind tables.
            let of_a_kernel = |name: &str| {
                ["memcpy", "memmove", "memset", "memcmp", "bcmp", "rust_eh_personality"]
                    .contains(&name)
            };
            let is_known = |name: &str| {
                // The last is the shim's.
                name.starts_with("llvm.")
                    || of_core(name)
                    || of_ours(name)
                    || of_a_kernel(name)
                    || name.starts_with("nonblock_linux_")
            };
            let strangers: Vec<_> = needed.iter().filter(|name| !is_known(name)).collect();
            // The backend's table is what a kernel with checks must have besides.
            let backend = "nonblock_needs_exactly_one_backend__feature_std_or_set_backend";
            let has_table = way.0 == "checks" && of.name == "nonblock";
            let expected: &[&&str] = if has_table { &[&backend] } else { &[] };
            assert_eq!(strangers, expected, "{} {way:?}", of.name);
            assert!(needed.iter().any(|name| of_core(name)), "formatting is core's: {needed:?}");
        }
    }
}

#[test]
fn no_crate_uses_floats_or_128_bit_division() {
    /// Whether the word stands in the line by itself, outside of text.
    fn has(line: &str, word: &str) -> bool {
        let code = line.split_once(" c\"").map_or(line, |(code, _text)| code);
        code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').any(|w| w == word)
    }

    assert!(has("%x = fadd double %a, %b", "double"));
    assert!(!has("@x = private constant [6 x i8] c\"double\"", "double"));
    for (of, way) in CRATES.iter().flat_map(|of| WAYS.map(|way| (of, way))) {
        let code = code("floats", of, way);
        for line in code.lines().filter(|line| !line.starts_with(['!', ';', 's'])) {
            for float in ["half", "bfloat", "float", "double", "fp128", "x86_fp80"] {
                assert!(!has(line, float), "{line}");
            }
            let divides = ["udiv", "sdiv", "urem", "srem"].iter().any(|word| has(line, word));
            assert!(!(divides && has(line, "i128")), "{line}");
        }
    }
}

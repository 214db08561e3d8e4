//! What is not linked yet: object files and static libraries, of C and of Rust.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_nonblock::Error;
use cargo_nonblock::check::{self, EntryOutcome, Options, Outcome, Verdict};
use cargo_nonblock::demangle::Pattern;
use cargo_nonblock::machine::Machine;
use cargo_nonblock::why;
use tempfile::TempDir;

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).current_dir(folder).status();
    assert!(status.expect("it can be started").success(), "{program} {arguments:?}");
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Compiles a C source to an object file.
fn compile(folder: &Path, name: &str, source: &str, flags: &[&str]) -> PathBuf {
    fs::write(folder.join(format!("{name}.c")), source).expect("it can be written");
    let (from, to) = (format!("{name}.c"), format!("{name}.o"));
    run(folder, "cc", &[&["-c", &from, "-o", &to, "-g"], flags].concat());
    folder.join(to)
}

fn archive(folder: &Path, members: &[&str]) -> PathBuf {
    run(folder, "ar", &[&["rcs", "libfixture.a"], members].concat());
    folder.join("libfixture.a")
}

fn rustc(folder: &Path, source: &str, ty: &str, name: &str) -> PathBuf {
    fs::write(folder.join("fixture.rs"), source).expect("it can be written");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let flags = ["--edition=2024", "--crate-type", ty, "-Cdebuginfo=2", "fixture.rs", "-o", name];
    run(folder, &rustc, &flags);
    folder.join(name)
}

fn check(file: &Path, entries: &[&str]) -> Result<Outcome, Error> {
    let options = Options {
        entries: entries.iter().map(|entry| Pattern::new(entry)).collect(),
        ..Options::default()
    };
    check::check(&fs::read(file).expect("it can be read"), &options)
}

/// Checks one function.
#[track_caller]
fn entry(file: &Path, name: &str) -> EntryOutcome {
    let mut outcome = check(file, &[name]).expect("it can be checked");
    assert_eq!(outcome.entries.len(), 1, "{name}: {:?}", outcome.doubts);
    outcome.entries.remove(0)
}

#[track_caller]
fn is(file: &Path, name: &str, verdict: Verdict) -> EntryOutcome {
    let outcome = entry(file, name);
    assert_eq!(outcome.verdict(), verdict, "{outcome:#?}");
    outcome
}

const WAITS: &str = "
#include <unistd.h>
void elsewhere(void);
static void helper(void) { sleep(1); }
void waits(void) { helper(); }
void goes_elsewhere(void) { elsewhere(); }
int computes(int x) { return x * 3; }
";

/// A call is followed from one member to another, lines come from the debugging information, and what nobody defines is imported.
#[test]
fn a_static_library_of_c_is_followed_across_its_members() {
    let folder = folder();
    let folder = folder.path();
    compile(folder, "waits", WAITS, &["-O0"]);
    compile(
        folder,
        "elsewhere",
        "#include <stdio.h>\nvoid elsewhere(void) {\n  getchar();\n}\n",
        &["-O0"],
    );
    let library = archive(folder, &["waits.o", "elsewhere.o"]);
    let waits = is(&library, "waits", Verdict::Reaches);
    assert!(waits.findings[0].leaf.starts_with("sleep"), "{waits:#?}");
    let lines =
        waits.findings[0].chain.iter().map(|call| call.place.as_ref().expect("a place").line);
    assert_eq!(lines.collect::<Vec<_>>(), [5, 4]);
    let elsewhere = is(&library, "goes_elsewhere", Verdict::Reaches);
    let last = elsewhere.findings[0].chain.last().expect("a call");
    let place = last.place.as_ref().expect("a place");
    assert!(place.file.ends_with("elsewhere.c"), "{place}");
    assert_eq!(place.line, 3);
    is(&library, "computes", Verdict::Proved);
}

#[test]
fn an_object_file_is_checked_and_what_it_does_not_define_is_not_proved() {
    let folder = folder();
    let object = compile(folder.path(), "waits", WAITS, &["-O2", "-ffunction-sections"]);
    is(&object, "waits", Verdict::Reaches);
    is(&object, "computes", Verdict::Proved);
    let unknown = is(&object, "goes_elsewhere", Verdict::NotProved);
    assert!(
        unknown.obstacles[0].reason.contains("`elsewhere` is in another library"),
        "{unknown:#?}"
    );
    // One that calls nothing has no relocation at all.
    let leaf = compile(folder.path(), "leaf", "int computes(int x) { return x + 1; }\n", &["-O1"]);
    is(&leaf, "computes", Verdict::Proved);
}

const RUST: &str = r#"
#[unsafe(no_mangle)]
pub extern "C" fn waits() { std::thread::sleep(std::time::Duration::from_millis(1)); }
#[unsafe(no_mangle)]
pub extern "C" fn computes(x: u32) -> u32 { (0..x).map(|v| v ^ 3).sum() }
#[unsafe(no_mangle)]
pub extern "C" fn calls(f: &dyn Fn()) { f(); }
"#;

#[test]
fn a_static_library_of_rust_is_checked_with_the_standard_library_in_it() {
    let folder = folder();
    let library = rustc(folder.path(), RUST, "staticlib", "libfixture.a");
    is(&library, "waits", Verdict::Reaches);
    is(&library, "computes", Verdict::Proved);
    is(&library, "calls", Verdict::NotProved);
    // Deep in the standard library is the call of the C library's.
    let bytes = fs::read(&library).expect("it can be read");
    let (from, to) = (Pattern::new("waits"), Pattern::new("clock_nanosleep"));
    let chains = why::why(&bytes, &Options::default(), &from, &to).expect("it can be checked");
    assert!(!chains.is_empty());
}

#[test]
fn a_library_of_rust_alone_calls_functions_of_other_crates() {
    let folder = folder();
    let library = rustc(folder.path(), RUST, "rlib", "libfixture.rlib");
    let waits = is(&library, "waits", Verdict::Reaches);
    assert_eq!(waits.findings[0].leaf, "std::thread::functions::sleep");
    is(&library, "computes", Verdict::Proved);
}

/// The program that the library is linked into may define it anew.
#[test]
fn a_weak_function_may_be_another() {
    let folder = folder();
    let folder = folder.path();
    let source = "__attribute__((weak)) int hook(int x) { return x; }\nint calls(int x) { return hook(x); }\n";
    let weak = compile(folder, "weak", source, &["-O1"]);
    is(&weak, "calls", Verdict::NotProved);
    // Where it is defined for good, that counts.
    compile(folder, "strong", "int hook(int x) { return x + 1; }\n", &["-O1"]);
    is(&archive(folder, &["weak.o", "strong.o"]), "calls", Verdict::Proved);
    // What the library's own does is followed, too.
    let source = "#include <unistd.h>\n__attribute__((weak)) void hook(void) { sleep(1); }\nvoid calls(void) { hook(); }\n";
    is(&compile(folder, "sleeps", source, &["-O1"]), "calls", Verdict::Reaches);
    let hidden = source.replace("weak", "weak, visibility(\"hidden\")").replace("sleep(1)", "");
    is(&compile(folder, "hidden", &hidden, &["-O1", "-fno-inline"]), "calls", Verdict::Proved);
}

/// Who loads a shared object may define what is weak in it. A program's own functions come first.
#[test]
fn a_weak_function_of_a_shared_object_may_be_another() {
    let folder = folder();
    let folder = folder.path();
    let source = "__attribute__((weak)) int hook(int x) { return x; }\nint calls(int x) { return hook(x); }\nint main(void) { return calls(0); }\n";
    compile(folder, "hook", source, &["-O0", "-fPIC"]);
    let link = |flag: &str, name: &str| {
        run(folder, "cc", &[flag, "hook.o", "-o", name, "-Wl,--emit-relocs"]);
        folder.join(name)
    };
    is(&link("-shared", "libhook.so"), "calls", Verdict::NotProved);
    is(&link("-rdynamic", "program"), "calls", Verdict::Proved);
}

/// Without position-independent code, compilers jump by a table of whole addresses: one of functions leads anywhere.
#[test]
fn a_jump_by_a_table_of_functions_is_not_one_within_the_function() {
    let folder = folder();
    let folder = folder.path();
    let source = "#include <unistd.h>\nstatic int quick(int x) { return x; }\nstatic int waits(int x) { return (int)sleep(x); }\nstatic int (*const table[])(int) = { quick, waits, quick, waits };\nint calls(int x) { return table[x & 3](x); }\nint main(void) { return calls(0); }\n";
    compile(folder, "table", source, &["-O2", "-fno-pie"]);
    run(folder, "cc", &["-no-pie", "table.o", "-o", "table", "-Wl,--emit-relocs"]);
    is(&folder.join("table"), "calls", Verdict::NotProved);
}

/// Nobody knows which one a linker takes.
#[test]
fn of_several_functions_with_one_name_each_counts() {
    let folder = folder();
    let folder = folder.path();
    compile(folder, "calls", "void work(void);\nvoid calls(void) { work(); }\n", &["-O1"]);
    compile(folder, "harmless", "void work(void) {}\n", &["-O1"]);
    compile(folder, "sleeps", "#include <unistd.h>\nvoid work(void) { sleep(1); }\n", &["-O1"]);
    is(&archive(folder, &["calls.o", "harmless.o", "sleeps.o"]), "calls", Verdict::Reaches);
}

/// Two copies of an inline function, as a C++ compiler makes them: the first is taken, and the second's debugging information is about
/// no code.
#[test]
fn one_of_a_groups_copies_is_taken() {
    let folder = folder();
    let folder = folder.path();
    let source = |name: &str, body: &str| {
        format!(
            "__asm__(\".section .text.shared,\\\"axG\\\",@progbits,shared,comdat\\n.weak shared\\n.type shared,@function\\nshared: {body}\\n.size shared,.-shared\\n.text\\n\");\nvoid shared(void);\nvoid {name}(void) {{ shared(); }}\n"
        )
    };
    compile(folder, "one", &source("first", "ret"), &["-O0"]);
    compile(folder, "two", &source("second", "nop; ret"), &["-O0"]);
    let library = archive(folder, &["one.o", "two.o"]);
    is(&library, "first", Verdict::Proved);
    is(&library, "second", Verdict::Proved);
}

/// What lies behind its last byte in the program that it becomes a part of, nobody knows.
#[test]
fn code_that_goes_on_behind_its_end_is_not_proved() {
    let folder = folder();
    let source = "__asm__(\".section .text.open\\n.globl open_end\\n.type open_end,@function\\nopen_end: xor %eax,%eax\\n.size open_end,.-open_end\\n.text\\n\");\n";
    let next = "int next(void) { return 1; }\n";
    compile(folder.path(), "open", source, &[]);
    compile(folder.path(), "next", next, &[]);
    is(&archive(folder.path(), &["open.o", "next.o"]), "open_end", Verdict::NotProved);
}

#[test]
fn a_function_that_is_chosen_at_load_time_is_not_proved() {
    let folder = folder();
    let source = "static int one(int x) { return x; }\nstatic int (*choose(void))(int) { return one; }\nint work(int) __attribute__((ifunc(\"choose\")));\nint calls(int x) { return work(x); }\n";
    is(&compile(folder.path(), "ifunc", source, &["-O1"]), "calls", Verdict::NotProved);
}

#[test]
fn variables_without_a_value_and_thread_local_ones_lead_nowhere() {
    let folder = folder();
    let source = "int common_one; int (*pointer)(void); static __thread int own; extern __thread int others;\nint calls(void) { return common_one + own + others; }\nint by_pointer(void) { return pointer(); }\n";
    let object = compile(folder.path(), "data", source, &["-O1", "-fcommon", "-fPIC"]);
    is(&object, "by_pointer", Verdict::NotProved);
    let calls = entry(&object, "calls");
    assert!(calls.findings.is_empty(), "{calls:#?}");
}

/// The table lies in another section, with relocations of its own.
#[test]
fn a_jump_by_a_table_is_followed_within_the_function() {
    let folder = folder();
    let mut source =
        "int f(int);\nint f(int x) { return x * 3; }\nint table(int k) {\n switch (k) {\n"
            .to_owned();
    for case in 0..8 {
        let _ = writeln!(source, "case {case}: return f(k + {}) ^ {case};", case * case * 7);
    }
    source.push_str("default: return 1;\n}\n}\n");
    let object = compile(folder.path(), "table", &source, &["-O1", "-fPIC", "-fno-inline"]);
    is(&object, "table", Verdict::Proved);
}

/// Members that cannot be read are named, and the library as a whole is not proved.
#[test]
fn a_member_that_cannot_be_read_is_named() {
    let folder = folder();
    let folder = folder.path();
    let object = compile(folder, "good", "int computes(int x) { return x + 1; }\n", &[]);
    let doubt = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("it can be written");
        let _ = fs::remove_file(folder.join("libfixture.a"));
        let library = archive(folder, &["good.o", name]);
        let outcome = check(&library, &["computes"]).expect("it can be checked");
        assert_eq!(outcome.entries[0].verdict(), Verdict::Proved);
        assert_eq!(outcome.verdict(), Verdict::NotProved, "{name}");
        let doubts = outcome.doubts.join("\n");
        assert!(doubts.contains(name), "{doubts}");
        doubts
    };
    assert!(doubt("notes.txt", b"hello\n").contains("is no ELF object file"));
    assert!(doubt("bitcode.bc", b"BC\xc0\xde\x35\x14").contains("(LTO)"));
    let mut foreign = fs::read(&object).expect("it can be read");
    foreign[18] = 183;
    assert!(doubt("foreign.obj", &foreign).contains("is for AArch64"));
    let damaged = &fs::read(&object).expect("it can be read")[..700];
    assert!(doubt("damaged.obj", damaged).contains("is damaged"));
    compile(
        folder,
        "lto",
        "int others(int x) { return x + 1; }\n",
        &["-flto", "-fno-fat-lto-objects"],
    );
    let slim = fs::read(folder.join("lto.o")).expect("it can be read");
    assert!(doubt("slim.obj", &slim).contains("(LTO)"));
}

#[test]
fn an_archive_without_an_object_file_is_refused() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("notes.txt"), "hello\n").expect("it can be written");
    let error = check(&archive(folder, &["notes.txt"]), &["f"]).expect_err("nothing is there");
    assert!(error.to_string().contains("notes.txt is no ELF object file"), "{error}");
    let _ = fs::remove_file(folder.join("libfixture.a"));
    let object = compile(folder, "good", "int computes(int x) { return x + 1; }\n", &[]);
    run(folder, "ar", &["rcsT", "libfixture.a", "good.o"]);
    assert_eq!(
        check(&folder.join("libfixture.a"), &["computes"]).expect_err("it is thin"),
        Error::ThinArchive
    );
    let mut foreign = fs::read(&object).expect("it can be read");
    foreign[18] = 183;
    fs::write(&object, foreign).expect("it can be written");
    assert_eq!(
        check(&object, &["computes"]).expect_err("it is foreign"),
        Error::ObjectsOf(Machine::AArch64)
    );
}

/// `--lib` of a crate that is made for other languages checks what they get.
#[test]
fn a_library_for_other_languages_is_built_and_checked_as_it_is() {
    let folder = folder();
    let folder = folder.path();
    let manifest = "[package]\nname = \"fixture\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"staticlib\", \"cdylib\"]\n[workspace]\n";
    fs::create_dir(folder.join("src")).expect("a folder");
    fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    fs::write(folder.join("src/lib.rs"), RUST).expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-nonblock"))
        .args([
            "check",
            "--lib",
            "--offline",
            "--no-sections",
            "--entry",
            "computes",
            "--format",
            "json",
        ])
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(folder)
        .output()
        .expect("it can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for name in ["libfixture.a", "libfixture.so"] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

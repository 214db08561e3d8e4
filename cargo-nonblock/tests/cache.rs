//! The cache of outcomes: when it answers, and above all when it must not.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

const SOURCE: &str = "
#[inline(never)]
#[unsafe(no_mangle)]
extern \"C\" fn computes() -> u32 { std::hint::black_box(1) }

fn main() { computes(); }
";

/// A small program. Its build id is set by hand, or it has none.
fn program(flag: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    fs::create_dir_all(&folder).expect("a folder");
    let (source, file) = (folder.join("computes.rs"), folder.join(flag.replace(['=', ','], "_")));
    fs::write(&source, SOURCE).expect("the source can be written");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let flags = ["--edition=2024", "-Clink-arg=-Wl,--emit-relocs", "-Cdebuginfo=1"];
    let flag = format!("-Clink-arg={flag}");
    let status =
        Command::new(rustc).arg(&source).arg("-o").arg(&file).args(flags).arg(flag).status();
    assert!(status.expect("rustc can be run").success());
    file
}

fn with_id() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| program("-Wl,--build-id=0x1234"))
}

fn without_id() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| program("-Wl,--build-id=none"))
}

struct Checked {
    from_cache: bool,
    report: String,
    code: Option<i32>,
}

/// Checks a file with a cache of its own.
fn check(cache: &Path, file: &Path, arguments: &[&str]) -> Checked {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-nonblock"))
        .args(["check", "--no-sections", "--entry", "computes", "--timings"])
        .arg(file)
        .args(arguments)
        .env("XDG_CACHE_HOME", cache)
        .output()
        .expect("the command can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    let from_cache = said.contains("reading the cache");
    assert_ne!(from_cache, said.contains("following calls"), "{said}");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    Checked { from_cache, report, code: output.status.code() }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn files(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache.join("cargo-nonblock")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[test]
fn what_was_checked_is_not_checked_again() {
    for file in [with_id(), without_id()] {
        let cache = folder();
        let first = check(cache.path(), file, &[]);
        assert!(!first.from_cache);
        assert_eq!(first.code, Some(0), "{}", first.report);
        let second = check(cache.path(), file, &[]);
        assert!(second.from_cache);
        assert_eq!((second.code, second.report), (first.code, first.report));
    }
}

/// With one build id, of one size, and written at the same time.
#[test]
fn a_changed_program_is_checked_again() {
    for file in [with_id(), without_id()] {
        let (cache, folder) = (folder(), folder());
        let copy = folder.path().join("program");
        fs::copy(file, &copy).expect("it can be copied");
        check(cache.path(), &copy, &[]);
        assert!(check(cache.path(), &copy, &[]).from_cache);
        let modified =
            fs::metadata(&copy).and_then(|metadata| metadata.modified()).expect("a time");
        let mut bytes = fs::read(&copy).expect("it can be read");
        let at = bytes
            .windows(13)
            .position(|text| text == b"rustc version")
            .expect("the compiler's name");
        bytes[at] = b'R';
        fs::write(&copy, &bytes).expect("it can be written");
        let again = File::options().append(true).open(&copy).expect("it can be opened");
        again.set_modified(modified).expect("its time can be set");
        drop(again);
        let changed = check(cache.path(), &copy, &[]);
        assert!(!changed.from_cache);
        assert!(changed.report.contains("Rustc"), "{}", changed.report);
    }
}

#[test]
fn other_options_and_rules_are_checked_again() {
    let (cache, folder) = (folder(), folder());
    let rules = folder.path().join("rules.tsv");
    let rule = |line: &str| {
        fs::write(&rules, format!("pattern\tclass\treason\n{line}\n")).expect("it can be written");
        let rules = rules.display().to_string();
        check(cache.path(), with_id(), &["--rules", &rules])
    };
    check(cache.path(), with_id(), &[]);
    assert!(!check(cache.path(), with_id(), &["--deny", "alloc"]).from_cache);
    assert!(!check(cache.path(), with_id(), &["--entry", "*main"]).from_cache);
    assert!(!rule("computes\tharmless\tIt computes.").from_cache);
    assert!(rule("computes\tharmless\tIt computes.").from_cache);
    let blocks = rule("*black_box\tblocks\tSo it is said.");
    assert!(!blocks.from_cache);
    assert_eq!(blocks.code, Some(1), "{}", blocks.report);
}

/// A baseline counts for what came out of the cache, too, and is none of its keys.
#[test]
fn a_baseline_counts_for_what_is_in_the_cache() {
    let (cache, folder) = (folder(), folder());
    let rules = folder.path().join("rules.tsv");
    fs::write(&rules, "pattern\tclass\treason\n*black_box\tblocks\tSo it is said.\n")
        .expect("written");
    let baseline = folder.path().join("baseline.tsv");
    let (rules, baseline) = (rules.display().to_string(), baseline.display().to_string());
    let with_rules = ["--rules", &rules];
    assert_eq!(check(cache.path(), with_id(), &with_rules).code, Some(1));
    let update = ["--rules", &rules, "--baseline", &baseline, "--update-baseline"];
    assert_eq!(check(cache.path(), with_id(), &update).code, Some(0));
    fs::write(&baseline, "section\tclass\twhat\tcaller\n").expect("it can be written");
    let again = check(cache.path(), with_id(), &["--rules", &rules, "--baseline", &baseline]);
    assert!(again.from_cache);
    assert_eq!(again.code, Some(1), "{}", again.report);
}

#[test]
fn a_damaged_cache_is_ignored_and_written_anew() {
    let cache = folder();
    let first = check(cache.path(), with_id(), &[]);
    let [file] = &files(cache.path())[..] else { panic!("one outcome") };
    let good = fs::read(file).expect("it can be read");
    let text = String::from_utf8_lossy(&good).replace("\"findings\":[]", "\"findings\":[ ]");
    let mut flipped = good.clone();
    let last = flipped.len() - 2;
    flipped[last] ^= 1;
    for damaged in [&b""[..], b"\n", &good[..good.len() / 2], text.as_bytes(), &flipped] {
        fs::write(file, damaged).expect("it can be written");
        let again = check(cache.path(), with_id(), &[]);
        assert!(!again.from_cache);
        assert_eq!((again.code, &again.report), (first.code, &first.report));
        assert!(check(cache.path(), with_id(), &[]).from_cache);
    }
    // The outcome of another check under this one's name.
    check(cache.path(), with_id(), &["--deny", "panic"]);
    let other = files(cache.path()).into_iter().find(|path| path != file).expect("another");
    fs::copy(other, file).expect("it can be copied");
    assert!(!check(cache.path(), with_id(), &[]).from_cache);
}

#[test]
fn the_cache_is_bounded_and_can_be_left_out() {
    let cache = folder();
    assert!(!check(cache.path(), with_id(), &["--no-cache"]).from_cache);
    assert_eq!(files(cache.path()).len(), 0);
    check(cache.path(), with_id(), &[]);
    assert!(!check(cache.path(), with_id(), &["--no-cache"]).from_cache);
    let own = cache.path().join("cargo-nonblock");
    for number in 0..200 {
        fs::write(own.join(format!("{number}.nonblock")), b"x").expect("it can be written");
    }
    let large = File::create(own.join("large.nonblock")).expect("it can be made");
    large.set_len(1 << 30).expect("a size");
    check(cache.path(), without_id(), &[]);
    assert!(files(cache.path()).len() <= 64);
    assert!(!own.join("large.nonblock").exists());
    assert!(check(cache.path(), without_id(), &[]).from_cache);
    // A cache that cannot be written is none.
    let nowhere = folder();
    let file = nowhere.path().join("file");
    fs::write(&file, b"").expect("it can be written");
    assert_eq!(check(&file, with_id(), &[]).code, Some(0));
}

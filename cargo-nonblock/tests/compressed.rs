//! Debugging information that is compressed: it is read as if it were not, and a file that would be too large unpacked is refused.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_nonblock::Error;
use cargo_nonblock::check::{self, Options, Outcome};
use cargo_nonblock::demangle::Pattern;
use cargo_nonblock::origin::Origin;
use object::{Object as _, ObjectSection as _};

const C: &str = "#include <unistd.h>
struct state { void (*wait)(unsigned); };
static void waits(unsigned seconds) { usleep(seconds); }
static struct state state = { waits };
void process(void) { state.wait(1); }
int main(void) { process(); return 0; }
";

const RUST: &str = "
trait Waits: Sync { fn wait(&self); }
impl Waits for u32 { fn wait(&self) { std::thread::sleep(std::time::Duration::from_millis(1)); } }
static WAITS: &dyn Waits = &1;
#[unsafe(no_mangle)]
extern \"C\" fn process() { WAITS.wait(); }
fn main() { process(); }
";

fn outcome(bytes: &[u8]) -> Result<Outcome, Error> {
    let entries = vec![Pattern::new("process")];
    check::check(bytes, &Options { entries, ..Options::default() })
}

/// Asserts that a file is compressed, and that all comes out that does for another.
#[track_caller]
fn assert_same(file: &Path, plain: &Path) {
    let bytes = fs::read(file).expect("it can be read");
    let parsed = object::File::parse(&*bytes).expect("an ELF file");
    let section = parsed.section_by_name(".debug_info").expect("debugging information");
    let data = section.compressed_data().expect("it can be read");
    assert_ne!(data.format, object::CompressionFormat::None, "{}", file.display());
    let text = |bytes: &[u8]| {
        let mut outcome = outcome(bytes).expect("it can be checked");
        // C compilers tell their options.
        outcome.origin = Origin::default();
        assert!(outcome.has_debug_information);
        let findings = outcome.entries.iter().flat_map(|entry| &entry.findings);
        let mut places = findings.flat_map(|finding| &finding.chain).map(|call| &call.place);
        assert!(places.any(Option::is_some));
        serde_json::to_string_pretty(&outcome).expect("it can be written")
    };
    assert_eq!(text(&bytes), text(&fs::read(plain).expect("it can be read")));
}

/// Compiles the C program, or its object file.
fn compile(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    fs::write(folder.join("program.c"), C).expect("it can be written");
    let file = folder.join(name);
    let mut compiler = Command::new("cc");
    compiler.current_dir(folder).args(["-g", "program.c", "-o"]).arg(&file).args(flags);
    assert!(compiler.status().expect("a C compiler").success());
    file
}

#[test]
fn a_program_of_c_is_read_when_it_is_compressed() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = compile(folder.path(), "plain", &["-Wl,--emit-relocs"]);
    for form in ["zlib", "zstd"] {
        let flag = format!("-Wl,--compress-debug-sections={form}");
        let packed = compile(folder.path(), form, &["-Wl,--emit-relocs", &flag]);
        assert_same(&packed, &plain);
    }
}

#[test]
fn an_object_file_is_read_when_it_is_compressed() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = compile(folder.path(), "plain.o", &["-c"]);
    assert_same(&compile(folder.path(), "packed.o", &["-c", "-gz=zlib"]), &plain);
}

#[test]
fn a_program_of_rust_is_read_when_it_is_compressed() {
    let folder = tempfile::tempdir().expect("a folder");
    let [plain, packed] = ["plain", "packed"].map(|name| folder.path().join(name));
    fs::write(folder.path().join("program.rs"), RUST).expect("it can be written");
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(folder.path()).args(["--edition=2024", "-Cdebuginfo=2", "program.rs", "-o"]);
    rustc.arg(&plain).arg("-Clink-arg=-Wl,--emit-relocs");
    assert!(rustc.status().expect("rustc can be run").success());
    let mut objcopy = Command::new("objcopy");
    objcopy.arg("--compress-debug-sections=zlib").args([&plain, &packed]);
    assert!(objcopy.status().expect("objcopy can be run").success());
    assert_same(&packed, &plain);
}

#[test]
fn what_would_be_too_large_unpacked_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = compile(
        folder.path(),
        "packed",
        &["-Wl,--emit-relocs", "-Wl,--compress-debug-sections=zlib"],
    );
    let object = compile(folder.path(), "packed.o", &["-c", "-gz=zlib"]);
    for file in [program, object] {
        let good = fs::read(file).expect("it can be read");
        let start = {
            let parsed = object::File::parse(&*good).expect("an ELF file");
            let section = parsed.section_by_name(".debug_info").expect("debugging information");
            usize::try_from(section.file_range().expect("it is in the file").0).expect("small")
        };
        // The size stands in the header behind the number of the form.
        let mut bomb = good.clone();
        bomb[start + 8..start + 16].copy_from_slice(&(1_u64 << 40).to_le_bytes());
        let error = outcome(&bomb).expect_err("it is too large").to_string();
        assert!(error.contains("`.debug_info`"), "{error}");
        assert!(error.contains("would have 1099511627776 unpacked"), "{error}");
        assert!(error.contains("--compress-debug-sections"), "{error}");
        let mut broken = good;
        broken[start + 24..start + 32].fill(0xff);
        let error = outcome(&broken).expect_err("it is broken").to_string();
        assert!(error.contains("`.debug_info` cannot be unpacked"), "{error}");
    }
}

//! Machines and kernels that will not do: one clear line each, and nothing half-made is left.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use linux_play::kbuild;
use linux_play::kernel_config::{not_taken, with_checks_off};
use linux_play::kernel_source::{check, unpack};
use linux_play::machine::{self, Compiler, DISK_FIRST, DISK_LATER, Machine, PACKAGES};
use linux_play::options::{Options, Wish};
use linux_play::rows;
use linux_play::run::prepare;
use linux_play::stop::Stop;

/// A machine on which all is there, unless a test takes something away.
struct Fake {
    platform: (&'static str, &'static str),
    free: u64,
    has_dpkg: bool,
    missing: RefCell<Vec<&'static str>>,
    is_root: bool,
    installs: bool,
    rustc: Option<&'static str>,
    library: &'static str,
    installed: RefCell<Vec<&'static str>>,
}

fn good() -> Fake {
    Fake {
        platform: ("linux", "x86_64"),
        free: DISK_FIRST,
        has_dpkg: true,
        missing: RefCell::default(),
        is_root: true,
        installs: true,
        rustc: Some("rustc 1.96.0 (ac68faa20 2026-05-25)"),
        library: "/usr/src/rustc-1.96.0/library",
        installed: RefCell::default(),
    }
}

impl Machine for Fake {
    fn platform(&self) -> (&str, &str) {
        self.platform
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.free)
    }

    fn missing(&self, packages: &[&'static str]) -> Option<Vec<&'static str>> {
        let missing = self.missing.borrow();
        self.has_dpkg
            .then(|| packages.iter().copied().filter(|name| missing.contains(name)).collect())
    }

    fn is_root(&self) -> bool {
        self.is_root
    }

    fn install(&self, packages: &[&'static str]) -> Result<(), String> {
        if !self.installs {
            return Err("E: Unable to locate package lld".to_owned());
        }
        self.missing.borrow_mut().retain(|name| !packages.contains(name));
        self.installed.borrow_mut().extend(packages);
        Ok(())
    }

    fn rustc_version(&self) -> Option<String> {
        self.rustc.map(str::to_owned)
    }

    fn has(&self, path: &Path) -> bool {
        path == Path::new(self.library)
    }
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linux-play").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// The files of a kernel that will do, as far as they are looked at.
const KERNEL: [(&str, &str); 6] = [
    ("Makefile", "# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n"),
    (
        "init/Kconfig",
        "config RUST_IS_AVAILABLE\n\tdef_bool y\n\nconfig RUST\n\tbool \"Rust support\"\n",
    ),
    ("rust/Makefile", "# SPDX\n"),
    ("mm/Kconfig", "config MMU_NOTIFIER\n\tbool\n"),
    ("arch/x86/Kconfig", "config X86\n\tdef_bool y\n\tselect HAVE_RUST\t\t\tif X86_64\n"),
    ("scripts/min-tool-version.sh", "case \"$1\" in\nrustc)\n\techo 1.78.0\n\t;;\nesac\n"),
];

/// Makes a kernel of which one file is another. `None` leaves it out.
fn kernel(name: &str, file: &str, text: Option<&str>) -> PathBuf {
    let folder = folder(name);
    for (path, content) in KERNEL {
        let content = if path == file { text } else { Some(content) };
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("the folder can be made");
        if let Some(content) = content {
            fs::write(path, content).expect("it can be written");
        }
    }
    folder
}

fn compiler(version: &str) -> Compiler {
    Compiler {
        version: version.to_owned(),
        text: format!("rustc {version}"),
        library: String::new(),
    }
}

/// Asserts that it cannot run, that it says so in one line, and what it says.
#[track_caller]
fn cannot<T: std::fmt::Debug>(done: Result<T, Stop>, words: &[&str]) {
    let stop = done.expect_err("it cannot run");
    assert_eq!(stop.exit_code(), 2, "{stop}");
    let text = stop.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    for word in words {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
}

#[test]
fn a_machine_and_a_kernel_with_all_that_is_needed_will_do() {
    let (work, tree) = (folder("good-work"), kernel("good", "", None));
    let options = Options { kernel: Some(tree.clone()), ..Options::default() };
    let (source, compiler) = prepare(&options, &good(), &work, &work).expect("nothing is missing");
    assert_eq!(
        (source.folder, source.version.as_str()),
        (tree.canonicalize().expect("it is there"), "6.12.117")
    );
    assert_eq!(compiler.version, "1.96.0");
}

#[test]
fn another_system_or_processor_cannot_run() {
    let root = folder("platform");
    let mac = Fake { platform: ("macos", "aarch64"), ..good() };
    cannot(machine::check(&mac, &root, &root, true), &["macos on aarch64", "x86_64 on Linux"]);
    let arm = Fake { platform: ("linux", "aarch64"), ..good() };
    cannot(machine::check(&arm, &root, &root, true), &["linux on aarch64"]);
}

#[test]
fn too_small_a_disk_cannot_run() {
    let root = folder("disk");
    let full = Fake { free: DISK_FIRST - 1, ..good() };
    cannot(
        machine::check(&full, &root, &root, true),
        &["5.9 GB of disk left", "takes 6.0 GB", "CARGO_TARGET_DIR"],
    );
    machine::check(&full, &root, &root, false).expect("a later run needs less");
    let full = Fake { free: DISK_LATER - 1, ..good() };
    cannot(machine::check(&full, &root, &root, false), &["0.4 GB"]);
}

#[test]
fn a_path_with_a_space_cannot_run() {
    let root = folder("with a space");
    cannot(machine::check(&good(), &root, &root, true), &["a space or a colon", "with a space"]);
    let tree = kernel("spaced kernel", "", None);
    cannot(check(&tree), &["a space or a colon", "spaced kernel"]);
}

#[test]
fn a_missing_package_is_installed_by_root() {
    let machine = Fake { missing: RefCell::new(vec!["lld", "bison"]), ..good() };
    let mut said = Vec::new();
    let installed = machine::packages(&machine, false, &mut |text| said.push(text.to_owned()));
    assert_eq!(installed, Ok(vec!["lld", "bison"]));
    assert_eq!(*machine.installed.borrow(), ["lld", "bison"]);
    assert_eq!(said, ["installing lld bison"]);
}

#[test]
fn a_missing_package_stops_who_is_not_root_with_what_to_type() {
    let machine = Fake { missing: RefCell::new(vec!["lld", "bison"]), is_root: false, ..good() };
    let done = machine::packages(&machine, false, &mut |_| ());
    cannot(done, &["only root", "Type: sudo apt-get install lld bison"]);
    assert!(machine.installed.borrow().is_empty());
}

#[test]
fn a_package_that_cannot_be_installed_cannot_run() {
    let machine = Fake { missing: RefCell::new(vec!["lld"]), installs: false, ..good() };
    let done = machine::packages(&machine, false, &mut |_| ());
    cannot(done, &["did not install lld", "Unable to locate package lld", "apt-get update"]);
}

#[test]
fn another_distribution_cannot_run() {
    let machine = Fake { has_dpkg: false, ..good() };
    cannot(machine::packages(&machine, false, &mut |_| ()), &["no dpkg", "Debian 12"]);
}

#[test]
fn another_kernel_needs_no_package_with_a_source() {
    let machine =
        Fake { missing: RefCell::new(vec!["linux-source-6.12"]), is_root: false, ..good() };
    assert_eq!(machine::packages(&machine, true, &mut |_| ()), Ok(vec![]));
    cannot(machine::packages(&machine, false, &mut |_| ()), &["linux-source-6.12"]);
    assert!(PACKAGES.contains(&machine::KERNEL_PACKAGE));
}

#[test]
fn a_compiler_without_its_library_cannot_run() {
    let none = Fake { rustc: None, ..good() };
    cannot(machine::compiler(&none), &["/usr/bin/rustc does not run", "rustc-web"]);
    let other = Fake { rustc: Some("rustc 1.63.0 (Debian)"), ..good() };
    let words = ["'rustc 1.63.0 (Debian)'", "/usr/src/rustc-1.63.0/library", "rust-web-src"];
    cannot(machine::compiler(&other), &words);
}

#[test]
fn what_is_no_folder_of_a_kernel_cannot_run() {
    let empty = folder("empty");
    cannot(check(&empty), &["is no kernel's source", "no Makefile with a VERSION"]);
    cannot(check(&empty.join("nowhere")), &["does not exist", "--kernel"]);
    let file = empty.join("file");
    fs::write(&file, "text").expect("it can be written");
    cannot(check(&file), &["is a file", "--kernel"]);
    let other = kernel("other-makefile", "Makefile", Some("all:\n\tcc main.c\n"));
    cannot(check(&other), &["is no kernel's source"]);
}

#[test]
fn a_kernel_without_rust_cannot_run() {
    let no_option = kernel("no-rust-option", "init/Kconfig", Some("config RUST_IS_AVAILABLE\n"));
    cannot(check(&no_option), &["Linux 6.12.117 without Rust", "6.12 or later"]);
    cannot(check(&kernel("no-rust-folder", "rust/Makefile", None)), &["without Rust"]);
    let no_processor =
        kernel("no-have-rust", "arch/x86/Kconfig", Some("config X86\n\tdef_bool y\n"));
    cannot(check(&no_processor), &["x86_64 has no Rust", "HAVE_RUST"]);
}

#[test]
fn a_kernel_without_mmu_notifiers_cannot_run() {
    let tree = kernel("no-notifier", "mm/Kconfig", Some("config MMU_NOTIFIERS_OF_ANOTHER_NAME\n"));
    cannot(check(&tree), &["without mmu notifiers", "MMU_NOTIFIER"]);
}

#[test]
fn a_kernel_that_needs_a_later_compiler_cannot_run() {
    let script = "case \"$1\" in\nrustc)\n\techo 1.100.0\n\t;;\nesac\n";
    let tree = kernel("later-rustc", "scripts/min-tool-version.sh", Some(script));
    let source = check(&tree).expect("the tree is whole");
    cannot(source.accepts(&compiler("1.96.0")), &["needs rustc 1.100.0", "is 1.96.0"]);
    source.accepts(&compiler("1.100.1")).expect("it is later");
}

#[test]
fn a_kernel_that_was_built_in_its_own_folder_cannot_run() {
    let tree = kernel("built", "", None);
    fs::write(tree.join(".config"), "").expect("it can be written");
    cannot(check(&tree), &["built in itself", "mrproper"]);
}

#[test]
fn a_bad_kernel_installs_nothing() {
    let machine = Fake { missing: RefCell::new(vec!["lld"]), ..good() };
    let work = folder("bad-kernel");
    let options = Options { kernel: Some(work.join("nowhere")), ..Options::default() };
    cannot(prepare(&options, &machine, &work, &work), &["does not exist"]);
    assert!(machine.installed.borrow().is_empty());
}

#[test]
fn an_archive_that_is_missing_or_broken_leaves_nothing_half_made() {
    let work = folder("unpack");
    cannot(
        unpack(&work.join("nowhere.tar.xz"), &work),
        &["is not there", "apt-get install --reinstall"],
    );
    let broken = work.join("broken.tar.xz");
    fs::write(&broken, "no archive").expect("it can be written");
    let stop = unpack(&broken, &work).expect_err("it is no archive");
    assert_eq!(stop.exit_code(), 1, "{stop}");
    assert!(stop.to_string().contains("tar --extract"), "{stop}");
    assert!(
        !work.join("linux-source-6.12").exists() && !work.join("linux-source-6.12.half").exists()
    );
}

#[test]
fn what_a_broken_off_run_left_is_unpacked_again() {
    let (work, tree) = (folder("unpack-again"), kernel("to-pack", "", None));
    let half = work.join("linux-source-6.12.half/linux");
    fs::create_dir_all(&half).expect("the folder can be made");
    fs::create_dir_all(work.join("linux-source-6.12/only-a-part")).expect("the folder can be made");
    let archive = work.join("kernel.tar");
    let mut tar = std::process::Command::new("tar");
    tar.arg("-cf").arg(&archive).arg("-C").arg(tree.parent().expect("it has one")).arg("to-pack");
    assert!(tar.status().expect("there is tar").success());
    let unpacked = unpack(&archive, &work).expect("it is an archive");
    check(&unpacked).expect("it is whole");
    assert!(!unpacked.join("only-a-part").exists());
    assert!(!half.exists());
}

#[test]
fn an_option_that_was_not_taken_is_named() {
    let asked = "# why\nCONFIG_RUST=y\nCONFIG_SMP=y\nCONFIG_SIZE=16000\nCONFIG_OFF=n\n";
    let all = "CONFIG_SMP=y\nCONFIG_RUST=y\nCONFIG_SIZE=16000\n# CONFIG_OFF is not set\n";
    assert_eq!(not_taken(asked, all), []);
    let other = "CONFIG_SMP=m\n# CONFIG_RUST is not set\nCONFIG_SIZE=16000\nCONFIG_OFF=y\n";
    let missing = [("CONFIG_RUST", "y"), ("CONFIG_SMP", "y"), ("CONFIG_OFF", "n")];
    assert_eq!(not_taken(asked, other), missing);
}

#[test]
fn checks_are_off_without_the_kernels_count() {
    let off = with_checks_off("CONFIG_RUST=y\nCONFIG_DEBUG_ATOMIC_SLEEP=y\nCONFIG_SMP=y\n");
    assert_eq!(off, "CONFIG_RUST=y\nCONFIG_SMP=y\nCONFIG_DEBUG_ATOMIC_SLEEP=n\n");
}

#[test]
fn the_kernels_own_reason_against_a_compiler_is_one_line() {
    let said = "make[1]: Entering directory\n***\n*** Rust compiler '/usr/bin/rustc' is too old.\n***   Your version:    1.63.0\n\
                ***   Minimum version: 1.78.0\n***\n***\n*** Please see Documentation/rust/quick-start.rst for details\n***\n";
    assert_eq!(
        kbuild::refusal(said),
        "Rust compiler '/usr/bin/rustc' is too old. Your version:    1.63.0 Minimum version: 1.78.0"
    );
    assert_eq!(
        kbuild::refusal("make: *** No rule to make target\n"),
        "make: *** No rule to make target"
    );
}

#[test]
fn wrong_arguments_are_named() {
    let parse = |words: &[&str]| {
        Options::parse(
            Path::new("/from"),
            ["linux/run"].iter().chain(words).map(std::ffi::OsString::from),
        )
    };
    for (words, told) in [
        (&["--kernle", "x"][..], "--kernle"),
        (&["--kernel"], "--kernel"),
        (&["--only", "nothing"], "'nothing' is no row. The rows: load selftest"),
        (&["--seconds", "0"], "'--seconds 0': it takes a whole number from 1 to 3600"),
        (&["--seconds", "1.5"], "1.5"),
        (&["word"], "'word' is no option"),
    ] {
        let stop = parse(words).expect_err("they are wrong");
        assert_eq!(stop.exit_code(), 3);
        let text = stop.to_string();
        assert!(text.contains(told) && text.ends_with("; see linux/run --help"), "{text}");
    }
    assert_eq!(parse(&["--help"]), Ok(Wish::Help));
    assert_eq!(parse(&["--only", "list"]), Ok(Wish::List));
    let wanted = Options {
        only: vec![rows::CHECKS_OFF.to_owned(), "work".to_owned()],
        seconds: 5,
        keep: true,
        kernel: Some("/from/tree".into()),
        readme: Some("/from/page.md".into()),
    };
    let words = [
        "--checks-off",
        "--only",
        "work",
        "--seconds",
        "5",
        "--keep",
        "--kernel",
        "tree",
        "--readme",
        "page.md",
    ];
    assert_eq!(parse(&words), Ok(Wish::Run(wanted)));
}

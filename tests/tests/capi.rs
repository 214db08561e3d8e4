//! The C side: the header against the functions, as C and as C++, and a driver in C and Rust, run scene by scene.
//!
//! What needs a C compiler (`$CC`, or `cc`) says so and passes where there is none.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::ffi::{CStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use nonblock::ViolationKind::{NotInNonBlock, SleepInNonBlock, UnbalancedEnd};
use nonblock::testing::{expect_violation, violations};
use nonblock::{Violation, capi, non_block, raw};
use nonblock_tests::fixture::Fixture;
use nonblock_tests::process::{self, Outcome};

const PATIENCE: Duration = Duration::from_mins(2);

/// The folder of a path that begins at the repository's root.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

#[track_caller]
fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

// The header and the functions.

/// Functions by their names: the types of what they take and return, in C's words.
type Functions = BTreeMap<String, (Vec<String>, String)>;

/// Reads the functions that the header declares.
fn declared(header: &str) -> Functions {
    let mut functions = Functions::new();
    for line in header.lines().filter(|line| line.ends_with(");") && !line.starts_with([' ', '#']))
    {
        let (head, parameters) = line.trim_end_matches(");").split_once('(').expect("a function");
        let (result, name) = head.rsplit_once(' ').expect("a type and a name");
        let type_of = |parameter: &str| {
            let (of, name) = parameter.rsplit_once([' ', '*']).expect("a type and a name");
            parameter[..parameter.len() - name.len()]
                .trim()
                .to_owned()
                .replace(" *", "*")
                .replace(of, of.trim())
        };
        let parameters = match parameters {
            "void" => Vec::new(),
            parameters => parameters.split(", ").map(type_of).collect(),
        };
        functions.insert(name.to_owned(), (parameters, result.to_owned()));
    }
    functions
}

/// Reads the functions that the crate exports to C.
fn exported(source: &str) -> Functions {
    let in_c = |rust: &str| match rust {
        "*const c_char" => "const char*".to_owned(),
        "*mut NonblockClass" => "struct nonblock_class*".to_owned(),
        "u32" => "uint32_t".to_owned(),
        "" => "void".to_owned(),
        other => panic!("what is {other} in C?"),
    };
    let mut functions = Functions::new();
    for item in source.split("#[unsafe(no_mangle)]\n").skip(1) {
        let signature = item.split_once(" {\n").expect("a function has a body").0;
        let (_, signature) = signature.split_once("extern \"C\" fn ").expect("a function for C");
        let (name, rest) = signature.split_once('(').expect("it takes something, or nothing");
        let (parameters, result) = rest.split_once(')').expect("and returns");
        let parameters = parameters
            .split(',')
            .filter_map(|parameter| parameter.trim().split_once(": "))
            .map(|(_name, of)| in_c(of))
            .collect();
        functions.insert(name.to_owned(), (parameters, in_c(result.trim_start_matches(" -> "))));
    }
    functions
}

#[test]
fn the_header_declares_what_is_exported() {
    let header = declared(&read("nonblock/include/nonblock.h"));
    let functions = exported(&read("nonblock/src/capi.rs"));
    assert_eq!(header, functions);
    for name in ["nonblock_start", "nonblock_end", "nonblock_might_sleep", "nonblock_depth"] {
        assert!(functions.contains_key(name), "{functions:#?}");
    }
    let at = (vec!["const char*".to_owned(), "uint32_t".to_owned()], "void".to_owned());
    assert_eq!(functions.get("nonblock_start_at"), Some(&at));
}

#[test]
fn every_function_that_takes_a_place_has_a_macro_that_passes_it() {
    let header = read("nonblock/include/nonblock.h");
    for (function, (parameters, _)) in declared(&header) {
        let Some(name) = function.strip_suffix("_at") else { continue };
        let expected = match &parameters[..] {
            [_file, _line] => format!("#define {name}() {name}_at(__FILE__, __LINE__)\n"),
            [_object, _file, _line] => {
                format!("#define {name}(object) {name}_at((object), __FILE__, __LINE__)\n")
            }
            other => panic!("{function}: {other:?}"),
        };
        assert!(header.contains(&expected), "{expected}");
    }
}

#[test]
fn a_header_that_strays_is_found() {
    let header = "void f(const char *file, uint32_t line);\nuint32_t g(void);\n";
    let source = "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn f(file: *const c_char, line: u32) {\n}\n\
                  #[unsafe(no_mangle)]\npub extern \"C\" fn g() -> u32 {\n}\n";
    assert_eq!(declared(header), exported(source));
    assert_ne!(declared(&header.replace("uint32_t line", "int line")), exported(source));
    assert_ne!(declared(&header.replace("uint32_t g", "void g")), exported(source));
    assert_ne!(declared(&header.replace("g(", "h(")), exported(source));
}

// The compiler.

/// The compiler for a language, or `None`, and a word about it, where there is none.
fn compiler(variable: &str, otherwise: &str) -> Option<Command> {
    let name = std::env::var_os(variable).unwrap_or_else(|| otherwise.into());
    let is_there = Command::new(&name).arg("--version").output().is_ok();
    if !is_there {
        println!("no {variable} here, and no `{otherwise}`: skipped");
    }
    is_there.then(|| Command::new(name))
}

const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// Compiles a text with the header in front of it, as one language or the other.
#[track_caller]
fn compile(mut compiler: Command, language: &str, standard: &str, text: &str) -> Outcome {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi-header");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let digest = text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
    let file = folder.join(format!("{language}-{standard}-{digest}"));
    std::fs::write(&file, format!("#include \"nonblock.h\"\n#include \"nonblock.h\"\n{text}"))
        .expect("the file can be written");
    compiler
        .args(STRICT)
        .arg(format!("-std={standard}"))
        .arg("-I")
        .arg(repository("nonblock/include"))
        .args(["-fsyntax-only", "-x", language])
        .arg(&file);
    process::run(&mut compiler, PATIENCE)
}

/// Uses everything that the header has.
const USES: &str = "\
void use(int wait);
void use(int wait)
{
    void (*start)(void) = nonblock_start;
    start();
    nonblock_start();
    cant_sleep();
    nonblock_cant_sleep();
    if (wait)
        might_sleep();
    else
        nonblock_might_sleep();
    might_sleep_if(wait);
    nonblock_might_sleep_if(wait && nonblock_depth() > 1);
    nonblock_end();
    (nonblock_end)();
    nonblock_start_at(__FILE__, 1);
    nonblock_end_at(__FILE__, 2);
}
void use_class(struct nonblock_class *made);
void use_class(struct nonblock_class *made)
{
    static struct nonblock_class table = NONBLOCK_CLASS(\"table\");
    void (*release)(struct nonblock_class *) = nonblock_class_release;
    nonblock_class_acquire(&table);
    nonblock_class_try_acquired(made);
    nonblock_class_release(made);
    release(&table);
    nonblock_class_acquire_shared(made ? made : &table);
    nonblock_class_release(made ? made : &table);
    nonblock_class_begin_region(&table);
    nonblock_class_end_region(&table);
    nonblock_class_wait(&table);
    nonblock_class_complete(&table);
    nonblock_class_wait_at(&table, (const char *)0, 3);
}
";

#[test]
fn the_header_is_c_and_cpp() {
    for standard in ["c99", "c11", "c17", "gnu11"] {
        let Some(mut cc) = compiler("CC", "cc") else { return };
        cc.args(["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wshadow"]);
        compile(cc, "c", standard, USES).assert_success();
    }
    for standard in ["c++11", "c++17", "c++20"] {
        let Some(cxx) = compiler("CXX", "c++") else { return };
        compile(cxx, "c++", standard, USES).assert_success();
    }
}

#[test]
fn the_short_names_can_be_left_out() {
    let Some(cc) = compiler("CC", "cc") else { return };
    // A program's own, as a kernel has.
    let own = "int might_sleep(void);\nint might_sleep(void) { return nonblock_depth() == 1; }\n";
    let error = compile(cc, "c", "c11", own);
    assert!(!error.status.success(), "the macro is in the way");
    let Some(mut cc) = compiler("CC", "cc") else { return };
    cc.arg("-DNONBLOCK_NO_SHORT_NAMES");
    compile(cc, "c", "c11", own).assert_success();
}

// The driver in C and Rust.

/// Builds the driver, or says that it cannot be built here.
#[track_caller]
fn build(features: &str, profile: &str, shared: bool) -> Option<PathBuf> {
    let mut cc = compiler("CC", "cc")?;
    let folder = format!("{profile}-{features}-{}", if shared { "shared" } else { "static" });
    let fixture = Fixture::new("capi", env!("CARGO_TARGET_TMPDIR")).in_folder(&folder);
    let mut arguments = vec!["--features", features];
    if profile == "release" {
        arguments.push("--release");
    }
    fixture.succeed("build", &arguments);
    let built = fixture.target().join(profile);
    let program = fixture.target().join("driver");
    // As a user has it: paths from the folder of the sources, which reports then tell.
    cc.current_dir(repository("tests/fixtures/capi"))
        .args(["-std=c11", "-O1", "-g", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wshadow"])
        .args(STRICT)
        .args(["-I", "../../../nonblock/include", "c/main.c", "c/driver.c", "-o"])
        .arg(&program);
    if shared {
        cc.arg("-L").arg(&built).arg("-lcapi").arg(format!("-Wl,-rpath,{}", built.display()));
    } else {
        cc.arg(built.join("libcapi.a")).args([
            "-lgcc_s",
            "-lutil",
            "-lrt",
            "-lpthread",
            "-lm",
            "-ldl",
        ]);
    }
    let outcome = process::run(&mut cc, PATIENCE);
    assert!(outcome.status.success(), "{}", outcome.stderr);
    Some(program)
}

/// The driver with checks, built once for all scenes.
#[track_caller]
fn driver() -> Option<&'static Path> {
    static DRIVER: OnceLock<Option<PathBuf>> = OnceLock::new();
    DRIVER.get_or_init(|| build("checks", "debug", false)).as_deref()
}

#[track_caller]
fn play(program: &Path, policy: &str, scene: &str) -> Outcome {
    process::run(Command::new(program).arg(scene).env("NONBLOCK", policy), PATIENCE)
}

/// Where a text stands in a source of the driver's, as a report tells it.
#[track_caller]
fn place(file: &str, text: &str) -> String {
    let source = read(&format!("tests/fixtures/capi/{file}"));
    let mut lines = (1..).zip(source.lines()).filter(|(_, line)| line.contains(text));
    let (number, _) = lines.next().unwrap_or_else(|| panic!("{file} has no `{text}`"));
    assert_eq!(lines.next(), None, "{file} has two `{text}`");
    format!("{file}:{number}")
}

/// The reports in a program's output, without their call traces: from each headline to what was found.
fn reports(outcome: &Outcome) -> Vec<(String, String)> {
    let lines: Vec<_> = outcome.stderr.lines().collect();
    let begins = |line: &&&str| line.starts_with("BUG: ");
    let heads = lines.iter().filter(begins);
    let found = lines.iter().filter(|line| line.starts_with("found: "));
    heads.zip(found).map(|(head, found)| ((*head).to_owned(), (*found).to_owned())).collect()
}

#[test]
fn what_is_right_in_c_is_not_reported() {
    let Some(driver) = driver() else { return };
    let outcome = play(driver, "panic", "right");
    outcome.assert_success();
    assert_eq!(outcome.stdout, "depths: 0 1 2 1 0\ninvalidated: 0\ndone\n");
    assert_eq!(outcome.stderr, "");
}

#[test]
fn a_shared_library_has_the_functions_too() {
    let Some(driver) = build("checks", "debug", true) else { return };
    let outcome = play(&driver, "panic", "right");
    outcome.assert_success();
    assert_eq!(outcome.stdout, "depths: 0 1 2 1 0\ninvalidated: 0\ndone\n");
}

#[test]
fn with_checks_off_the_functions_do_nothing() {
    let Some(driver) = build("", "release", false) else { return };
    let outcome = play(&driver, "panic", "right");
    outcome.assert_success();
    assert_eq!(outcome.stdout, "depths: 0 0 0 0 0\ninvalidated: 0\ndone\n");
    for scene in ["c_in_c", "end_without_start", "by_pointer"] {
        let outcome = play(&driver, "panic", scene);
        outcome.assert_success();
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("done\n", ""));
    }
}

const SLEEP: &str = "BUG: sleeping function called from invalid context at";

#[test]
fn reports_name_the_places_in_c() {
    let Some(driver) = driver() else { return };
    let outcome = play(driver, "warn", "c_in_c");
    outcome.assert_success();
    let fence = place("c/driver.c", "\tmight_sleep();");
    let section = place("c/main.c", "begins: c_in_c");
    let expected = (
        format!("{SLEEP} {fence}"),
        format!("found: a call that may sleep, in the section that began at {section}"),
    );
    assert_eq!(reports(&outcome), [expected]);
    // The way there goes through C.
    assert!(outcome.stderr.contains("wait_for_fence"), "{outcome:#?}");
}

#[test]
fn sections_of_rust_are_seen_by_c_and_those_of_c_by_rust() {
    let Some(driver) = driver() else { return };
    let outcome = play(driver, "warn", "c_in_rust");
    outcome.assert_success();
    let [(head, found)] = &reports(&outcome)[..] else { panic!("{outcome:#?}") };
    assert_eq!(*head, format!("{SLEEP} {}", place("c/driver.c", "\tmight_sleep();")));
    let in_rust = format!("began at {}:", place("src/lib.rs", "non_block(|_nb|"));
    assert!(found.contains(&in_rust), "{found}");

    let outcome = play(driver, "warn", "rust_in_c");
    outcome.assert_success();
    let [(head, found)] = &reports(&outcome)[..] else { panic!("{outcome:#?}") };
    let in_rust = format!("{SLEEP} {}:", place("src/lib.rs", "    might_sleep();"));
    assert!(head.starts_with(&in_rust), "{head}");
    assert!(found.ends_with(&format!("began at {}", place("c/main.c", "begins: rust_in_c"))));
}

#[test]
fn an_end_without_a_start_and_a_call_outside_a_section_are_reported() {
    let Some(driver) = driver() else { return };
    let outcome = play(driver, "warn", "end_without_start");
    outcome.assert_success();
    let unbalanced = place("c/main.c", "/* unbalanced */");
    assert_eq!(
        reports(&outcome)[0].0,
        format!("BUG: non_block_end without non_block_start at {unbalanced}")
    );

    let outcome = play(driver, "warn", "relies_on_a_section");
    outcome.assert_success();
    let outside = place("c/main.c", "/* outside */");
    let expected =
        format!("BUG: function that relies on a section called outside one at {outside}");
    assert_eq!(reports(&outcome)[0].0, expected);
}

#[test]
fn a_function_without_its_macro_knows_no_place() {
    let Some(driver) = driver() else { return };
    let outcome = play(driver, "warn", "by_pointer");
    outcome.assert_success();
    let unknown = "an unknown place in C";
    let expected = (
        format!("{SLEEP} {unknown}"),
        format!("found: a call that may sleep, in the section that began at {unknown}"),
    );
    // Twice: a null file with a line is another place than the one of the function without.
    assert_eq!(reports(&outcome), [expected.clone(), expected]);
}

#[test]
fn a_place_in_c_is_told_once() {
    let Some(driver) = driver() else { return };
    let outcome = play(driver, "warn", "repeatedly");
    outcome.assert_success();
    assert_eq!(reports(&outcome).len(), 1);
}

#[test]
fn the_policy_panic_aborts_with_the_report_and_does_not_unwind_into_c() {
    use std::os::unix::process::ExitStatusExt as _;

    const ABORTED: i32 = 6;

    let Some(driver) = driver() else { return };
    for scene in ["c_in_c", "end_without_start"] {
        let outcome = play(driver, "panic", scene);
        assert_eq!(outcome.status.signal(), Some(ABORTED), "{outcome:#?}");
        assert_eq!((reports(&outcome).len(), outcome.stdout.as_str()), (1, ""), "{outcome:#?}");
        assert!(outcome.stderr.contains("call trace:"), "{outcome:#?}");
        assert!(!outcome.stderr.contains("panicked at"), "{outcome:#?}");
    }
    // So does a handler that panics, after its own words.
    let outcome = play(driver, "panic", "panicking_handler");
    assert_eq!(outcome.status.signal(), Some(ABORTED), "{outcome:#?}");
    assert!(outcome.stderr.contains("handled: SleepInNonBlock"), "{outcome:#?}");
    // A sleep of Rust's panics in Rust, and stops where C begins.
    let outcome = play(driver, "panic", "rust_in_c");
    assert_eq!(outcome.status.signal(), Some(ABORTED), "{outcome:#?}");
    assert!(outcome.stderr.contains("panicked at src/lib.rs"), "{outcome:#?}");
    assert_eq!(outcome.stdout, "");
}

// The lock dependency checker.

/// The driver with the lock dependency checker, built once for all scenes.
#[track_caller]
fn lockdep_driver() -> Option<&'static Path> {
    static DRIVER: OnceLock<Option<PathBuf>> = OnceLock::new();
    DRIVER.get_or_init(|| build("lockdep", "debug", false)).as_deref()
}

#[test]
fn two_locks_of_c_in_both_orders_are_reported_with_the_places_in_c() {
    let Some(driver) = lockdep_driver() else { return };
    let outcome = play(driver, "warn", "abba");
    outcome.assert_success();
    let [(head, found)] = &reports(&outcome)[..] else { panic!("{outcome:#?}") };
    let closes = place("c/main.c", "/* closes the circle */");
    assert_eq!(*head, format!("BUG: possible circular locking dependency at {closes}"));
    let since = place("c/main.c", "/* table first */");
    let expected = format!(
        "found: a wait for the class `journal`, while the class `table` is held since {since}; but the first depends on the second"
    );
    assert_eq!(*found, expected);
    let before = place("c/main.c", "/* then table */");
    assert!(outcome.stderr.contains(&format!("waits with it for the class `table` at {before}")));
    // Of what was done right there is no report, and the locks were taken in fact.
    assert_eq!(outcome.stdout, "done\n");
}

#[test]
fn a_wait_for_what_c_completes_and_for_the_end_of_c_s_code_is_reported() {
    let Some(driver) = lockdep_driver() else { return };
    for (scene, mark, wanted) in [
        ("waits_for_completer", "/* nobody can complete it */", "ready"),
        ("waits_for_itself", "/* in the region */", "callback"),
    ] {
        let outcome = play(driver, "warn", scene);
        outcome.assert_success();
        let [(head, found)] = &reports(&outcome)[..] else { panic!("{outcome:#?}") };
        assert!(head.ends_with(&place("c/main.c", mark)), "{head}");
        assert!(found.starts_with(&format!("found: a wait for the class `{wanted}`")), "{found}");
    }
}

#[test]
fn a_circle_in_c_aborts_under_the_policy_panic() {
    use std::os::unix::process::ExitStatusExt as _;

    let Some(driver) = lockdep_driver() else { return };
    let outcome = play(driver, "panic", "abba");
    assert_eq!(outcome.status.signal(), Some(6), "{outcome:#?}");
    assert_eq!((reports(&outcome).len(), outcome.stdout.as_str()), (1, ""), "{outcome:#?}");
    assert!(!outcome.stderr.contains("panicked at"), "{outcome:#?}");
}

#[test]
fn a_wait_for_itself_in_c_that_a_test_expects_does_not_unwind() {
    /// As C has it.
    #[repr(C)]
    struct Made(*const core::ffi::c_char, u32, u32);

    if !nonblock::lockdep::ENABLED {
        return;
    }
    let made = &raw mut *Box::leak(Box::new(Made(c"itself in c".as_ptr(), 0, 0)));
    let found = violations(|| {
        for line in 1..=2 {
            // SAFETY: it is a class of C's, and stays; the strings do too.
            unsafe { capi::nonblock_class_acquire_at(made.cast(), c"c.c".as_ptr(), line) };
        }
        for _ in 1..=2 {
            // SAFETY: as above.
            unsafe { capi::nonblock_class_release(made.cast()) };
        }
    });
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].kind(), nonblock::ViolationKind::WaitForItself);
    assert_eq!(found[0].place().to_string(), "c.c:2");
    assert!(found[0].to_string().contains("which this thread holds itself since c.c:1"));
}

#[test]
fn without_the_lock_dependency_checker_its_functions_do_nothing() {
    let Some(driver) = driver() else { return };
    for scene in ["abba", "waits_for_completer", "waits_for_itself"] {
        let outcome = play(driver, "panic", scene);
        outcome.assert_success();
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("done\n", ""));
    }
}

// The functions, called from here.

/// Calls a function for C with a place.
fn at(
    function: unsafe extern "C" fn(*const core::ffi::c_char, u32),
    file: &'static CStr,
    line: u32,
) {
    // SAFETY: the string stays.
    unsafe { function(file.as_ptr(), line) }
}

#[test]
fn a_violation_has_the_place_in_c_and_one_in_rust() {
    let violation = expect_violation(|| {
        at(capi::nonblock_start_at, c"drivers/gpu.c", 10);
        at(capi::nonblock_might_sleep_at, c"drivers/fence.c", 20);
        at(capi::nonblock_end_at, c"drivers/gpu.c", 30);
    });
    assert_eq!((violation.kind(), violation.depth()), (SleepInNonBlock, 1));
    let place = violation.place();
    assert_eq!((place.file(), place.line(), place.column()), ("drivers/fence.c", 20, None));
    assert_eq!((place.location(), place.to_string()), (None, "drivers/fence.c:20".to_owned()));
    assert_eq!(format!("{place:?}"), "Place(drivers/fence.c:20)");
    let section = violation.section_place().expect("it is open");
    assert_eq!(section.to_string(), "drivers/gpu.c:10");
    // Code that knows `Location` only gets one that stands for all of C.
    for location in [violation.location(), violation.section().expect("it is open")] {
        assert!(location.file().ends_with("nonblock/src/violation/place.rs"), "{location}");
    }
}

#[test]
fn places_in_rust_are_what_they_were() {
    let violation = expect_violation(|| non_block(|_nb| nonblock::might_sleep()));
    let (place, location) = (violation.place(), violation.location());
    assert_eq!(place.location(), Some(location));
    assert_eq!(place, nonblock::Place::from(location));
    assert_eq!((place.file(), place.line()), (file!(), location.line()));
    assert_eq!(
        (place.column(), place.to_string()),
        (Some(location.column()), location.to_string())
    );
    assert_eq!(violation.section_place().and_then(nonblock::Place::location), violation.section());
}

#[test]
fn the_outermost_section_is_the_one_that_is_told() {
    let told = |f: &dyn Fn()| expect_violation(f).section_place().expect("it is open").to_string();
    let sleep = || at(capi::nonblock_might_sleep_at, c"c.c", 1);
    let in_c = told(&|| {
        at(capi::nonblock_start_at, c"outer.c", 1);
        raw::non_block(|_nb| sleep());
        capi::nonblock_end();
    });
    assert_eq!(in_c, "outer.c:1");
    let in_rust = told(&|| {
        raw::non_block(|_nb| {
            at(capi::nonblock_start_at, c"inner.c", 1);
            sleep();
            capi::nonblock_end();
        });
    });
    assert!(in_rust.starts_with(file!()), "{in_rust}");
    // Put aside and taken up again, it is still C's.
    let after = told(&|| {
        at(capi::nonblock_start_at, c"outer.c", 2);
        raw::permit_sleep("the test says so", |_cx| sleep());
        sleep();
        capi::nonblock_end();
    });
    assert_eq!(after, "outer.c:2");
    assert_eq!(capi::nonblock_depth(), 0);
}

#[test]
fn the_functions_without_a_place_report_too() {
    let found = violations(|| {
        capi::nonblock_end();
        capi::nonblock_cant_sleep();
        capi::nonblock_start();
        capi::nonblock_might_sleep();
        assert_eq!(capi::nonblock_depth(), 1);
        capi::nonblock_end();
        assert_eq!(capi::nonblock_depth(), 0);
    });
    let kinds: Vec<_> = found.iter().map(Violation::kind).collect();
    assert_eq!(kinds, [UnbalancedEnd, NotInNonBlock, SleepInNonBlock]);
    for violation in &found {
        let place = violation.place();
        assert_eq!((place.file(), place.line(), place.column()), ("?", 0, None));
        assert_eq!(place.to_string(), "an unknown place in C");
    }
}

#[test]
fn what_is_not_unicode_in_a_file_s_name_is_cut() {
    for (file, expected) in [(c"caf\xc3\xa9.c", "caf\u{e9}.c"), (c"caf\xe9.c", "caf"), (c"", "")] {
        let violation = expect_violation(|| at(capi::nonblock_cant_sleep_at, file, 3));
        assert_eq!(violation.place().file(), expected);
        assert_eq!(violation.place().to_string(), format!("{expected}:3"));
    }
}

#[test]
fn places_in_c_are_counted_by_what_they_read() {
    let test = "places_in_c_are_counted_by_what_they_read";
    let ignore: [(&str, OsString); 1] = [("NONBLOCK", "ignore".into())];
    let outcome = process::own(test, &ignore, || {
        // Two strings, as two compilation units have.
        let copies: [&'static CStr; 2] =
            [c"table.h", Box::leak(c"table.h".to_owned().into_boxed_c_str())];
        assert_ne!(copies[0].as_ptr(), copies[1].as_ptr());
        for file in copies {
            at(capi::nonblock_cant_sleep_at, file, 5);
            at(capi::nonblock_cant_sleep_at, file, 6);
        }
        let mut sites: Vec<_> =
            nonblock::stats().sites().map(|site| (site.place.to_string(), site.count)).collect();
        sites.sort_unstable();
        assert_eq!(sites, [("table.h:5".to_owned(), 2), ("table.h:6".to_owned(), 2)]);
        let listed = nonblock::stats().to_string();
        assert!(listed.contains("\n  at table.h:5: 2 NotInNonBlock"), "{listed}");
    });
    outcome.assert_success();
}

#[test]
fn a_panicking_thread_goes_on_after_a_report_of_c() {
    struct Callback;

    impl Drop for Callback {
        fn drop(&mut self) {
            at(capi::nonblock_cant_sleep_at, c"drop.c", 1);
        }
    }

    let test = "a_panicking_thread_goes_on_after_a_report_of_c";
    let outcome = process::own(test, &[("NONBLOCK", "panic".into())], || {
        let panicked = std::panic::catch_unwind(|| {
            let _callback = Callback;
            panic!("the test says so");
        });
        assert!(panicked.is_err());
    });
    outcome.assert_success();
    assert!(outcome.stderr.contains("outside one at drop.c:1"), "{outcome:#?}");
}

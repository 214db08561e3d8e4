//! What the compiler and the disassembler say of the modules, judged.

use linux_play::checks_off::{self, Module};
use linux_play::command;
use linux_play::steps::{Inputs, Steps};
use linux_play::stop::Stop;
use linux_play::table::table;
use linux_play::typed_twin;

const SOURCE: &str =
    "fn f(&self) {\n    *self.table.lock(nb) = 0; // the fault: it may sleep here\n}\n";

fn message(code: &str, line: u32, label: &str) -> String {
    format!(
        "  RUSTC [M] x/typed_twin.o\nerror{code}: mismatched types\n  --> linux/modules/typed_twin.rs:{line}:26\n   |\n\
         {line} |         *self.table.lock(nb) = 0;\n   |                     ---- ^^ {label}\n   = note: more\n\n\
         error: aborting due to 1 previous error\n\nmake[3]: *** [typed_twin.o] Error 1\n"
    )
}

const LABEL: &str = "expected `&mut Sleepable`, found `&mut NonBlock`";

fn twin(has_compiled: bool, said: &str) -> (bool, String) {
    let row = typed_twin::judge("typed_twin.rs", SOURCE, has_compiled, said);
    (row.is_ok, row.seen)
}

#[test]
fn the_twin_that_is_refused_at_its_call_is_ok() {
    let (is_ok, seen) = twin(false, &message("[E0308]", 2, LABEL));
    assert!(is_ok && seen.contains("typed_twin.rs:2:"), "{seen}");
}

#[test]
fn the_twin_that_compiles_is_not_ok() {
    assert_eq!(twin(true, ""), (false, "it compiled".to_owned()));
}

#[test]
fn the_twin_that_is_refused_for_another_reason_is_not_ok() {
    for said in [
        message("[E0308]", 3, LABEL),
        message("[E0277]", 2, LABEL),
        message("[E0308]", 2, "expected `u32`, found `u64`"),
        "make: clang: No such file or directory".to_owned(),
        String::new(),
        message("[E0308]", 2, LABEL) + "error[E0432]: unresolved import `nonblock`\n",
    ] {
        let (is_ok, seen) = twin(false, &said);
        assert!(!is_ok && !seen.is_empty(), "{said}");
    }
    let unmarked =
        typed_twin::judge("typed_twin.rs", "fn f() {}", false, &message("[E0308]", 2, LABEL));
    assert!(!unmarked.is_ok && unmarked.seen.contains("no line that ends with"), "{unmarked:?}");
}

const SIZES: &str = "x.ko  :\nsection   size   addr\n.text     1000   0\n.init.text  24   0\n.rodata    500   0\nTotal  1524\n";
const CALLS: &str = "0000000000000000 <nonblock_linux_section_start>:\n       0: e8 00 00 00 00  callq  0x5\n\
     \t\t0000000000000001:  R_X86_64_PLT32\tnonblock_linux_section_start-0x4\n\
     \t\t0000000000000009:  R_X86_64_PLT32\tmutex_lock-0x4\n";
const SYMBOLS: &str = "0000 T nonblock_linux_section_start\n0010 T init_module\n";

#[test]
fn a_module_without_a_trace_of_sections_is_ok() {
    let on = Module::read(SIZES, CALLS, SYMBOLS);
    assert_eq!(on, Module { text: 1024, calls: 1, symbols: 1 });
    let row = checks_off::judge(on, Module { text: 900, calls: 0, symbols: 0 });
    assert!(
        row.is_ok && row.seen == "code 1024 -> 900 bytes, calls 1 -> 0, symbols 1 -> 0",
        "{row:?}"
    );
}

#[test]
fn a_module_with_a_trace_of_sections_is_not_ok() {
    let on = Module::read(SIZES, CALLS, SYMBOLS);
    let off = Module { text: 900, calls: 0, symbols: 0 };
    for wrong in [
        Module { calls: 1, ..off },
        Module { symbols: 1, ..off },
        Module { text: on.text, ..off },
        Module { text: 0, ..off },
    ] {
        assert!(!checks_off::judge(on, wrong).is_ok, "{wrong:?}");
    }
    // Where nothing is found with checks on, nothing is proved by finding nothing.
    assert!(!checks_off::judge(Module { calls: 0, ..on }, off).is_ok);
}

#[test]
fn a_step_is_done_again_when_an_input_or_a_product_has_changed() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("linux-play-steps");
    let _ = std::fs::remove_dir_all(&folder);
    let steps = Steps::new(&folder).expect("the folder can be made");
    let (input, product) = (folder.join("input"), folder.join("product"));
    let write =
        |path: &std::path::Path, text: &str| std::fs::write(path, text).expect("it can be written");
    let once = |text: &str| {
        let inputs = Inputs::new().text(text).path(&input);
        let done = steps.once("a step", &inputs, &[&product], || {
            write(&product, "made");
            Ok(())
        });
        done.expect("the step succeeds")
    };
    write(&input, "1");
    assert!(once("a") && !once("a"), "only the first time");
    write(&input, "2");
    assert!(once("a") && !once("a"), "the input is another");
    assert!(once("b") && !once("b"), "the text is another");
    std::fs::remove_file(&product).expect("it is there");
    assert!(once("b") && !once("b"), "the product was gone");
    let fails = |inputs: &Inputs| {
        steps.once("a step", inputs, &[], || Err(Stop::Failed("it was broken off".to_owned())))
    };
    fails(&Inputs::new().text("c")).expect_err("it fails");
    assert!(once("b"), "a step that failed has no stamp");
}

#[test]
fn a_table_has_a_line_a_row_and_says_which_are_not_ok() {
    let row = typed_twin::judge("typed_twin.rs", SOURCE, true, "");
    let text = table(&[row]);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("row "), "{text}");
    assert!(
        lines[2].starts_with("typed-twin ") && lines[2].ends_with("it compiled  NOT"),
        "{text}"
    );
    assert!(lines[3].starts_with("    "), "what is long goes on below: {text}");
}

#[test]
fn of_a_failed_build_the_first_error_is_shown() {
    let log = "  CC a.o\na.c:3:1: error: no such thing\n 3 | x\nmake: *** [a.o] Error 1\n";
    let (what, part) = command::telling(log);
    assert_eq!(what, "The first error");
    assert!(
        part.starts_with("a.c:3:1: error: no such thing") && part.ends_with("Error 1"),
        "{part}"
    );
    let many = (0..100).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n");
    let (what, part) = command::telling(&many);
    assert!(
        what == "The end" && part.starts_with("line 80") && part.ends_with("line 99"),
        "{part}"
    );
}

//! C functions that call each other. They need no more than their instructions to be followed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::programs::{Programs, run};

/// Writes and compiles a program with so many functions. Each calls two others, so that all are reached from `f0`.
pub(crate) struct Functions;

const PER_FILE: usize = 5_000;

impl Programs for Functions {
    const WHAT: &str = "C functions";
    const ENTRY: &str = "f0";

    fn part(folder: &Path, part: usize, functions: usize) -> (PathBuf, Child) {
        let from = part * PER_FILE;
        let to = functions.min(from + PER_FILE);
        let mut source = "#include <unistd.h>\n".to_owned();
        for number in from..to {
            let callees =
                [2 * number + 1, 2 * number + 2].into_iter().filter(|callee| *callee < functions);
            let callees: Vec<_> = callees.collect();
            for callee in &callees {
                let _ = writeln!(source, "int f{callee}(int, const char *);");
            }
            let _ = writeln!(source, "int f{number}(int x, const char *name) {{");
            let _ = writeln!(
                source,
                "  struct {{ int count; const char *name; long sum; }} state = {{ x, name, 0 }};"
            );
            let _ = writeln!(
                source,
                "  for (int i = 0; i < x; i++) {{ state.sum += state.count * i ^ {number}; }}"
            );
            for callee in &callees {
                let _ = writeln!(
                    source,
                    "  if (state.sum > {callee}) {{ state.count += f{callee}(x - 1, state.name); }}"
                );
            }
            if number % 1_000 == 999 {
                let _ = writeln!(source, "  usleep(state.count);");
            }
            let _ = writeln!(source, "  return state.count;\n}}");
        }
        if to == functions {
            source.push_str(
                "int f0(int, const char *);\nint main(void) { return f0(1, \"name\"); }\n",
            );
        }
        let (source_file, object) =
            (folder.join(format!("{part}.c")), folder.join(format!("{part}.o")));
        fs::write(&source_file, source).expect("it can be written");
        let mut compiler = Command::new("cc");
        compiler.args(["-g", "-O0", "-c"]).arg(&source_file).arg("-o").arg(&object);
        (object, compiler.spawn().expect("a C compiler"))
    }

    fn parts(functions: usize) -> usize {
        functions.div_ceil(PER_FILE)
    }

    fn link(_folder: &Path, parts: &[PathBuf], program: &Path) {
        run(Command::new("cc").args(parts).arg("-Wl,--emit-relocs").arg("-o").arg(program));
    }
}

//! Methods of trait objects, closures and pointers to functions, which call each other by computed addresses only. What each call may
//! lead to has to be found out by the debugging information.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::programs::{Programs, run};

/// Groups of types, each with a trait of its own besides one that all have.
pub(crate) struct Objects;

/// How many functions a group has, with those that the compiler makes.
const PER_GROUP: usize = 48;
const TYPES: usize = 4;
const GROUPS_PER_CRATE: usize = 200;

const FLAGS: [&str; 6] = [
    "--edition=2024",
    "-Copt-level=0",
    "-Cdebuginfo=2",
    "-Csymbol-mangling-version=v0",
    "-Clink-arg=-Wl,--emit-relocs",
    "-Awarnings",
];

const SHARED: &str = "
pub trait Node: Sync {
    fn run(&self, x: u32, all: &[&dyn Node], f: &dyn Fn(u32) -> u32) -> u32;
}
pub fn apply(f: &dyn Fn(u32) -> u32, x: u32) -> u32 { f(x) }
";

impl Programs for Objects {
    const WHAT: &str = "methods of trait objects, closures, and functions called by pointers";
    const ENTRY: &str = "program::f0";

    fn part(folder: &Path, part: usize, functions: usize) -> (PathBuf, Child) {
        let shared = folder.join("libshared.rlib");
        if !shared.exists() {
            let source = folder.join("shared.rs");
            fs::write(&source, SHARED).expect("it can be written");
            run(rustc().args(["--crate-type=rlib", "-o"]).arg(&shared).arg(&source));
        }
        let from = part * GROUPS_PER_CRATE;
        let to = groups(functions).min(from + GROUPS_PER_CRATE);
        let mut source = "use shared::{Node, apply};\n".to_owned();
        for group in from..to {
            write_group(&mut source, group);
        }
        source.push_str("pub static ALL: &[&[&dyn Node]] = &[\n");
        for group in from..to {
            let _ = writeln!(source, "    m{group}::ALL,");
        }
        source.push_str("];\n");
        let name = format!("part{part}");
        let file = folder.join(format!("{name}.rs"));
        fs::write(&file, source).expect("it can be written");
        let library = folder.join(format!("lib{name}.rlib"));
        let mut compiler = rustc();
        compiler.args(["--crate-type=rlib", "--extern"]).arg(external("shared", &shared));
        compiler.arg("-o").arg(&library).arg(&file);
        (library, compiler.spawn().expect("rustc"))
    }

    fn parts(functions: usize) -> usize {
        groups(functions).div_ceil(GROUPS_PER_CRATE)
    }

    fn link(folder: &Path, parts: &[PathBuf], program: &Path) {
        let mut source =
            "use shared::Node;\npub fn f0(x: u32) -> u32 {\n    let mut sum = 0;\n".to_owned();
        source.push_str("    for part in PARTS {\n        for all in *part {\n");
        source.push_str("            for node in *all { sum += node.run(x, all, &|y| x ^ y); }\n        }\n    }\n    sum\n}\n");
        source.push_str("static PARTS: &[&[&[&dyn Node]]] = &[\n");
        for part in 0..parts.len() {
            let _ = writeln!(source, "    part{part}::ALL,");
        }
        source.push_str("];\nfn main() { std::process::exit(f0(1) as i32); }\n");
        let file = folder.join("program.rs");
        fs::write(&file, source).expect("it can be written");
        let mut compiler = rustc();
        compiler.arg("--extern").arg(external("shared", &folder.join("libshared.rlib")));
        for (part, library) in parts.iter().enumerate() {
            compiler.arg("--extern").arg(external(&format!("part{part}"), library));
        }
        run(compiler.arg("-o").arg(program).arg(&file));
    }
}

fn groups(functions: usize) -> usize {
    functions.div_ceil(PER_GROUP)
}

fn rustc() -> Command {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(FLAGS);
    rustc
}

fn external(name: &str, library: &Path) -> String {
    format!("{name}={}", library.display())
}

/// Writes a group: a trait with a method, types that have it, closures, and functions that are called by pointers.
fn write_group(source: &mut String, group: usize) {
    let _ = writeln!(source, "pub mod m{group} {{\n    use super::{{Node, apply}};");
    source.push_str("    pub trait Own: Sync { fn go(&self, x: u32) -> u32; }\n");
    for ty in 0..TYPES {
        let next = (ty + 1) % TYPES;
        let _ = writeln!(
            source,
            "    pub struct S{ty}(u32);
    impl Own for S{ty} {{
        fn go(&self, x: u32) -> u32 {{
            let add = move |y: u32| y + x;
            apply(&add, self.0) + POINTERS[(x % {TYPES}) as usize](x)
        }}
    }}
    impl Node for S{ty} {{
        fn run(&self, x: u32, all: &[&dyn Node], f: &dyn Fn(u32) -> u32) -> u32 {{
            let mut sum = OWN[{next}].go(x) + f(x);
            if x > {group} {{
                for node in all {{ sum += node.run(x - 1, all, &|y| y * self.0); }}
            }}
            sum
        }}
    }}
    fn p{ty}(x: u32) -> u32 {{ apply(&|y| y ^ {ty}, x) }}"
        );
    }
    let each = |form: fn(usize) -> String| (0..TYPES).map(form).collect::<Vec<_>>().join(", ");
    let (objects, pointers) = (each(|ty| format!("&S{ty}({ty})")), each(|ty| format!("p{ty}")));
    let _ = writeln!(
        source,
        "    static OWN: [&dyn Own; {TYPES}] = [{objects}];
    pub static ALL: &[&dyn Node] = &[{objects}];
    static POINTERS: [fn(u32) -> u32; {TYPES}] = [{pointers}];
}}"
    );
}

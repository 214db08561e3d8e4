//! Whether checks that are off leave anything: the machine code of the pairs in `tests/fixtures/zero_cost`.

use std::fs;

use nonblock_tools::assembly::{Functions, different, functions, instructions};
use nonblock_tools::cargo::{self, cargo};

use super::chapter::Chapter;
use super::figures::Verdict;

pub(crate) fn chapter() -> Result<Chapter, String> {
    eprintln!("comparing machine code");
    let profiles = ["release", "small"];
    let mut halves = Vec::new();
    for profile in profiles {
        halves.push((compile(profile, "")?, compile(profile, "guarded")?));
    }
    let names: Vec<_> = halves[0].0.keys().cloned().collect();
    let mut rows = Vec::new();
    let mut same = 0;
    for name in &names {
        let mut row = vec![format!("`{name}`")];
        for (plain, guarded) in &halves {
            let equal = !different(plain, guarded).contains(&name.as_str());
            same += usize::from(equal);
            let (plain, guarded) = (instructions(&plain[name]), instructions(&guarded[name]));
            row.push(if equal {
                format!("{plain}, the same")
            } else {
                format!("{plain} and {guarded}: **differ**")
            });
        }
        rows.push(row);
    }
    let pairs = names.len() * profiles.len();
    Ok(Chapter {
        title: "Machine code with checks off",
        about: "Functions written with nonblock, and the same without, compiled with checks off and compared instruction by \
                instruction in the compiler's assembly: sections, attributes, `might_sleep`, `MaySleep`, locks against \
                `parking_lot`'s and against the bare raw locks, tokens through calls. The test `zero_cost` does the same. \
                The numbers are of instructions."
            .to_owned(),
        heads: vec!["function", "release", "for size (`opt-level = \"s\"`)"],
        rows,
        verdicts: vec![Verdict {
            group: "Machine code with checks off".to_owned(),
            words: format!("{pairs} functions of {pairs} are the same"),
            figure: Some(same as f64),
            met: same == pairs,
            cause: None,
        }],
    })
}

/// Compiles one half of the pairs.
fn compile(profile: &str, features: &str) -> Result<Functions, String> {
    let fixture = cargo::root().join("tests/fixtures/zero_cost");
    let target = cargo::temporary("benches")?.join("zero_cost");
    let output = target.join(format!("{profile}-{features}.s"));
    let mut command = cargo(&fixture);
    command
        .args([
            "rustc",
            "--quiet",
            "--locked",
            "--lib",
            "--profile",
            profile,
            "--features",
            features,
            "--",
        ])
        .arg(format!("--emit=asm={}", output.display()))
        .env("CARGO_TARGET_DIR", &target);
    cargo::run(&mut command)?.succeeded("compiling the pairs")?;
    let assembly = fs::read_to_string(&output)
        .map_err(|error| format!("cannot read {}: {error}", output.display()))?;
    Ok(functions(&assembly))
}

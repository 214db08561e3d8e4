//! A `Sleepable` does not come into a function that must not block, however its type is written.
//!
//! The programs are generated: every spelling, in every form of the attribute.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nonblock_tests::fixture::Fixture;

/// Types of parameters that are or hold a `&mut Sleepable`, with what the fixture declares.
const SLEEPABLES: &[&str] = &[
    "&mut Right",
    "&mut Alias",
    "&mut String",
    "&mut a::Vec",
    "&mut self::a::Vec",
    "&mut right!()",
    "&mut (right!())",
    "reference!()",
    "&mut reference!()",
    "Cx<'_>",
    "Cx<'static>",
    "Cx",
    "&mut Cx<'_>",
    "&mut Cx",
    "&mut &mut Right",
    "Option<Cx<'_>>",
    "Option<Cx>",
    "Vec<Cx<'_>>",
    "Box<&mut Right>",
    "Result<Cx<'_>, u8>",
    "(u8, Cx<'_>)",
    "&mut (u8, Cx<'_>)",
    "[Cx<'_>; 1]",
    "&mut [Cx<'_>]",
    "[(u8, &mut Right); 1]",
    "&mut [(u8, &mut Right); 1]",
    "&mut &mut (u8, &mut Right)",
    "[[(u8, &mut Right); 1]; 1]",
    "&mut [&mut (&mut [(&mut Right,)],)]",
    "Few<'_>",
    "Few",
    "&mut Few<'_>",
    "Boxed<'_>",
    "Boxed",
    "Pin<&mut Right>",
];

/// Types that give no right to sleep.
const STRANGERS: &[&str] = &[
    "u8",
    "&Right",
    "&Cx<'_>",
    "Nb<'_>",
    "&mut Nb<'_>",
    "&mut Plain<'_, u8>",
    "Plain<'_, str>",
    "Vec<Plain<'_, [u8]>>",
    "&mut [u8]",
    "&mut str",
    "fn(&mut Right)",
    "Box<dyn Fn(&mut Right)>",
    "impl Fn(Cx<'_>)",
    "&mut dyn Fn(Cx<'_>)",
    "*mut Right",
    "std::vec::Vec<std::string::String>",
    "&mut impl Fn(Cx<'_>)",
    "&mut [impl Fn()]",
    "&mut &mut impl Fn()",
    "[&mut impl Fn(); 2]",
    "&mut [(impl Fn(), &mut u8)]",
    "&mut [Box<impl Fn()>]",
    "&mut [&mut dyn Fn()]",
];

/// The forms of a function with a parameter of the type `TYPE`. The names are such as tokens have, and such as they do not have.
const FORMS: &[&str] = &[
    "#[non_block] fn NAME(cx: TYPE) {}",
    "#[non_block] fn NAME(right: TYPE) {}",
    "#[non_block] fn NAME(_: TYPE) {}",
    "#[non_block] fn NAME(#[cfg(all())] right: TYPE) {}",
    "#[non_block] fn NAME(_nb: &NonBlock, cx: TYPE) {}",
    "#[non_block] fn NAME(_nb: &NonBlock, right: TYPE) {}",
    "#[non_block(nb)] fn NAME(cx: TYPE) { let _ = nb; }",
    "#[non_block(nb)] fn NAME(right: TYPE) { let _ = nb; }",
    "#[non_block(nb)] fn NAME(#[cfg(all())] right: TYPE) { let _ = nb; }",
];

/// Forms in which a parameter of the type `TYPE` is there or not, and is no token.
const STRANGERS_UNDER_A_CONDITION: &[&str] = &[
    "#[non_block] fn NAME(#[cfg(any())] right: TYPE) {}",
    "#[may_sleep] fn NAME(cx: &mut Right, #[cfg(all())] right: TYPE) { let _ = cx; }",
    "#[may_sleep] fn NAME(cx: &mut Right, #[cfg(any())] right: Missing<'_>) { let _ = cx; }",
    "#[may_sleep(cx)] fn NAME(#[cfg(any())] right: TYPE) { let _ = cx; }",
    "#[may_sleep(cx)] fn NAME(#[cfg(any())] right: Missing<'_>) { let _ = cx; }",
];

/// A `Sleepable` beside a `NonBlock`, in one type.
const BESIDE_A_NON_BLOCK: &[&str] = &[
    "#[non_block] fn tuple(_nb: &NonBlock, both: (&NonBlock, &mut Right)) {}",
    "#[non_block] fn result(_nb: &NonBlock, both: Result<&NonBlock, &mut Right>) {}",
    "#[non_block] fn by_name(_nb: &NonBlock, both: (&NonBlock, &mut nonblock::Sleepable)) {}",
    "#[non_block] fn array(_nb: &NonBlock, both: &mut [(&NonBlock, Cx<'_>)]) {}",
];

/// Receivers in an implementation for `Right`, and for a reference to it.
const RECEIVERS: &[&str] = &[
    "#[non_block] fn go(self: &mut Self) {}",
    "#[non_block] fn by_reference(&mut self) {}",
    "#[non_block] fn pinned(self: Pin<&mut Self>) {}",
    "#[non_block] fn boxed(self: Box<Self>) {}",
];

/// Writes functions of these forms with parameters of these types, one a line.
fn functions(forms: &[&str], types: &[&str]) -> Vec<String> {
    let of_type = |ty: &&str| forms.iter().map(|form| form.replace("TYPE", ty)).collect::<Vec<_>>();
    let functions = types.iter().flat_map(of_type).enumerate();
    functions.map(|(i, function)| function.replace("NAME", &format!("f{i}"))).collect()
}

/// Has the compiler check the program, and returns its errors by their lines.
fn errors(name: &str, program: &[String]) -> BTreeMap<usize, Vec<String>> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, program.join("\n")).expect("the program is written");
    let fixture = Fixture::new("spellings", env!("CARGO_TARGET_TMPDIR"))
        .in_folder(name)
        .with_variable("SPELLINGS", &path);
    let outcome = fixture.cargo("check", &["--message-format", "short"]);
    let mut errors = BTreeMap::<usize, Vec<String>>::new();
    for line in outcome.stderr.lines().filter(|line| line.contains(": error")) {
        let place = line.split_once(name).and_then(|(_, after)| after.split(':').nth(1));
        let Some(number) = place.and_then(|number| number.parse().ok()) else {
            panic!("an error outside of the program: {}", outcome.stderr);
        };
        errors.entry(number).or_default().push(line.to_owned());
    }
    errors
}

#[test]
fn a_sleepable_is_refused_however_it_is_spelt() {
    let mut program = functions(FORMS, SLEEPABLES);
    program.extend(BESIDE_A_NON_BLOCK.iter().map(|&function| function.to_owned()));
    for implementor in ["Right", "&mut Right"] {
        program.push(format!("impl Go for {implementor} {{"));
        program.extend(RECEIVERS.iter().map(|&receiver| receiver.to_owned()));
        program.push("}".to_owned());
    }
    let errors = errors("sleepables.rs", &program);
    for (i, line) in program.iter().enumerate().filter(|(_, line)| line.contains("fn ")) {
        let of_line = errors.get(&(i + 1)).map_or(&[][..], Vec::as_slice);
        let [error] = of_line else { panic!("not one error in {line}: {of_line:#?}") };
        assert!(error.contains("a `Sleepable` comes into a function"), "{line}: {error}");
    }
}

#[test]
fn what_gives_no_right_to_sleep_is_not_refused() {
    let mut forms = FORMS.to_vec();
    forms.extend(STRANGERS_UNDER_A_CONDITION);
    let errors = errors("strangers.rs", &functions(&forms, STRANGERS));
    assert!(errors.is_empty(), "{errors:#?}");
}

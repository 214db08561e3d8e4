//! What `lockdep` has learnt, as a drawing and as numbers.

use std::collections::BTreeMap;

use nonblock::lockdep::{Class, Suppression, graph, statistics, suppress};
use nonblock::testing::violations;

/// An arrow: from, to, its attributes.
type Arrow = (String, String, BTreeMap<String, String>);

/// A drawing: boxes by their names, with their labels, and arrows.
#[derive(Debug, Default)]
struct Drawing {
    labels: BTreeMap<String, String>,
    arrows: Vec<Arrow>,
}

/// A word, a text in quotes, or a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

fn tokens(dot: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut letters = dot.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\n' => {}
            '/' => {
                assert_eq!(letters.next(), Some('/'), "a comment");
                letters.by_ref().find(|&letter| letter == '\n').expect("its end");
            }
            '-' => {
                assert_eq!(letters.next(), Some('>'), "an arrow");
                tokens.push(Token::Sign("->"));
            }
            '"' => {
                let mut text = String::new();
                loop {
                    match letters.next().expect("the end of a text") {
                        '"' => break,
                        '\\' => text.push(match letters.next() {
                            Some('n' | 'l') => '\n',
                            Some(letter @ ('"' | '\\')) => letter,
                            other => panic!("what is \\{other:?}?"),
                        }),
                        letter => {
                            assert!(!letter.is_control(), "{letter:?} in a label");
                            text.push(letter);
                        }
                    }
                }
                tokens.push(Token::Text(text.replace("&amp;", "&")));
            }
            '{' | '}' | '[' | ']' | '=' | ',' | ';' => {
                let sign = ["{", "}", "[", "]", "=", ",", ";"];
                let sign = sign.into_iter().find(|sign| sign.starts_with(letter)).unwrap();
                tokens.push(Token::Sign(sign));
            }
            _ => {
                assert!(letter.is_ascii_alphanumeric(), "{letter:?} outside a text");
                let mut word = String::from(letter);
                while let Some(letter) = letters
                    .next_if(|&letter| letter.is_ascii_alphanumeric() || "_.".contains(letter))
                {
                    word.push(letter);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}

fn parse(dot: &str) -> Drawing {
    let mut drawing = Drawing::default();
    let tokens = tokens(dot);
    let (head, rest) = tokens.split_at(3);
    let word = |text: &str| Token::Word(text.to_owned());
    assert_eq!(head, [word("digraph"), word("lockdep"), Token::Sign("{")]);
    assert_eq!(rest.last(), Some(&Token::Sign("}")));
    let count = |sign| tokens.iter().filter(|token| **token == Token::Sign(sign)).count();
    assert_eq!((count("{"), count("[")), (count("}"), count("]")));
    for statement in rest.split(|token| *token == Token::Sign(";")) {
        let Some(from) = statement.iter().position(|token| *token == Token::Sign("[")) else {
            continue;
        };
        let mut attributes = BTreeMap::new();
        let listed = statement[from + 1..].strip_suffix(&[Token::Sign("]")]).expect("its end");
        for attribute in listed.split(|token| *token == Token::Sign(",")) {
            let [Token::Word(name), Token::Sign("="), Token::Word(value) | Token::Text(value)] =
                attribute
            else {
                panic!("{attribute:?}")
            };
            attributes.insert(name.clone(), value.clone());
        }
        match &statement[..from] {
            [Token::Word(from), Token::Sign("->"), Token::Word(to)] => {
                drawing.arrows.push((from.clone(), to.clone(), attributes));
            }
            [.., Token::Word(name)] if attributes.contains_key("label") => {
                assert_eq!(drawing.labels.insert(name.clone(), attributes["label"].clone()), None);
            }
            [.., Token::Word(of)] => assert!(["graph", "node", "edge"].contains(&of.as_str())),
            other => panic!("{other:?}"),
        }
    }
    drawing
}

impl Drawing {
    /// The arrows from the class of one name to that of another.
    fn arrows(&self, from: &str, to: &str) -> Vec<&BTreeMap<String, String>> {
        let is = |name: &str, class: &str| self.labels[name] == format!("class\n`{class}`");
        let arrows = self.arrows.iter().filter(|arrow| is(&arrow.0, from) && is(&arrow.1, to));
        arrows.map(|arrow| &arrow.2).collect()
    }
}

#[test]
fn each_kind_of_dependency_has_a_style_of_its_own_and_a_legend() {
    let (held, wanted) = (Class::new("graph: held"), Class::new("graph: wanted"));
    let (code, event) = (Class::new("graph: code"), Class::new("graph: event"));
    let work = move || {
        let line = line!() + 1;
        let first = held.acquire();
        drop(wanted.acquire());
        event.complete();
        drop(first);
        let _code = code.region();
        wanted.wait();
        line
    };
    let thread = std::thread::Builder::new().name("drawn".to_owned()).spawn(work);
    let line = thread.unwrap().join().unwrap();
    let drawing = parse(&graph().to_string());
    let mut styles = Vec::new();
    for (from, to, word, since, place) in [
        ("graph: held", "graph: wanted", "held", "held since", "waits at"),
        ("graph: code", "graph: wanted", "within", "within what began at", "waits at"),
        ("graph: event", "graph: held", "completed", "taken at", "completed at"),
    ] {
        let [arrow] = drawing.arrows(from, to)[..] else { panic!("{drawing:#?}") };
        let label: Vec<_> = arrow["label"].lines().map(str::trim).collect();
        assert!(label[0].starts_with(&format!("{since} {}:", file!())), "{label:?}");
        assert!(label[1].starts_with(&format!("{place} {}:", file!())), "{label:?}");
        assert_eq!(label[2], "by thread `drawn`");
        let (one, other) = (format!("legend_{word}_a"), format!("legend_{word}_b"));
        let legend = drawing.arrows.iter().find(|arrow| arrow.0 == one && arrow.1 == other);
        let legend = &legend.expect("the legend has it").2;
        assert!(legend["label"].trim().starts_with(word), "{legend:?}");
        assert_eq!(legend["style"], arrow["style"]);
        assert!(!styles.contains(&&arrow["style"]), "{styles:?}");
        styles.push(&arrow["style"]);
    }
    let [arrow] = drawing.arrows("graph: held", "graph: wanted")[..] else { panic!() };
    let lines = format!("held since {}:{line}:", file!());
    assert!(arrow["label"].trim().starts_with(&lines), "{arrow:?}");
}

#[test]
fn odd_names_of_classes_and_threads_are_escaped() {
    let names =
        ["a \"quoted\" name", "back\\slash\\", "two\nlines", "R&D &lt;", "\\N -> [x=y]; // 更"];
    std::thread::Builder::new()
        .name("a \"b\" \\".to_owned())
        .spawn(move || {
            let _held = names.map(|name| Class::new(name).acquire());
        })
        .unwrap()
        .join()
        .unwrap();
    let drawing = parse(&graph().to_string());
    for pair in names.windows(2) {
        let [arrow] = drawing.arrows(pair[0], pair[1])[..] else { panic!("{drawing:#?}") };
        assert!(arrow["label"].trim().ends_with("by thread `a \"b\" \\`"), "{arrow:?}");
    }
}

#[test]
fn the_dependencies_are_a_list_too() {
    let (one, other) = (Class::new("list: one"), Class::new("list: other"));
    let line = line!() + 1;
    let held = one.acquire();
    drop(other.acquire());
    drop(held);
    let graph = graph();
    let named = |name| move |of: nonblock::lockdep::ClassName| of.name() == Some(name);
    let found: Vec<_> = graph
        .dependencies()
        .iter()
        .filter(|found| named("list: one")(found.from()) && named("list: other")(found.on()))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].since().line(), found[0].place().line()), (line, line + 1));
}

#[test]
fn graphviz_reads_the_drawing() {
    let (one, other) = (Class::new("drawn \"one\" & \\more"), Class::new("drawn other"));
    let held = one.acquire();
    drop(other.acquire());
    drop(held);
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (dot, svg) = (folder.join("lockdep.dot"), folder.join("lockdep.svg"));
    std::fs::write(&dot, graph().to_string()).unwrap();
    let mut command = std::process::Command::new("dot");
    command.arg("-Tsvg").arg(&dot).arg("-o").arg(&svg);
    let Ok(output) = command.output() else {
        println!("no `dot` here: skipped");
        return;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !errors.contains("syntax"), "{errors}");
    let drawn = std::fs::read_to_string(&svg).unwrap();
    assert!(drawn.contains("`drawn &quot;one&quot; &amp; \\more`"), "{drawn}");
}

#[test]
fn classes_dependencies_and_uses_of_suppressions_are_counted() {
    let before = statistics();
    let (one, other) = (Class::new("counted: one"), Class::new("counted: other"));
    for reason in ["counted: *", "nothing is called so"] {
        suppress(Suppression::class(reason, "the test counts").unwrap());
    }
    let found = violations(|| {
        for (first, second) in [(&one, &other), (&other, &one)] {
            let _first = first.acquire();
            drop(second.acquire());
        }
    });
    assert!(found.is_empty(), "{found:?}");
    let after = statistics();
    assert!(after.classes() >= before.classes() + 2, "{before:?} {after:?}");
    assert!(after.dependencies() >= before.dependencies() + 2, "{before:?} {after:?}");
    assert!(after.classes() <= after.max_classes());
    assert!(after.dependencies() <= after.max_dependencies());
    assert!(!after.is_full());
    let uses = |pattern: &str| {
        let mut uses = after.suppressions().filter(|(of, _)| of.to_string().contains(pattern));
        uses.next().map(|(_, times)| times)
    };
    assert_eq!(uses("counted: *"), Some(1));
    assert_eq!(uses("nothing is called so"), Some(0));
    let text = after.to_string();
    assert!(text.contains("of 16384 classes, "), "{text}");
    assert!(text.contains("suppressed 1 time(s): class:counted: * the test counts"), "{text}");
}

#[test]
fn a_full_table_is_told() {
    let test = "a_full_table_is_told";
    nonblock_tests::process::own(test, &[], || {
        let room = statistics().max_classes();
        for number in 0..=room {
            let name: &'static str = Box::leak(format!("one of many {number}").into_boxed_str());
            assert_eq!(statistics().is_full(), number >= room);
            drop(Class::new(name).acquire());
        }
        let full = statistics();
        assert_eq!(full.classes(), room);
        assert!(full.to_string().contains("a table is full: nothing new is learnt"), "{full}");
    })
    .assert_success();
}

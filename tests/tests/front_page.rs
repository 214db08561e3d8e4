//! The front page of each crate can be read in one sitting: how many items stand on it, how long its text is, and that the
//! text leads to every module.
//!
//! Looked up in the source, as rustdoc does: what `lib.rs` makes public under the default features, and the exported macros.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, File, Item, Lit, Meta, Token, UseTree, Visibility};

/// A crate, the features under which its page is read, and how many items may stand on it.
const CRATES: [(&str, &[&str], usize); 3] = [
    ("nonblock", &["std", "macros", "sync", "lock_api"], 60),
    ("nonblock-mm", &["std"], 10),
    ("linux/nonblock-linux", &[], 10),
];

/// So much text is read in one sitting, tables and examples included.
const WORDS: usize = 1200;

fn source_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src")
}

fn parse(path: &Path) -> File {
    let source =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The items of a page: what it calls them, and of which sort they are where two may have one name.
type Items = BTreeSet<(String, &'static str)>;

/// Whether a condition holds where rustdoc runs on Linux with these features.
fn holds(condition: &Meta, features: &[&str]) -> bool {
    let name = condition.path().get_ident().map(ToString::to_string).unwrap_or_default();
    match condition {
        Meta::Path(_) => matches!(name.as_str(), "doc" | "unix"),
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(literal) => match (name.as_str(), &literal.lit) {
                ("feature", Lit::Str(feature)) => features.contains(&feature.value().as_str()),
                ("target_os", Lit::Str(system)) => system.value() == "linux",
                _ => panic!("a condition that this test does not know: {name}"),
            },
            _ => panic!("a condition that this test does not know: {name}"),
        },
        Meta::List(list) => {
            let parts = list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .expect("conditions stand in it");
            let mut parts = parts.iter().map(|part| holds(part, features));
            match name.as_str() {
                "all" => parts.all(|holds| holds),
                "any" => parts.any(|holds| holds),
                "not" => parts.all(|holds| !holds),
                _ => panic!("a condition that this test does not know: {name}"),
            }
        }
    }
}

/// Whether an item with these attributes stands on the page.
fn is_shown(attributes: &[Attribute], features: &[&str]) -> bool {
    attributes.iter().all(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            holds(&list.parse_args().expect("a condition stands in it"), features)
        }
        Meta::List(list) if list.path.is_ident("doc") => list.tokens.to_string() != "hidden",
        _ => true,
    })
}

/// The names that a `use` brings in.
fn names(tree: &UseTree, names_found: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => names(&path.tree, names_found),
        UseTree::Name(name) => names_found.push(name.ident.to_string()),
        UseTree::Rename(rename) => names_found.push(rename.rename.to_string()),
        UseTree::Group(group) => group.items.iter().for_each(|item| names(item, names_found)),
        UseTree::Glob(_) => panic!("a glob hides what stands on the page"),
    }
}

/// The exported macros of the files in a folder.
fn macros(folder: &Path, features: &[&str], items: &mut Items) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            macros(&path, features, items);
            continue;
        }
        for item in parse(&path).items {
            if let Item::Macro(item) = item
                && let Some(name) = item.ident
                && item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"))
                && is_shown(&item.attrs, features)
            {
                items.insert((name.to_string(), "macro"));
            }
        }
    }
}

/// Everything on the front page of a crate.
fn items(name: &str, features: &[&str]) -> Items {
    let mut items = Items::new();
    for item in parse(&source_of(name).join("lib.rs")).items {
        match item {
            Item::Mod(item) if matches!(item.vis, Visibility::Public(_)) => {
                if is_shown(&item.attrs, features) {
                    items.insert((item.ident.to_string(), "module"));
                }
            }
            Item::Use(item) if matches!(item.vis, Visibility::Public(_)) => {
                // An attribute may have the name of a function.
                let sort = match &item.tree {
                    UseTree::Path(path) if path.ident == "attributes" => "attribute",
                    _ => "item",
                };
                let mut brought = Vec::new();
                names(&item.tree, &mut brought);
                if is_shown(&item.attrs, features) {
                    items.extend(brought.into_iter().map(|name| (name, sort)));
                }
            }
            Item::Mod(_) | Item::Use(_) | Item::ExternCrate(_) => {}
            _ => panic!("lib.rs has documentation, modules and what they export, nothing else"),
        }
    }
    macros(&source_of(name), features, &mut items);
    items
}

/// The text of a crate's documentation.
fn text(name: &str) -> String {
    let source = fs::read_to_string(source_of(name).join("lib.rs")).expect("it is there");
    let lines: Vec<_> = source.lines().filter_map(|line| line.strip_prefix("//!")).collect();
    lines.join("\n")
}

/// The features of a crate.
fn features(name: &str) -> Vec<String> {
    let manifest = fs::read_to_string(source_of(name).join("../Cargo.toml")).expect("it is there");
    let (_, features) = manifest.split_once("[features]\n").expect("there are features");
    let lines = features.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
}

#[test]
fn the_page_has_few_items() {
    for (name, features, most) in CRATES {
        let items = items(name, features);
        println!("{name}: {} items: {items:#?}", items.len());
        assert!(items.len() <= most, "{name} has {} items on its page: {items:#?}", items.len());
        let has_guide = source_of(name).join("guide").is_dir();
        assert_eq!(items.contains(&("guide".to_owned(), "module")), has_guide, "{name}");
    }
    let items = items(CRATES[0].0, CRATES[0].1);
    for (name, sort) in [
        ("set_backend", "macro"),
        ("sleepable", "item"),
        ("non_block", "item"),
        ("non_block", "attribute"),
        ("rcu", "module"),
    ] {
        assert!(items.contains(&(name.to_owned(), sort)), "{sort} {name} is not found");
    }
}

#[test]
fn the_features_are_the_default_ones() {
    for (name, features, _) in CRATES {
        let manifest =
            fs::read_to_string(source_of(name).join("../Cargo.toml")).expect("it is there");
        let list = |feature: &str| -> Vec<String> {
            let line = manifest.lines().find(|line| line.starts_with(&format!("{feature} = [")));
            let names = line.unwrap_or_default().split('"').skip(1).step_by(2);
            // Not those of its dependencies.
            names.filter(|name| !name.contains([':', '/'])).map(str::to_owned).collect()
        };
        let mut wanted = list("default");
        let mut next = 0;
        while let Some(feature) = wanted.get(next).cloned() {
            let new = list(&feature).into_iter().filter(|name| !wanted.contains(name));
            let new: Vec<_> = new.collect();
            wanted.extend(new);
            next += 1;
        }
        let wanted: BTreeSet<_> = wanted.iter().map(String::as_str).collect();
        assert_eq!(wanted, features.iter().copied().collect(), "{name}");
    }
}

#[test]
fn the_text_is_short_and_leads_to_every_module() {
    for (name, _, _) in CRATES {
        let text = text(name);
        let words = text.split_whitespace().count();
        assert!(words <= WORDS, "the page of {name} has {words} words");
        let features = features(name);
        let features: Vec<_> = features.iter().map(String::as_str).collect();
        for (module, sort) in items(name, &features) {
            if sort == "module" {
                let leads = [format!("[`{module}"), format!("[{module}]"), format!("`{module}")];
                assert!(
                    leads.iter().any(|link| text.contains(link)),
                    "the page of {name} does not say what {module} is for"
                );
            }
        }
    }
}

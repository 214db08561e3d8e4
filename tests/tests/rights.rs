//! Every public and every hidden item of the library stands in the review of rights: what it gives to safe code, and what bounds it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, UseTree, Visibility};

/// The library, name by name. (The crate of the attributes exports nothing but them, and `nonblock` re-exports those. Of
/// `nonblock-mm` the review names what gives a right, method by method.)
const CRATES: [&str; 1] = ["nonblock"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn names_of_use(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => {
            names_of_use(&path.tree, names);
            if names.remove("self") {
                names.insert(path.ident.to_string());
            }
        }
        UseTree::Name(name) => {
            names.insert(name.ident.to_string());
        }
        UseTree::Rename(rename) => {
            names.insert(rename.rename.to_string());
        }
        UseTree::Group(group) => group.items.iter().for_each(|item| names_of_use(item, names)),
        UseTree::Glob(_) => panic!("a glob hides what is public"),
    }
}

fn is_exported(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("macro_export"))
}

/// What the items make public: types, traits, functions, constants, statics, modules, macros and re-exports. Methods belong
/// to their types.
fn public_names(items: &[Item], names: &mut BTreeSet<String>) {
    for item in items {
        let (visibility, ident) = match item {
            Item::Struct(item) => (&item.vis, &item.ident),
            Item::Enum(item) => (&item.vis, &item.ident),
            Item::Union(item) => (&item.vis, &item.ident),
            Item::Trait(item) => (&item.vis, &item.ident),
            Item::Type(item) => (&item.vis, &item.ident),
            Item::Const(item) => (&item.vis, &item.ident),
            Item::Static(item) => (&item.vis, &item.ident),
            Item::Fn(item) => (&item.vis, &item.sig.ident),
            Item::Mod(item) => {
                if let Some((_, inner)) = &item.content {
                    // What is public in a sealed module is named by nobody.
                    if matches!(item.vis, Visibility::Public(_)) {
                        public_names(inner, names);
                    }
                }
                (&item.vis, &item.ident)
            }
            Item::Use(item) => {
                if matches!(item.vis, Visibility::Public(_)) {
                    names_of_use(&item.tree, names);
                }
                continue;
            }
            Item::Macro(item) => {
                if let (Some(ident), true) = (&item.ident, is_exported(&item.attrs)) {
                    names.insert(ident.to_string());
                }
                continue;
            }
            _ => continue,
        };
        if matches!(visibility, Visibility::Public(_)) {
            names.insert(ident.to_string());
        }
    }
}

fn names_below(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            // Text only.
            if !path.ends_with("guide") {
                names_below(&path, names);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a file");
            let file = syn::parse_file(&source).expect("Rust");
            public_names(&file.items, names);
        }
    }
}

/// What the review quotes in the first cell of its rows.
fn reviewed(review: &str) -> BTreeSet<String> {
    let rows = review.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.strip_prefix("| ")?.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_item_is_reviewed() {
    let map = fs::read_to_string(root().join("docs/INTERNALS.md")).expect("the map");
    let (_, review) = map.split_once("## What right each item gives").expect("the review");
    let review = review.split("\n## ").next().expect("its text");
    for name in CRATES {
        let heading = format!("### `{name}`");
        let (_, of_crate) = review.split_once(&heading).expect("a part for each crate");
        let of_crate = of_crate.split("\n### ").next().expect("its text");
        let reviewed = reviewed(of_crate);
        let mut names = BTreeSet::new();
        names_below(&root().join(name).join("src"), &mut names);
        assert!(names.len() > 30, "{name}: {names:?}");
        let missing: Vec<_> = names.difference(&reviewed).collect();
        assert_eq!(missing, Vec::<&String>::new(), "public in {name}, and not in the review");
        let mut gone: Vec<_> = reviewed.difference(&names).collect();
        gone.retain(|item| *item != "__private");
        assert_eq!(gone, Vec::<&String>::new(), "in the review, and not public in {name}");
    }
}

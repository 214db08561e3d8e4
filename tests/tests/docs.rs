//! What the documentation of every public item says: a summary, from which context it may be used, and how it fails. And
//! of every feature, what it is for.
//!
//! Looked up in the source: `pub` there is public, as rustc's lint `unreachable_pub` sees to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ImplItemFn, Item, ItemFn, ItemImpl, ItemTrait, Lit, Meta, ReturnType, Safety,
    Signature, TraitItemFn, Type, Visibility,
};

/// What a type or trait says in its own documentation if its functions need not.
const FOR_ALL: [&str; 3] = [
    "verything on it may be called anywhere",
    "Every function may be called anywhere",
    "may be made and used anywhere",
];

/// The text of an item's documentation.
fn documentation(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(literal) = &pair.value
            && let Lit::Str(line) = &literal.lit
        {
            let line = line.value();
            text.push_str(line.strip_prefix(' ').unwrap_or(&line));
            text.push('\n');
        }
    }
    text
}

/// Whether the documentation leaves the item out.
fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string() == "hidden",
        _ => false,
    })
}

const fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The types of a file, and of the files around it.
#[derive(Default)]
struct Types(BTreeMap<String, String>);

impl<'ast> Visit<'ast> for Types {
    fn visit_item(&mut self, item: &'ast Item) {
        let (visibility, name, attributes) = match item {
            Item::Struct(item) => (&item.vis, &item.ident, &item.attrs),
            Item::Enum(item) => (&item.vis, &item.ident, &item.attrs),
            Item::Trait(item) => (&item.vis, &item.ident, &item.attrs),
            _ => return visit::visit_item(self, item),
        };
        if is_public(visibility) && !is_hidden(attributes) {
            self.0.insert(name.to_string(), documentation(attributes));
        }
    }
}

/// Collects what the public functions of a file do not say.
struct Functions<'a> {
    types: &'a BTreeMap<String, String>,
    file: String,
    missing: Vec<String>,
    seen: usize,
}

impl Functions<'_> {
    fn check(&mut self, owner: Option<&str>, signature: &Signature, attributes: &[Attribute]) {
        if is_hidden(attributes) {
            return;
        }
        self.seen += 1;
        let text = documentation(attributes);
        let of_owner = owner.and_then(|owner| self.types.get(owner)).map_or("", String::as_str);
        let says = |section: &str| text.contains(&format!("\n# {section}\n"));
        let fails = match &signature.output {
            ReturnType::Type(_, output) => is_result(output),
            ReturnType::Default => false,
        };
        let summary = text.split("\n\n").next().unwrap_or_default().trim_end();
        let wants = [
            ("a summary of a sentence", summary.ends_with(['.', '?'])),
            ("# Context", says("Context") || FOR_ALL.iter().any(|words| of_owner.contains(words))),
            ("# Errors", says("Errors") || !fails),
            ("# Safety", says("Safety") || !matches!(signature.safety, Safety::Unsafe(_))),
        ];
        for (want, _) in wants.into_iter().filter(|(_, is_there)| !is_there) {
            let owner = owner.map(|owner| format!("{owner}::")).unwrap_or_default();
            self.missing.push(format!("{}: {owner}{}: {want}", self.file, signature.ident));
        }
    }
}

/// The last part of a type's path.
fn name_of(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Whether it is a `Result` that the caller has to look at. (That of a time that may run out, or of a barrier, is none.)
fn is_result(output: &Type) -> bool {
    name_of(output).is_some_and(|name| name == "Result")
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if is_public(&item.vis) {
            self.check(None, &item.sig, &item.attrs);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let owner = name_of(&item.self_ty).filter(|owner| self.types.contains_key(owner));
        if let (Some(owner), None) = (owner, &item.trait_) {
            for method in item.items.iter().filter_map(method) {
                self.check(Some(&owner), &method.sig, &method.attrs);
            }
        }
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        let owner = item.ident.to_string();
        if self.types.contains_key(&owner) {
            for method in item.items.iter().filter_map(declared) {
                self.check(Some(&owner), &method.sig, &method.attrs);
            }
        }
    }
}

fn method(item: &syn::ImplItem) -> Option<&ImplItemFn> {
    match item {
        syn::ImplItem::Fn(method) if is_public(&method.vis) => Some(method),
        _ => None,
    }
}

const fn declared(item: &syn::TraitItem) -> Option<&TraitItemFn> {
    match item {
        syn::TraitItem::Fn(method) => Some(method),
        _ => None,
    }
}

/// Every source file below a folder, but those of what is hidden or internal, and of a half that only a kernel compiles: the
/// documentation is made of the other one.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut sources = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry can be read").path()) {
        if path.file_name().is_some_and(|name| name == "private" || name == "kernel") {
            continue;
        }
        if path.is_dir() {
            sources.extend(self::sources(&path));
        } else {
            sources.push(path);
        }
    }
    sources
}

/// What the public functions in these sources do not say, and how many functions there are.
fn missing(sources: &[(String, String)]) -> (Vec<String>, usize) {
    let parsed = sources.iter().map(|(file, source)| {
        (file, syn::parse_file(source).unwrap_or_else(|error| panic!("{file}: {error}")))
    });
    let parsed: Vec<_> = parsed.collect();
    let mut types = Types::default();
    for (_, source) in &parsed {
        types.visit_file(source);
    }
    // Public for the expansions of attributes only.
    types.0.remove("Section");

    let (mut all, mut seen) = (Vec::new(), 0);
    for (file, source) in &parsed {
        let mut functions =
            Functions { types: &types.0, file: (*file).clone(), missing: Vec::new(), seen: 0 };
        functions.visit_file(source);
        all.append(&mut functions.missing);
        seen += functions.seen;
    }
    (all, seen)
}

/// The crates whose documentation is read, and how many public functions each has at least.
const CRATES: [(&str, usize); 3] =
    [("nonblock", 200), ("nonblock-mm", 90), ("linux/nonblock-linux", 50)];

fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

#[test]
fn every_public_function_says_where_it_may_be_called_and_how_it_fails() {
    for (name, least) in CRATES {
        let folder = folder_of(name).join("src");
        let read = |path: PathBuf| {
            let source = fs::read_to_string(&path).expect("a source file is text");
            let path = path.strip_prefix(&folder).expect("it was found there");
            (path.display().to_string(), source)
        };
        let sources: Vec<_> = sources(&folder).into_iter().map(read).collect();
        let (missing, seen) = missing(&sources);
        assert!(missing.is_empty(), "{name} does not say:\n{}", missing.join("\n"));
        assert!(seen > least, "only {seen} public functions were found in {name}");
    }
}

/// The functions in a source that do not say where they may be called, and how many functions there are. For those that
/// stand in a macro, where no parser finds them.
fn without_context(source: &str) -> (Vec<&str>, usize) {
    let (mut missing, mut seen, mut says) = (Vec::new(), 0, false);
    for line in source.lines().map(str::trim_start) {
        if line.starts_with("pub fn ") || line.starts_with("pub const fn ") {
            seen += 1;
            missing.extend((!says).then_some(line));
        }
        says = match line.strip_prefix("///") {
            Some(text) => says || text == " # Context",
            None => says && line.starts_with("#["),
        };
    }
    (missing, seen)
}

#[test]
fn every_function_that_the_macros_of_locks_define_says_where_it_may_be_called() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nonblock/src/sync/macros.rs");
    let source = fs::read_to_string(file).expect("it is there");
    let (missing, seen) = without_context(&source);
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(seen >= 10, "only {seen} functions were found");
    let source = "/// A.\n/// # Context\n#[inline]\npub fn a() {}\n/// B.\npub const fn b() {}";
    assert_eq!(without_context(source), (vec!["pub const fn b() {}"], 2));
}

/// The names in the first column of the table below a heading of the crate's documentation.
fn rows<'a>(source: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let table = source.split_once(heading).map_or("", |(_, below)| below);
    let lines = table.lines().filter_map(|line| line.strip_prefix("//!")).map(str::trim_start);
    let rows =
        lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect()
}

/// The features in a manifest.
fn features(manifest: &str) -> BTreeSet<&str> {
    let features = manifest.split_once("[features]\n").expect("there are features").1;
    features
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        .filter(|name| !name.starts_with('#') && *name != "default")
        .collect()
}

#[test]
fn every_feature_stands_in_the_table() {
    for (name, _) in CRATES {
        let read =
            |path: &str| fs::read_to_string(folder_of(name).join(path)).expect("it is there");
        let manifest = read("Cargo.toml");
        let features = features(&manifest);
        assert!(features.contains("lockdep"), "{features:?}");
        assert_eq!(rows(&read("src/lib.rs"), "//! # Features\n"), features, "{name}");
    }
}

#[test]
fn what_is_not_said_is_found() {
    let source = r"
        /// Plain: everything on it may be called anywhere.
        pub struct Plain;
        impl Plain {
            /// Needs no more.
            pub fn one(&self) {}
            /// Fails, and does not say how.
            pub fn two(&self) -> Result<(), Error> {}
            pub fn three(&self) {}
            #[doc(hidden)]
            pub fn four(&self) {}
        }
        pub struct Other;
        impl Other {
            /// Does not say where.
            pub fn five() {}
            fn six() {}
        }
        /// Says all.
        ///
        /// # Context
        ///
        /// # Safety
        pub unsafe fn seven() {}
        /// Is unsafe.
        ///
        /// # Context
        pub unsafe fn eight() {}
        pub trait Trait {
            /// Does not say where either.
            fn nine();
        }
    ";
    let (missing, seen) = missing(&[("x.rs".to_owned(), source.to_owned())]);
    let expected = [
        "x.rs: Plain::two: # Errors",
        "x.rs: Plain::three: a summary of a sentence",
        "x.rs: Other::five: # Context",
        "x.rs: eight: # Safety",
        "x.rs: Trait::nine: # Context",
    ];
    assert_eq!(missing, expected);
    assert_eq!(seen, 7);
}

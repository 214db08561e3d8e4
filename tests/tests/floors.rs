//! The floors of the library crates: a file looks only down, and no files look at each other in a ring.
//!
//! A file looks at another if one of its paths leads there, in a `use` or in code, within macros too. A path that goes
//! through a re-export leads to the file that re-exports as well. Two things do not count. One is a re-export of a file's
//! own descendants, as long as the file does not use the name itself. The other is what only tests and documentation see.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMacro, ItemMod, ItemUse, Macro, Meta, Token, UseTree, Visibility};

/// The top modules of `nonblock`, the lowest first.
const NONBLOCK: [&str; 36] = [
    "asymmetric_fence",
    "cache_padded",
    "primitive",
    "once_cell",
    "violation",
    "lock_graph",
    "backend",
    "report",
    "suppressions",
    "watch",
    "token",
    "check",
    "lockdep",
    "section",
    "root",
    "context",
    "raw",
    "future",
    "testing",
    "__private",
    "thread",
    "unwind",
    "tokio",
    "event_count",
    "mpmc_ring",
    "sync",
    "work",
    "reserve",
    "reclaim",
    "may_sleep_value",
    "rcu",
    "notifier",
    "capi",
    "attributes",
    "guide",
    ROOT,
];

/// The top modules of `nonblock-mm`, the lowest first.
const NONBLOCK_MM: [&str; 6] = ["primitive", "mmu", "memory", "oom", "guide", ROOT];

/// The top modules of `cargo-nonblock`, the lowest first.
const CARGO_NONBLOCK: [&str; 47] = [
    "machine",
    "error",
    "parallel",
    "table",
    "mapped",
    "address_index",
    "debug_sections",
    "relocation_types",
    "loader",
    "relocations",
    "elf",
    "dwarf",
    "method_tables",
    "objects",
    "demangle",
    "rules",
    "catalogue",
    "instructions",
    "function_code",
    "neighbours",
    "control_flow",
    "disassembly",
    "formatting",
    "calls",
    "places",
    "origin",
    "inlined",
    "landing_pads",
    "given",
    "functions",
    "typed",
    "channels",
    "call_reader",
    "graph",
    "handed_on",
    "entries",
    "assumptions",
    "search",
    "check",
    "why",
    "cache",
    "suppressions",
    "baseline",
    "against",
    "report",
    "command",
    ROOT,
];

/// The floor of the root file.
const ROOT: &str = "lib";

/// How many re-exports a path may go through.
const MOST_REEXPORTS: usize = 16;

/// A name that a `use` brings in. The name of a glob is `*`.
struct Import {
    name: String,
    path: Vec<String>,
    is_reexport: bool,
    line: usize,
}

/// A path in code.
struct Reference {
    path: Vec<String>,
    line: usize,
}

/// A module, inline or with a file of its own.
struct Module {
    name: String,
    parent: Option<usize>,
    file: usize,
    /// Several modules can have one name, each under a condition of its own.
    children: BTreeMap<String, Vec<usize>>,
    /// What is defined here, except modules and imports.
    items: BTreeSet<String>,
    imports: Vec<Import>,
    references: Vec<Reference>,
}

/// One file looks at another: their numbers.
type Arrow = (usize, usize);

/// The modules of a crate, the root first.
#[derive(Default)]
struct Crate {
    files: Vec<PathBuf>,
    /// The files of modules that only tests have. Where they look does not count.
    test_files: Vec<PathBuf>,
    modules: Vec<Module>,
    /// The macros with `#[macro_export]`, and the modules that define them.
    exported_macros: BTreeMap<String, usize>,
}

/// Returns the text of a file, if there is such a file.
type Read<'a> = &'a dyn Fn(&Path) -> Option<String>;

impl Crate {
    /// Reads a crate from its `lib.rs`, a path beside which the other files lie.
    fn read(read: Read<'_>) -> Self {
        let mut library = Self::default();
        let root = PathBuf::from("lib.rs");
        let text = read(&root).expect("there is a root file");
        library.add_file(ROOT, None, root, true, &text, read);
        library
    }

    /// Adds a module that has a file of its own.
    ///
    /// # Arguments
    ///
    /// * `is_mod_rs`: whether the files of its children lie beside its own. So it is with `mod.rs`, and by `#[path]`.
    fn add_file(
        &mut self,
        name: &str,
        parent: Option<usize>,
        path: PathBuf,
        is_mod_rs: bool,
        text: &str,
        read: Read<'_>,
    ) {
        let source = syn::parse_file(text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let children = if is_mod_rs { folder.clone() } else { path.with_extension("") };
        self.files.push(path);
        let file = self.files.len() - 1;
        let module = self.add_module(name, parent, file);
        Reader { library: self, module, folder, children, read }.visit_file(&source);
    }

    fn add_module(&mut self, name: &str, parent: Option<usize>, file: usize) -> usize {
        self.modules.push(Module {
            name: name.to_owned(),
            parent,
            file,
            children: BTreeMap::new(),
            items: BTreeSet::new(),
            imports: Vec::new(),
            references: Vec::new(),
        });
        let module = self.modules.len() - 1;
        if let Some(parent) = parent {
            self.modules[parent].children.entry(name.to_owned()).or_default().push(module);
        }
        module
    }

    /// Returns the modules to which a path leads from a module: those that re-export it, and those that define it.
    /// Empty if the path leads out of the crate, or to an item of the module.
    fn resolve(&self, from: usize, path: &[String], passed: usize) -> Vec<usize> {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let here = &self.modules[from];
        match first.as_str() {
            "crate" => self.walk(0, rest, passed),
            "self" => self.walk(from, rest, passed),
            "super" => here.parent.map_or_else(Vec::new, |parent| self.walk(parent, rest, passed)),
            name => match here.children.get(name) {
                Some(children) => self.walk_all(children, rest, passed),
                None => self.follow(from, name, rest, passed).unwrap_or_default(),
            },
        }
    }

    fn walk_all(&self, modules: &[usize], path: &[String], passed: usize) -> Vec<usize> {
        modules.iter().flat_map(|module| self.walk(*module, path, passed)).collect()
    }

    /// Goes on with a path in a module that is not the one in which it stands.
    fn walk(&self, module: usize, path: &[String], passed: usize) -> Vec<usize> {
        let Some((first, rest)) = path.split_first() else { return vec![module] };
        let here = &self.modules[module];
        if first == "super" {
            return here.parent.map_or_else(Vec::new, |parent| self.walk(parent, rest, passed));
        }
        if let (0, Some(defined_in)) = (module, self.exported_macros.get(first)) {
            return vec![*defined_in];
        }
        // A module and a function can have one name. If the path goes on, it means the module, and otherwise the function.
        let children = here.children.get(first);
        if let Some(children) = children
            && !rest.is_empty()
        {
            return self.walk_all(children, rest, passed);
        }
        if let Some(mut found) = self.follow(module, first, rest, passed) {
            found.insert(0, module);
            return found;
        }
        children.cloned().unwrap_or_else(|| vec![module])
    }

    /// Follows a name that a `use` of the module brings in. `None` if there is no such name.
    fn follow(
        &self,
        module: usize,
        name: &str,
        rest: &[String],
        passed: usize,
    ) -> Option<Vec<usize>> {
        if passed > MOST_REEXPORTS {
            return None;
        }
        let here = &self.modules[module];
        let mut found = None;
        for import in here.imports.iter().filter(|import| import.name == name) {
            let path = [&import.path, rest].concat();
            found.get_or_insert_with(Vec::new).extend(self.resolve(module, &path, passed + 1));
        }
        if found.is_some() || here.items.contains(name) {
            return found;
        }
        let globs = here.imports.iter().filter(|import| import.name == "*");
        globs.into_iter().find_map(|glob| {
            let target = *self.resolve(module, &glob.path, passed + 1).last()?;
            let inside = &self.modules[target];
            let is_there = inside.items.contains(name)
                || inside.children.contains_key(name)
                || inside.imports.iter().any(|import| import.name == name);
            let path = [&[name.to_owned()], rest].concat();
            is_there.then(|| self.walk(target, &path, passed + 1))
        })
    }

    fn is_below(&self, module: usize, ancestor: usize) -> bool {
        let mut above = self.modules[module].parent;
        while let Some(parent) = above {
            if parent == ancestor {
                return true;
            }
            above = self.modules[parent].parent;
        }
        false
    }

    /// Returns which file looks at which, each with the first line in which it does.
    fn arrows(&self) -> BTreeMap<Arrow, usize> {
        let mut arrows = BTreeMap::new();
        for (number, module) in self.modules.iter().enumerate() {
            let uses_itself =
                |name: &str| module.references.iter().any(|reference| reference.path[0] == name);
            let imports = module.imports.iter().filter_map(|import| {
                let targets = self.resolve(number, &import.path, 0);
                let of_a_child =
                    targets.last().is_some_and(|target| self.is_below(*target, number));
                let is_only_passed_on =
                    import.is_reexport && import.name != "*" && !uses_itself(&import.name);
                let counts = !(is_only_passed_on && of_a_child);
                counts.then_some((targets, import.line))
            });
            // A path of one segment is a name that an import brought in, which counts already.
            let paths = module.references.iter().filter(|reference| reference.path.len() > 1);
            let paths =
                paths.map(|reference| (self.resolve(number, &reference.path, 0), reference.line));
            for (targets, line) in imports.chain(paths) {
                for target in targets {
                    let arrow = (module.file, self.modules[target].file);
                    if arrow.0 != arrow.1 {
                        let first = arrows.entry(arrow).or_insert(line);
                        *first = line.min(*first);
                    }
                }
            }
        }
        arrows
    }

    /// Returns the name of the top module that a file belongs to.
    fn top_module(&self, file: usize) -> &str {
        let mut module = self.modules.iter().find(|module| module.file == file).expect("a module");
        while let Some(parent) = module.parent.filter(|parent| *parent != 0) {
            module = &self.modules[parent];
        }
        &module.name
    }

    /// Returns what breaks the order, a line each. An arrow that looks up is not looked for in rings as well.
    fn faults(&self, floors: &[&str]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut floor_of = Vec::new();
        for (file, path) in self.files.iter().enumerate() {
            let name = self.top_module(file);
            let floor = floors.iter().position(|floor| *floor == name);
            if floor.is_none() {
                faults.push(format!("{}: the module `{name}` has no floor", path.display()));
            }
            floor_of.push(floor);
        }
        let mut arrows = self.arrows();
        arrows.retain(|(from, to), line| {
            let (Some(own), Some(other)) = (floor_of[*from], floor_of[*to]) else { return true };
            if other > own {
                faults.push(format!(
                    "{}:{line}: `{}` looks up at `{}`, which is {}",
                    self.files[*from].display(),
                    floors[own],
                    floors[other],
                    self.files[*to].display(),
                ));
            }
            other <= own
        });
        let mut rings = BTreeSet::new();
        for (from, to) in arrows.keys() {
            if let Some(mut ring) = shortest_way(&arrows, *to, *from) {
                let lowest =
                    ring.iter().min().and_then(|least| ring.iter().position(|at| at == least));
                ring.rotate_left(lowest.unwrap_or(0));
                rings.insert(ring);
            }
        }
        for ring in &rings {
            let ring = Ring { library: self, arrows: &arrows, files: ring };
            faults.push(format!("a ring: {ring}"));
        }
        faults
    }
}

/// Returns the files on the shortest way between two, with both.
fn shortest_way(arrows: &BTreeMap<Arrow, usize>, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut came_from = BTreeMap::from([(from, from)]);
    let mut queue = VecDeque::from([from]);
    while let Some(file) = queue.pop_front() {
        if file == to {
            let mut way = vec![file];
            let mut at = file;
            while at != from {
                at = came_from[&at];
                way.push(at);
            }
            way.reverse();
            return Some(way);
        }
        for ((_, next), _) in arrows.range((file, 0)..(file + 1, 0)) {
            if !came_from.contains_key(next) {
                came_from.insert(*next, file);
                queue.push_back(*next);
            }
        }
    }
    None
}

/// A ring of files as text: each with the line that looks at the next.
struct Ring<'a> {
    library: &'a Crate,
    arrows: &'a BTreeMap<Arrow, usize>,
    files: &'a [usize],
}

impl fmt::Display for Ring<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.files.iter().cycle().skip(1);
        for (file, next) in self.files.iter().zip(next) {
            let line = self.arrows[&(*file, *next)];
            write!(f, "{}:{line} -> ", self.library.files[*file].display())?;
        }
        write!(f, "{}", self.library.files[self.files[0]].display())
    }
}

/// Reads one module of a file.
struct Reader<'a> {
    library: &'a mut Crate,
    module: usize,
    /// Where `#[path]` begins.
    folder: PathBuf,
    /// Where the files of the module's children lie.
    children: PathBuf,
    read: Read<'a>,
}

impl Reader<'_> {
    fn here(&mut self) -> &mut Module {
        &mut self.library.modules[self.module]
    }

    fn import(&mut self, tree: &UseTree, path: &[String], is_reexport: bool) {
        let with = |ident: &Ident| [path, &[ident.to_string()]].concat();
        let (name, path, span) = match tree {
            UseTree::Path(tree) => {
                return self.import(&tree.tree, &with(&tree.ident), is_reexport);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, path, is_reexport);
                }
                return;
            }
            UseTree::Name(name) if name.ident == "self" => {
                (path.last().cloned().unwrap_or_default(), path.to_vec(), name.ident.span())
            }
            UseTree::Name(name) => (name.ident.to_string(), with(&name.ident), name.ident.span()),
            UseTree::Rename(tree) if tree.ident == "self" => {
                (tree.rename.to_string(), path.to_vec(), tree.ident.span())
            }
            UseTree::Rename(tree) => {
                (tree.rename.to_string(), with(&tree.ident), tree.ident.span())
            }
            UseTree::Glob(glob) => ("*".to_owned(), path.to_vec(), glob.star_token.spans[0]),
        };
        self.here().imports.push(Import { name, path, is_reexport, line: line(span) });
    }

    /// Notes the files of a module that only tests have, and of those below it.
    fn read_tests(&mut self, item: &ItemMod) {
        let mut tests = Crate::default();
        let module = tests.add_module(ROOT, None, 0);
        let (folder, children) = (self.folder.clone(), self.children.clone());
        let mut reader = Reader { library: &mut tests, module, folder, children, read: self.read };
        reader.visit_item_mod(item);
        self.library.test_files.extend(tests.files.into_iter().chain(tests.test_files));
    }

    fn refer(&mut self, path: Vec<String>, span: Span) {
        self.here().references.push(Reference { path, line: line(span) });
    }

    /// Finds the paths in the tokens of a macro: identifiers with `::` between them.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let is = |at: usize, sign: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.read_tokens(group.stream()),
                TokenTree::Ident(ident) => {
                    let is_whole = at == 0
                        || !(is(at - 1, '.') || is(at - 1, ':') && at > 1 && is(at - 2, ':'));
                    let mut path = vec![ident.to_string()];
                    while is(at + 1, ':')
                        && is(at + 2, ':')
                        && let Some(TokenTree::Ident(next)) = tokens.get(at + 3)
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    if is_whole {
                        self.refer(path, ident.span());
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = match item {
            Item::Const(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Static(item) => (&item.attrs, Some(&item.ident)),
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Union(item) => (&item.attrs, Some(&item.ident)),
            Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            Item::Impl(item) => (&item.attrs, None),
            Item::Mod(item) => (&item.attrs, None),
            Item::Use(item) => (&item.attrs, None),
            Item::ExternCrate(item) => (&item.attrs, None),
            Item::ForeignMod(item) => (&item.attrs, None),
            _ => return visit::visit_item(self, item),
        };
        if attributes.iter().all(is_in_the_library) {
            if let Some(name) = name {
                self.here().items.insert(name.to_string());
            }
            visit::visit_item(self, item);
        } else if let Item::Mod(item) = item
            && item.content.is_none()
        {
            self.read_tests(item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = item.ident.to_string();
        if let Some((_, items)) = &item.content {
            let file = self.here().file;
            let module = self.library.add_module(&name, Some(self.module), file);
            let children = self.children.join(&name);
            let folder = children.clone();
            let mut reader =
                Reader { library: self.library, module, folder, children, read: self.read };
            for item in items {
                reader.visit_item(item);
            }
            return;
        }
        let named = item.attrs.iter().find_map(path_attribute).map(|path| self.folder.join(path));
        let usual = [
            self.children.join(&name).with_extension("rs"),
            self.children.join(&name).join("mod.rs"),
        ];
        let by_path = named.is_some();
        let (text, path) = named
            .into_iter()
            .chain(usual)
            .find_map(|path| Some(((self.read)(&path)?, path)))
            .unwrap_or_else(|| panic!("no file for the module `{name}`"));
        let is_mod_rs = by_path || path.ends_with("mod.rs");
        self.library.add_file(&name, Some(self.module), path, is_mod_rs, &text, self.read);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
        }
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if let Some(name) = &item.ident
            && item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"))
        {
            self.library.exported_macros.insert(name.to_string(), self.module);
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.read_tokens(call.tokens.clone());
        self.visit_path(&call.path);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments: Vec<_> =
                path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.refer(segments, path.segments[0].ident.span());
        }
        visit::visit_path(self, path);
    }

    // It names modules above, and imports nothing from them.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

fn line(span: Span) -> usize {
    span.start().line
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) = &pair.value else {
        return None;
    };
    pair.path.is_ident("path").then(|| path.value())
}

/// Returns whether what the attribute is on can be compiled outside tests.
fn is_in_the_library(attribute: &Attribute) -> bool {
    let is_cfg = attribute.path().is_ident("cfg");
    !is_cfg || attribute.parse_args::<Meta>().is_ok_and(|condition| can_hold(&condition))
}

fn can_hold(condition: &Meta) -> bool {
    let Meta::List(list) = condition else { return !condition.path().is_ident("test") };
    let parts = list
        .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .unwrap_or_else(|error| panic!("a condition: {error}"));
    if list.path.is_ident("all") {
        parts.iter().all(can_hold)
    } else if list.path.is_ident("any") {
        parts.iter().any(can_hold)
    } else {
        true
    }
}

/// Returns the folder of a crate's sources, and the files in it.
fn sources(package: &str) -> (PathBuf, Vec<PathBuf>) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src");
    let mut folders = vec![source.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry of the folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 10, "only {} files were found", files.len());
    (source, files)
}

/// Reads a crate of this repository, whole: a file that no module has is a fault too.
fn check(package: &str, floors: &[&str]) {
    let (source, files) = sources(package);
    let library = Crate::read(&|path| fs::read_to_string(source.join(path)).ok());
    let mut faults = library.faults(floors);
    for file in files {
        let path = file.strip_prefix(&source).expect("it was found there");
        // The root of a program beside the library stands above all of it.
        if path == Path::new("main.rs") {
            continue;
        }
        if !library.files.iter().chain(&library.test_files).any(|file| file == path) {
            faults.push(format!("{}: belongs to no module", path.display()));
        }
    }
    assert!(faults.is_empty(), "in {package}/src:\n{}", faults.join("\n"));
}

#[test]
fn nonblock_looks_only_down() {
    check("nonblock", &NONBLOCK);
}

#[test]
fn nonblock_mm_looks_only_down() {
    check("nonblock-mm", &NONBLOCK_MM);
}

#[test]
fn cargo_nonblock_looks_only_down() {
    check("cargo-nonblock", &CARGO_NONBLOCK);
}

/// Returns the faults of a crate that is written here, with the floors `low` and `high`.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let read = |path: &Path| {
        files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_owned())
    };
    Crate::read(&read).faults(&["low", "high", ROOT])
}

const LIB: &str = "mod low; mod high; pub use low::Low;";

/// Returns the faults of `low.rs`, above which there is a `high.rs`.
fn faults_of_low(low: &str) -> Vec<String> {
    faults(&[
        ("lib.rs", LIB),
        ("low.rs", low),
        ("high.rs", "pub struct High; pub mod inner { pub fn f() {} }"),
    ])
}

#[test]
fn the_files_of_a_module_of_tests_belong_to_it_and_look_where_they_like() {
    let files = [
        ("lib.rs", LIB),
        ("low.rs", "pub struct Low; #[cfg(test)] mod tests;"),
        ("low/tests/mod.rs", "mod deep; use crate::high::High;"),
        ("low/tests/deep.rs", "use crate::high::High;"),
        ("low/tests/nobodys.rs", ""),
        ("high.rs", "pub struct High;"),
    ];
    assert_eq!(faults(&files), Vec::<String>::new());
    let read = |path: &Path| {
        files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_owned())
    };
    let library = Crate::read(&read);
    let expected = ["low/tests/mod.rs", "low/tests/deep.rs"].map(PathBuf::from);
    assert_eq!(library.test_files, expected);
}

#[test]
fn an_arrow_that_looks_up_is_found() {
    let up =
        |line: usize| vec![format!("low.rs:{line}: `low` looks up at `high`, which is high.rs")];
    assert_eq!(faults_of_low("pub struct Low;\nuse crate::high::High;"), up(2));
    assert_eq!(faults_of_low("use super::{\n    high::{self, High},\n};"), up(2));
    assert_eq!(faults_of_low("use crate::high as upper;"), up(1));
    assert_eq!(faults_of_low("pub use crate::high::High;"), up(1));
    assert_eq!(faults_of_low("use crate::high::*;"), up(1));
    assert_eq!(faults_of_low("fn f() {\n\n    crate::high::inner::f();\n}"), up(3));
    assert_eq!(faults_of_low("fn f() { g::<\nsuper::high::High>() }"), up(2));
    assert_eq!(faults_of_low("fn f() { use crate::high::High; }"), up(1));
    assert_eq!(faults_of_low("fn f() {\n assert!(true, \"{:?}\", crate::high::High); }"), up(2));
    assert_eq!(faults_of_low("macro_rules! m { () => { $crate::high::High }; }"), up(1));
    assert_eq!(faults_of_low("mod inner { use super::super::high::High; }"), up(1));
    assert_eq!(faults_of_low("mod inner { use crate::high::High; }"), up(1));
    assert_eq!(
        faults_of_low("use crate::Low;"),
        ["low.rs:1: `low` looks up at `lib`, which is lib.rs"]
    );
}

#[test]
fn what_does_not_count_is_passed_by() {
    for low in [
        "use std::high::High; use ::high::Low; use core::{high, fmt};",
        "#[cfg(test)] mod tests { use crate::high::High; }",
        "#[cfg(all(test, unix))] use crate::high::High;",
        "#[cfg(test)] fn f() { crate::high::inner::f(); }",
        "/// See [`High`](crate::high::High).\npub struct Low;",
        "mod inner { pub(in crate::low) struct Low; }",
        "mod high { pub struct High; } use high::High; fn f() { self::high::g(); }",
    ] {
        assert!(faults_of_low(low).is_empty(), "{low}: {:?}", faults_of_low(low));
    }
    let high = "#[cfg(not(test))] use crate::low::Low;";
    assert!(faults(&[("lib.rs", LIB), ("low.rs", ""), ("high.rs", high)]).is_empty());
}

#[test]
fn a_ring_is_found() {
    let crate_of = |modules: &'static str, a: &'static str, b: &'static str| {
        faults(&[
            ("lib.rs", "mod low;"),
            ("low/mod.rs", modules),
            ("low/a.rs", a),
            ("low/b.rs", b),
            ("low/other/c.rs", "use super::b::B;"),
        ])
    };
    let ring = ["a ring: low/a.rs:1 -> low/b.rs:2 -> low/a.rs"];
    let two = "mod a; mod b; pub use b::B;";
    assert_eq!(crate_of(two, "use super::b::B;", "\nuse crate::low::a::A;"), ring);
    // Through the re-export of the module.
    assert_eq!(crate_of(two, "use super::B;", "\nuse super::a::A;"), ring);
    // Through a third file, by `#[path]`.
    assert_eq!(
        crate_of(
            "mod a; mod b; #[path = \"other/c.rs\"] mod c;",
            "use super::c::C;",
            "use super::a::A;"
        ),
        ["a ring: low/a.rs:1 -> low/other/c.rs:1 -> low/b.rs:1 -> low/a.rs"]
    );
    // A module that only re-exports looks at no child, and one that uses what it re-exports does.
    assert!(crate_of("mod a; pub use a::A; pub trait T {}", "use super::T;", "").is_empty());
    assert_eq!(
        crate_of("mod a; pub use a::A; pub trait T {}\nfn f() -> A {}", "use super::T;", ""),
        ["a ring: low/mod.rs:1 -> low/a.rs:1 -> low/mod.rs"]
    );
    assert_eq!(
        crate_of("mod a; pub trait T {}\nfn f() { a::g() }", "use super::T;", ""),
        ["a ring: low/mod.rs:2 -> low/a.rs:1 -> low/mod.rs"]
    );
}

#[test]
fn a_module_without_a_floor_is_found() {
    let found = faults(&[("lib.rs", "mod low; mod new;"), ("low.rs", ""), ("new.rs", "")]);
    assert_eq!(found, ["new.rs: the module `new` has no floor"]);
}

/// `__private` is what the attributes expand to, and no version keeps it stable.
#[test]
fn nonblock_mm_uses_the_public_interface_alone() {
    for file in sources("nonblock-mm").1 {
        let source = fs::read_to_string(&file).expect("a source file is text");
        assert!(!source.contains("__private"), "{} names `__private`", file.display());
    }
}

//! The order of the modules: no file imports one that stands below it in the table of `lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use super::tokens;
use crate::token_tree::is_punct;

/// A row of the table.
struct Module {
    name: String,
    /// The files of the module's folder, or none if the module is one file.
    files: Vec<String>,
}

impl Module {
    /// The paths of the module's files, and their places in the folder.
    fn paths(&self) -> Vec<(PathBuf, usize)> {
        if self.files.is_empty() {
            return vec![(source().join(&self.name).with_extension("rs"), 0)];
        }
        let folder = source().join(&self.name);
        let path = |file: &String| folder.join(file).with_extension("rs");
        self.files.iter().enumerate().map(|(place, file)| (path(file), place)).collect()
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The modules in the table of `lib.rs`.
fn table() -> Vec<Module> {
    let rows = read(&source().join("lib.rs"));
    let rows = rows.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.map(|row| {
        let mut columns = row.split('|').map(|column| column.trim().replace('`', ""));
        let name = columns.next().expect("a name");
        let files = columns.next().expect("a list of files");
        let files = files.split(", ").filter(|file| !file.is_empty()).map(str::to_owned).collect();
        Module { name, files }
    })
    .collect()
}

/// The first segments of all paths in the tokens that begin with this keyword and `::`.
fn paths_from(keyword: &str, stream: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match (token, &tokens[i + 1..]) {
            (TokenTree::Ident(ident), [a, b, first, ..])
                if ident == keyword && is_punct(a, ':') && is_punct(b, ':') =>
            {
                let first = TokenStream::from(first.clone());
                found.extend(first_segments(first));
            }
            (TokenTree::Group(group), _) => found.extend(paths_from(keyword, group.stream())),
            _ => {}
        }
    }
    found
}

/// The first segment of a path, or of each path in `{a::b, c}`.
fn first_segments(stream: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut starts = true;
    for token in stream {
        match &token {
            TokenTree::Ident(ident) if starts => found.push(ident.to_string()),
            TokenTree::Group(group) if starts => found.extend(first_segments(group.stream())),
            _ => {}
        }
        starts = is_punct(&token, ',');
    }
    found
}

#[test]
fn files_import_only_what_stands_above_them() {
    let table = table();
    for (row, module) in table.iter().enumerate() {
        for (path, place) in module.paths() {
            let tokens = tokens(&read(&path));
            for name in paths_from("crate", tokens.clone()) {
                let imported = table.iter().position(|module| module.name == name);
                let is_above = imported.is_some_and(|imported| imported < row);
                assert!(is_above, "{} imports `crate::{name}`", path.display());
            }
            for name in paths_from("super", tokens) {
                let imported = module.files.iter().position(|file| *file == name);
                let is_above = imported.is_some_and(|imported| imported < place);
                assert!(is_above, "{} imports `super::{name}`", path.display());
            }
        }
    }
}

#[test]
fn each_file_stands_in_the_table() {
    let mut listed: Vec<PathBuf> = vec![source().join("lib.rs")];
    for module in table() {
        listed.extend(module.paths().into_iter().map(|(path, _)| path));
    }
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry of the folder").path();
            let only_re_exports = path.ends_with("mod.rs") && !read(&path).contains("fn ");
            if path.is_dir() {
                folders.extend((!path.ends_with("tests")).then_some(path));
            } else if !only_re_exports {
                assert!(listed.contains(&path), "{} is not in the table", path.display());
            }
        }
    }
}

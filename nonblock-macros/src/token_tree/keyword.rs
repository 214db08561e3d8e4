//! Keywords: words that name nothing.

use proc_macro2::Ident;

/// The keywords of all editions, and `_`. A raw identifier, such as `r#fn`, is none.
const KEYWORDS: [&str; 53] = [
    "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "Self", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "gen",
];

pub(crate) fn is_keyword(ident: &Ident) -> bool {
    KEYWORDS.iter().any(|keyword| ident == keyword)
}

/// Whether a path can contain this word: a name, or one of the keywords that stand for a module or a type.
pub(crate) fn is_path_word(ident: &Ident) -> bool {
    ["self", "super", "crate", "Self"].iter().any(|word| ident == word) || !is_keyword(ident)
}

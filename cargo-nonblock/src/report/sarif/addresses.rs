//! The addresses of files, and the folders that they are relative to.

use std::path::Path;

use serde_json::{Value, json};

use crate::report::frames::{is_of_others, is_package};

/// The folders that addresses of files are relative to: the current one, the standard library's source, the registry's packages.
const CURRENT: &str = "%SRCROOT%";
const STD: &str = "%RUSTSRC%";
const PACKAGES: &str = "%CARGOREGISTRY%";

pub(super) fn folders() -> Value {
    let current = std::env::current_dir().unwrap_or_default();
    let current = format!("{}/", file_address(&current).trim_end_matches('/'));
    json!({
        CURRENT: { "uri": current, "description": { "text": "The folder in which the check ran." } },
        STD: { "description": { "text": "The source of the standard library: `rustc --print sysroot`, then lib/rustlib/src/rust." } },
        PACKAGES: { "description": { "text": "The sources of the registry's packages, below cargo's home: registry/src." } },
    })
}

/// The address of a file, with the folder that it is relative to.
pub(super) fn address(file: &str) -> Value {
    if file.starts_with('/') {
        return json!({ "uri": file_address(Path::new(file)) });
    }
    let base = match file.split('/').next() {
        Some(first) if is_package(first) => PACKAGES,
        _ if is_of_others(file) => STD,
        _ => CURRENT,
    };
    json!({ "uri": encoded(file), "uriBaseId": base })
}

fn file_address(path: &Path) -> String {
    format!("file://{}", encoded(&path.display().to_string()))
}

/// Writes what an address may not hold as `%` and its number.
fn encoded(path: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~+@!$&'()*,;=".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded_and_have_a_folder() {
        assert_eq!(
            address("src/my file.rs"),
            json!({ "uri": "src/my%20file.rs", "uriBaseId": CURRENT })
        );
        assert_eq!(address("/a/ü.rs"), json!({ "uri": "file:///a/%C3%BC.rs" }));
        assert_eq!(address("serde-1.0.2/src/lib.rs")["uriBaseId"], PACKAGES);
        assert_eq!(address("library/std/src/io/mod.rs")["uriBaseId"], STD);
    }
}

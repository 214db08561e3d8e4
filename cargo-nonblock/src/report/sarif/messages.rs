//! Messages, and places with a message.

use serde_json::{Map, Value, json};

use super::addresses::address;
use crate::places::Place;

pub(super) fn location(place: Option<&Place>, function: &str, about: &str) -> Value {
    let mut location = json!({
        "logicalLocations": [{ "fullyQualifiedName": function, "kind": "function" }],
        "message": message(about),
    });
    if let Some(place) = place {
        let mut region = Map::from_iter([("startLine".to_owned(), json!(place.line.max(1)))]);
        if place.column > 0 {
            region.insert("startColumn".to_owned(), json!(place.column));
        }
        location["physicalLocation"] =
            json!({ "artifactLocation": address(&place.file), "region": region });
    }
    location
}

/// A text as a message. There braces stand for themselves only if they are doubled, and what looks like a link is one: see "Messages with
/// placeholders" and "Messages with embedded links" in the standard.
pub(super) fn message(text: &str) -> Value {
    let mut text = sentence(text).replace('{', "{{").replace('}', "}}");
    if text.contains("](") {
        text = text.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]");
    }
    json!({ "text": text })
}

pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    // A name keeps its first letter.
    let is_word = text
        .split([' ', ','])
        .next()
        .is_some_and(|word| !word.is_empty() && word.chars().all(char::is_alphabetic));
    let begin = if is_word { first + letters.as_str() } else { text.to_owned() };
    let end = if begin.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{begin}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_and_links_stand_for_themselves() {
        assert_eq!(
            message("m::f::{closure#0} calls <[T]>::len")["text"],
            "m::f::{{closure#0}} calls <[T]>::len."
        );
        assert_eq!(message("[a](1)")["text"], r"\[a\](1).");
    }

    #[test]
    fn a_text_becomes_a_sentence_and_a_name_stays() {
        assert_eq!(sentence("the section a::b reaches c"), "The section a::b reaches c.");
        assert_eq!(sentence("a::b calls c"), "a::b calls c.");
        assert_eq!(sentence("read. It waits."), "read. It waits.");
    }
}

//! What is to be known of a run as a whole.

use serde_json::{Value, json};

use super::messages::message;

/// Something that is to be known of a run as a whole.
pub(super) struct Notification {
    pub(super) id: &'static str,
    /// Its place among those of the driver.
    index: usize,
    level: &'static str,
    pub(super) text: &'static str,
}

const fn notification(
    index: usize,
    id: &'static str,
    level: &'static str,
    text: &'static str,
) -> Notification {
    Notification { id, index, level, text }
}

pub(super) const CANNOT_TELL: Notification =
    notification(0, "cannot-tell", "warning", "The program as a whole is not proved.");
pub(super) const NOT_NEEDED: Notification =
    notification(1, "not-needed", "note", "A line of the rules was not needed.");
pub(super) const CANNOT_READ: Notification =
    notification(2, "cannot-read", "error", "A program could not be read.");
pub(super) const NOT_SHOWN: Notification = notification(
    3,
    "not-shown",
    "note",
    "A section reaches something, and the run showed no call in it.",
);
pub(super) const NOT_CHECKED: Notification = notification(
    4,
    "not-checked",
    "note",
    "The run showed a call in a section that was not checked.",
);

/// All of them, each at its index.
pub(super) const NOTIFICATIONS: [Notification; 5] =
    [CANNOT_TELL, NOT_NEEDED, CANNOT_READ, NOT_SHOWN, NOT_CHECKED];

impl Notification {
    pub(super) fn with(&self, text: &str) -> Value {
        json!({
            "descriptor": { "id": self.id, "index": self.index },
            "level": self.level,
            "message": message(text),
        })
    }
}

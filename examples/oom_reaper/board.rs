//! Who holds what and who waits for what, so that a circle of waiting can be seen and named.

use nonblock::Sleepable;
use nonblock::sync::Mutex;

/// A thread that holds a resource, or waits for it. Both by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The thread.
    pub(crate) actor: String,
    /// The thing.
    pub(crate) resource: String,
    /// Whether it waits for the thing, rather than holds it.
    pub(crate) waits: bool,
}

/// One step of a circle: the actor waits for the resource, which the holder has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Who waits.
    pub(crate) actor: String,
    /// For what.
    pub(crate) resource: String,
    /// Who has it.
    pub(crate) holder: String,
}

/// The board. Only who may sleep can wait for a sleeping lock, so only they write on it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    notes: Mutex<Vec<Note>>,
}

impl Board {
    /// Puts a note up.
    pub(crate) fn put(&self, note: &Note, cx: &mut Sleepable) {
        self.notes.lock(cx).push(note.clone());
    }

    /// Takes a note down.
    pub(crate) fn take(&self, note: &Note, cx: &mut Sleepable) {
        let mut notes = self.notes.lock(cx);
        if let Some(index) = notes.iter().rposition(|put| put == note) {
            notes.swap_remove(index);
        }
    }

    /// Says whether somebody waits for a resource.
    pub(crate) fn waits_for(&self, resource: &str, cx: &mut Sleepable) -> bool {
        self.notes.lock(cx).iter().any(|note| note.waits && note.resource == resource)
    }

    /// Returns a circle of waiting, if there is one.
    pub(crate) fn circle(&self, cx: &mut Sleepable) -> Option<Vec<Step>> {
        let notes = self.notes.lock(cx);
        notes.iter().filter(|note| note.waits).find_map(|note| circle_from(&notes, &note.actor))
    }
}

/// Follows the waiting from an actor until it comes back to it, or ends.
fn circle_from(notes: &[Note], start: &str) -> Option<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut actor = start;
    loop {
        let waits = notes.iter().find(|note| note.waits && note.actor == actor)?;
        let holds = notes.iter().find(|note| !note.waits && note.resource == waits.resource)?;
        let comes_round = holds.actor == start;
        // A circle that does not lead through the start is found from one of its own.
        if !comes_round && steps.iter().any(|step| step.actor == holds.actor) {
            return None;
        }
        steps.push(Step {
            actor: actor.to_owned(),
            resource: waits.resource.clone(),
            holder: holds.actor.clone(),
        });
        if comes_round {
            return Some(steps);
        }
        actor = &holds.actor;
    }
}

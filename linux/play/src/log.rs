//! The guest's log: the kernel's console, in which the guest marks where each play begins and ends.

use std::collections::BTreeMap;

/// What each line of the guest's own begins with, after the kernel's time.
pub const MARK: &str = "nonblock-play: ";

/// A guest's log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// All lines, without the kernel's time and thread.
    pub lines: Vec<String>,
    /// The plays in order.
    pub plays: Vec<Play>,
    /// Whether the guest said that it is done.
    pub is_done: bool,
}

/// What the log has of one play.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Play {
    /// Its name.
    pub name: String,
    /// What the guest noted, by name: `faults` is `12` after `nonblock-play: pressure faults=12`. The last of a name counts.
    pub values: BTreeMap<String, String>,
    /// The numbers of the lines between its begin and its end.
    pub lines: std::ops::Range<usize>,
    /// Whether it ended.
    pub has_ended: bool,
}

impl Log {
    /// Reads what came out of the serial port. What is no text is replaced.
    pub fn read(bytes: &[u8]) -> Self {
        let mut log = Self::default();
        for line in String::from_utf8_lossy(bytes).lines() {
            log.add(without_stamp(line.trim_end_matches('\r')));
        }
        log
    }

    fn add(&mut self, line: &str) {
        let number = self.lines.len();
        self.lines.push(line.to_owned());
        if let Some(open) = self.plays.last_mut().filter(|play| !play.has_ended) {
            open.lines.end = number + 1;
        }
        let Some(said) = line.strip_prefix(MARK) else { return };
        let (first, rest) = said.split_once(' ').unwrap_or((said, ""));
        match first {
            "begin" => self.plays.push(Play {
                name: rest.trim().to_owned(),
                lines: number..number + 1,
                ..Play::default()
            }),
            "done" => self.is_done = true,
            "end" => {
                if let Some(play) = self.open(rest.trim()) {
                    play.has_ended = true;
                }
            }
            name => {
                if let Some(play) = self.open(name) {
                    play.values.extend(values(rest));
                }
            }
        }
    }

    /// The play of this name, if it is the one that is under way.
    fn open(&mut self, name: &str) -> Option<&mut Play> {
        self.plays.last_mut().filter(|play| play.name == name && !play.has_ended)
    }

    /// Returns a play by its name.
    pub fn play(&self, name: &str) -> Option<&Play> {
        self.plays.iter().find(|play| play.name == name)
    }

    /// Returns the lines of a play, from its begin to its end.
    pub fn lines_of(&self, play: &Play) -> &[String] {
        &self.lines[play.lines.clone()]
    }

    /// Returns the name of the play in which a line is.
    pub fn play_at(&self, line: usize) -> Option<&Play> {
        self.plays.iter().find(|play| play.lines.contains(&line))
    }

    /// Returns the last lines, to show where it ended.
    pub fn end(&self, lines: usize) -> &[String] {
        &self.lines[self.lines.len().saturating_sub(lines)..]
    }
}

/// Takes the kernel's time and thread from the beginning of a line: `[    1.5][    T1] text` is `text`.
fn without_stamp(line: &str) -> &str {
    let mut rest = line;
    while let Some((stamp, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let mut inside = stamp.trim().chars().peekable();
        // A processor or a thread: `C0`, `T12`.
        inside.next_if(|first| "CT".contains(*first));
        if inside.peek().is_none() || !inside.all(|c| c.is_ascii_digit() || c == '.') {
            break;
        }
        rest = after;
    }
    rest.strip_prefix(' ').unwrap_or(rest)
}

/// Reads `key=value key=value`. A value in quotes may hold spaces.
fn values(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(' ').unwrap_or((after, "")),
        };
        let key = key.rsplit(' ').next().unwrap_or(key);
        found.push((key.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    found
}

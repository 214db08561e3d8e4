//! Generates crates that differ only in their attributes, to measure how long the compiler takes for each.

use std::fmt::Write as _;

/// How many functions a crate has where nobody says how many.
pub const FUNCTIONS: usize = 1_000;

/// How many methods an `impl` block has.
const METHODS: usize = 10;

/// What stands on each function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Nothing.
    Plain,
    /// `#[non_block]`: the body is a section.
    NonBlock,
    /// `#[tracing::instrument]`.
    Instrument,
    /// Nothing, and each function takes the token.
    PlainToken,
    /// `#[may_sleep]`, and each function takes the token.
    MaySleep,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Plain, Self::NonBlock, Self::Instrument, Self::PlainToken, Self::MaySleep];

    /// The name of the crate.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::NonBlock => "non_block",
            Self::Instrument => "instrument",
            Self::PlainToken => "plain_token",
            Self::MaySleep => "may_sleep",
        }
    }

    /// What the crate is called in the table.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::NonBlock => "`#[non_block]`",
            Self::Instrument => "`#[tracing::instrument]`",
            Self::PlainToken => "plain, with the token",
            Self::MaySleep => "`#[may_sleep]`, with the token",
        }
    }

    /// The crate that this one differs from by the attribute alone.
    #[must_use]
    pub const fn base(self) -> Self {
        match self {
            Self::Plain | Self::NonBlock | Self::Instrument => Self::Plain,
            Self::PlainToken | Self::MaySleep => Self::PlainToken,
        }
    }

    /// The crate's dependencies, as lines of its manifest. `nonblock` is the path of the library.
    #[must_use]
    pub fn dependencies(self, nonblock: &str) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Instrument => "tracing = \"=0.1.44\"\n".to_owned(),
            Self::NonBlock | Self::PlainToken | Self::MaySleep => {
                format!("nonblock = {{ path = '{nonblock}' }}\n")
            }
        }
    }

    const fn attribute(self) -> &'static str {
        match self {
            Self::Plain | Self::PlainToken => "",
            Self::NonBlock => "#[nonblock::non_block]\n",
            Self::Instrument => "#[tracing::instrument]\n",
            Self::MaySleep => "#[nonblock::may_sleep]\n",
        }
    }

    const fn parameter(self) -> &'static str {
        match self {
            Self::PlainToken | Self::MaySleep => "cx: &mut nonblock::Sleepable, ",
            Self::Plain | Self::NonBlock | Self::Instrument => "",
        }
    }
}

/// Writes a crate of [`FUNCTIONS`] functions.
#[must_use]
pub fn source(variant: Variant) -> String {
    source_of(variant, FUNCTIONS)
}

/// Writes a crate of so many functions, a multiple of 20. Every second is a method.
#[must_use]
pub fn source_of(variant: Variant, functions: usize) -> String {
    let mut text = String::from(HEAD);
    for group in 0..functions / 2 / METHODS {
        let _ = write!(
            text,
            "\n/// Table number {group}.\n#[derive(Clone, Debug, Default)]\npub struct Table{group} {{\n"
        );
        text.push_str("    entries: Vec<(u64, String)>,\n    limit: usize,\n}\n");
        let _ = writeln!(text, "\nimpl Table{group} {{");
        for number in 0..METHODS {
            let (signature, body) = METHOD_TEMPLATES[number % METHOD_TEMPLATES.len()];
            function(&mut text, variant, group * METHODS + number, signature, body);
        }
        text.push_str("}\n");
        for number in 0..METHODS {
            let (signature, body) = FUNCTION_TEMPLATES[number % FUNCTION_TEMPLATES.len()];
            function(&mut text, variant, group * METHODS + number, signature, body);
        }
    }
    text
}

fn function(text: &mut String, variant: Variant, number: usize, signature: &str, body: &str) {
    let number = number.to_string();
    let replaced = |template: &str| {
        let template = template.replace("NUMBER", &number);
        // Used, so that no lint speaks of it.
        if variant.parameter().is_empty() {
            template
        } else {
            template.replace("/* cx */", "let _ = &*cx;")
        }
    };
    let (name, parameters) = signature.split_once('(').expect("a signature has parameters");
    let (receiver, parameters) = match parameters.split_once("self, ") {
        Some((reference, parameters)) => (format!("{reference}self, "), parameters),
        None => (String::new(), parameters),
    };
    let _ = write!(
        text,
        "\n/// Function number {number}.\n{}pub fn {}({receiver}{}{parameters} {{\n{}\n}}\n",
        variant.attribute(),
        replaced(name),
        variant.parameter(),
        replaced(body),
    );
}

const HEAD: &str = "//! Generated for a measurement.

use std::collections::BTreeMap;

/// What can go wrong.
#[derive(Debug)]
pub enum Error {
    /// It is too long.
    TooLong(usize),
    /// It is no number.
    NoNumber(std::num::ParseIntError),
}

impl From<std::num::ParseIntError> for Error {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::NoNumber(error)
    }
}
";

const METHOD_TEMPLATES: [(&str, &str); 5] = [
    (
        "insert_NUMBER(&mut self, key: u64, value: &str) -> Result<usize, Error>",
        "    /* cx */
    if self.entries.len() >= self.limit {
        return Err(Error::TooLong(self.limit + NUMBER));
    }
    match self.entries.binary_search_by_key(&key, |(key, _)| *key) {
        Ok(found) => self.entries[found].1 = value.to_owned(),
        Err(place) => self.entries.insert(place, (key, value.to_owned())),
    }
    let length = self.entries.len();
    Ok(length)",
    ),
    (
        "find_NUMBER(&self, key: u64) -> Option<&str>",
        "    /* cx */
    let mut low = 0;
    let mut high = self.entries.len();
    while low < high {
        let middle = low + (high - low) / 2;
        if self.entries[middle].0 < key + NUMBER {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    self.entries.get(low).filter(|(found, _)| *found == key).map(|(_, value)| value.as_str())",
    ),
    (
        "sum_NUMBER(&self, factor: u64) -> u64",
        "    /* cx */
    let mut sum = NUMBER;
    for (key, value) in &self.entries {
        if value.is_empty() {
            continue;
        }
        sum += key * factor;
        if sum > 1_000_000 {
            break;
        }
    }
    sum",
    ),
    (
        "merge_NUMBER(&mut self, other: &Self) -> usize",
        "    /* cx */
    let before = self.entries.len();
    for (key, value) in other.entries.iter().filter(|(key, _)| *key > NUMBER) {
        if self.entries.iter().any(|(own, _)| own == key) {
            continue;
        }
        self.entries.push((*key, value.clone()));
    }
    self.entries.sort();
    self.entries.dedup();
    self.entries.len() - before",
    ),
    (
        "describe_NUMBER(&self, title: &str) -> String",
        "    /* cx */
    let mut text = format!(\"{title}, number {}\", NUMBER);
    for (number, (key, value)) in self.entries.iter().enumerate() {
        if number > 0 {
            text.push_str(\", \");
        }
        text.push_str(&key.to_string());
        text.push(':');
        text.push_str(value);
    }
    text",
    ),
];

const FUNCTION_TEMPLATES: [(&str, &str); 5] = [
    (
        "parse_NUMBER(text: &str) -> Result<Vec<u64>, Error>",
        "    /* cx */
    let mut numbers = Vec::new();
    for word in text.split(',') {
        let word = word.trim();
        if word.len() > NUMBER + 20 {
            return Err(Error::TooLong(word.len()));
        }
        numbers.push(word.parse::<u64>()?);
    }
    numbers.sort_unstable();
    Ok(numbers)",
    ),
    (
        "count_NUMBER(words: &[String]) -> BTreeMap<String, usize>",
        "    /* cx */
    let mut counts = BTreeMap::new();
    for word in words {
        let word = word.to_lowercase();
        if word.len() < NUMBER % 7 {
            continue;
        }
        *counts.entry(word).or_insert(0) += 1;
    }
    counts.retain(|_, count| *count > 1);
    counts",
    ),
    (
        "mix_NUMBER(mut state: u64, rounds: u32) -> u64",
        "    /* cx */
    let mut sum = 0_u64;
    for round in 0..rounds {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        sum = sum.wrapping_add(state.rotate_left(round % 64));
        if sum == NUMBER {
            return sum;
        }
    }
    sum",
    ),
    (
        "longest_NUMBER<'a>(lines: &[&'a str], limit: usize) -> Option<&'a str>",
        "    /* cx */
    let mut longest: Option<&'a str> = None;
    for line in lines.iter().copied().filter(|line| line.len() <= limit + NUMBER) {
        match longest {
            Some(other) if other.len() >= line.len() => {}
            _ => longest = Some(line),
        }
    }
    if longest.is_some_and(str::is_empty) {
        return None;
    }
    longest",
    ),
    (
        "scale_NUMBER<T: Copy + Into<f64> + std::fmt::Debug>(values: &[T], factor: f64) -> Vec<f64>",
        "    /* cx */
    let mut scaled = Vec::with_capacity(values.len());
    let mut largest = 0.0_f64;
    for value in values {
        let value: f64 = (*value).into() * factor + f64::from(NUMBER);
        largest = largest.max(value.abs());
        scaled.push(value);
    }
    if largest > 0.0 {
        scaled.iter_mut().for_each(|value| *value /= largest);
    }
    scaled",
    ),
];

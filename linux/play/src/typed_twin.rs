//! The twin that asks for the token: the compiler refuses it, by its own message.

use crate::judge::Judged;
use crate::rows::TYPED_TWIN;

/// What stands at the end of the line that must not compile.
pub const MARK: &str = "// the fault: it may sleep here";

const MESSAGE: &str = "expected `&mut Sleepable`, found `&mut NonBlock`";

/// Judges what the compiler said of a source that is to be refused.
pub fn judge(file: &str, source: &str, has_compiled: bool, said: &str) -> Judged {
    let judged = |seen: String, is_ok| Judged {
        name: TYPED_TWIN.to_owned(),
        expected: format!("the typed twin does not compile: E0308, {MESSAGE}, at the call"),
        seen,
        is_ok,
    };
    if has_compiled {
        return judged("it compiled".to_owned(), false);
    }
    let Some(line) = source.lines().position(|line| line.trim_end().ends_with(MARK)) else {
        return judged(format!("{file} has no line that ends with '{MARK}'"), false);
    };
    let place = format!("{file}:{}:", line + 1);
    let errors: Vec<_> = blocks(said).collect();
    let is_expected = |error: &&String| {
        error.starts_with("error[E0308]") && error.contains(MESSAGE) && error.contains(&place)
    };
    match errors.iter().find(is_expected) {
        Some(_) if errors.len() == 1 => judged(format!("error[E0308] at {place} {MESSAGE}"), true),
        Some(_) => judged(format!("{} errors, and one was expected", errors.len()), false),
        None => {
            let first = errors.first().map_or_else(
                || said.lines().last().unwrap_or("the compiler said nothing").to_owned(),
                |error| error.lines().take(2).map(str::trim).collect::<Vec<_>>().join(" "),
            );
            judged(format!("not that error at {place} but: {first}"), false)
        }
    }
}

/// The errors with a place, each from its first line to the next empty one.
fn blocks(said: &str) -> impl Iterator<Item = String> {
    let lines: Vec<_> = said.lines().collect();
    let starts: Vec<_> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("error") && !line.starts_with("error: aborting"))
        .map(|(number, _)| number)
        .collect();
    starts.into_iter().map(move |start| {
        let block = lines[start..].iter().take_while(|line| !line.is_empty());
        block.copied().collect::<Vec<_>>().join("\n")
    })
}

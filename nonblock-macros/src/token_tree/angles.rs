//! Angle brackets: unlike the other brackets they are single tokens, and so have to be matched here.

use proc_macro2::TokenTree;

use super::inspect::is_punct;

/// The place of the first token that is outside of angle brackets and for which `ends` holds.
pub(crate) fn position_outside_angles(
    tokens: &[TokenTree],
    ends: impl Fn(&TokenTree) -> bool,
) -> Option<usize> {
    let mut angles = Angles::default();
    tokens.iter().position(|token| {
        let outside = angles.depth == 0;
        angles.pass(token);
        outside && ends(token)
    })
}

/// Splits the tokens at each token `separator` that is outside of angle brackets. A separator at the end is followed by
/// nothing, not by an empty part.
pub(crate) fn split_outside_angles(
    tokens: &[TokenTree],
    separator: char,
) -> impl Iterator<Item = &[TokenTree]> {
    let mut rest = tokens;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = position_outside_angles(rest, |token| is_punct(token, separator));
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after.get(1..).unwrap_or_default();
        Some(part)
    })
}

/// Splits the tokens behind the `>` that closes the `<` with which they begin. Returns what is between the two, and what
/// follows.
pub(crate) fn split_angles(tokens: &[TokenTree]) -> Option<(&[TokenTree], &[TokenTree])> {
    if !tokens.first().is_some_and(|token| is_punct(token, '<')) {
        return None;
    }
    let mut angles = Angles::default();
    let end = tokens.iter().position(|token| {
        angles.pass(token);
        angles.depth == 0
    })?;
    Some((tokens.get(1..end)?, tokens.get(end + 1..)?))
}

/// Counts the angle brackets that are open.
#[derive(Default)]
struct Angles {
    depth: usize,
    /// Whether the token before was the beginning of `->` or `=>`. Their `>` closes nothing.
    in_arrow: bool,
}

impl Angles {
    fn pass(&mut self, token: &TokenTree) {
        let arrow = core::mem::take(&mut self.in_arrow);
        let TokenTree::Punct(punct) = token else { return };
        match punct.as_char() {
            '<' => self.depth += 1,
            '>' if !arrow => self.depth = self.depth.saturating_sub(1),
            '-' | '=' => self.in_arrow = true,
            _ => {}
        }
    }
}

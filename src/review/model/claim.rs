//! What a reviewer claims, and what can be said of it without another model.

use super::pieces::{Excerpt, Piece};
use crate::{
    review::{
        finding::{Draft, Place},
        rule::{MODEL_FINDING, Severity},
    },
    text::one_line,
};
use serde::Deserialize;

/// The most lines that a finding is about; one that is about more is about nothing.
const MOST_LINES: usize = 60;

/// A finding as a model has written it. Lines are those of the piece.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    pub path: String,
    pub first_line: usize,
    pub last_line: usize,
    pub quote: String,
    pub topic: String,
    pub severity: String,
    pub sentence: String,
    pub reason: String,
    pub doubt: String,
}

/// Claims of one reply.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Claims {
    pub findings: Vec<Claim>,
}

impl Claim {
    /// The lines that it is about, if they are there and say what is quoted.
    ///
    /// # Errors
    /// Why it falls, in words.
    pub fn examine<'p>(&self, piece: &'p Piece) -> Result<(&'p Excerpt, Place), String> {
        let excerpt = piece.excerpt(&self.path).ok_or_else(|| format!("there is no {} in what was read", self.path))?;
        let place = excerpt.place(self.first_line, self.last_line).ok_or_else(|| {
            format!("there are no lines {} to {} in what was read of {}", self.first_line, self.last_line, self.path)
        })?;
        if self.last_line - self.first_line >= MOST_LINES {
            return Err(format!("it is about more than {MOST_LINES} lines"));
        }
        let lines = excerpt.text.lines().skip(self.first_line - 1).take(self.last_line - self.first_line + 1);
        let said = folded(&lines.collect::<Vec<_>>().join("\n"));
        let quote = folded(&self.quote);
        match !quote.is_empty() && said.contains(&quote) {
            true => Ok((excerpt, place)),
            false => Err(format!("these lines do not say `{}`", one_line(&self.quote, 80))),
        }
    }

    /// The finding that it is. It is known by what it quotes, since a model says the same in other words each time.
    pub fn draft(&self, place: Place) -> Draft {
        Draft {
            rule: &MODEL_FINDING,
            severity: if self.severity == "warning" { Severity::Warning } else { Severity::Note },
            place,
            subject: folded(&self.quote),
            sentence: format!("{}: {}", one_line(&self.topic, 60), plain(&self.sentence)),
            reason: plain(&self.reason),
            doubt: Some(plain(&self.doubt)),
            evidence: Vec::new(),
            fix: None,
            missing: None,
        }
    }
}

/// A text without the white space between its words.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A sentence on one line, without the full stop that is set behind it.
fn plain(text: &str) -> String {
    one_line(text, 1000).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_falls_without_a_model() {
        let text = "fn a() {\n    let x =  1;\n}\n".to_owned();
        let piece = Piece { excerpts: vec![Excerpt { path: "a.rs".to_owned(), first_line: 41, text }] };
        let claim = |path: &str, first_line, last_line, quote: &str| Claim {
            path: path.to_owned(),
            first_line,
            last_line,
            quote: quote.to_owned(),
            topic: "sum".to_owned(),
            severity: "error".to_owned(),
            sentence: "It is wrong.".to_owned(),
            reason: "so".to_owned(),
            doubt: "not".to_owned(),
        };
        let (_, place) = claim("a.rs", 2, 2, "let x = 1").examine(&piece).unwrap();
        assert_eq!(place, Place::line("a.rs", 42));
        let draft = claim("a.rs", 2, 2, "let x = 1").draft(place);
        assert_eq!((draft.sentence.as_str(), draft.severity), ("sum: It is wrong", Severity::Note));
        for (claim, expected) in [
            (claim("b.rs", 2, 2, "x"), "there is no b.rs in what was read"),
            (claim("a.rs", 3, 4, "}"), "there are no lines 3 to 4 in what was read of a.rs"),
            (claim("a.rs", 0, 1, "fn"), "there are no lines 0 to 1 in what was read of a.rs"),
            (claim("a.rs", 2, 1, "fn"), "there are no lines 2 to 1 in what was read of a.rs"),
            (claim("a.rs", 1, 1, "let x"), "these lines do not say `let x`"),
            (claim("a.rs", 1, 1, " "), "these lines do not say ``"),
        ] {
            assert_eq!(claim.examine(&piece).unwrap_err(), expected);
        }
    }
}

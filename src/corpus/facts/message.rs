//! What says a message: the line of the source whose text a message was made of.
//!
//! A message that a person pastes has values where the source has placeholders, and may be put together of several
//! literals. What both share are runs of words in the same order, so lines are rated by how much of the message is
//! covered by such runs.

use crate::{
    corpus::{
        context::ContextText,
        error::GrepError,
        grep::{self, Pattern},
        search::Role,
        stop::StopFlag,
    },
    text::cut_head,
};
use regex::{Captures, Regex};
use std::{borrow::Cow, sync::LazyLock};

/// Words of a message that are looked at.
const MOST_WORDS: usize = 80;

/// What stands between words in a source: blanks, punctuation, numbers, the ends of literals.
const SEPARATORS: &str = r#"[ \t0-9"'`.,:;!?(){}\[\]<>+*/%$&|=\\#@-]{1,12}"#;

/// Stands for what a placeholder adds to a word.
const WILD: char = '\u{1}';

/// Placeholders of formats: `%s`, `%-8.3f`, `{name}`, `${name}`.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"%[-+#0-9.*]*(?:hh?|ll?|z)?[a-zA-Z]|\$?\{[^{}"'\s]{0,60}\}"#).expect("the pattern is right")
});

static KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^\s*["'][\w.-]+["']\s*(?::|=>)\s*"#).expect("the pattern is right"));

/// The most words of a message of which any may be a part of a literal with a placeholder.
const SHORT: usize = 6;

/// The most runs of words that are looked for.
const MOST_RUNS: usize = 120;

/// The fewest letters of a literal that is known again by itself.
const LEAST_LITERAL: usize = 9;

/// The most lines that are rated.
const MOST_RATED: usize = 5000;

/// Lines behind a line that may go on with what it says.
const GOES_ON: usize = 2;

/// The most characters of a line that are compared and shown.
const LONGEST: usize = 600;
const SHOWN: usize = 300;

/// The least share of a message that a line says.
const LEAST: f64 = 0.34;

/// A line that says a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Nothing if the text is not a file.
    pub path: Option<String>,
    /// Counted from 1.
    pub line: usize,
    /// How much of the message it says, from 0 to 1.
    pub share: f64,
    pub text: String,
}

/// A line that may say the message, before it is known where it lies.
struct Candidate {
    start: usize,
    rating: f64,
    share: f64,
}

/// The `most` lines that say most of `message`, best first: those of code before those of tests and prose.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn message_origins(
    context: &ContextText,
    message: &str,
    most: usize,
    stop: &StopFlag,
) -> Result<Vec<Origin>, GrepError> {
    let message_text = message;
    let message: Vec<&str> = words(message).take(MOST_WORDS).collect();
    let Some(pattern) = pattern(&message) else { return Ok(Vec::new()) };
    let compiled = Pattern::of_lines(&pattern, true)?;
    let lower: Vec<String> = message.iter().map(|word| word.to_lowercase()).collect();
    let parts = grep::fold(
        context,
        &compiled,
        |_| true,
        stop,
        |found: &mut Vec<(f64, usize)>, line| {
            // The best lines of a part, as far as the line alone can tell.
            let text = without_placeholders(cut_head(line.text, LONGEST).shown);
            found.push((covered(&lower, &text, 2), line.start));
            if found.len() >= 2 * MOST_RATED {
                keep_best(found);
            }
        },
    )?;
    let mut found: Vec<(f64, usize)> = parts.into_iter().flatten().collect();
    keep_best(&mut found);
    let mut candidates = Vec::with_capacity(found.len());
    for (_, start) in found {
        stop.check().map_err(GrepError::Text)?;
        candidates.extend(rated(context, &lower, message_text, start)?.filter(|it| it.share >= LEAST));
    }
    candidates.sort_by(|a, b| b.rating.total_cmp(&a.rating).then(a.start.cmp(&b.start)));
    let mut origins: Vec<Origin> = Vec::new();
    for it in candidates {
        if origins.len() == most {
            break;
        }
        let Some(position) = context.position(it.start).map_err(GrepError::Text)? else { continue };
        // The line before may have been taken for the whole of it.
        let is_known = origins
            .iter()
            .any(|known| known.path.as_deref() == position.path && known.line.abs_diff(position.line) <= GOES_ON);
        if !is_known {
            let text = line_at(context, it.start)?;
            let text = cut_head(text.trim_end(), SHOWN).shown.to_owned();
            origins.push(Origin { path: position.path.map(str::to_owned), line: position.line, share: it.share, text });
        }
    }
    Ok(origins)
}

fn keep_best(found: &mut Vec<(f64, usize)>) {
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    found.truncate(MOST_RATED);
}

/// The words of a message or a line. Numbers are values, and tell nothing.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |it: char| it.is_alphabetic() || matches!(it, '_' | '\'' | WILD);
    let words = text.split(move |it| !is_part(it)).map(|word| word.trim_matches('\''));
    // A lone letter is a part of a value, `1.x`.
    words.filter(|word| word.len() > 1 || word.eq_ignore_ascii_case("a"))
}

/// A line of source whose placeholders are blanks, or [`WILD`] where they make a word with the letters beside them:
/// `"%ss differ"`, `"{kind}s"`.
fn without_placeholders(line: &str) -> Cow<'_, str> {
    if !line.contains(['%', '{']) {
        return line.into();
    }
    PLACEHOLDER.replace_all(line, |found: &Captures<'_>| {
        let at = found.get(0).map_or(0..0, |it| it.range());
        let is_glued =
            line[..at.start].ends_with(char::is_alphabetic) || line[at.end..].starts_with(char::is_alphabetic);
        if is_glued { WILD.to_string() } else { " ".to_owned() }
    })
}

/// Whether a word of a message may be what a word of the source became.
fn is_same(said: &str, source: &str) -> bool {
    match source.split_once(WILD) {
        Some((before, after)) => {
            said.len() + WILD.len_utf8() >= source.len()
                && said.starts_with(before)
                && said.ends_with(after.trim_matches(WILD))
        }
        None => said == source,
    }
}

/// Any three neighbouring words of the message; of a shorter one, all of them.
fn pattern(message: &[&str]) -> Option<String> {
    let run = |run: &[&str]| run.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join(SEPARATORS);
    let size = message.len().min(3);
    let longest = message.iter().map(|word| word.len()).max()?;
    if size == 1 && longest < 4 {
        return None;
    }
    let mut runs: Vec<String> = message.windows(size).map(run).collect();
    if size == 3 {
        // A value may stand behind every second word.
        let telling = |pair: &&[&str]| pair.iter().map(|word| word.len()).sum::<usize>() >= 9;
        runs.extend(message.windows(2).filter(telling).map(run));
    }
    if message.len() <= SHORT {
        // A word may be a value with an ending: `"%ss differ"` says "files differ".
        runs.extend(message.windows(2).map(|pair| {
            let ends = pair[0].char_indices().rev().take(3).map(|(at, _)| regex::escape(&pair[0][at..]));
            format!(
                r"(?:%[-0-9.*]*[a-z]|\}})(?:{}){SEPARATORS}{}",
                ends.collect::<Vec<_>>().join("|"),
                regex::escape(pair[1])
            )
        }));
    }
    runs.sort();
    runs.dedup();
    runs.truncate(MOST_RUNS);
    Some(format!(r"(?:{})", runs.join("|")))
}

/// The share of the message, from 0 to 1, that the line has in runs of at least `shortest` words in order, or of all.
fn covered(message: &[String], line: &str, shortest: usize) -> f64 {
    let line: Vec<String> = words(line).take(2 * MOST_WORDS).map(str::to_lowercase).collect();
    // best[i][j]: the most words of message[i..] that runs within line[j..] say.
    let (rows, columns) = (message.len(), line.len());
    let at = |i: usize, j: usize| i * (columns + 1) + j;
    let mut best = vec![0_usize; (rows + 1) * (columns + 1)];
    let mut run = best.clone();
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            let length = if is_same(&message[i], &line[j]) { run[at(i + 1, j + 1)] + 1 } else { 0 };
            run[at(i, j)] = length;
            let mut value = best[at(i + 1, j)].max(best[at(i, j + 1)]);
            if length >= rows.min(shortest) {
                value = value.max(length + best[at(i + length, j + length)]);
            }
            best[at(i, j)] = value;
        }
    }
    best[0] as f64 / rows.max(1) as f64
}

/// Rates the line that begins at `start`, with those that go on with what it says.
fn rated(
    context: &ContextText,
    message: &[String],
    verbatim: &str,
    start: usize,
) -> Result<Option<Candidate>, GrepError> {
    let Some(segment) = context.segment_at(start) else { return Ok(None) };
    let end = context.floor_char(segment.text.end.min(start + 3 * LONGEST)).map_err(GrepError::Text)?;
    let text = context.read(start..end.max(start)).map_err(GrepError::Text)?;
    let mut lines = text.lines();
    let line = without_placeholders(cut_head(lines.next().unwrap_or_default(), LONGEST).shown);
    let line = line.as_ref();
    let alone = covered(message, line, 2);
    let mut share = alone;
    let mut together = line.to_owned();
    for next in lines.take(GOES_ON).filter(|next| next.contains(['"', '\'', '`'])) {
        together.push(' ');
        together.push_str(&without_placeholders(cut_head(next, LONGEST).shown));
        // What it adds counts, and a little less than on one line.
        share = share.max(covered(message, &together, 2) * 0.98);
    }
    // Where the values are long, the message holds all of what the source says, and much besides.
    let (literal, of_message) = (literals(line), share);
    let of_literal = said_of(message, &literal).max(said_of(message, &literals(&together)));
    share = share.max(of_literal * 0.95);
    let path = segment.path.as_deref().unwrap_or_default();
    let role = match Role::of_file(path, "") {
        Role::Code => 1.0,
        Role::Document | Role::Aside | Role::Foreign => 0.75,
        Role::Test | Role::Example => 0.7,
    };
    let trimmed = line.trim_start();
    let is_comment =
        segment.language.is_some_and(|it| it.comments.iter().any(|mark| trimmed.starts_with(mark.trim_end())));
    let is_literal = line.contains(['"', '\'', '`']) && !is_comment;
    // Of two that say as much, the one that says nothing else is more likely to be the source.
    let surplus = words(line).count().saturating_sub(message.len()) as f64 * 0.001;
    let rating = (share * 0.6 + of_message * 0.4) * role * if is_literal { 1.0 } else { 0.8 } - surplus
        + if literal.split("  ").any(|part| part.trim().len() >= LEAST_LITERAL && verbatim.contains(part.trim())) {
            0.05
        } else {
            0.0
        };
    Ok(Some(Candidate { start, rating, share }))
}

/// How much of the literals the message says, from 0 to 1, if that is enough to know them again.
fn said_of(message: &[String], literal: &str) -> f64 {
    let said = words(literal).count();
    let letters: usize = words(literal).map(str::len).sum();
    if said < 2 || letters < LEAST_LITERAL {
        return 0.0;
    }
    // Between two placeholders a word may stand alone.
    let shortest = if said > 2 { 1 } else { 2 };
    (covered(message, literal, shortest) * message.len() as f64 / said as f64).min(1.0)
}

/// What stands in quotes on a line, without placeholders in brackets.
fn literals(line: &str) -> String {
    // The key of an entry, `"invalid": "Not a valid number"`, is no part of the message.
    let line = &line[KEY.find(line).map_or(0, |found| found.end())..];
    let mut literals = String::new();
    let (mut quote, mut brackets, mut is_escaped) = (None, 0_usize, false);
    for it in line.chars() {
        match (quote, it) {
            _ if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (None, '"' | '\'' | '`') => quote = Some(it),
            (Some(open), it) if open == it => {
                quote = None;
                literals.push_str("  ");
            }
            (Some(_), '{') => brackets += 1,
            (Some(_), '}') => brackets = brackets.saturating_sub(1),
            (Some(_), it) if brackets == 0 => literals.push(it),
            _ => {}
        }
    }
    literals
}

fn line_at(context: &ContextText, start: usize) -> Result<String, GrepError> {
    let end = context.floor_char(context.byte_len().min(start + 4 * LONGEST)).map_err(GrepError::Text)?;
    let text = context.read(start..end.max(start)).map_err(GrepError::Text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    fn best(text: &str, message: &str) -> Option<usize> {
        let context = Snapshot::of_text(Some("a.py"), text.to_owned()).context().unwrap();
        message_origins(&context, message, 5, &StopFlag::default()).unwrap().first().map(|it| it.line)
    }

    #[test]
    fn the_line_that_says_a_message_is_found_by_what_both_share() {
        let source = "# the gate was refused by a driver and the toll was kept\n\
            raise E(f\"the gate refused driver {driver.id}\")\n\
            raise E(\"expected %d bytes but the stream of %s ended\" % (a, b))\n\
            raise E(\"the ladder is too \"\n        \"short for that tree\")\n\
            raise E(\"Not found\")\n\
            log(\"cannot open \" + path + \": permission was denied\")\n\
            raise J(\"Expecting ',' delimiter\", s, end)\n\
            throw new TypeError(`Invalid Version: ${version}`)\n\
            A => f.write_str(\"EOF while parsing a list\"),\n            B => f.write_str(\"EOF while parsing a value\"),\n            C => f.write_str(\"expected `:`\"),\n\
            write!(f, \"{} at line {} column {}\", self.code, self.line, self.column)\n\
            print(\"%ss differ\" % kind)\nfail(f\"{thing}s are missing in the {place}\")\n\"invalid_awareness\": \"Not a valid {awareness} {kind}.\",\n";
        for (message, line) in [
            ("the gate refused driver 77", Some(2)),
            ("Expected 12 bytes but the stream of 'a.bin' ended", Some(3)),
            ("the ladder is too short for that tree", Some(4)),
            ("Not found", Some(6)),
            ("cannot open /etc/x y: permission was denied", Some(7)),
            ("nobody has ever said this here", None),
            ("Expecting ',' delimiter: line 1 column 5 (char 4) of a very long value that nobody knows", Some(8)),
            ("Invalid Version: 1.x", Some(9)),
            ("EOF while parsing a value at line 1 column 0", Some(11)),
            ("files differ", Some(14)),
            ("ladders are missing in the barn", Some(15)),
            ("Not a valid naive datetime.", Some(16)),
            ("77", None),
            ("", None),
        ] {
            assert_eq!(best(source, message), line, "{message}");
        }
    }
}

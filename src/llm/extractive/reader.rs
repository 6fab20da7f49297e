//! The worker's part: which lines of a passage fit a question.

use crate::corpus::rate_lines;
use std::fmt::Write;

/// The reply when nothing fits.
pub const NOTHING: &str = "NOTHING";

/// Lines that are quoted of one passage.
const QUOTED_LINES: usize = 8;

/// Lines of a text without numbers that are quoted.
const LOOSE_LINES: usize = 12;

/// Characters of a line that are quoted.
const LINE_CHARS: usize = 240;

/// Reads a prompt: `Question: …`, and a passage whose lines are numbered `12| text`. Gives back the lines that fit, as
/// they are, or [`NOTHING`]. A prompt of another form is read as a text with a question in its first or last paragraph.
pub fn read(prompt: &str) -> String {
    let question = prompt.lines().find_map(|line| line.strip_prefix("Question: "));
    let numbered: Vec<(&str, &str)> = prompt.lines().filter_map(numbered_line).collect();
    match question {
        Some(question) if !numbered.is_empty() => read_numbered(question, &numbered),
        _ => {
            let paragraphs: Vec<&str> = prompt.split("\n\n").filter(|it| !it.trim().is_empty()).collect();
            match paragraphs.as_slice() {
                [] => NOTHING.to_owned(),
                [only] => read_loose(only, only),
                [first, .., last] => {
                    let asks = |text: &&&str| text.contains('?');
                    let question = [last, first].into_iter().find(asks).unwrap_or(last);
                    read_loose(question, prompt)
                }
            }
        }
    }
}

/// Reads a whole text with line numbers (`12<tab>text`) in one go.
pub fn read_whole(text: &str, question: &str) -> String {
    read_loose(question, text)
}

fn numbered_line(line: &str) -> Option<(&str, &str)> {
    let (number, text) = line.split_once("| ").or_else(|| Some((line.strip_suffix('|')?, "")))?;
    number
        .trim()
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some((number.trim(), text))
        .filter(|it| !it.0.is_empty())
}

/// The best run of lines, and every further line that fits nearly as well.
fn read_numbered(question: &str, lines: &[(&str, &str)]) -> String {
    let texts: Vec<&str> = lines.iter().map(|(_, text)| *text).collect();
    let chosen = choose(question, &texts, QUOTED_LINES);
    if chosen.is_empty() {
        return NOTHING.to_owned();
    }
    chosen.into_iter().fold(String::new(), |mut reply, at| {
        let (number, text) = lines[at];
        let _ = writeln!(reply, "{number}| {text}");
        reply
    })
}

fn read_loose(question: &str, text: &str) -> String {
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.trim().is_empty() && line.trim() != question.trim()).collect();
    let chosen = choose(question, &lines, LOOSE_LINES);
    if chosen.is_empty() {
        return NOTHING.to_owned();
    }
    let quoted = chosen.into_iter().map(|at| crate::text::cut_head(lines[at], LINE_CHARS).shown);
    quoted.collect::<Vec<_>>().join("\n")
}

/// Which lines to quote, in order: those with the best rating, each with its neighbours as far as there is room.
fn choose(question: &str, lines: &[&str], most: usize) -> Vec<usize> {
    let ratings = rate_lines(question, lines);
    let mut order: Vec<usize> = (0..lines.len()).filter(|&at| ratings[at] > 0.0).collect();
    order.sort_by(|&a, &b| ratings[b].total_cmp(&ratings[a]).then(a.cmp(&b)));
    let Some(&best) = order.first() else { return Vec::new() };
    let worth = ratings[best] * 0.5;
    let mut chosen = Vec::new();
    for at in order.into_iter().take_while(|&at| ratings[at] >= worth) {
        for near in [at, at + 1, at.wrapping_sub(1)] {
            if near < lines.len() && chosen.len() < most && !chosen.contains(&near) {
                chosen.push(near);
            }
        }
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSAGE: &str = "Give back the lines that answer the question.\n\nQuestion: where is the retry limit checked?\n\n\
        Passage src/a.rs:10-15\n10| fn open() {\n11|     let x = 1;\n12|     if retries > self.limit {\n13|         return;\n\
        14|     }\n15| }\n";

    #[test]
    fn the_lines_that_fit_are_given_back_with_their_numbers() {
        let reply = read(PASSAGE);
        assert!(reply.contains("12|     if retries > self.limit {\n"), "{reply}");
        assert!(reply.lines().count() <= QUOTED_LINES);
        assert_eq!(read(&PASSAGE.replace("retries > self.limit", "ready")), NOTHING);
    }

    #[test]
    fn a_prompt_of_another_form_is_read_as_text_and_question() {
        let reply = read("The fee is 12 euros.\nShipping is free.\n\nNothing else matters.\n\nHow much is the fee?");
        assert!(reply.contains("The fee is 12 euros."), "{reply}");
        assert_eq!(read(""), NOTHING);
        assert_eq!(read("???"), NOTHING);
    }
}

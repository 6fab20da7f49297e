//! The worker's part: which lines of a passage fit a question.
//!
//! Where another model reads for the built-in one ([`Reader`]) its replies are short, and what it picks goes with the
//! lines that fit by their words: a small model picks some that do not, and misses some that do.

use crate::{
    corpus::rate_lines,
    llm::{Error, Finish, Model, Piece, PieceSink, Reply, Request, Shape, size, whole_value},
    store::Key,
};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt::Write, sync::Arc};

/// The reply for a passage in which a model that can be trusted with that has found nothing. It is left out.
pub const LEFT_OUT: &str = "NOTHING HERE";

/// The longest reply of a reader, in tokens. It has room for the lines that are quoted of a passage.
const REPLY_TOKENS: u32 = 320;

/// What a model is told of which a server can be asked for nothing but numbers.
const NUMBERS_ONLY: &str =
    "\nGive only the numbers of these lines, as JSON: {\"lines\": [12, 13]}; {\"lines\": []} for NOTHING.";

/// The most values of a reply in JSON.
const MOST_NUMBERS: usize = 1000;

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
    match passage(prompt) {
        Some((question, numbered)) => read_numbered(question, &numbered),
        None => {
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

/// A model that reads passages for the built-in one.
#[derive(Debug)]
pub struct Reader(Arc<dyn Model>);

impl Reader {
    pub fn new(model: Arc<dyn Model>) -> Self {
        Self(model)
    }

    async fn read(&self, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let prompt = request.messages.last().map(|it| it.content.as_str()).unwrap_or_default();
        let Some((question, lines)) = passage(prompt) else { return self.0.call(request, pieces).await };
        let most = request.max_output_tokens.map_or(REPLY_TOKENS, |tokens| tokens.min(REPLY_TOKENS));
        let mut short = Request { max_output_tokens: Some(most), ..request.clone() };
        if self.0.takes_shapes() {
            ask_for_numbers(&mut short, &lines);
        }
        // What it writes counts, and is shown when it is united.
        let mut written = 0;
        let mut count = |piece: Piece<'_>| match piece {
            Piece::Text(text) => written += text.len(),
            Piece::Unseen(bytes) => written += bytes,
            Piece::Restart | Piece::WasReasoning | Piece::Waits { .. } => {}
        };
        let reply = self.0.call(&short, &mut count).await?;
        pieces(Piece::Unseen(written));
        let found_nothing = reply.text.trim() == NOTHING || numbers(&reply.text).is_some_and(|it| it.is_empty());
        let text = match found_nothing && !size::is_too_small_for_programs(self.0.parameters()) {
            true => LEFT_OUT.to_owned(),
            false => united(&reply.text, question, &lines),
        };
        // A reply that was cut has said which lines fit until then.
        Ok(Reply { text, finish: Finish::Complete, ..reply })
    }
}

impl Model for Reader {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn window(&self) -> Option<usize> {
        self.0.window()
    }

    fn parameters(&self) -> Option<u64> {
        self.0.parameters()
    }

    fn slots(&self) -> Option<usize> {
        self.0.slots()
    }

    fn calls_tools(&self) -> Option<bool> {
        self.0.calls_tools()
    }

    fn reply_source(&self) -> Option<Key> {
        Some(Key::of(&("reader", self.0.reply_source()?)))
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(self.read(request, pieces))
    }
}

/// The question of a prompt about a passage, and the passage's lines with their numbers.
fn passage(prompt: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let question = prompt.lines().find_map(|line| line.strip_prefix("Question: "))?;
    let numbered: Vec<(&str, &str)> = prompt.lines().filter_map(numbered_line).collect();
    (!numbered.is_empty()).then_some((question, numbered))
}

/// Asks for the numbers of lines alone, and for nothing but JSON. A server that does not hold its model to that has been
/// asked for it in words.
fn ask_for_numbers(request: &mut Request, lines: &[(&str, &str)]) {
    let numbers: Vec<u64> = lines.iter().filter_map(|(number, _)| number.parse().ok()).collect();
    let Some(last) = request.messages.last_mut() else { return };
    last.content.push_str(NUMBERS_ONLY);
    let schema = json!({
        "type": "object",
        "properties": {"lines": {"type": "array", "items": {"type": "integer", "enum": numbers}}},
        "required": ["lines"],
        "additionalProperties": false,
    });
    request.shape = Some(Shape::new(Arc::new(schema)));
}

/// The numbers of lines in a reply that is JSON.
fn numbers(reply: &str) -> Option<Vec<u64>> {
    let value = whole_value(reply, MOST_NUMBERS)?;
    let lines = value.get("lines")?.as_array()?;
    Some(lines.iter().filter_map(Value::as_u64).collect())
}

/// The lines that a reply names, with those that fit by their words. A reply that names most of the passage has chosen
/// nothing.
fn united(reply: &str, question: &str, lines: &[(&str, &str)]) -> String {
    let named = |line: &str| numbered_line(line.trim()).map(|(number, _)| number.to_owned());
    let at = |number: String| lines.iter().position(|(it, _)| **it == number);
    let mut chosen: BTreeSet<usize> = match numbers(reply) {
        Some(numbers) => numbers.into_iter().filter_map(|number| at(number.to_string())).collect(),
        None => reply.lines().filter_map(named).filter_map(at).collect(),
    };
    if chosen.len() > QUOTED_LINES.max(lines.len() / 2) {
        chosen.clear();
    }
    let texts: Vec<&str> = lines.iter().map(|(_, text)| *text).collect();
    chosen.extend(choose(question, &texts, QUOTED_LINES));
    written(chosen, lines)
}

fn written(chosen: impl IntoIterator<Item = usize>, lines: &[(&str, &str)]) -> String {
    let text = chosen.into_iter().fold(String::new(), |mut reply, at| {
        let (number, text) = lines[at];
        let _ = writeln!(reply, "{number}| {text}");
        reply
    });
    if text.is_empty() { NOTHING.to_owned() } else { text }
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
    written(choose(question, &texts, QUOTED_LINES), lines)
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
    fn what_a_reader_picks_goes_with_the_lines_that_fit() {
        let (question, lines) = passage(PASSAGE).unwrap();
        let reply = united("11| let x = 1;\n99| no such line", question, &lines);
        assert!(reply.contains("11|     let x = 1;\n12|     if retries > self.limit {\n"), "{reply}");
        let lexical = united("The answer is unclear to me.", question, &lines);
        let echoed: String = lines.iter().map(|(number, text)| format!("{number}| {text}\n")).collect();
        assert_eq!(lines.len(), 6);
        let by_number = united("{\"lines\": [15, 7]}", question, &lines);
        assert!(by_number.contains("12|") && by_number.ends_with("15| }\n"), "{by_number}");
        assert_eq!((numbers("{\"lines\": []}"), numbers("12| x")), (Some(Vec::new()), None));
        assert!(lexical.contains("12|") && !united(&echoed, "boats?", &lines).is_empty());
    }

    #[test]
    fn a_prompt_of_another_form_is_read_as_text_and_question() {
        let reply = read("The fee is 12 euros.\nShipping is free.\n\nNothing else matters.\n\nHow much is the fee?");
        assert!(reply.contains("The fee is 12 euros."), "{reply}");
        assert_eq!(read(""), NOTHING);
        assert_eq!(read("???"), NOTHING);
    }
}

//! What of a reply the passages support that its model has read.
//!
//! A small model writes sentences that no passage supports, with true places behind them. So each sentence is held
//! against the lines: the names, numbers and code in it must stand in the passage or in the question, and most of its words as
//! well, of a small model in a few lines that stand together and say no contrary. What is said of one place is held against
//! that place; a sentence with the wrong place, or with none, gets that of the lines it repeats.

mod sentence;
mod words;

use crate::{
    corpus::{ContextText, StopFlag},
    engine::{
        answer::{Citation, CitationState},
        cite,
        detail::Place,
    },
};
use rustc_hash::FxHashSet;
use sentence::{claims, item, sentences, statements, without_places};
use std::sync::Arc;
use tokio::task::JoinError;
use words::{contradicts, denies, exact, is_number, words};

/// The part of a sentence's words, in percent, that a passage must have: of one that cites it, and of one that gets its
/// place from it, which is more of a small model's.
const CITED_PERCENT: usize = 50;
const UNCITED_PERCENT: usize = 70;
const UNCITED_SMALL_PERCENT: usize = 80;

/// The most lines that hold the words of a small model's sentence. It puts together what stands far apart.
const LINES_TOGETHER: usize = 5;

/// So many lines beside those that hold a sentence its place may be wrong.
const LINES_BESIDE: usize = 3;

/// The fewest words of a small model's sentence. One that has fewer must stand in one line with all of them.
const FEWEST_WORDS: usize = 3;

/// A small model that cites nothing, and says so many times more that nothing supports than what is supported, says the
/// latter by chance.
const BY_CHANCE: usize = 2;

/// The fewest words of a claim that are not those of the question, if none of them is a number, a name or code: of one with
/// a place, and of one that is to get its place.
const CITED_NEWS: usize = 1;
const UNCITED_NEWS: usize = 2;

/// The most bytes of a passage that a sentence is held against.
const MOST_BYTES: usize = 64 << 10;

/// A reply, as far as it is supported.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Empty if nothing is.
    pub text: String,
    /// How many sentences were left out.
    pub left_out: usize,
}

/// Holds a reply against the passages that its model has read. `shown` is what it saw of them. A larger model that cites
/// them is believed as a whole, as it is elsewhere.
pub async fn judge(
    reply: &str,
    shown: &str,
    places: &[Place],
    question: &str,
    context: Arc<ContextText>,
    is_small: bool,
) -> Result<Judged, JoinError> {
    let (reply, shown, places, question) = (reply.to_owned(), shown.to_owned(), places.to_vec(), question.to_owned());
    cite::looked_up(context, move |context, stop| {
        if !is_small && cite::citations(&reply, context, stop).iter().any(|it| it.state != CitationState::Missing) {
            return Judged { text: reply, left_out: 0 };
        }
        let passages = places.iter().filter_map(|place| Read::of(place, context)).collect();
        let evidence = Evidence { passages, shown: words(&shown), asked: words(&question), is_small, context, stop };
        evidence.judge(&reply)
    })
    .await
}

/// What a reply is held against.
struct Evidence<'a> {
    passages: Vec<Read>,
    shown: FxHashSet<String>,
    asked: FxHashSet<String>,
    is_small: bool,
    context: &'a ContextText,
    stop: &'a StopFlag,
}

/// What became of a sentence.
enum Verdict {
    /// It is supported, from here to its end or up to what is not.
    Kept {
        text: String,
        is_whole: bool,
        is_cited: bool,
    },
    LeftOut,
    /// It says nothing: it announces what follows.
    Passed,
}

impl Evidence<'_> {
    fn judge(&self, reply: &str) -> Judged {
        let (mut judged, mut kept_sentences, mut cites) = (Judged::default(), 0, false);
        for line in reply.lines().filter(|it| !it.trim_start().starts_with("```")) {
            let (mark, line) = item(line);
            let mut kept = String::new();
            for sentence in sentences(line) {
                match self.sentence(sentence) {
                    Verdict::Kept { text, is_whole, is_cited } => {
                        kept_sentences += 1;
                        cites |= is_cited;
                        judged.left_out += usize::from(!is_whole);
                        kept.push_str(if kept.is_empty() { "" } else { " " });
                        kept.push_str(&text);
                    }
                    Verdict::LeftOut => judged.left_out += 1,
                    Verdict::Passed => {}
                }
            }
            if !kept.is_empty() && !judged.text.contains(&kept) {
                judged.text.push_str(if judged.text.is_empty() { "" } else { "\n" });
                judged.text.push_str(mark);
                judged.text.push_str(&kept);
            }
        }
        if self.is_small && !cites && judged.left_out > BY_CHANCE * kept_sentences {
            judged.text.clear();
        }
        judged
    }

    /// Judges a sentence. What is said of its first places may be supported, and the rest not.
    fn sentence(&self, sentence: &str) -> Verdict {
        let claims = claims(sentence);
        let (mut kept, mut is_cited) = (String::new(), false);
        for (number, claim) in claims.iter().enumerate() {
            match self.claim(claim, number == 0) {
                Some((text, cites)) => {
                    kept.push_str(&text);
                    is_cited |= cites;
                }
                None if number > 0 => {
                    let text = kept.trim_end().trim_end_matches([',', ';', ':']).to_owned() + ".";
                    return Verdict::Kept { text, is_whole: false, is_cited };
                }
                None if sentence.trim_end().ends_with(':') => return Verdict::Passed,
                None => return Verdict::LeftOut,
            }
        }
        Verdict::Kept { text: kept.trim().to_owned(), is_whole: true, is_cited }
    }

    /// A claim that is supported, with a place that holds, and whether its model has cited that.
    fn claim(&self, claim: &str, is_first: bool) -> Option<(String, bool)> {
        let text = without_places(claim);
        let (own, exact) = (words(&text), exact(&text));
        let is_figure = |word: &&String| is_number(word) && !self.asked.contains(*word);
        let numbers = own.iter().filter(is_figure).cloned().collect();
        let said = Said { own, exact, numbers, denies: denies(&text) };
        let places = cite::citations(claim, self.context, self.stop);
        let news = said.own.iter().filter(|word| !self.asked.contains(*word)).count();
        let fewest = if places.is_empty() { UNCITED_NEWS } else { CITED_NEWS };
        let is_news = news >= fewest.min(said.own.len()) || said.exact.iter().any(|word| !self.asked.contains(word));
        if said.own.is_empty() || is_first && !is_news {
            return None;
        }
        let is_short = self.is_small && said.own.len() < FEWEST_WORDS;
        // A line of code that is repeated answers nothing.
        let is_code = claim.contains(['`', '=', ';', '{', '(']);
        if is_short && places.is_empty() && (said.numbers.is_empty() || is_code) {
            return None;
        }
        let percent = |usual| if is_short { 100 } else { usual };
        // Of a quotation that is not to the letter the place is marked as missing where the answer is shown.
        let is_said = |place: &Citation| {
            let passages = self.passages.iter().filter(|read| read.place.path == place.path);
            passages.filter_map(|read| self.holding(read, &said, percent(CITED_PERCENT))).any(|(_, held)| {
                let reaches = |first: usize, last: usize| first <= last + LINES_BESIDE;
                reaches(held.first_line, place.last_line) && reaches(place.first_line, held.last_line)
            })
        };
        if places.iter().any(is_said) {
            return Some((claim.to_owned(), true));
        }
        let percent = percent(if self.is_small { UNCITED_SMALL_PERCENT } else { UNCITED_PERCENT });
        let held = self.passages.iter().rev().filter_map(|read| self.holding(read, &said, percent));
        let (_, Place { path, first_line, last_line }) = held.max_by_key(|(share, _)| *share)?;
        let lines = if first_line == last_line { first_line.to_string() } else { format!("{first_line}-{last_line}") };
        let bare = if places.is_empty() { claim.trim() } else { text.trim() };
        let (text, end) = match bare.trim_end_matches([',', ';']) {
            it if it.ends_with(['.', '!', '?']) => it.split_at(it.len() - 1),
            it => (it, "."),
        };
        Some((format!("{} (`{path}:{lines}`){end}", text.trim_end()), false))
    }

    /// The fewest lines of a passage together that have so large a part of a claim's words, and what part that is. Of a large
    /// model's it is the whole passage that must have them.
    fn holding(&self, read: &Read, said: &Said, percent: usize) -> Option<(usize, Place)> {
        if !said.exact.iter().all(|word| self.may_say(read, word)) {
            return None;
        }
        let all = read.lines.len();
        let mut sizes = if self.is_small { 1..=LINES_TOGETHER.min(all) } else { all..=all };
        sizes.find_map(|size| {
            let rated = read.lines.windows(size.max(1)).enumerate().filter_map(|(at, lines)| {
                let share = said.own.iter().filter(|word| has(lines, word)).count() * 100 / said.own.len().max(1);
                (share >= percent && (!self.is_small || said.agrees_with(lines))).then_some((share, at))
            });
            // Of several that are alike the first.
            let (share, at) = rated.reduce(|best, it| if it.0 > best.0 { it } else { best })?;
            let first_line = read.place.first_line + at;
            let place = Place { first_line, last_line: first_line + size - 1, ..read.place.clone() };
            Some((share, place))
        })
    }

    /// Whether something exact may be said of a passage: it stands there, or in the question, or the model was told it beside
    /// the passages. What stands in another passage is mixed up.
    fn may_say(&self, read: &Read, word: &String) -> bool {
        let is_elsewhere = || self.passages.iter().any(|other| other.words.contains(word));
        read.words.contains(word) || self.asked.contains(word) || self.shown.contains(word) && !is_elsewhere()
    }
}

/// A passage.
struct Read {
    place: Place,
    lines: Vec<Line>,
    /// Of all its lines, and of its path.
    words: FxHashSet<String>,
}

struct Line {
    text: String,
    words: FxHashSet<String>,
}

impl Read {
    fn of(place: &Place, context: &ContextText) -> Option<Self> {
        let text = lines_of(context, place)?;
        let lines = text.lines().map(|it| Line { text: it.to_owned(), words: words(it) }).collect();
        Some(Self { lines, words: words(&format!("{} {text}", place.path)), place: place.clone() })
    }
}

fn has(lines: &[Line], word: &String) -> bool {
    lines.iter().any(|line| line.words.contains(word))
}

/// A claim as it is held against lines.
struct Said {
    /// Its words that tell something.
    own: FxHashSet<String>,
    exact: FxHashSet<String>,
    /// Those that are no news to whoever asked aside.
    numbers: Vec<String>,
    denies: bool,
}

impl Said {
    /// Whether lines that have the words say the same with them: they deny what it denies, say no contrary, and have its
    /// numbers beside its words.
    fn agrees_with(&self, lines: &[Line]) -> bool {
        let text = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
        let rated = |statement: &str| {
            let there = words(statement);
            (self.own.iter().filter(|word| there.contains(*word)).count(), denies(statement), there)
        };
        let rated: Vec<_> = statements(&text).map(rated).collect();
        let most = rated.iter().map(|(count, ..)| *count).max().unwrap_or_default();
        let is_said = rated
            .iter()
            .any(|(count, denies, there)| *count == most && *denies == self.denies && !contradicts(&self.own, there));
        let others: Vec<&String> = self.own.iter().filter(|word| !is_number(word)).collect();
        let is_beside = |number: &String| {
            let with_number = lines.iter().filter(|line| line.words.contains(number));
            others.is_empty() || with_number.flat_map(|line| &line.words).any(|word| others.contains(&word))
        };
        is_said && self.numbers.iter().all(|number| has(lines, number) && is_beside(number))
    }
}

/// The lines of a place.
fn lines_of(context: &ContextText, place: &Place) -> Option<String> {
    let segment = context.segments().iter().find(|it| it.path.as_deref() == Some(place.path.as_str()))?;
    let text = context.read(segment.text.start..segment.text.end.min(segment.text.start + (16 << 20))).ok()?;
    let lines = text.lines().skip(place.first_line - 1).take(place.last_line + 1 - place.first_line);
    let mut kept = lines.collect::<Vec<_>>().join("\n");
    kept.truncate(kept.floor_char_boundary(MOST_BYTES));
    Some(kept)
}

#[cfg(test)]
mod tests;

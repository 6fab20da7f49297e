//! What of a reply the passages support that its model has read.
//!
//! A small model writes sentences that no passage supports, with true places behind them. So each sentence is held
//! against the lines: what it cites must be there, the names, numbers and code in it must stand in the passages or in the
//! question, and most of its words as well, of a small model in a few lines that stand together and deny what it denies. A
//! sentence without a place gets that of the lines it repeats.

use super::built_in::Passage;
use crate::{
    corpus::{ContextText, StopFlag, stem},
    engine::{answer::CitationState, cite},
};
use rustc_hash::FxHashSet;
use std::sync::Arc;
use tokio::task::JoinError;

/// The part of a sentence's words, in percent, that a passage must have: of one that cites it, and of one that gets its
/// place from it, which is more of a small model's.
const CITED_PERCENT: usize = 50;
const UNCITED_PERCENT: usize = 70;
const UNCITED_SMALL_PERCENT: usize = 80;

/// The most lines that hold the words of a small model's sentence. It puts together what stands far apart.
const LINES_TOGETHER: usize = 5;

/// The fewest words of a small model's sentence.
const FEWEST_WORDS: usize = 3;

/// A small model that says so many times more that nothing supports than what is supported says the latter by chance.
const BY_CHANCE: usize = 2;

/// The fewest words of a sentence that are not those of the question, for it to be given a place.
const OWN_WORDS: usize = 2;

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
    places: &[Passage],
    question: &str,
    context: Arc<ContextText>,
    is_small: bool,
) -> Result<Judged, JoinError> {
    let (reply, shown, places, question) = (reply.to_owned(), shown.to_owned(), places.to_vec(), question.to_owned());
    cite::looked_up(context, move |context, stop| {
        if !is_small && cite::citations(&reply, context, stop).iter().any(|it| it.state != CitationState::Missing) {
            return Judged { text: reply, left_out: 0 };
        }
        let passages: Vec<Read> = places.iter().filter_map(|place| Read::of(place, context)).collect();
        let known = words(&format!("{shown}\n{question}"));
        let asked = words(&question);
        let (mut judged, mut kept_sentences) = (Judged::default(), 0);
        for line in reply.lines().filter(|it| !it.trim_start().starts_with("```")) {
            let mut kept = String::new();
            for sentence in sentences(line) {
                match supported(sentence, &passages, &known, &asked, is_small, context, stop) {
                    Some(text) => {
                        kept_sentences += 1;
                        if !kept.is_empty() {
                            kept.push(' ');
                        }
                        kept.push_str(&text);
                    }
                    None => judged.left_out += 1,
                }
            }
            if !kept.is_empty() && !judged.text.contains(&kept) {
                judged.text.push_str(if judged.text.is_empty() { "" } else { "\n" });
                judged.text.push_str(&kept);
            }
        }
        if is_small && judged.left_out > BY_CHANCE * kept_sentences {
            judged.text.clear();
        }
        judged
    })
    .await
}

/// A passage, with the words of its lines, and whether they deny something.
struct Read {
    place: Passage,
    lines: Vec<(FxHashSet<String>, bool)>,
}

impl Read {
    fn of(place: &Passage, context: &ContextText) -> Option<Self> {
        let text = lines_of(context, place)?;
        Some(Self { place: place.clone(), lines: text.lines().map(|it| (words(it), denies(it))).collect() })
    }

    /// The fewest lines together that have so large a part of a sentence's words, and what part that is. Of a large model's
    /// it is the whole passage that must have them.
    fn holding(&self, said: &Said, percent: usize, is_small: bool) -> Option<(usize, Passage)> {
        let all = self.lines.len();
        let mut sizes = if is_small { 1..=LINES_TOGETHER.min(all) } else { all..=all };
        sizes.find_map(|size| {
            let rated = self.lines.windows(size.max(1)).enumerate().filter_map(|(at, lines)| {
                let has = |word: &&String| lines.iter().any(|(words, _)| words.contains(*word));
                let share = said.own.iter().filter(has).count() * 100 / said.own.len().max(1);
                let agrees = !is_small || lines.iter().any(|(_, denies)| *denies) == said.denies;
                (share >= percent && agrees).then_some((share, at))
            });
            // Of several that are alike the first.
            let (share, at) = rated.reduce(|best, it| if it.0 > best.0 { it } else { best })?;
            let first_line = self.place.first_line + at;
            let place = Passage { first_line, last_line: first_line + size - 1, ..self.place.clone() };
            Some((share, place))
        })
    }
}

/// A sentence as it is held against lines.
struct Said {
    /// Its words that tell something.
    own: FxHashSet<String>,
    denies: bool,
}

/// The lines of a place.
fn lines_of(context: &ContextText, place: &Passage) -> Option<String> {
    let segment = context.segments().iter().find(|it| it.path.as_deref() == Some(place.path.as_str()))?;
    let text = context.read(segment.text.start..segment.text.end.min(segment.text.start + (16 << 20))).ok()?;
    let lines = text.lines().skip(place.first_line - 1).take(place.last_line + 1 - place.first_line);
    let mut kept = lines.collect::<Vec<_>>().join("\n");
    kept.truncate(kept.floor_char_boundary(MOST_BYTES));
    Some(kept)
}

/// A sentence that is supported, with its place.
fn supported(
    sentence: &str,
    passages: &[Read],
    known: &FxHashSet<String>,
    asked: &FxHashSet<String>,
    is_small: bool,
    context: &ContextText,
    stop: &StopFlag,
) -> Option<String> {
    let citations = cite::citations(sentence, context, stop);
    let said = without_places(sentence);
    let own = words(&said);
    let fewest = if is_small { FEWEST_WORDS } else { 1 };
    if own.iter().filter(|word| !asked.contains(*word)).count() < OWN_WORDS.min(own.len()) || own.len() < fewest {
        return None;
    }
    if !exact(&said).all(|word| known.contains(&word)) {
        return None;
    }
    let overlaps = |read: &&Read| {
        citations.iter().any(|it| {
            it.state != CitationState::Missing
                && it.path == read.place.path
                && it.first_line <= read.place.last_line
                && read.place.first_line <= it.last_line
        })
    };
    if citations.iter().any(|it| it.state == CitationState::Missing) {
        return None;
    }
    let said = Said { own, denies: denies(&said) };
    if !citations.is_empty() {
        let is_said =
            passages.iter().filter(overlaps).any(|read| read.holding(&said, CITED_PERCENT, is_small).is_some());
        return is_said.then(|| sentence.trim().to_owned());
    }
    let percent = if is_small { UNCITED_SMALL_PERCENT } else { UNCITED_PERCENT };
    let held = passages.iter().rev().filter_map(|read| read.holding(&said, percent, is_small));
    let (_, Passage { path, first_line, last_line }) = held.max_by_key(|(share, _)| *share)?;
    let lines = if first_line == last_line { first_line.to_string() } else { format!("{first_line}-{last_line}") };
    let (text, end) = match sentence.trim() {
        it if it.ends_with(['.', '!', '?']) => it.split_at(it.len() - 1),
        it => (it, "."),
    };
    Some(format!("{text} (`{path}:{lines}`){end}"))
}

/// The sentences of a line: cut behind `.`, `!` and `?` before white space.
fn sentences(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        let mut ends = rest.match_indices(['.', '!', '?']).map(|(at, _)| at + 1);
        let end = ends.find(|&at| rest[at..].starts_with([' ', '\t'])).unwrap_or(rest.len());
        let (sentence, behind) = rest.split_at(end);
        rest = behind;
        Some(sentence)
    })
}

/// A sentence without what looks like `path:line`.
fn without_places(sentence: &str) -> String {
    let is_place = |word: &str| {
        let word = word.trim_matches(|it: char| !it.is_alphanumeric());
        word.rsplit_once(':')
            .is_some_and(|(path, line)| !path.is_empty() && line.starts_with(|it: char| it.is_ascii_digit()))
    };
    sentence.split_whitespace().filter(|word| !is_place(word)).collect::<Vec<_>>().join(" ")
}

/// Words that turn a sentence into its contrary.
const DENIALS: [&str; 12] =
    ["not", "no", "never", "cannot", "none", "nothing", "without", "neither", "nor", "impossible", "unable", "nobody"];

/// Whether a text denies something.
fn denies(text: &str) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    lower
        .split(|it: char| !it.is_alphanumeric() && it != '\'')
        .any(|word| DENIALS.contains(&word) || word.ends_with("n't"))
}

/// Words that say nothing.
const COMMON: [&str; 40] = [
    "the", "and", "that", "this", "with", "for", "from", "are", "was", "were", "has", "have", "had", "not", "but",
    "its", "which", "when", "where", "what", "who", "how", "will", "would", "can", "does", "did", "been", "being",
    "into", "than", "then", "there", "these", "those", "they", "also", "used", "uses", "line",
];

/// The words of a text that tell something, in lower case and without their endings; identifiers in their parts.
fn words(text: &str) -> FxHashSet<String> {
    parts(text)
        .filter(|it| (it.len() > 2 || it.bytes().all(|it| it.is_ascii_digit())) && !COMMON.contains(&it.as_str()))
        .map(|it| stem(&it).into_owned())
        .collect()
}

fn parts(text: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::with_capacity(text.len() + text.len() / 8);
    let mut before = ' ';
    for it in text.chars() {
        if it.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        before = it;
        spaced.extend(it.to_lowercase());
    }
    let parts: Vec<String> =
        spaced.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    parts.into_iter()
}

/// The parts of what a sentence says exactly: numbers, code, names with a capital, a full stop or an underscore inside.
fn exact(said: &str) -> impl Iterator<Item = String> {
    let mut exact = Vec::new();
    let mut is_code = false;
    for part in said.split('`') {
        for word in part.split_whitespace() {
            let bare = word.trim_matches(|it: char| !it.is_alphanumeric());
            let inner =
                bare.chars().skip(1).any(|it| it.is_uppercase() || it == '_' || it == '.' || it == '/' || it == ':');
            if is_code || inner || bare.bytes().any(|it| it.is_ascii_digit()) {
                exact.extend(words(bare));
            }
        }
        is_code = !is_code;
    }
    exact.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    const TEXT: &str = "def backoff(attempt):\n    \"\"\"Seconds to wait before the next attempt, at most 30.\"\"\"\n    return min(30, 2 ** attempt)\n";

    async fn judged(reply: &str, is_small: bool) -> Judged {
        let snapshot = Snapshot::of_text(Some("retry.py"), TEXT.to_owned());
        let context = snapshot.context().unwrap();
        let places = [Passage { path: "retry.py".to_owned(), first_line: 1, last_line: 3 }];
        judge(reply, TEXT, &places, "How long does it wait?", context, is_small).await.unwrap()
    }

    #[tokio::test]
    async fn a_sentence_that_repeats_a_passage_gets_its_place() {
        let Judged { text, left_out } =
            judged("It waits at most 30 seconds before the next attempt. Bananas are yellow.", true).await;
        assert_eq!(
            (text.as_str(), left_out),
            ("It waits at most 30 seconds before the next attempt (`retry.py:2`).", 1)
        );
    }

    #[tokio::test]
    async fn names_and_numbers_that_stand_nowhere_are_not_believed() {
        for reply in [
            "It waits at most 45 seconds before the next attempt (`retry.py:2`).",
            "The wait before the next attempt is in `max_retries` (retry.py:2).",
            "It waits at most 30 seconds before the next attempt (`retry.py:99`).",
            "The capital of France is Paris (`retry.py:2`).",
            "How long does it wait?",
            "return attempt",
            "It does not wait 30 seconds before the next attempt (`retry.py:2`).",
            "It waits at most 30 seconds before the next attempt. Bananas are yellow. Apples are red. Plums are blue.",
            "",
        ] {
            assert_eq!(judged(reply, true).await.text, "", "{reply}");
        }
    }

    #[tokio::test]
    async fn a_larger_model_that_cites_is_believed_as_elsewhere() {
        let reply = "In short:\n\n- it doubles, up to 30 s (`retry.py:3`)\n- nothing else";
        assert_eq!(judged(reply, false).await, Judged { text: reply.to_owned(), left_out: 0 });
    }
}

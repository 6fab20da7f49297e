//! What a question asks for: its words without those that every question has, and what else they may mean.

use super::{
    phrases,
    stem::stem,
    synonyms::related,
    terms::{Word, words},
};

/// Words of questions in general, which are not looked for.
const STOP_WORDS: &str = "
a about also am an and another any are as at be because been being both but by can cannot code could did do does doing
don for from had has have having he her here him his how i if in instead into is it its itself just may me might my
neither no nor not of on onto or our ours she should so some somebody something somewhere such than that the their them
themselves then there these they this those through to too upon us very via was we were what when where whether which
while who whom whose why will with would yet you your yours ever every each either else rather own possible proper
actually really likely already still however
";

/// Words that questions about any program are full of. They count less, since there they rarely mean what they mean
/// where they name something.
const WEAK_WORDS: &str = "
again all allow answer appear apply arrive ask become belong bring care cause come concern contain cope cover deal
decide depend determine different end exist fall far few find follow get give go good great handle happen help hold
important keep kind last lead leave let like live long look lot make manage many matter mean more most move much must
near need new now number off old once one only open order other out over part perform person place play point prevent
program project provide put quite reach real require responsible result right run same say see seem several show sort
source special start stay stop suppose sure system take talk tell thing think three time together try turn two under
until up usable use useful user usual want way well whole within without work
";

/// What a weak word counts, where another one counts 1.
const WEAK: f32 = 0.6;

/// What two words of the question count that the code writes as one.
const COMPOUND: f32 = 0.8;

/// What a thing counts that is meant by several words together, and these words themselves.
const PHRASE: f32 = 0.75;
const IN_PHRASE: f32 = 0.7;

/// The longest question in bytes, and the most words that are looked for. What a longer one asks besides is left out:
/// each word is looked up in every part of the index.
const LONGEST: usize = 64 << 10;
const MOST_WORDS: usize = 500;

/// One thing that a question asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Concept {
    /// Terms of the index that may mean it, with what they count. The first is what was asked.
    pub variants: Vec<(String, f32)>,
    /// How much it counts beside the other concepts, leaving aside how rare it is.
    pub weight: f32,
    /// Whether none of the variants is what was asked.
    pub is_phrase: bool,
}

/// A question that was taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    pub concepts: Vec<Concept>,
    /// Whether it speaks of tests, examples and the like, which otherwise count less.
    pub about_tests: bool,
    /// Whether it asks which things there are, or how many, and not where or how something is done.
    pub about_things: bool,
}

impl Query {
    pub fn new(text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let mut parts = Vec::new();
        let mut wholes = Vec::new();
        words(text, |word| match word {
            Word::Part(part) => parts.push(part.to_owned()),
            Word::Whole(whole) => wholes.push(whole.to_owned()),
        });
        let stems: Vec<String> = parts.iter().take(MOST_WORDS).map(|part| stem(part).into_owned()).collect();
        let phrases = phrases::find(&stems);
        let content = content(&parts);
        let about_tests = content.iter().any(|&part| {
            matches!(&*stem(&parts[part]), "test" | "exampl" | "bench" | "benchmark" | "demo" | "changelog" | "fixtur")
        });

        let mut concepts: Vec<Concept> = Vec::new();
        for (at, &number) in content.iter().enumerate() {
            if concepts.len() == MOST_WORDS {
                break;
            }
            let word = |at: usize| content.get(at).map(|&number| &parts[number]);
            let mut concept = concept(&parts[number], at.checked_sub(1).and_then(word), word(at + 1));
            if phrases.iter().any(|phrase| phrase.words.contains(&number)) {
                concept.weight *= IN_PHRASE;
            }
            if !concepts.iter().any(|known| known.variants[0] == concept.variants[0]) {
                concepts.push(concept);
            }
        }
        concepts.extend(phrases.into_iter().map(|phrase| Concept {
            variants: phrase.meant.iter().map(|meant| (meant.clone(), PHRASE)).collect(),
            weight: 1.0,
            is_phrase: true,
        }));
        concepts.extend(wholes.iter().take(MOST_WORDS).map(|whole| Concept {
            variants: vec![(identifier(whole), 1.0)],
            weight: 1.0,
            is_phrase: false,
        }));
        Self { concepts, about_tests, about_things: is_about_things(&parts) }
    }
}

/// The term of the index for a whole identifier.
pub(super) fn identifier(whole: &str) -> String {
    format!("={whole}")
}

/// Whether questions about any program have the word of this stem.
fn is_weak(stemmed: &str) -> bool {
    WEAK_WORDS.split_ascii_whitespace().any(|weak| stem(weak) == stemmed)
}

fn is_among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// Whether the first words ask for things or an amount: "which characters", "how many".
fn is_about_things(parts: &[String]) -> bool {
    const OF_PLACES: [&str; 5] = ["code", "function", "method", "part", "place"];
    const AMOUNTS: [&str; 11] = ["big", "deep", "far", "high", "large", "long", "many", "much", "often", "old", "wide"];
    const THINGS: [&str; 6] = ["default", "kind", "kinds", "limit", "size", "value"];
    let mut words =
        parts.iter().map(String::as_str).skip_while(|word| matches!(*word, "at" | "for" | "in" | "on" | "to"));
    match (words.next(), words.next()) {
        (Some("which"), Some(next)) => !OF_PLACES.contains(&next),
        (Some("what"), Some(next)) => THINGS.contains(&next),
        (Some("how"), Some(next)) => AMOUNTS.contains(&next),
        _ => false,
    }
}

/// Which words are looked for.
fn content(parts: &[String]) -> Vec<usize> {
    let mut content: Vec<usize> = (0..parts.len()).filter(|&part| !is_among(STOP_WORDS, &parts[part])).collect();
    // "How does … work?" does not ask for work.
    if content.len() > 1 {
        content.pop_if(|last| matches!(parts[*last].as_str(), "work" | "works" | "working"));
    }
    // A question of nothing but stop words is taken at its word.
    if content.is_empty() { (0..parts.len()).collect() } else { content }
}

fn concept(part: &str, before: Option<&String>, after: Option<&String>) -> Concept {
    let stemmed = stem(part);
    let mut variants = vec![(stemmed.to_string(), 1.0)];
    // What people write as two words is often one in code: file name, filename.
    let compounds = [after.map(|after| format!("{part}{after}")), before.map(|before| format!("{before}{part}"))];
    variants.extend(compounds.into_iter().flatten().map(|compound| (stem(&compound).into_owned(), COMPOUND)));
    variants.extend(related(&stemmed).iter().cloned());
    let weight = if is_weak(&stemmed) { WEAK } else { 1.0 };
    Concept { variants, weight, is_phrase: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_variants(text: &str) -> Vec<String> {
        Query::new(text).concepts.iter().map(|concept| concept.variants[0].0.clone()).collect()
    }

    #[test]
    fn only_words_that_tell_something_are_looked_for() {
        assert_eq!(first_variants("Where are ignore files parsed?"), ["ignor", "fil", "pars"]);
        assert_eq!(first_variants("How does `add_line` work?"), ["add", "lin", "=addline"]);
        assert_eq!(first_variants("what is it"), ["what", "is", "it"]);
        assert_eq!(first_variants("file files"), ["fil"]);
        assert!(first_variants("?!").is_empty());
    }

    #[test]
    fn a_question_that_goes_on_and_on_is_cut() {
        let words = |count: usize| (0..count).map(|number| format!("wort{number}_x ")).collect::<String>();
        assert_eq!(Query::new(&words(50)).concepts.len(), 91);
        assert_eq!(Query::new(&words(100_000)).concepts.len(), 2 * MOST_WORDS);
    }

    #[test]
    fn weak_words_count_less() {
        let query = Query::new("find the limit");
        let weights: Vec<f32> = query.concepts.iter().map(|concept| concept.weight).collect();
        assert_eq!(weights, [WEAK, 1.0]);
    }

    #[test]
    fn words_that_mean_something_together_are_a_concept_of_their_own() {
        let query = Query::new("a read takes too long");
        let phrase = query.concepts.iter().find(|concept| concept.is_phrase).unwrap();
        assert_eq!(phrase.variants[0], ("timeout".to_owned(), PHRASE));
        assert_eq!(query.concepts[0].variants[0].0, "read");
    }

    #[test]
    fn a_question_may_ask_for_things() {
        for (question, is) in [
            ("Which characters are left out?", true),
            ("For how long is it kept?", true),
            ("Which code parses dates?", false),
            ("How are dates parsed?", false),
            ("which", false),
        ] {
            assert_eq!(Query::new(question).about_things, is, "{question}");
        }
    }

    #[test]
    fn a_question_may_be_about_tests() {
        assert!(Query::new("which tests cover parsing").about_tests);
        assert!(!Query::new("where is parsing").about_tests);
    }
}

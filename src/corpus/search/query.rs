//! What a question asks for: its words without those that every question has, and what else they may mean.

use super::{
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
}

/// A question that was taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    pub concepts: Vec<Concept>,
    /// Whether it speaks of tests, examples and the like, which otherwise count less.
    pub about_tests: bool,
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
        let content = content(parts);
        let about_tests = content.iter().any(|part| {
            matches!(&*stem(part), "test" | "exampl" | "bench" | "benchmark" | "demo" | "changelog" | "fixtur")
        });

        let mut concepts: Vec<Concept> = Vec::new();
        for (at, part) in content.iter().enumerate() {
            if concepts.len() == MOST_WORDS {
                break;
            }
            let before = at.checked_sub(1).map(|before| &content[before]);
            let concept = concept(part, before, content.get(at + 1));
            if !concepts.iter().any(|known| known.variants[0] == concept.variants[0]) {
                concepts.push(concept);
            }
        }
        concepts.extend(
            wholes
                .iter()
                .take(MOST_WORDS)
                .map(|whole| Concept { variants: vec![(identifier(whole), 1.0)], weight: 1.0 }),
        );
        Self { concepts, about_tests }
    }
}

/// The term of the index for a whole identifier.
pub(super) fn identifier(whole: &str) -> String {
    format!("={whole}")
}

fn is_among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// The words that are looked for.
fn content(parts: Vec<String>) -> Vec<String> {
    let mut content: Vec<String> = parts.iter().filter(|part| !is_among(STOP_WORDS, part)).cloned().collect();
    // "How does … work?" does not ask for work.
    if content.len() > 1 {
        content.pop_if(|last| matches!(last.as_str(), "work" | "works" | "working"));
    }
    // A question of nothing but stop words is taken at its word.
    if content.is_empty() { parts } else { content }
}

fn concept(part: &str, before: Option<&String>, after: Option<&String>) -> Concept {
    let stemmed = stem(part);
    let mut variants = vec![(stemmed.to_string(), 1.0)];
    // What people write as two words is often one in code: file name, filename.
    let compounds = [after.map(|after| format!("{part}{after}")), before.map(|before| format!("{before}{part}"))];
    variants.extend(compounds.into_iter().flatten().map(|compound| (stem(&compound).into_owned(), COMPOUND)));
    variants.extend(related(&stemmed).iter().cloned());
    let weak = WEAK_WORDS.split_ascii_whitespace().any(|weak| stem(weak) == stemmed);
    Concept { variants, weight: if weak { WEAK } else { 1.0 } }
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
    fn a_question_may_be_about_tests() {
        assert!(Query::new("which tests cover parsing").about_tests);
        assert!(!Query::new("where is parsing").about_tests);
    }
}

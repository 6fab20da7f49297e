//! Words that questions are made of, and that name nothing.

/// Words with which a person begins to ask or to demand.
const OPENINGS: &str = "
what which who whom whose where when why how is are was were do does did can could should would will has have had may am
show list find give tell explain describe summarise summarize count name print look search compare help please i we let
";

/// Words that say nothing of what a question is about.
const NEUTRAL: &str = "
a an the this that these those it its all any each every some of in on at to for from by with without under about into as
is are was were be been being am do does did done has have had can could should would will may might must
their theirs them they itself
what which who whom whose where when why how and or if then than there here me my we our us you your i please show list
find give tell explain describe print name count look so not no yes only also just exactly currently s t
file files project projects repo repository package packages library crate module program code codebase source software
application app tool workspace directory folder thing things one ones many much most
";

fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// Whether a question may begin with this word.
pub(super) fn is_opening(word: &str) -> bool {
    is_in(OPENINGS, &word.to_lowercase())
}

/// Whether a word, in lower case, says nothing of what is asked about.
pub(super) fn is_neutral(word: &str) -> bool {
    is_in(NEUTRAL, word)
}

/// The words of a text in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text.split(|it: char| !it.is_alphanumeric() && it != '_' && it != '-');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Whether all words are neutral or among `known`.
pub(super) fn only(words: &[String], known: &str) -> bool {
    words
        .iter()
        .all(|word| is_neutral(word) || is_in(known, word) || word.strip_suffix('s').is_some_and(|it| is_in(known, it)))
}

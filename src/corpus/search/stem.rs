//! Words that differ only in their endings count as one.
//!
//! There are two strengths. [`stem`] takes off inflections only, so that `terminal` and `terminator` stay different
//! words; [`family`] brings together what shares a root (`estimate`, `estimator`, `estimation`; `parse`, `parser`), which
//! counts less.

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, sync::LazyLock};

/// Forms that follow no rule, each line with its base form first.
const IRREGULAR: &str = "\
begin began begun
bind bound
break broke broken
bring brought
build built
child children
choose chose chosen
come came
do did done
draw drew drawn
drive drove driven
fall fell fallen
feed fed
find found
forget forgot forgotten
freeze froze frozen
get got gotten
give gave given
go went gone
grow grew grown
hide hid hidden
hold held
index indices indexes
keep kept
know knew known
lay laid
lead led
leave left
lose lost
make made
matrix matrices
mean meant
meet met
pay paid
run ran
say said
see saw seen
seek sought
send sent
show shown
spend spent
spin spun
steal stole stolen
stick stuck
take took taken
tell told
think thought
throw threw thrown
understand understood
vertex vertices
wake woke woken
wind wound
write wrote written";

/// Words whose ending looks like an inflection and is not.
const WHOLE: &[&str] = &[
    "access", "address", "alias", "always", "bias", "bus", "canvas", "ceiling", "class", "during", "embed", "exceed",
    "feed", "focus", "heading", "need", "proceed", "process", "radius", "red", "seed", "series", "setting", "shed",
    "sibling", "species", "speed", "status", "this",
];

/// Roots of so many letters are there in each of their words.
const SURE: usize = 4;

static IRREGULAR_FORMS: LazyLock<FxHashMap<&str, &str>> = LazyLock::new(|| {
    let forms = |line: &'static str| {
        let (base, forms) = line.split_once(' ').unwrap_or_default();
        forms.split(' ').map(move |form| (form, base))
    };
    IRREGULAR.lines().flat_map(forms).collect()
});

/// A word in lower case without its inflection. Words in other alphabets and short ones stay as they are.
pub fn stem(word: &str) -> Cow<'_, str> {
    if word.len() < 3 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(word);
    }
    if let Some(base) = IRREGULAR_FORMS.get(word) {
        return Cow::Borrowed(without_e(base));
    }
    if let Some(whole) = WHOLE.iter().find(|&&whole| word.strip_suffix('s').unwrap_or(word) == whole || word == whole) {
        return Cow::Borrowed(whole);
    }
    let singular = singular(word);
    let mut stem = without_e(&without_tense(&singular)).to_owned();
    // British spellings: -ise, -our, -elled.
    if stem.len() > 5 && stem.ends_with("is") {
        stem.replace_range(stem.len() - 1.., "z");
    } else if stem.len() > 4 && stem.ends_with("our") {
        stem.replace_range(stem.len() - 2.., "r");
    } else if stem.len() > 5 && stem.ends_with("ell") {
        stem.pop();
    }
    Cow::Owned(stem)
}

/// What a stem has in common with those of the same root: Porter's second algorithm for English, and beyond it the
/// ending of those who do something.
pub(super) fn family(stem: &str) -> String {
    static PORTER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));
    if !stem.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return stem.to_owned();
    }
    let agent = stem.strip_suffix("er").or_else(|| stem.strip_suffix("or")).filter(|root| root.len() > 3);
    let word = agent.unwrap_or(stem);
    // The algorithm knows words by their endings, of which the stem may have lost the last letter.
    let with_e = format!("{word}e");
    let root = [PORTER.stem(word), PORTER.stem(&with_e)].into_iter().min_by_key(|root| root.len()).unwrap_or_default();
    without_e(root.trim_end_matches(['i', 'y'])).to_owned()
}

/// The beginnings of all words, in lower case, that have the same [`family`] as `stem`: each word has one of them.
pub(super) fn beginnings(stem: &str) -> Vec<String> {
    static IRREGULAR_FAMILIES: LazyLock<FxHashMap<String, Vec<&str>>> = LazyLock::new(|| {
        let mut families = FxHashMap::<String, Vec<&str>>::default();
        for form in IRREGULAR.split_ascii_whitespace() {
            families.entry(family(&self::stem(form))).or_default().push(form);
        }
        families
    });
    let root = family(stem);
    let irregular = IRREGULAR_FAMILIES.get(&root).into_iter().flatten().map(|&form| form.to_owned());
    // Of longer roots the last letter may be another one: `organise` and `organize`, `stable` and `stability`.
    let sure = if root.len() > SURE && root.is_ascii() { &root[..root.len() - 1] } else { &root };
    irregular.chain([sure.to_owned()]).collect()
}

fn singular(word: &str) -> Cow<'_, str> {
    if let Some(root) = word.strip_suffix("ies").filter(|root| root.len() > 1) {
        return Cow::Owned(format!("{root}y"));
    }
    let hissing = ["sses", "shes", "ches", "xes", "zes"].iter().any(|ending| word.ends_with(ending));
    if hissing {
        return Cow::Borrowed(&word[..word.len() - 2]);
    }
    let plural = word.ends_with('s') && !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending));
    Cow::Borrowed(if plural && word.len() > 3 { &word[..word.len() - 1] } else { word })
}

fn without_tense(word: &str) -> Cow<'_, str> {
    if let Some(root) = word.strip_suffix("ied").filter(|root| root.len() > 1) {
        return Cow::Owned(format!("{root}y"));
    }
    let root = word.strip_suffix("ing").or_else(|| word.strip_suffix("ed"));
    let Some(root) = root.filter(|root| root.len() > 1 && root.contains(['a', 'e', 'i', 'o', 'u', 'y'])) else {
        return Cow::Borrowed(word);
    };
    let mut last = root.bytes().rev();
    let doubled = root.len() > 3 && last.next() == last.next() && !root.ends_with(['l', 's', 'z']);
    Cow::Owned(root[..root.len() - usize::from(doubled)].to_owned())
}

fn without_e(word: &str) -> &str {
    if word.len() > 3 { word.strip_suffix('e').unwrap_or(word) } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflections_do_not_count() {
        for (a, b) in [
            ("ignored", "ignore"),
            ("parsing", "parses"),
            ("directories", "directory"),
            ("matched", "matching"),
            ("running", "run"),
            ("sent", "sends"),
            ("written", "writing"),
            ("drawn", "draw"),
            ("caches", "caching"),
            ("copies", "copied"),
            ("settings", "setting"),
            ("initialised", "initialize"),
            ("cancelled", "canceled"),
            ("colours", "color"),
        ] {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
        for (a, b) in [("terminal", "terminator"), ("setting", "set"), ("string", "str"), ("class", "clas")] {
            assert_ne!(stem(a), stem(b), "{a} {b}");
        }
        assert_eq!(stem("io"), "io");
        assert_eq!(stem("größe"), "größe");
    }

    #[test]
    fn families_share_a_root() {
        for (a, b) in
            [("parser", "parse"), ("estimator", "estimate"), ("estimation", "estimate"), ("notification", "notify")]
        {
            assert_eq!(family(&stem(a)), family(&stem(b)), "{a} {b}");
        }
        assert_ne!(family("error"), family("err"));
    }
}

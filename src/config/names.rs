//! Which names are options, and what to say of one that is none.

use super::{DEFINITIONS, Options};

impl Options {
    /// Whether there is an option of this name.
    pub fn knows(name: &str) -> bool {
        DEFINITIONS.iter().any(|it| it.facts().name == name)
    }

    /// The option that someone who wrote `name` may have meant.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let name = name.to_lowercase();
        let known = DEFINITIONS.iter().map(|it| it.facts().name);
        let (distance, known) = known.map(|known| (distance(&name, &known.to_lowercase()), known)).min()?;
        (distance <= known.len().min(name.len()) / 3).then_some(known)
    }
}

/// How many bytes must be put in, taken out or changed to get from one name to the other.
pub fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, a) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (at, b) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[b.len()]
}

/// A sentence that was written for the terminal, with editors' settings in the place of its options: "the setting `model`"
/// for `--model`.
pub fn in_editor(text: &str) -> String {
    let word = |word: &str| {
        let (option, behind) = word.split_at(word.find([',', ';', '.', ')']).unwrap_or(word.len()));
        let named = DEFINITIONS.iter().map(|it| it.facts()).find(|it| it.is_setting && it.in_terminal() == option);
        named.map_or_else(|| word.to_owned(), |facts| format!("the setting `{}`{behind}", facts.name))
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_have_settings_and_no_flags() {
        for (terminal, editor) in [
            ("lower --concurrency, or try again later", "lower the setting `concurrency`, or try again later"),
            ("choose another model with --model", "choose another model with the setting `model`"),
            ("see --reply-tokens; --unknown stays", "see the setting `replyTokens`; --unknown stays"),
            ("set RLM_API_KEY", "set RLM_API_KEY"),
        ] {
            assert_eq!(in_editor(terminal), editor);
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_a_stranger_is_not() {
        for (name, meant) in [
            ("maxCall", Some("maxCalls")),
            ("max_calls", Some("maxCalls")),
            ("MaxTokens", Some("maxTokens")),
            ("endpoints", Some("endpoint")),
            ("pirce", None),
            ("prices", Some("price")),
            ("serverPath", None),
            ("", None),
        ] {
            assert_eq!(Options::nearest(name), meant, "{name}");
        }
    }
}

//! What an answer rests on, and how it says so itself.

use crate::engine::answer::{Citation, CitationState};

/// What an answer rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Grounded {
    /// It cites places of the text, and at least one of them holds.
    Cited,
    /// It cites nothing that holds, but its model has looked into the text.
    Looked,
    /// Neither: it may well be made up.
    #[default]
    None,
}

impl Grounded {
    /// What an answer with these citations rests on, whose model `has_looked` into the text or not.
    pub fn of(citations: &[Citation], has_looked: bool) -> Self {
        match citations.iter().any(|it| it.state != CitationState::Missing) {
            true => Self::Cited,
            false if has_looked => Self::Looked,
            false => Self::None,
        }
    }
}

/// An answer that rests on nothing, which says so, with the passages that the built-in search has found.
pub fn ungrounded(answer: &str, model: &str, passages: Option<&str>) -> String {
    let found = match passages {
        Some(_) => " This is what the built-in search finds:",
        None => "",
    };
    let passages = passages.map(|it| format!("\n\n{it}")).unwrap_or_default();
    let note = format!(
        "> **Nothing of the text supports this answer.** {model} did not look into the text, and cites no place in it."
    );
    format!("{}\n\n{note}{found}{passages}", answer.trim_end())
}

/// The same for people who get the answer without a word of ours in it.
pub fn warning(model: &str) -> String {
    format!("nothing of the text supports this answer: {model} did not look into the text, and cites no place in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn citation(state: CitationState) -> Citation {
        Citation { path: "a.rs".to_owned(), first_line: 1, last_line: 1, state }
    }

    #[test]
    fn one_citation_that_holds_is_enough_and_a_missing_one_is_none() {
        let (missing, found) = (citation(CitationState::Missing), citation(CitationState::Found));
        assert_eq!(Grounded::of(&[missing.clone(), found], false), Grounded::Cited);
        assert_eq!(Grounded::of(std::slice::from_ref(&missing), true), Grounded::Looked);
        assert_eq!((Grounded::of(&[missing], false), Grounded::of(&[], false)), (Grounded::None, Grounded::None));
    }

    #[test]
    fn an_answer_that_rests_on_nothing_says_so_before_the_passages() {
        let text = ungrounded("It is 7.\n", "m", Some("1. `a.rs:3`"));
        assert!(
            text.starts_with("It is 7.\n\n> **Nothing of the text supports this answer.** m did not look"),
            "{text}"
        );
        assert!(text.ends_with("finds:\n\n1. `a.rs:3`"), "{text}");
        assert!(!ungrounded("7", "m", None).contains("search"));
    }
}

//! What kind of question is asked, and about what.

use regex::Regex;
use std::sync::LazyLock;

/// A question with what the message around it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub text: String,
    pub kind: Kind,
    /// `path:first-last` of the selection that it is about.
    pub selection: Option<Selection>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    pub path: String,
    pub first_line: usize,
    pub last_line: usize,
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Where something is, or how it works: passages that fit.
    Passages,
    /// Where a name is used: its definition and its uses.
    Uses(String),
    /// What the whole is: its own descriptions and its parts.
    Summary,
    /// What the selected lines are: the lines, and the uses of what they define.
    Explanation,
    /// An instruction inside the text itself, for a child run.
    Instruction,
}

static SELECTION: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?m)^The question is about a selection: (.+):(\d+)-(\d+), ";
    Regex::new(pattern).expect("the pattern is right")
});

/// Verbs that ask for the places where something is used.
static USES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?ix)
        \b(?: who|what|which\s\S+|where (?:\s(?:is|are|does|do|gets))? | (?:list|find|show)(?:\s(?:me|all|every|the))* )\b
        .{0,60}?
        \b(?: calls?|called|callers?|calling | uses?|used|users?|usages? | references?|referenced | invokes?|invoked | depends?\son )\b";
    Regex::new(pattern).expect("the pattern is right")
});

/// Something that is written like a name in code.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"`([^`\s]+)`|\b([A-Za-z_]\w*(?:(?:::|\.)[A-Za-z_]\w*)+)\b|\b(\w*[a-z0-9]_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z0-9]+[A-Z]\w*)\b|\b(\w+)\(\)";
    Regex::new(pattern).expect("the pattern is right")
});

static SUMMARY: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?ix)
        \b(?: summari[sz]e | summary | overview | describe | outline | architecture | (?:what|tell).{0,20}\babout | introduc\w* )\b
        | ^\s*what\s(?:is|does)\s(?:this|the)\s(?:\w+\s){0,2}?(?:project|repo|repository|crate|package|library|program|code|codebase|file|text|tool)\b
        | \bhow\sis\s(?:this|the)\s(?:\w+\s)?(?:project|repo|repository|crate|codebase|code)\s(?:organi[sz]ed|structured|laid)\b";
    Regex::new(pattern).expect("the pattern is right")
});

/// Words that make a summary one of the whole, and not of some part that is named.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)\b(?:this|the|whole|entire)\s(?:\w+\s){0,2}?(?:project|repo|repository|crate|package|library|program|codebase|code|file|text|document|tool|workspace|architecture)\b|\barchitecture\b|\bwhat(?:'s|\sis)\s(?:this|it)\sabout\b";
    Regex::new(pattern).expect("the pattern is right")
});

impl Question {
    /// Reads a question; `description` is what stands before it in the message.
    pub fn new(description: &str, text: &str) -> Self {
        let selection = SELECTION.captures(description).and_then(|found| {
            let line = |group: usize| found[group].parse().ok();
            Some(Selection { path: found[1].to_owned(), first_line: line(2)?, last_line: line(3)? })
        });
        let kind = if text.starts_with("The context is a prompt") {
            Kind::Instruction
        } else if selection.is_some() {
            Kind::Explanation
        } else if let (true, Some(name)) = (USES.is_match(text), name_in(text)) {
            Kind::Uses(name)
        } else if SUMMARY.is_match(text) && (WHOLE.is_match(text) || text.split_whitespace().count() <= 2) {
            Kind::Summary
        } else {
            Kind::Passages
        };
        Self { text: text.to_owned(), kind, selection }
    }
}

/// The name in code that the question speaks of, without what qualifies it.
fn name_in(text: &str) -> Option<String> {
    let found = NAME.captures(text)?;
    let name = found.iter().skip(1).flatten().next()?.as_str().trim_end_matches("()");
    let last = name.rsplit(['.', ':']).next()?;
    let is_name = !last.is_empty() && last.chars().all(|it| it.is_alphanumeric() || it == '_' || it == '-');
    is_name.then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        Question::new("`context` holds 3 files.\n", text).kind
    }

    #[test]
    fn questions_about_uses_name_what_is_used() {
        for (text, name) in [
            ("what calls parse_line?", "parse_line"),
            ("Who uses `Budget`?", "Budget"),
            ("where is HttpClient::connect called from?", "connect"),
            ("find all usages of makeRoom", "makeRoom"),
            ("list the callers of reserve()", "reserve"),
            ("which functions call `corpus::grep`", "grep"),
            ("What depends on LineIndex?", "LineIndex"),
        ] {
            assert_eq!(kind(text), Kind::Uses(name.to_owned()), "{text}");
        }
    }

    #[test]
    fn summaries_are_of_the_whole() {
        for text in [
            "Summarise this repository",
            "summary",
            "what is this project about?",
            "What's it about?",
            "give me an overview of the code",
            "Describe the architecture.",
            "what does this crate do?",
            "How is the codebase organised?",
        ] {
            assert_eq!(kind(text), Kind::Summary, "{text}");
        }
    }

    #[test]
    fn everything_else_is_answered_by_passages() {
        for text in [
            "where are retries decided?",
            "how does the walk treat hidden files",
            "What calls the server back?",
            "describe how tokens are counted",
            "which code uses a semaphore?",
            "Why is memory sealed",
        ] {
            assert_eq!(kind(text), Kind::Passages, "{text}");
        }
    }

    #[test]
    fn a_selection_is_explained() {
        let description =
            "`context` holds 2 files.\n\nThe question is about a selection: src/a b.rs:3-9, 120 characters, in …\n";
        let question = Question::new(description, "What is this?");
        assert_eq!(question.kind, Kind::Explanation);
        let selection = Selection { path: "src/a b.rs".to_owned(), first_line: 3, last_line: 9 };
        assert_eq!(question.selection, Some(selection));
    }
}

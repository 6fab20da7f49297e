//! What is looked for, one entry for each kind of finding.

/// How much a finding matters. A check that the project did not ask for is never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Note,
    Warning,
}

impl Severity {
    /// As SARIF and `--fail-on` name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// A stable name, for programs.
    pub id: &'static str,
    pub title: &'static str,
    /// What is looked for, and where.
    pub description: &'static str,
    /// How a finding of this kind could be wrong.
    pub doubt: &'static str,
    pub severity: Severity,
}

/// A place `path:line` in a document or a comment that is not there.
pub static MISSING_CITATION: Rule = Rule {
    id: "missing-citation",
    title: "A cited place is not there",
    description: "A document or a comment names `path:line`, and there is no such file, or it has fewer lines.",
    doubt: "The text may be about another repository, or about an earlier version of this one.",
    severity: Severity::Warning,
};

/// A relative link of a Markdown document that leads to no file.
pub static DEAD_LINK: Rule = Rule {
    id: "dead-link",
    title: "A link leads nowhere",
    description: "A Markdown document links to a path relative to it at which there is no file and no folder.",
    doubt: "A build may make the file, or this copy may have been made without it.",
    severity: Severity::Warning,
};

/// A private definition whose name is written nowhere else.
pub static UNUSED_DEFINITION: Rule = Rule {
    id: "unused-definition",
    title: "A private definition is not used",
    description: "A definition that only its own file, crate or package can use, and whose name is written nowhere else: in \
                  Rust, Python, JavaScript, TypeScript, Go, C and Java.",
    doubt: "Something may put the name together at run time, or a file that was not read may use it.",
    severity: Severity::Note,
};

/// At least thirty lines of code that are written twice.
pub static DUPLICATED_BLOCK: Rule = Rule {
    id: "duplicated-block",
    title: "A block of code is there twice",
    description: "Thirty or more lines of code are the same in two places, but for white space and comments.",
    doubt: "The copies may be meant to grow apart, or one of them may be generated.",
    severity: Severity::Note,
};

/// A marked comment that has been there for more than a year, or that names whose it is.
pub static OPEN_TODO: Rule = Rule {
    id: "open-todo",
    title: "Work has been left open",
    description: "A comment begins with TODO, FIXME, XXX or HACK, and has stood there for more than a year as git tells it; \
                  without git, it names its owner.",
    doubt: "It may have been done, and the comment forgotten; a change of the line's layout makes it look younger.",
    severity: Severity::Note,
};

/// What a model has found and another one could not refute.
pub static MODEL_FINDING: Rule = Rule {
    id: "model-finding",
    title: "A model sees a fault",
    description: "A model that read these lines sees a fault in them, they say what it quotes, and a second reading of nothing \
                  but these lines did not refute it.",
    doubt: "A model may be wrong, and lines that it did not see may make it right.",
    severity: Severity::Warning,
};

/// All rules, in the order in which findings are chosen.
pub static RULES: [&Rule; 6] =
    [&MISSING_CITATION, &DEAD_LINK, &MODEL_FINDING, &UNUSED_DEFINITION, &DUPLICATED_BLOCK, &OPEN_TODO];

/// Those that need no model.
pub fn without_model() -> impl Iterator<Item = &'static Rule> {
    RULES.into_iter().filter(|rule| rule.id != MODEL_FINDING.id)
}

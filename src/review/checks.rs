//! What can be found without a model. Each check says little, and what it says is right.

mod citations;
mod duplicates;
mod links;
mod todos;
mod unused;

pub use links::mark_ignored;
pub use todos::{Todo, drafts as todo_drafts};

use super::{finding::Draft, scope::Scope};
use crate::corpus::{self, ContextText, Role, Segment, StopFlag};
use std::borrow::Cow;

/// Larger files hold data, and are not looked at by checks that read documents and comments.
const LARGEST: usize = 2 << 20;

/// What the checks have found.
#[derive(Debug, Default)]
pub struct Checked {
    pub drafts: Vec<Draft>,
    /// Marked comments, of which git may say how old they are.
    pub todos: Vec<Todo>,
    /// Sentences about what was not looked at.
    pub not_checked: Vec<String>,
}

/// Runs all checks over a text. This blocks.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn all(context: &ContextText, scope: &Scope, stop: &StopFlag) -> Result<Checked, corpus::Error> {
    let mut checked = Checked::default();
    let mut too_large = 0;
    let cited = scope.is_whole.then(|| citations::Citations::of(context));
    for segment in context.segments() {
        stop.check()?;
        let Some(path) = segment.path.as_deref() else { continue };
        if segment.language.is_none() {
            continue;
        }
        if segment.text.len() > LARGEST {
            too_large += 1;
            continue;
        }
        let text = context.read(segment.text.clone())?;
        let file = File { path, segment, role: Role::of_file(path, &text), text };
        if !matches!(file.role, Role::Code | Role::Document) {
            continue;
        }
        let comments = corpus::comments(&file.text, segment.language, stop);
        stop.check()?;
        if let Some(cited) = &cited {
            checked.drafts.extend(cited.look(&file, &comments, scope)?);
        }
        if !scope.is_package {
            checked.drafts.extend(links::look(&file, context, scope));
        }
        checked.todos.extend(todos::look(&file, &comments));
    }
    if too_large > 0 {
        checked.not_checked.push(format!(
            "{} of more than {} MiB: comments and links were not looked at",
            crate::text::counted(too_large, "file"),
            LARGEST >> 20
        ));
    }
    if scope.is_package {
        checked.not_checked.push("links: a package, as it is published, lacks files of its repository".to_owned());
    }
    match scope.is_whole {
        true => unused::look(context, &mut checked, stop)?,
        false => checked.not_checked.push(
            "cited places and unused definitions: only a part of the repository was read, and the rest may have or use them"
                .to_owned(),
        ),
    }
    duplicates::look(context, &mut checked, stop)?;
    Ok(checked)
}

/// A file that is looked at.
struct File<'c> {
    path: &'c str,
    segment: &'c Segment,
    role: Role,
    text: Cow<'c, str>,
}

impl File<'_> {
    fn is_markdown(&self) -> bool {
        self.segment.language.is_some_and(|language| language.name == "markdown")
    }

    /// The line that a byte lies in, from 1.
    fn line_of(&self, byte: usize) -> usize {
        1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..byte]).count()
    }

    /// The folders of the file's path, with a slash at the end unless there are none.
    fn folder(&self) -> &str {
        self.path.rfind('/').map_or("", |at| &self.path[..=at])
    }
}

//! A map of a repository: its most used definitions, as far as a number of tokens allows.
//!
//! Follows the repository map of aider (Paul Gauthier, "Building a better repository map with tree sitter", 2023): files
//! that use a name point to the files that define it, PageRank says which files and definitions all others lean on, and a
//! focus makes the random surfer begin in the files in question. See [`rank`] for what is counted how.
//!
//! Files are parsed where that takes seconds at most; larger repositories are looked at line by line and word by word, and
//! of the largest a part only. What was left out is said on the last line. The same text gives the same map everywhere:
//! bounds are in bytes, not in time.

mod names;
mod rank;
mod render;

use super::{
    context::ContextText,
    error::{Error, LookupError},
    path_lookup::PathFilter,
    stop::StopFlag,
};
use names::{Looks, Used};

/// The most bytes of files that are parsed.
const MOST_PARSED: usize = 32 << 20;

/// The most bytes of files that are looked at.
const MOST_SCANNED: usize = 128 << 20;

/// Larger files are rarely written by people, and say little for their size.
const LARGEST_FILE: usize = 2 << 20;

/// The most files, folders, globs and names that a map is about.
const MOST_FOCUS: usize = 1000;

/// Why there is no map.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MapError {
    #[error(transparent)]
    Focus(#[from] FocusError),
    #[error("a map can be about {MOST_FOCUS} files and names at most, not about {given}")]
    LongFocus { given: usize },
    #[error(transparent)]
    Text(#[from] Error),
}

/// What the map is asked to be about is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{focus}` is neither a file or folder of the context nor the name of something that it defines ({reason})")]
pub struct FocusError {
    focus: String,
    reason: String,
}

/// The map of a context in at most `tokens` tokens, as [`estimated_tokens`](crate::text::estimated_tokens) counts them.
/// Files, folders, globs and names in `focus` come first, with what they use.
///
/// # Errors
/// A focus is nothing that is there, or there are too many; the text cannot be read, or the work is stopped.
pub fn repo_map(context: &ContextText, tokens: usize, focus: &[String], stop: &StopFlag) -> Result<String, MapError> {
    if focus.len() > MOST_FOCUS {
        return Err(MapError::LongFocus { given: focus.len() });
    }
    let looks = Looks::choose(context);
    let texts = looks.texts(context, stop)?;
    let used = looks.take(context, &texts, stop)?;
    let focus = Focus::find(context, &used, focus, stop)?;
    let ranked = rank::rank(&used, &focus, stop)?;
    let map = render::render(context, &looks, &texts, &used, &ranked, tokens, stop);
    stop.check()?;
    Ok(map)
}

/// What the map is asked to be about.
#[derive(Debug, Default)]
struct Focus {
    /// For each segment whether it is in focus.
    files: Vec<bool>,
    /// For each name whether it is.
    names: Vec<bool>,
}

impl Focus {
    fn find(context: &ContextText, used: &Used<'_>, wanted: &[String], stop: &StopFlag) -> Result<Self, MapError> {
        let segments = context.segments();
        let mut focus = Self { files: vec![false; segments.len()], names: vec![false; used.defined_by.len()] };
        for wanted in wanted {
            stop.check()?;
            let name = used.number(wanted);
            if let Some(name) = name {
                focus.names[name] = true;
            }
            match PathFilter::new(segments, wanted) {
                Ok(filter) => {
                    for (number, segment) in segments.iter().enumerate() {
                        focus.files[number] |= filter.accepts(segment);
                    }
                }
                Err(_) if name.is_some() => {}
                Err(error @ (LookupError::Path(_) | LookupError::Text(_))) => {
                    return Err(FocusError { focus: wanted.clone(), reason: error.to_string() }.into());
                }
            }
        }
        Ok(focus)
    }
}

#[cfg(test)]
mod tests;

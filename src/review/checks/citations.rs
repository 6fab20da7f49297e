//! Places `path:line` in documents and comments that are not there.
//!
//! A place in a file that is known, beyond its last line, is one. One in a file that is not known is one only if the file's
//! folder is there, or another folder has the one file of that name: else the text speaks of something else, or gives an
//! example. Code in documents shows what things look like, and is left aside.

use super::File;
use crate::{
    corpus::{self, ContextText, Presence, Role, Segment},
    engine::CitedFiles,
    review::{
        finding::{Draft, Evidence, Place},
        rule::MISSING_CITATION,
        scope::Scope,
    },
};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;

/// Folders that every repository has; an example names a file in them as easily as a citation does.
const LEAST_FOLDERS: usize = 2;

/// The files of a text, as citations name them.
pub struct Citations<'c> {
    context: &'c ContextText,
    files: CitedFiles<'c>,
    folders: FxHashSet<&'c str>,
    by_name: FxHashMap<&'c str, Vec<&'c str>>,
}

impl<'c> Citations<'c> {
    pub fn of(context: &'c ContextText) -> Self {
        let mut folders = FxHashSet::default();
        let mut by_name: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for path in context.segments().iter().filter_map(|segment| segment.path.as_deref()) {
            folders.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
            by_name.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(path);
        }
        Self { context, files: CitedFiles::of(context), folders, by_name }
    }

    /// The citations of a file that do not hold.
    pub(super) fn look(
        &self,
        file: &File<'_>,
        comments: &[Range<usize>],
        scope: &Scope,
    ) -> Result<Vec<Draft>, corpus::Error> {
        let parts = match (file.role, file.is_markdown()) {
            (_, true) => prose(&file.text),
            (Role::Document, false) => Vec::new(),
            _ => comments.to_vec(),
        };
        let mut drafts = Vec::new();
        for part in parts {
            for place in self.files.places(&file.text, part) {
                let named = &file.text[place.range.clone()];
                let found = match place.segment {
                    Some(segment) => {
                        self.beyond_the_end(segment, &place.path, named, place.last_line.max(place.first_line))?
                    }
                    None if scope.is_package => None,
                    None => self.no_such_file(&place.path, scope),
                };
                let Some((reason, evidence, missing)) = found else { continue };
                drafts.push(Draft {
                    rule: &MISSING_CITATION,
                    severity: MISSING_CITATION.severity,
                    doubt: None,
                    place: Place::line(file.path, file.line_of(place.range.start)),
                    subject: named.to_owned(),
                    sentence: format!("`{named}` is cited, and is not there"),
                    reason,
                    evidence,
                    fix: None,
                    missing,
                });
            }
        }
        Ok(drafts)
    }

    /// A place in a file that has fewer lines. Of a path of one part, such as `run.rs`, any project has one.
    fn beyond_the_end(
        &self,
        segment: &Segment,
        path: &str,
        named: &str,
        last: usize,
    ) -> Result<Option<Found>, corpus::Error> {
        let is_told_apart = named.starts_with(path) || named.contains('/');
        if !is_told_apart {
            return Ok(None);
        }
        let count = self.context.read(segment.text.clone())?.lines().count();
        if last <= count {
            return Ok(None);
        }
        let evidence = Evidence { place: Place::line(path, count.max(1)), sentence: "the file ends here".to_owned() };
        Ok(Some((format!("{path} has {count} lines"), vec![evidence], None)))
    }

    fn no_such_file(&self, path: &str, scope: &Scope) -> Option<Found> {
        let (folder, name) = path.rsplit_once('/')?;
        let place = scope.named_from_root(path)?;
        if scope.presence(&place.absolute) != Presence::Missing {
            return None;
        }
        let elsewhere: &[&str] = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let is_deep = folder.split('/').count() >= LEAST_FOLDERS;
        let reason = format!("there is no file {path}");
        match elsewhere {
            [only] => {
                let evidence =
                    Evidence { place: Place::line(only, 1), sentence: "the only file of that name".to_owned() };
                Some((reason, vec![evidence], Some(path.to_owned())))
            }
            _ if is_deep && self.folders.contains(folder) => Some((reason, Vec::new(), Some(path.to_owned()))),
            _ => None,
        }
    }
}

/// Why a citation does not hold, what shows it, and the path that is missing.
type Found = (String, Vec<Evidence>, Option<String>);

/// The parts of a Markdown text that are not blocks of code.
fn prose(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0);
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                if depth == 0 && start < range.start {
                    parts.push(start..range.start);
                }
                depth += 1;
            }
            Event::End(TagEnd::CodeBlock) => {
                depth -= 1;
                start = range.end;
            }
            _ => {}
        }
    }
    if start < text.len() {
        parts.push(start..text.len());
    }
    parts
}

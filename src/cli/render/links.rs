//! Where `path:line` of an answer leads.

use crate::corpus::Snapshot;
use regex::Regex;
use std::{
    fmt,
    ops::Range,
    path::PathBuf,
    sync::{Arc, LazyLock, OnceLock},
};
use url::Url;

/// Finds the file of a shown path.
type Find = dyn Fn(&str) -> Option<PathBuf> + Send + Sync;

/// The files that links may lead to: none before they are known, or where the terminal has no links.
#[derive(Clone, Default)]
pub struct Links {
    is_on: bool,
    find: Arc<OnceLock<Box<Find>>>,
}

/// A path without what surrounds it in prose, and the number of a line.
static PLACE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"([^\s:`()\[\]{}<>,;"'|*]+):(\d{1,9})(?:-\d{1,9})?"#).expect("the pattern is right"));

impl Links {
    pub fn new(is_on: bool) -> Self {
        Self { is_on, find: Arc::default() }
    }

    /// Lets links lead to the files of a snapshot, and to nothing else.
    pub fn lead_into(&self, snapshot: Arc<Snapshot>) {
        self.lead(move |path| {
            let files = snapshot.files();
            let at = files.binary_search_by(|it| it.path.as_deref().cmp(&Some(path))).ok()?;
            files[at].absolute().map(ToOwned::to_owned)
        });
    }

    /// The first to say where links lead is heard.
    pub(super) fn lead(&self, find: impl Fn(&str) -> Option<PathBuf> + Send + Sync + 'static) {
        self.find.get_or_init(|| Box::new(find));
    }

    /// What of a text is a link, in order, and where it leads.
    pub(super) fn of(&self, text: &str) -> Vec<(Range<usize>, String)> {
        let Some(find) = self.find.get().filter(|_| self.is_on) else { return Vec::new() };
        let link = |place: regex::Captures<'_>| {
            // A URL of a file has no character that a terminal obeys.
            let mut url = Url::from_file_path(find(place.get(1)?.as_str())?).ok()?;
            url.set_fragment(Some(place.get(2)?.as_str()));
            Some((place.get(0)?.range(), url.to_string()))
        };
        PLACE.captures_iter(text).filter_map(link).collect()
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("is_on", &self.is_on).finish_non_exhaustive()
    }
}

/// A text that leads somewhere (OSC 8).
pub(super) fn linked(url: &str, text: &str) -> String {
    format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\")
}

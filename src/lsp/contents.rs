//! Documents that no disk has: answers, transcripts, pages of findings and proposals, for clients that read such documents from
//! their server (`workspace/textDocumentContent`, LSP 3.18). Their URIs have the scheme `rlm`.

use lsp_types::{Uri, request::Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeSet, VecDeque},
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tower_lsp::Client;

/// The request for one.
pub const METHOD: &str = "workspace/textDocumentContent";

/// The scheme of their URIs.
pub const SCHEME: &str = "rlm";

/// Documents that are kept as they were shown; the oldest goes first.
const MOST: usize = 50;

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// The answer of a query, also while it is written.
    Answer(String),
    /// What the run of a query did, also while it goes on.
    Transcript(String),
    /// The page of a finding.
    Finding(String),
    /// What was shown once, by its number and the ending of its name.
    Kept(u64, String),
}

/// What clients have read, and what was shown once.
#[derive(Debug, Default)]
pub struct Contents {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    kept: VecDeque<(Content, String)>,
    number: u64,
    /// Documents that a client has read, and that may have grown since.
    growing: BTreeSet<Content>,
}

impl Content {
    pub fn uri(&self) -> Option<Uri> {
        let path = match self {
            Self::Answer(id) => format!("answers/{}.md", escaped(id)),
            Self::Transcript(id) => format!("transcripts/{}.txt", escaped(id)),
            Self::Finding(id) => format!("findings/{}.md", escaped(id)),
            Self::Kept(number, ending) => format!("documents/{number}{ending}"),
        };
        format!("{SCHEME}:/{path}").parse().ok()
    }

    /// What a URI names, if it is one of these.
    pub fn of(uri: &Uri) -> Option<Self> {
        let is_own = uri.scheme().is_some_and(|scheme| scheme.as_str().eq_ignore_ascii_case(SCHEME));
        let path = uri.path().as_str().strip_prefix('/').filter(|_| is_own)?;
        let (kind, name) = path.split_once('/')?;
        let id = |ending: &str| unescaped(name.strip_suffix(ending)?);
        match kind {
            "answers" => id(".md").map(Self::Answer),
            "transcripts" => id(".txt").map(Self::Transcript),
            "findings" => id(".md").map(Self::Finding),
            "documents" => {
                let (number, ending) = name.split_at(name.find('.')?);
                Some(Self::Kept(number.parse().ok()?, ending.to_owned()))
            }
            _ => None,
        }
    }
}

impl Contents {
    /// Keeps a document that is shown once; `ending` is that of its name.
    pub fn keep_new(&self, ending: &str, text: String) -> Content {
        let mut state = self.lock();
        state.number += 1;
        let content = Content::Kept(state.number, ending.to_owned());
        state.keep(content.clone(), text);
        content
    }

    pub fn keep(&self, content: Content, text: String) {
        self.lock().keep(content, text);
    }

    pub fn get(&self, content: &Content) -> Option<String> {
        self.lock().kept.iter().find(|(known, _)| known == content).map(|(_, text)| text.clone())
    }

    /// A client has read a document that grows.
    pub fn note_growing(&self, content: Content) {
        self.lock().growing.insert(content);
    }

    /// Has the client read the documents of a query again that it has read while it went on, and its answer at the end.
    pub async fn refresh(&self, client: &Client, query_id: &str, has_ended: bool) {
        for content in [Content::Answer(query_id.to_owned()), Content::Transcript(query_id.to_owned())] {
            let is_read = match has_ended {
                true => self.lock().growing.remove(&content) || matches!(content, Content::Answer(_)),
                false => self.lock().growing.contains(&content),
            };
            let Some(uri) = content.uri().filter(|_| is_read) else { continue };
            if let Err(error) = client.send_request::<Refresh>(ContentParams { uri }).await {
                tracing::warn!(%error, "the client does not read a document again");
            }
        }
    }

    /// No code panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, content: Content, text: String) {
        self.kept.retain(|(known, _)| *known != content);
        if self.kept.len() == MOST {
            self.kept.pop_front();
        }
        self.kept.push_back((content, text));
    }
}

/// Params of `workspace/textDocumentContent` and of its refresh.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContentParams {
    pub uri: Uri,
}

/// Result of `workspace/textDocumentContent`.
#[derive(Debug, Clone, Serialize)]
pub struct ContentResult {
    pub text: String,
}

/// `workspace/textDocumentContent/refresh`, which the types do not know.
enum Refresh {}

impl Request for Refresh {
    type Params = ContentParams;
    type Result = Value;
    const METHOD: &'static str = "workspace/textDocumentContent/refresh";
}

/// A name as a part of a URI: a client may have chosen any.
fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => escaped.push(char::from(byte)),
            other => {
                let _ = write!(escaped, "%{other:02X}");
            }
        }
    }
    escaped
}

fn unescaped(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        rest = others;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_their_uris() {
        let id = |it: &str| it.to_owned();
        for content in [
            Content::Answer(id("query-1")),
            Content::Answer(id("../a b/ü?#%")),
            Content::Transcript(id("q.md")),
            Content::Finding(id("dead-link/1a2b")),
            Content::Kept(7, id(".diff")),
        ] {
            let uri = content.uri().expect("a URI");
            assert_eq!(Content::of(&uri), Some(content), "{}", uri.as_str());
        }
        for other in [
            "file:///answers/a.md",
            "rlm:/answers/a.txt",
            "rlm:/others/a.md",
            "rlm:answers",
            "rlm:/documents/x.md",
            "rlm:/answers/%zz.md",
        ] {
            assert_eq!(other.parse::<Uri>().ok().and_then(|uri| Content::of(&uri)), None, "{other}");
        }
    }

    #[test]
    fn the_latest_documents_are_kept() {
        let contents = Contents::default();
        let all: Vec<Content> = (0..MOST + 2).map(|number| contents.keep_new(".md", number.to_string())).collect();
        assert_eq!((contents.get(&all[1]), contents.get(&all[2])), (None, Some("2".to_owned())));
        contents.keep(all[2].clone(), "again".to_owned());
        assert_eq!(contents.get(&all[2]).as_deref(), Some("again"));
    }
}

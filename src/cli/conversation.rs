//! Conversations of the terminal: each question may be followed up, and `--continue` goes on with the last one of the folder.

use super::request::Request;
use crate::{
    engine::{Keeping, Session},
    store::{Client, ConversationName, KeptConversation, Store},
    text::visible_path,
};
use std::{ffi::OsString, path::Path, sync::Arc};

pub const CONTINUE: &str = "--continue";

/// A conversation that a question belongs to.
pub struct Conversation {
    pub session: Arc<Session>,
    name: String,
}

impl Conversation {
    /// A new one. `words` are those of the command line that begins it.
    pub fn begin(words: &[OsString], is_piped: bool) -> Self {
        let request = Request::of(words, is_piped).map(|it| it.written()).unwrap_or_default();
        let mut random = [0; 6];
        // Where there is no randomness, one of the same name is gone.
        let _ = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty());
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self::named(ConversationName { client: Client::Terminal, place: here(), name }, request)
    }

    fn named(name: ConversationName, request: String) -> Self {
        let shown = name.name.clone();
        Self { session: Arc::new(Session::kept(Keeping { name, request })), name: shown }
    }

    /// The one of that name in this folder, or else the last, with what its first question was asked with. `words` are those
    /// of the command line that goes on with it.
    ///
    /// # Errors
    /// There is none, or something has to be given again; a sentence.
    pub fn go_on(store: &Store, name: &str, words: &[OsString]) -> Result<(Self, Request), String> {
        let place = here();
        let found = match name {
            "" => store.last_conversation(Client::Terminal, &place)?,
            name => store.named_conversation(&ConversationName {
                client: Client::Terminal,
                place: place.clone(),
                name: name.to_owned(),
            })?,
        };
        let found = found.filter(|it| it.name.place == place);
        let known = found.and_then(|KeptConversation { name, request, .. }| Some((name, Request::read(&request)?)));
        let Some((name, request)) = known else {
            return Err(format!(
                "{CONTINUE}: no conversation is kept that was begun in {}; ask without {CONTINUE}",
                visible_path(Path::new(&place))
            ));
        };
        request.check(words, &format!("{CONTINUE}: "), "this conversation")?;
        let written = request.written();
        Ok((Self::named(name, written), request))
    }

    /// The words of a question of it, so that the same question goes on with the same conversation.
    pub fn words(&self, words: &[OsString]) -> Vec<OsString> {
        let is_continue = |it: &OsString| it.to_str().is_some_and(|it| it.split('=').next() == Some(CONTINUE));
        let named = format!("{CONTINUE}={}", self.name);
        let end = words.iter().position(|it| it.to_str() == Some("--")).unwrap_or(words.len());
        let (options, rest) = words.split_at(end);
        let options = options.iter().map(|it| if is_continue(it) { OsString::from(&named) } else { it.clone() });
        options.chain(rest.iter().cloned()).collect()
    }
}

/// The folder that conversations are begun in and go on in.
fn here() -> String {
    std::env::current_dir().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default()
}

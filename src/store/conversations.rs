//! Conversations: questions with their answers, and what the programs of models did, under the name that a client gave them.
//!
//! What a conversation is made of is known to whoever keeps it; here it is a text.

use super::database::Database;
use rusqlite::{Error, OptionalExtension, Row, params};

/// The most conversations that are kept. The one that was used the longest ago goes first.
const MOST: i64 = 200;

/// One that takes more than this part of the store is not kept; all together take at most that part.
const LARGEST_PART: u64 = 32;
const PART_OF_ALL: u64 = 4;

/// Bytes of a name, and of a place. A longer one is none.
const LONGEST_NAME: usize = 4096;

/// Who holds a conversation with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    Terminal,
    Editor,
}

impl Client {
    fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Editor => "editor",
        }
    }
}

/// What a conversation is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationName {
    pub client: Client,
    /// The folder that it was begun in, or all folders that the editor had open, each on a line.
    pub place: String,
    /// Its name at that place.
    pub name: String,
}

/// A conversation, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptConversation {
    pub name: ConversationName,
    /// For people: its first question.
    pub title: String,
    /// What asks its questions again, in the form of the client.
    pub request: String,
    /// How many questions were answered.
    pub questions: u64,
    /// All else, in the form of whoever keeps it.
    pub state: String,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedConversation {
    pub name: String,
    pub title: String,
    pub questions: u64,
    /// In seconds since 1970.
    pub used: i64,
}

impl Database {
    /// Keeps a conversation as it is now.
    pub fn keep_conversation(&mut self, kept: &KeptConversation, now: i64) -> Result<(), Error> {
        let KeptConversation { name: ConversationName { client, place, name }, .. } = kept;
        let most = self.bounds().bytes;
        let is_named = place.len().max(name.len()) <= LONGEST_NAME;
        if !is_named || kept.state.len() as u64 > most / LARGEST_PART {
            return Ok(());
        }
        self.with_room(now, |connection| {
            connection.execute(
                "INSERT INTO conversations (client, place, name, title, request, questions, state, started, used)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
                 ON CONFLICT (client, place, name) DO UPDATE SET
                 title = ?4, request = ?5, questions = ?6, state = ?7, used = ?8",
                params![
                    client.name(),
                    place,
                    name,
                    kept.title,
                    kept.request,
                    kept.questions.cast_signed(),
                    kept.state,
                    now
                ],
            )?;
            connection.execute(
                "DELETE FROM conversations WHERE id IN
                 (SELECT id FROM (SELECT id, row_number() OVER latest AS number, sum(length(state)) OVER latest AS size
                  FROM conversations WINDOW latest AS (ORDER BY used DESC, id DESC)) WHERE number > ?1 OR size > ?2)",
                params![MOST, (most / PART_OF_ALL).cast_signed()],
            )?;
            Ok(())
        })
    }

    /// The conversation of that name at that place, or at one that has a folder in common with it.
    pub fn conversation(&self, name: &ConversationName) -> Result<Option<KeptConversation>, Error> {
        let mut select = self.connection().prepare(&format!("{SELECT} WHERE client = ?1 AND name = ?2 {LATEST}"))?;
        let named = select.query_map(params![name.client.name(), name.name], |row| kept(row, name.client))?;
        let mut shared = None;
        for found in named {
            let found = found?;
            match () {
                () if found.name.place == name.place => return Ok(Some(found)),
                () if shared.is_none() && shares_folder(&found.name.place, &name.place) => shared = Some(found),
                () => {}
            }
        }
        Ok(shared)
    }

    /// The conversation of a client that was used last at a place.
    pub fn last_conversation(&self, client: Client, place: &str) -> Result<Option<KeptConversation>, Error> {
        let select = format!("{SELECT} WHERE client = ?1 AND place = ?2 {LATEST} LIMIT 1");
        self.connection().query_row(&select, params![client.name(), place], |row| kept(row, client)).optional()
    }

    /// The conversations of a client at a place, and at those that have a folder in common with it, the latest first.
    pub fn conversations(&self, client: Client, place: &str) -> Result<Vec<ListedConversation>, Error> {
        let mut select = self.connection().prepare(&format!(
            "SELECT name, title, questions, used, place FROM conversations WHERE client = ?1 {LATEST}"
        ))?;
        let listed = |row: &Row<'_>| {
            let questions = row.get::<_, i64>(2)?.cast_unsigned();
            let listed = ListedConversation { name: row.get(0)?, title: row.get(1)?, questions, used: row.get(3)? };
            Ok((listed, row.get::<_, String>(4)?))
        };
        let all = select.query_map([client.name()], listed)?.collect::<Result<Vec<_>, _>>()?;
        Ok(all.into_iter().filter(|(_, it)| shares_folder(it, place)).map(|(listed, _)| listed).collect())
    }

    /// Forgets a conversation; says whether there was one.
    pub fn forget_conversation(&mut self, name: &ConversationName) -> Result<bool, Error> {
        let ConversationName { client, place, name } = name;
        let deleted = self.connection().execute(
            "DELETE FROM conversations WHERE client = ?1 AND place = ?2 AND name = ?3",
            params![client.name(), place, name],
        )?;
        Ok(deleted > 0)
    }
}

const SELECT: &str = "SELECT place, name, title, request, questions, state FROM conversations";
const LATEST: &str = "ORDER BY used DESC, id DESC";

/// Whether two places are the same, or have a folder in common.
fn shares_folder(a: &str, b: &str) -> bool {
    a == b || a.lines().any(|folder| b.lines().any(|it| it == folder))
}

fn kept(row: &Row<'_>, client: Client) -> Result<KeptConversation, Error> {
    Ok(KeptConversation {
        name: ConversationName { client, place: row.get(0)?, name: row.get(1)? },
        title: row.get(2)?,
        request: row.get(3)?,
        questions: row.get::<_, i64>(4)?.cast_unsigned(),
        state: row.get(5)?,
    })
}

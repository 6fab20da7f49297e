//! The sessions of a client: what its follow-up questions have of the earlier ones.
//!
//! A client names a session with its first question. A session costs an interpreter, so there are only so many at hand, and
//! those that nobody asks anything any more are put away. The store keeps what is needed to go on with them.

use crate::{
    engine::{Keeping, Session},
    store::{Client, ConversationName},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The most sessions. When there are more, the one that was used the longest ago is put away.
const MOST: usize = 16;

/// How long a session may rest before it is put away.
const REST: Duration = Duration::from_secs(3600);

/// The sessions of one server.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Slot>>);

struct Slot {
    session: Arc<Session>,
    is_busy: bool,
    used: Instant,
}

/// A session while one of its questions is being answered.
pub struct SessionGuard {
    sessions: Arc<Sessions>,
    id: String,
    pub session: Arc<Session>,
}

impl Sessions {
    /// Holds a session for a question, and begins it if there is none of this name at this place; nothing if another question
    /// of it is being answered.
    pub fn hold(self: &Arc<Self>, id: &str, place: &str) -> Option<SessionGuard> {
        let mut slots = self.lock();
        let now = Instant::now();
        slots.retain(|_, slot| slot.is_busy || now - slot.used < REST);
        while slots.len() >= MOST && !slots.contains_key(id) {
            let resting = slots.iter().filter(|(_, slot)| !slot.is_busy);
            let Some(oldest) = resting.min_by_key(|(_, slot)| slot.used).map(|(id, _)| id.clone()) else { break };
            slots.remove(&oldest);
        }
        let slot = slots.entry(id.to_owned()).or_insert_with(|| {
            let keeping = Keeping { name: name(id, place), request: String::new() };
            Slot { session: Arc::new(Session::kept(keeping)), is_busy: false, used: now }
        });
        if std::mem::replace(&mut slot.is_busy, true) {
            return None;
        }
        Some(SessionGuard { sessions: self.clone(), id: id.to_owned(), session: slot.session.clone() })
    }

    /// Puts a session away; says whether there was one. A question that is being answered is not disturbed.
    pub fn put_away(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    /// Ends a session, of which nothing is kept from then on; says whether there was one.
    pub fn end(&self, id: &str) -> bool {
        self.lock().remove(id).inspect(|slot| slot.session.stop_keeping()).is_some()
    }

    pub fn end_all(&self) {
        self.lock().clear();
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a session is kept under.
pub fn name(id: &str, place: &str) -> ConversationName {
    ConversationName { client: Client::Editor, place: place.to_owned(), name: id.to_owned() }
}

impl SessionGuard {
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        // One that was ended meanwhile may have a successor of the same name.
        if let Some(slot) = self.sessions.lock().get_mut(&self.id).filter(|it| Arc::ptr_eq(&it.session, &self.session))
        {
            slot.is_busy = false;
            slot.used = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_session_answers_one_question_at_a_time_and_ends_when_it_is_forgotten() {
        let sessions = Arc::new(Sessions::default());
        let held = sessions.hold("a", "").expect("it is new");
        held.session.note("q", "a");
        assert!(sessions.hold("a", "").is_none());
        assert!(sessions.hold("b", "").is_some());
        drop(held);
        assert_eq!(sessions.hold("a", "").expect("it is free").session.exchanges().len(), 1);
        tokio::time::advance(REST).await;
        assert_eq!(sessions.hold("a", "").expect("it is new again").session.exchanges().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_ends_when_there_are_too_many_and_one_that_ends_frees_no_other() {
        let sessions = Arc::new(Sessions::default());
        for number in 0..=MOST {
            sessions.hold(&number.to_string(), "").expect("it is new").session.note("q", "a");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(sessions.hold("0", "").expect("it is new again").session.exchanges().len(), 0);
        let held = sessions.hold("9", "").expect("it is free");
        assert!(sessions.end("9") && !sessions.end("9"));
        let successor = sessions.hold("9", "").expect("it is new");
        drop(held);
        assert!(sessions.hold("9", "").is_none());
        drop(successor);
    }
}

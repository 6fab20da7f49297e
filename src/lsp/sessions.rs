//! The sessions of a client: what its follow-up questions have of the earlier ones.
//!
//! A client names a session with its first question. A session costs an interpreter, so there are only so many, and those
//! that nobody asks anything any more end.

use crate::engine::Session;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The most sessions. When there are more, the one that was used the longest ago ends.
const MOST: usize = 16;

/// How long a session may rest before it ends.
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
    /// Holds a session for a question, and begins it if there is none of this name; nothing if another question of it is
    /// being answered.
    pub fn hold(self: &Arc<Self>, id: &str) -> Option<SessionGuard> {
        let mut slots = self.lock();
        let now = Instant::now();
        slots.retain(|_, slot| slot.is_busy || now - slot.used < REST);
        while slots.len() >= MOST && !slots.contains_key(id) {
            let resting = slots.iter().filter(|(_, slot)| !slot.is_busy);
            let Some(oldest) = resting.min_by_key(|(_, slot)| slot.used).map(|(id, _)| id.clone()) else { break };
            slots.remove(&oldest);
        }
        let slot =
            slots.entry(id.to_owned()).or_insert_with(|| Slot { session: Arc::default(), is_busy: false, used: now });
        if std::mem::replace(&mut slot.is_busy, true) {
            return None;
        }
        Some(SessionGuard { sessions: self.clone(), id: id.to_owned(), session: slot.session.clone() })
    }

    /// Ends a session; says whether there was one. A question that is being answered is not disturbed.
    pub fn end(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    pub fn end_all(&self) {
        self.lock().clear();
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let held = sessions.hold("a").expect("it is new");
        held.session.note("q", "a");
        assert!(sessions.hold("a").is_none());
        assert!(sessions.hold("b").is_some());
        drop(held);
        assert_eq!(sessions.hold("a").expect("it is free").session.exchanges().len(), 1);
        tokio::time::advance(REST).await;
        assert_eq!(sessions.hold("a").expect("it is new again").session.exchanges().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_ends_when_there_are_too_many_and_one_that_ends_frees_no_other() {
        let sessions = Arc::new(Sessions::default());
        for number in 0..=MOST {
            sessions.hold(&number.to_string()).expect("it is new").session.note("q", "a");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(sessions.hold("0").expect("it is new again").session.exchanges().len(), 0);
        let held = sessions.hold("9").expect("it is free");
        assert!(sessions.end("9") && !sessions.end("9"));
        let successor = sessions.hold("9").expect("it is new");
        drop(held);
        assert!(sessions.hold("9").is_none());
        drop(successor);
    }
}

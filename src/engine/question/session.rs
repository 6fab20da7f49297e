//! What follow-up questions have of the earlier ones: questions with their answers, and the interpreter with its variables.
//!
//! A session that has a name is kept in the store, and goes on in another process: there its variables are made once more by
//! running its programs again ([`crate::engine::run::bring_back`]).

pub mod memory;

use crate::{
    repl::{Hold, ReplSession, Resting},
    store::{ConversationName, KeptConversation, Key, Store},
};
use memory::{Exchange, Memory, QuestionPrograms, TextOfPrograms};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How a session is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    pub name: ConversationName,
    /// What asks its questions again, in the form of the client.
    pub request: String,
}

/// What questions of one session share. They are asked one after the other.
#[derive(Default)]
pub struct Session(Mutex<State>);

#[derive(Default)]
struct State {
    keeping: Option<Keeping>,
    memory: Memory,
    /// An interpreter at rest, and its variables.
    interpreter: Option<(Resting, Vec<(String, String)>)>,
    /// Whether somebody has looked for what the store has of it.
    is_recalled: bool,
    /// Whether the variables are those of another process, and are to be made again.
    is_elsewhere: bool,
    /// Whether a question was asked of which nothing is to be kept.
    is_private: bool,
    loss: Option<Loss>,
}

/// Variables that could not be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    pub names: Vec<String>,
    /// A sentence without its full stop.
    pub why: String,
}

/// An interpreter between two questions.
pub(in crate::engine) struct Kept {
    pub repl: ReplSession,
    /// Names and types of the variables that programs have made.
    pub variables: Vec<(String, String)>,
}

/// What there is of the variables of earlier questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Their names and types.
    pub variables: Vec<(String, String)>,
    /// Whether there were some, and their interpreter was ended because others needed its memory.
    pub are_gone: bool,
    pub loss: Option<Loss>,
}

impl Session {
    /// A session that the store keeps, if there is one.
    pub fn kept(keeping: Keeping) -> Self {
        Self(Mutex::new(State { keeping: Some(keeping), ..State::default() }))
    }

    /// The questions so far, with their answers.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().memory.exchanges.clone()
    }

    /// Whether nothing was asked yet.
    pub(in crate::engine) fn is_new(&self) -> bool {
        let state = self.lock();
        state.memory.exchanges.is_empty() && state.interpreter.is_none() && state.memory.programs.is_empty()
    }

    /// Looks once what the store has of it.
    pub async fn recall(&self, store: &Store) {
        let name = {
            let mut state = self.lock();
            let name = state.keeping.as_ref().map(|it| it.name.clone());
            if std::mem::replace(&mut state.is_recalled, true) { None } else { name }
        };
        let Some(name) = name else { return };
        let Some(kept) = store.conversation(name).await else { return };
        let Some(memory) = Memory::read(&kept.state) else { return };
        let mut state = self.lock();
        state.keeping.iter_mut().for_each(|it| it.name.clone_from(&kept.name));
        state.is_elsewhere = !memory.variables.is_empty();
        state.memory = memory;
    }

    /// Keeps it in the store as it is now. `text` is what the programs of the last question have looked into.
    pub(in crate::engine) async fn save(&self, store: &Store, text: Option<Key>) {
        let kept = {
            let mut state = self.lock();
            state.memory.sign(text);
            let keeping = state.keeping.clone().filter(|_| store.is_on() && !state.is_private);
            let Some(Keeping { name, request }) = keeping else { return };
            let written = state.memory.written();
            let Memory { title, questions, .. } = &state.memory;
            KeptConversation { name, title: title.clone(), request, questions: *questions, state: written }
        };
        if kept.questions > 0 {
            store.keep_conversation(kept).await;
        }
    }

    /// Whether it has programs of which nobody has said which text they have looked into.
    pub(in crate::engine) fn has_unsigned_programs(&self) -> bool {
        self.keeps_programs() && self.lock().memory.programs.iter().any(|it| it.text == TextOfPrograms::Open)
    }

    /// Keeps nothing of it from now on.
    pub fn stop_keeping(&self) {
        self.lock().is_private = true;
    }

    /// Whether what programs do is to be kept.
    pub(in crate::engine) fn keeps_programs(&self) -> bool {
        let state = self.lock();
        state.keeping.is_some() && !state.is_private
    }

    /// Notes a question that was answered.
    pub fn note(&self, question: &str, answer: &str) {
        self.lock().memory.note(question, answer);
    }

    /// The model has failed at programs.
    pub(in crate::engine) fn note_failed_at_programs(&self) {
        self.lock().memory.fails_at_programs = true;
    }

    pub(in crate::engine) fn fails_at_programs(&self) -> bool {
        self.lock().memory.fails_at_programs
    }

    /// The variables that are there from earlier questions.
    pub(in crate::engine) fn earlier(&self) -> Earlier {
        let state = self.lock();
        let loss = state.loss.clone();
        let Some((resting, variables)) = &state.interpreter else { return Earlier { loss, ..Earlier::default() } };
        match resting.hold() {
            Some(_) => Earlier { variables: variables.clone(), are_gone: false, loss },
            None => Earlier { variables: Vec::new(), are_gone: !variables.is_empty(), loss },
        }
    }

    /// Keeps the interpreter, if it is still there, from being ended between the moment when its variables are told of
    /// and the first program.
    pub(in crate::engine) fn hold(&self) -> Option<Hold> {
        self.lock().interpreter.as_ref()?.0.hold()
    }

    /// Whether an interpreter waits for a further question.
    pub(in crate::engine) fn has_interpreter(&self) -> bool {
        self.hold().is_some()
    }

    /// Takes the interpreter. A question that is put away in the middle of a program does not give it back: what that
    /// was doing is not known.
    pub(in crate::engine) fn take(&self) -> Option<Kept> {
        let (resting, variables) = self.lock().interpreter.take()?;
        resting.wake().map(|repl| Kept { repl, variables })
    }

    /// Keeps an interpreter at rest, with its variables, for a further question; and the programs of this one, if they are to
    /// be run again elsewhere.
    pub(in crate::engine) fn keep(
        &self,
        resting: Resting,
        variables: Vec<(String, String)>,
        programs: Option<QuestionPrograms>,
    ) {
        let mut state = self.lock();
        if let Some(programs) = programs {
            state.memory.variables.clone_from(&variables);
            state.memory.add(programs);
        }
        state.interpreter = Some((resting, variables));
    }

    /// The variables so far are gone.
    pub(in crate::engine) fn lose_variables(&self) {
        let mut state = self.lock();
        state.memory.lose_variables();
        state.is_elsewhere = false;
    }

    /// What has made the variables, if they were made by another process and were not brought back yet.
    pub(in crate::engine) fn elsewhere(&self) -> Option<Memory> {
        let state = self.lock();
        state.is_elsewhere.then(|| state.memory.clone())
    }

    /// The variables of another process are there, as far as these programs have made them.
    pub(in crate::engine) fn note_brought_back(&self, programs: Vec<QuestionPrograms>, loss: Option<Loss>) {
        let mut state = self.lock();
        state.is_elsewhere = false;
        state.loss = loss;
        state.memory.programs = programs;
    }

    /// What was lost, for the one who tells the person.
    pub(in crate::engine) fn take_loss(&self) -> Option<Loss> {
        self.lock().loss.take()
    }

    /// The programs of the last question.
    pub(in crate::engine) fn last_programs(&self) -> Option<(QuestionPrograms, Vec<(String, String)>)> {
        let state = self.lock();
        Some((state.memory.programs.last()?.clone(), state.memory.variables.clone()))
    }

    /// Takes over what has led to an answer that was served: its variables are there as soon as a program needs them.
    pub(in crate::engine) fn adopt(&self, programs: QuestionPrograms, variables: Vec<(String, String)>) {
        let mut state = self.lock();
        state.is_elsewhere = !variables.is_empty();
        state.memory.variables = variables;
        state.memory.add(programs);
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loss {
    /// A sentence for a person, without its full stop.
    pub fn sentence(&self) -> String {
        let Self { names, why } = self;
        match names.len() {
            0 => why.clone(),
            _ => format!("variables of earlier questions could not be brought back: {} ({why})", shown(names)),
        }
    }
}

/// The most names that are told.
const NAMES: usize = 20;

fn shown(names: &[String]) -> String {
    let more = if names.len() > NAMES { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(NAMES)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Client, Folder};

    #[tokio::test]
    async fn a_session_with_a_name_goes_on_elsewhere_unless_something_private_was_asked() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(Some(Folder::new(folder.path())));
        let session = |name: &str| {
            let name = ConversationName { client: Client::Editor, place: "/p".to_owned(), name: name.to_owned() };
            Session::kept(Keeping { name, request: String::new() })
        };
        let exchanges = async |name: &str| {
            let again = session(name);
            again.recall(&store).await;
            again.exchanges().len()
        };
        let first = session("a");
        first.save(&store, None).await;
        assert_eq!(exchanges("a").await, 0, "nothing was asked");
        first.note("q", "a");
        first.save(&store, None).await;
        first.stop_keeping();
        first.note("secret", "a");
        first.save(&store, None).await;
        assert_eq!((exchanges("a").await, exchanges("b").await), (1, 0));
        let unnamed = Session::default();
        unnamed.note("q", "a");
        unnamed.save(&store, None).await;
        let listed = store.conversations(Client::Editor, "/p".to_owned()).await;
        assert_eq!(listed.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["q"]);
    }
}

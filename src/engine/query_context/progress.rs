//! What is told of a question while it is worked on: events, and its answer as far as there is one.

use crate::{
    corpus::ContextText,
    engine::{
        answer::stream::AnswerStream,
        detail::Detail,
        event::{Delta, Event, EventSink},
        question::schema::AnswerSchema,
    },
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What there is beside an answer that is being written.
#[derive(Debug, Default)]
struct Partial {
    /// What a program has put down as the answer, without declaring it ready; or an answer that could be better.
    draft: String,
    /// What the model has said last.
    said: String,
}

/// What people see of a question, and what is there if it ends early.
pub struct Progress {
    events: Arc<dyn EventSink>,
    answer: Mutex<AnswerStream>,
    partial: Mutex<Partial>,
    /// What is done now, in words.
    doing: Mutex<String>,
}

impl Progress {
    /// `is_shaped` if the answer is JSON, which is shown when it is whole.
    pub fn new(events: Arc<dyn EventSink>, is_shaped: bool) -> Self {
        let answer = if is_shaped { AnswerStream::whole() } else { AnswerStream::default() };
        Self { events, answer: Mutex::new(answer), partial: Mutex::default(), doing: Mutex::default() }
    }

    pub fn emit(&self, event: Event) {
        self.events.emit(event);
    }

    /// Whether anybody wants details.
    pub fn takes_details(&self) -> bool {
        self.events.takes_details()
    }

    pub fn note(&self, detail: Detail) {
        self.events.note(detail);
    }

    /// Notes what is done now.
    pub fn note_doing(&self, message: &str) {
        message.clone_into(&mut lock(&self.doing));
    }

    pub fn doing(&self) -> String {
        lock(&self.doing).clone()
    }

    /// Takes what the root has written of its answer, and shows what can be shown. `context` is the text, if it is
    /// there.
    pub fn write_answer(&self, delta: &Delta, context: Option<&ContextText>) {
        let change = lock(&self.answer).write(delta, context);
        change.into_iter().for_each(|change| self.emit(Event::Delta(change)));
    }

    /// What was written is no answer.
    pub fn withdraw_answer(&self) {
        let change = lock(&self.answer).withdraw();
        change.into_iter().for_each(|change| self.emit(Event::Delta(change)));
    }

    /// Keeps an answer for which the model may still give a better one.
    pub fn keep_answer(&self, text: &str) {
        self.note_draft(text);
        lock(&self.answer).settle();
    }

    /// Makes what is shown the answer's text, whatever was shown of it before.
    pub fn show_answer(&self, text: &str) {
        if !text.is_empty() || lock(&self.answer).has_shown() {
            self.emit(Event::Delta(Delta::Reset(text.to_owned())));
        }
    }

    /// Keeps what the root has said last, for the case that it never gets to its answer.
    pub fn note_said(&self, text: &str) {
        text.clone_into(&mut lock(&self.partial).said);
    }

    /// Keeps what a program of the root has put down as the answer so far.
    pub fn note_draft(&self, text: &str) {
        text.clone_into(&mut lock(&self.partial).draft);
    }

    /// The answer that is being written; else the draft of it; without one, what the root has said last. With a schema
    /// the first of these that satisfies it.
    pub fn partial(&self, schema: Option<&AnswerSchema>) -> String {
        let written = lock(&self.answer).written().to_owned();
        let partial = lock(&self.partial);
        let mut texts = [&written, &partial.draft, &partial.said].into_iter();
        let found = match schema {
            // What is no JSON of that shape is of no use to whoever reads it.
            Some(schema) => texts.find_map(|text| schema.check(text).ok()),
            None => texts.find(|it| !it.trim().is_empty()).cloned(),
        };
        found.unwrap_or_default()
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Answers that are known: the same question about the same text is answered at once, and what was answered about another state
//! of the text, or to a question that is near, is offered and never served.

use crate::{
    config::{Deed, Strategy},
    corpus::Snapshot,
    engine::{
        Engine,
        answer::{Answer, Earlier, EarlierState, kept::KeptForm},
        cite, context_size,
        query_context::QueryContext,
        question::Question,
        run::context::Context,
        similar, text_key,
    },
    llm::{Model, ReplyUse},
    store::{self, AnswerKey, AnsweredQuestion, KeptAnswer, Key, NewAnswer, Spent},
};
use std::path::{Path, PathBuf};

/// Counts changes of what a key is made of.
const FORM: u32 = 1;

/// A question whose answer may be known.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// All but the text that its answer depends on.
    asked: Key,
    /// Where its text lies.
    scope: Option<Key>,
}

/// What is known of a question.
pub enum Known {
    /// Its answer.
    Answer(Box<Answer>, Box<KeptForm>),
    /// What was answered that has to do with it.
    Earlier(Earlier),
    Nothing,
}

impl Asked {
    /// Nothing if the answer depends on more than can be known: earlier questions, chance, the person's own commands. The
    /// built-in model answers anew.
    pub fn of(engine: &Engine, question: &Question) -> Option<Self> {
        let Question { config, limits, focus, .. } = question;
        let (root, worker) = (&engine.choice.root, &engine.choice.worker);
        let is_new = question.session.as_ref().is_none_or(|session| session.is_new());
        let has_commands = config.toolbox.at_depth(0).any(|tool| matches!(tool.deed, Deed::Command { .. }));
        let is_kept = config.reply_use != ReplyUse::Off && engine.backend.replies.store().is_on();
        if !is_new || has_commands || !is_kept {
            return None;
        }
        let source = |model: &dyn Model| match model.prefers_programs() {
            true => Some(None),
            false => model.reply_source().map(Some),
        };
        let root_source = root.reply_source()?;
        let worker_source = source(worker.as_ref())?;
        // How long it may take, and how many calls at once, does not change what is found.
        let limits = format!(
            "{} {} {} {:?} {} {:?} {}",
            limits.max_iterations,
            limits.max_depth,
            limits.max_calls,
            limits.max_tokens,
            limits.reply_tokens,
            limits.max_cost,
            limits.max_errors
        );
        let tools: Vec<String> = config.toolbox.at_depth(0).map(|tool| format!("{tool:?}")).collect();
        let how = format!("{:?} {:?} {:?}", config.strategy, config.protocol, config.repairs);
        let schema = config.schema.as_ref().map(|it| it.text());
        let focus = focus.as_ref().map(|it| (&it.path, it.first_line, it.last_line, &it.text));
        let models = (root.name(), root_source, worker.name(), worker_source);
        let asked = Key::of(&(FORM, question.text.trim(), models, limits, tools, how, schema, focus));
        Some(Self { asked, scope: scope(&question.snapshot) })
    }

    /// What is known of it. The text is read only if something is.
    pub async fn look(&self, tree: &QueryContext, question: &Question, context: &Context) -> Known {
        let store = tree.backend.replies.store();
        if question.config.reply_use != ReplyUse::Serve {
            return Known::Nothing;
        }
        let kept = store.answers_to(self.asked).await;
        if kept.is_empty() {
            return self.near(tree, question).await;
        }
        tree.say("looking whether the text is what it was when this was asked before".to_owned());
        // What is wrong with the text is told where it is needed.
        let Ok(text) = context.text().await else { return Known::Nothing };
        let key = text_key::of(text.clone()).await;
        let now = store::now();
        let ago = |kept: &KeptAnswer| u64::try_from(now - kept.stored).unwrap_or_default();
        let same = key.and_then(|key| kept.iter().find(|it| it.is_about(key)));
        if let Some((kept, form)) = same.and_then(|it| Some((it, KeptForm::read(&it.answer)?))) {
            let answer = form.served(context_size(&question.snapshot), ago(kept));
            return Known::Answer(Box::new(answer), Box::new(form));
        }
        let before = self.scope.and_then(|scope| kept.iter().find(|it| it.is_in(scope)));
        let Some((kept, form)) = before.and_then(|it| Some((it, KeptForm::read(&it.answer)?))) else {
            return self.near(tree, question).await;
        };
        let cites_the_same = cite::looked_up(text, move |context, _| form.cites_the_same(context)).await;
        let state = if cites_the_same.unwrap_or_default() { EarlierState::Unchanged } else { EarlierState::Was };
        let (number, question) = (kept.number, kept.question.clone());
        Known::Earlier(Earlier { number, question, seconds_ago: ago(kept), state })
    }

    async fn near(&self, tree: &QueryContext, question: &Question) -> Known {
        let Some(scope) = self.scope else { return Known::Nothing };
        let answered = tree.backend.replies.store().answered_questions(scope).await;
        let nearest = similar::nearest(&question.text, answered, |it| &it.question);
        nearest.map_or(Known::Nothing, |AnsweredQuestion { number, question, stored }| {
            let seconds_ago = u64::try_from(store::now() - stored).unwrap_or_default();
            Known::Earlier(Earlier { number, question, seconds_ago, state: EarlierState::Similar })
        })
    }

    /// Keeps an answer, if the same question would be answered so again. `text` is what it is about, and `strategy` how it
    /// came about.
    pub async fn keep(&self, tree: &QueryContext, question: &Question, answer: &Answer, text: Key, strategy: Strategy) {
        let is_whole = answer.termination.is_answer() && answer.lost_count == 0 && answer.context.cut == 0;
        let Some(context) = question.snapshot.context_if_built().filter(|_| is_whole && tree.known.is_whole()) else {
            return;
        };
        let programs = question.session.as_ref().and_then(|it| it.last_programs());
        let bytes = context.byte_len() as u64;
        let answer = answer.clone();
        let form = cite::looked_up(context, move |context, _| KeptForm::of(&answer, context, programs)).await;
        let Ok(form) = form else { return };
        let spent = Spent {
            model: tree.choice.root.name().to_owned(),
            worker: tree.choice.worker.name().to_owned(),
            strategy: strategy.name().to_owned(),
            bytes,
            calls: form.calls(),
            tokens: form.tokens(),
            cost: form.cost(),
        };
        // A text that lies nowhere is found again by what it says.
        let key = AnswerKey { asked: self.asked, text, scope: self.scope.unwrap_or(text) };
        let new = NewAnswer { key, question: question.text.clone(), answer: form.written(), spent };
        tree.backend.replies.store().keep_answer(new).await;
    }

    /// Whether the answer to it is known, if the text has not changed.
    pub async fn is_known(&self, store: &store::Store) -> bool {
        !store.answers_to(self.asked).await.is_empty()
    }
}

/// The text of an answer in the form in which it is kept.
pub fn kept_text(written: &str) -> Option<String> {
    KeptForm::read(written).map(|form| form.text)
}

/// Where a text lies: its store, its file, or the folder that holds all of its files.
fn scope(snapshot: &Snapshot) -> Option<Key> {
    if let Some(store) = snapshot.store() {
        return Some(Key::of(&store));
    }
    let mut paths = snapshot.files().iter().map(|file| file.absolute());
    let first: &Path = paths.next()??;
    let mut place = PathBuf::from(first);
    for path in paths {
        let path = path?;
        while !path.starts_with(&place) {
            place.pop();
        }
    }
    Some(Key::of(&place.to_string_lossy()))
}

//! What outlives a process: replies of models, runs, conversations and answers, in one database of the person's own that
//! all of their processes share.
//!
//! This is the only code that knows SQL. One thread owns the connection; whoever asks sends it a job over a bounded channel
//! and awaits the result, so nothing blocks a runtime. The thread, and with it the file, is started by the first job.
//!
//! A store is never a reason to fail: where there is none, where it is damaged, later than this program, or on a disk that
//! is full or read-only, questions are answered without it, and one sentence ([`Store::take_notice`]) says so.

mod answers;
mod claims;
mod conversations;
mod database;
mod folder;
mod key;
mod problem;
mod proposals;
mod runs;
mod summary;
mod tables;

pub use answers::{AnswerKey, AnsweredQuestion, KeptAnswer, NewAnswer, Spent};
pub use claims::Claim;
pub use conversations::{Client, ConversationName, KeptConversation, ListedConversation};
pub use database::KeptReply;
pub use folder::Folder;
pub use key::{Key, KeyBuilder};
pub use proposals::KeptProposal;
pub use runs::{BegunRun, EndedRun, KeptRun};
pub use summary::{Summary, Table};

use claims::Claims;
use database::{Bounds, Database};
use problem::Problem;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

/// Jobs that may wait for the thread.
const WAITING_JOBS: usize = 256;

/// The pauses between two looks whether another process still makes a call.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// A job of the thread.
type Job = Box<dyn FnOnce(&mut State) + Send>;

/// The store, as everybody sees it.
pub struct Store {
    /// Where it lies; without a place nothing is kept.
    folder: Option<Folder>,
    bounds: Bounds,
    shared: Arc<Shared>,
    thread: OnceLock<Option<Running>>,
}

struct Running {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

/// What the thread tells the others.
#[derive(Default)]
struct Shared {
    /// What the person has to know, until it was said.
    notice: Mutex<Option<String>>,
    has_notice: AtomicBool,
    /// There when the thread has begun its work.
    claims: OnceLock<Option<Claims>>,
}

impl Shared {
    /// Only the first sentence counts: the others follow from it.
    fn note(&self, sentence: String) {
        if !self.has_notice.swap(true, Ordering::Relaxed) {
            *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(sentence);
        }
    }
}

/// What the thread has.
struct State {
    database: Option<Database>,
    may_write: bool,
    path: PathBuf,
    shared: Arc<Shared>,
}

impl Store {
    /// The store in a folder; nothing is opened yet.
    pub fn new(folder: Option<Folder>) -> Self {
        Self::bounded(folder, Bounds::default())
    }

    /// A store that keeps nothing.
    pub fn off() -> Self {
        Self::new(None)
    }

    fn bounded(folder: Option<Folder>, bounds: Bounds) -> Self {
        Self { folder, bounds, shared: Arc::default(), thread: OnceLock::new() }
    }

    /// Where it lies, if it is on.
    pub fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    /// Whether there is a place for it.
    pub fn is_on(&self) -> bool {
        self.folder.is_some()
    }

    /// Opens the file, without waiting for that.
    pub fn warm(&self) {
        self.jobs();
    }

    /// What does not work, in one sentence, for the first who asks.
    pub fn take_notice(&self) -> Option<String> {
        self.shared.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The reply that is kept under a key.
    pub async fn reply(&self, key: Key) -> Option<KeptReply> {
        self.run(move |state| state.read(|database| database.reply(key, now()))).await?.flatten()
    }

    /// Keeps a reply, in the place of an earlier one. When this returns it would survive the end of the process.
    pub async fn keep(&self, key: Key, reply: KeptReply) {
        self.run(move |state| state.write(|database| database.keep(key, &reply, now()))).await;
    }

    /// Forgets these replies.
    pub async fn forget(&self, keys: Vec<Key>) {
        if !keys.is_empty() {
            self.run(move |state| state.write(|database| database.forget(&keys))).await;
        }
    }

    /// Takes the right to make the call of a key, for all processes. Waits while another process has it; it ends with that
    /// process, however that ends. `None` where claims do not work, and everybody makes their own calls.
    pub async fn claim(&self, key: Key) -> Option<Claim> {
        if self.shared.claims.get().is_none() {
            self.run(|_| ()).await;
        }
        let claims = self.shared.claims.get()?.as_ref()?;
        let mut pause = FIRST_PAUSE;
        loop {
            match claims.take(key) {
                Ok(Some(claim)) => return Some(claim),
                Ok(None) => sleep(pause).await,
                Err(_) => return None,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Notes a run that begins. Returns its number, if that is kept.
    pub async fn begin_run(&self, begun: BegunRun) -> Option<i64> {
        self.run(move |state| state.write(|database| database.begin_run(&begun, now()))).await?
    }

    pub async fn end_run(&self, number: i64, ended: EndedRun) {
        self.run(move |state| state.write(|database| database.end_run(number, &ended, now()))).await;
    }

    /// Shows all processes that a run is at work, until the claim or this process ends.
    pub async fn claim_run(&self, number: i64) -> Option<Claim> {
        self.claim(key_of_run(number)).await
    }

    /// Whether a process is at work on a run.
    pub fn is_run_open(&self, number: i64) -> bool {
        let claims = self.folder.as_ref().and_then(|folder| Claims::open(&folder.lock_file()).ok());
        claims.is_some_and(|claims| matches!(claims.take(key_of_run(number)), Ok(None)))
    }

    /// The run of that number, if it can be told.
    pub async fn noted_run(&self, number: i64) -> Option<KeptRun> {
        self.run(move |state| state.read(|database| database.run(number))).await?.flatten()
    }

    /// All runs, the newest first, if they can be told.
    pub async fn noted_runs(&self) -> Vec<KeptRun> {
        self.run(|state| state.read(|database| database.runs())).await.flatten().unwrap_or_default()
    }

    /// All runs that are kept, the newest first.
    ///
    /// # Errors
    /// There is no store, or it cannot be used; a sentence.
    pub fn kept_runs(&self) -> Result<Vec<KeptRun>, String> {
        self.looked(Database::runs).map(Option::unwrap_or_default)
    }

    /// The run of that number.
    ///
    /// # Errors
    /// There is no store, or it cannot be used; a sentence.
    pub fn kept_run(&self, number: i64) -> Result<Option<KeptRun>, String> {
        self.looked(|database| database.run(number)).map(Option::flatten)
    }

    /// Keeps a conversation as it is now.
    pub async fn keep_conversation(&self, kept: KeptConversation) {
        self.run(move |state| state.write(|database| database.keep_conversation(&kept, now()))).await;
    }

    pub async fn conversation(&self, name: ConversationName) -> Option<KeptConversation> {
        self.run(move |state| state.read(|database| database.conversation(&name))).await?.flatten()
    }

    /// The conversations of a client at a place, the latest first.
    pub async fn conversations(&self, client: Client, place: String) -> Vec<ListedConversation> {
        let listed = self.run(move |state| state.read(|database| database.conversations(client, &place))).await;
        listed.flatten().unwrap_or_default()
    }

    /// Forgets a conversation; says whether there was one.
    pub async fn forget_conversation(&self, name: ConversationName) -> bool {
        let forgotten = self.run(move |state| state.write(|database| database.forget_conversation(&name))).await;
        forgotten.flatten().unwrap_or_default()
    }

    /// The conversation of a client that was used last at a place.
    ///
    /// # Errors
    /// There is no store, or it cannot be used; a sentence.
    pub fn last_conversation(&self, client: Client, place: &str) -> Result<Option<KeptConversation>, String> {
        self.looked(|database| database.last_conversation(client, place)).map(Option::flatten)
    }

    /// The conversation of that name.
    ///
    /// # Errors
    /// There is no store, or it cannot be used; a sentence.
    pub fn named_conversation(&self, name: &ConversationName) -> Result<Option<KeptConversation>, String> {
        self.looked(|database| database.conversation(name)).map(Option::flatten)
    }

    /// Keeps an answer, in the place of an earlier one to the same question about the same text.
    pub async fn keep_answer(&self, new: NewAnswer) {
        self.run(move |state| state.write(|database| database.keep_answer(&new, now()))).await;
    }

    /// The answers to a question, whatever text they are about, the newest first.
    pub async fn answers_to(&self, asked: Key) -> Vec<KeptAnswer> {
        let found = self.run(move |state| state.read(|database| database.answers_to(asked))).await;
        found.flatten().unwrap_or_default()
    }

    /// The questions that were answered about the texts that lie there, the newest first.
    pub async fn answered_questions(&self, scope: Key) -> Vec<AnsweredQuestion> {
        let found = self.run(move |state| state.read(|database| database.answered_questions(scope))).await;
        found.flatten().unwrap_or_default()
    }

    /// What questions took that these models have answered in this way, the latest first.
    pub async fn spent(&self, model: String, worker: String, strategy: String) -> Vec<Spent> {
        let found = self.run(move |state| state.read(|database| database.spent(&model, &worker, &strategy))).await;
        found.flatten().unwrap_or_default()
    }

    /// The answer of that number.
    ///
    /// # Errors
    /// There is no store, or it cannot be used; a sentence.
    pub fn kept_answer(&self, number: i64) -> Result<Option<KeptAnswer>, String> {
        self.looked(|database| database.answer(number)).map(Option::flatten)
    }

    /// Keeps the proposals of a cycle.
    pub async fn keep_proposals(&self, kept: Vec<KeptProposal>) {
        self.run(move |state| state.write(|database| database.keep_proposals(&kept, now()))).await;
    }

    /// The proposals for the repository at a place, the latest cycle first.
    pub async fn proposals(&self, place: String) -> Vec<KeptProposal> {
        self.run(move |state| state.read(|database| database.proposals(&place))).await.flatten().unwrap_or_default()
    }

    /// Notes that proposals of a cycle were accepted, and as which commit.
    pub async fn accept_proposals(&self, place: String, cycle: i64, numbers: Vec<i64>, commit: String) {
        let accept = move |database: &mut Database| database.accept_proposals(&place, cycle, &numbers, &commit);
        self.run(move |state| state.write(accept)).await;
    }

    /// Notes that checks of a repository are trusted; says whether that is kept.
    pub async fn trust(&self, place: String, digest: String) -> bool {
        self.run(move |state| state.write(|database| database.trust(&place, &digest, now()))).await.flatten().is_some()
    }

    /// Whether they are.
    pub async fn trusts(&self, place: String, digest: String) -> bool {
        let trusts = self.run(move |state| state.read(|database| database.trusts(&place, &digest))).await;
        trusts.flatten().unwrap_or_default()
    }

    /// What is in it.
    ///
    /// # Errors
    /// There is none, or it cannot be used; a sentence.
    pub fn summary(&self) -> Result<Summary, String> {
        self.looked(Database::summary).map(|found| found.unwrap_or_else(|| Summary::of(self.bounds)))
    }

    /// Looks into the file at once, if there is one.
    fn looked<T>(&self, look: impl FnOnce(&Database) -> Result<T, rusqlite::Error>) -> Result<Option<T>, String> {
        let Some(path) = self.needed_folder()?.existing() else { return Ok(None) };
        let database = Database::open(&path, self.bounds, now()).map_err(|problem| self.described(&problem))?;
        look(&database).map(Some).map_err(|error| self.described(&error.into()))
    }

    /// Leaves nothing in it. A file that cannot be read is removed; one of another program stays.
    ///
    /// # Errors
    /// There is none, or something stays; a sentence.
    pub fn clear(&self) -> Result<(), String> {
        let folder = self.needed_folder()?;
        let Some(path) = folder.existing() else { return Ok(()) };
        match Database::open(&path, self.bounds, now()) {
            Ok(mut database) => database.clear().map_err(|problem| self.described(&problem)),
            Err(Problem::Damaged(_) | Problem::Later(_)) => {
                folder.remove().map_err(|error| self.described(&error.into()))
            }
            Err(problem) => Err(self.described(&problem)),
        }
    }

    fn needed_folder(&self) -> Result<&Folder, String> {
        self.folder.as_ref().ok_or_else(|| "the store is off".to_owned())
    }

    fn described(&self, problem: &Problem) -> String {
        problem.sentence(&self.folder.as_ref().map(Folder::file).unwrap_or_default())
    }

    /// Has the thread do something. `None` if there is no thread.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut State) -> T + Send + 'static) -> Option<T> {
        let (sender, result) = oneshot::channel();
        let job: Job = Box::new(move |state| {
            // Whoever asked may have gone.
            let _ = sender.send(work(state));
        });
        self.jobs()?.send(job).await.ok()?;
        result.await.ok()
    }

    fn jobs(&self) -> Option<&mpsc::Sender<Job>> {
        let start = || {
            let (folder, bounds, shared) = (self.folder.clone()?, self.bounds, self.shared.clone());
            let (jobs, mut waiting) = mpsc::channel::<Job>(WAITING_JOBS);
            let work = move || {
                let mut state = State::open(&folder, bounds, shared);
                while let Some(job) = waiting.blocking_recv() {
                    job(&mut state);
                }
            };
            let thread = std::thread::Builder::new().name("rlm-store".to_owned()).spawn(work).ok()?;
            Some(Running { jobs, thread })
        };
        self.thread.get_or_init(start).as_ref().map(|running| &running.jobs)
    }
}

impl Drop for Store {
    /// What was sent to the thread is done before it ends.
    fn drop(&mut self) {
        if let Some(Running { jobs, thread }) = self.thread.take().flatten() {
            drop(jobs);
            // It says what has gone wrong by itself.
            let _ = thread.join();
        }
    }
}

impl State {
    fn open(folder: &Folder, bounds: Bounds, shared: Arc<Shared>) -> Self {
        let path = folder.file();
        let opened = folder.make().map_err(Problem::from).and_then(|path| Database::open(&path, bounds, now()));
        let claims = opened.is_ok().then(|| Claims::open(&folder.lock_file()).ok()).flatten();
        let _ = shared.claims.set(claims);
        let database = opened.map_err(|problem| shared.note(problem.sentence(&path))).ok();
        Self { database, may_write: true, path, shared }
    }

    fn read<T>(&mut self, work: impl FnOnce(&mut Database) -> Result<T, rusqlite::Error>) -> Option<T> {
        work(self.database.as_mut()?).map_err(|error| self.fail(&error.into())).ok()
    }

    fn write<T>(&mut self, work: impl FnOnce(&mut Database) -> Result<T, rusqlite::Error>) -> Option<T> {
        if self.may_write { self.read(work) } else { None }
    }

    /// Does without what no longer works.
    fn fail(&mut self, problem: &Problem) {
        match problem {
            Problem::Busy => return,
            Problem::Full | Problem::Failed(_) => self.may_write = false,
            Problem::Damaged(_) | Problem::Foreign | Problem::Later(_) => self.database = None,
        }
        self.shared.note(problem.sentence(&self.path));
    }
}

fn key_of_run(number: i64) -> Key {
    Key::of(&("run", number))
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;

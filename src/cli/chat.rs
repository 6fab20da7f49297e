//! `rlm chat`: a conversation in the terminal.
//!
//! Each line is a question that has the variables and answers of the earlier ones, or a command. The conversation is kept
//! after each answer, and `--continue` goes on with it.

use super::{
    asking::{Asking, Teller},
    conversation::{CONTINUE, Conversation},
    exporter,
    options::CommonOptions,
    output::print,
    progress::Display,
    query::{QueryArguments, status},
    request::Request,
    say, scope,
    view::{View, ViewOptions},
};
use crate::{
    engine::{Backend, Exchange, Usage},
    failure::Failure,
    setup,
    store::{Folder, Store},
    text::{counted, visible_path},
    trace::{Exporter, Recording},
};
use clap::Args;
use rustyline::{Config, Editor, error::ReadlineError, history::MemHistory};
use std::{
    ffi::OsString,
    fs::OpenOptions,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
#[command(after_help = HELP, args_override_self = true)]
pub struct ChatArguments {
    /// Repository, file, or shard store (folder or s3://bucket/prefix) [default: the current folder]
    path: Vec<PathBuf>,
    #[command(flatten)]
    common: CommonOptions,
    #[command(flatten)]
    view: ViewOptions,
    /// Show nothing but answers and errors
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every turn and program, and what was left out
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,
    /// Go on with the last conversation of this folder, about the same text and with the same options unless others are given
    #[arg(long = "continue")]
    continues: bool,
}

const HELP: &str = "A line is a question, or a command:
  /model NAME     let another model answer
  /scope PATH …   ask about something else
  /cost           show what was spent
  /save FILE      write the conversation to a new file, in Markdown
  /help           show these commands
  /quit           leave; so does Ctrl-D
Ctrl-C cancels the answer and not the conversation.";

const PROMPT: &str = "> ";

/// A question is asked in the place of this word when the conversation is followed up.
const PLACEHOLDER: &str = "chat";

type LineEditor = Editor<(), MemHistory>;

/// A conversation under way.
struct Chat {
    path: Vec<PathBuf>,
    common: CommonOptions,
    view: ViewOptions,
    quiet: bool,
    verbose: bool,
    conversation: Conversation,
    /// What the command line says behind `rlm chat`, and the model if another one was chosen since.
    words: Vec<OsString>,
    model: Option<String>,
    backend: Result<Backend, Failure>,
    exporter: Option<Arc<Exporter>>,
    open: Arc<Mutex<Option<CancellationToken>>>,
    spent: Usage,
}

/// What a line comes to.
enum Line {
    Goes(ExitCode),
    Ends,
}

/// `words` are what stands behind `rlm chat`; `parse` reads those of a question.
pub async fn run(
    arguments: ChatArguments,
    words: &[OsString],
    parse: impl Fn(&[String]) -> Option<QueryArguments>,
) -> ExitCode {
    let ChatArguments { mut path, mut common, view, quiet, verbose, continues } = arguments;
    if scope::reads_standard_input(&path) && !path.is_empty() {
        return super::wrong_usage("questions are read from standard input, so that the text cannot come from there");
    }
    let environment = setup::environment();
    let conversation = if continues {
        match Conversation::go_on(&Store::new(Folder::of(&environment)), "", words) {
            Ok((conversation, request)) => {
                let Some(begun) = parse(&request.arguments) else {
                    return super::wrong_usage(&format!("{CONTINUE}: the words of its first question make no sense"));
                };
                (path, common) = begun.under(path, common);
                conversation
            }
            Err(problem) => return super::wrong_usage(&problem),
        }
    } else {
        let words: Vec<OsString> = std::iter::once(PLACEHOLDER.into()).chain(words.iter().cloned()).collect();
        Conversation::begin(&words, false)
    };
    if path.is_empty() {
        path.push(".".into());
    }
    if let Err(problem) = common.clone().resolve().and_then(|_| View::of(&view, true, &environment)) {
        return super::wrong_usage(&problem);
    }
    let exporter = match exporter::named(None, &environment) {
        Ok(exporter) => exporter,
        Err(problem) => return super::wrong_usage(&problem),
    };
    let backend = setup::backend(&environment);
    if let Ok(backend) = &backend {
        conversation.session.recall(backend.replies.store()).await;
    }
    let editor = match editor(&conversation) {
        Ok(editor) => editor,
        Err(error) => {
            say(&format!("rlm: cannot read lines: {error}"));
            return ExitCode::FAILURE;
        }
    };
    // The editor takes Ctrl-C for itself when it is made. Who listens after that hears it as well.
    let open: Arc<Mutex<Option<CancellationToken>>> = Arc::default();
    let cancelled = open.clone();
    let cancel = move || {
        let token = cancelled.lock().unwrap_or_else(PoisonError::into_inner).take();
        token.inspect(CancellationToken::cancel).is_some()
    };
    if let Err(error) = setup::cancel_on_interrupt(cancel) {
        return super::no_signals(&error);
    }
    let (words, spent) = (words.to_vec(), Usage::none());
    let ending = exporter.clone();
    let chat =
        Chat { path, common, view, quiet, verbose, conversation, words, model: None, backend, exporter, open, spent };
    let status = chat.hold(editor).await;
    exporter::end(ending.as_ref(), false).await;
    status
}

/// An editor whose history are the earlier questions.
fn editor(conversation: &Conversation) -> rustyline::Result<LineEditor> {
    let config = Config::builder().auto_add_history(false).build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history)?;
    for Exchange { question, .. } in conversation.session.exchanges() {
        editor.add_history_entry(question)?;
    }
    Ok(editor)
}

impl Chat {
    /// Line by line until the end. Where no person types, the status is that of the last question that was not answered.
    async fn hold(mut self, mut editor: LineEditor) -> ExitCode {
        let is_terminal = std::io::stdin().is_terminal();
        if is_terminal && !self.quiet {
            let earlier = self.conversation.session.exchanges().len();
            let follows = if earlier > 0 { format!(" after {}", counted(earlier, "question")) } else { String::new() };
            say(&format!("rlm: ask about {}{follows}; /help shows the commands, Ctrl-D ends", self.shown_path()));
        }
        let mut ended = ExitCode::SUCCESS;
        loop {
            // Nobody but this task waits while the person types.
            let read = tokio::task::spawn_blocking(move || {
                let line = editor.readline(PROMPT);
                (editor, line)
            });
            let Ok((returned, line)) = read.await else { return ExitCode::FAILURE };
            editor = returned;
            match line {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => {
                    // A history that is full forgets its oldest line.
                    let _ = editor.add_history_entry(line.trim());
                    match self.follow(line.trim()).await {
                        Line::Ends => break,
                        Line::Goes(status) if status != ExitCode::SUCCESS => ended = status,
                        Line::Goes(_) => {}
                    }
                }
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => break,
                Err(error) => {
                    say(&format!("rlm: cannot read a line: {error}"));
                    return ExitCode::FAILURE;
                }
            }
        }
        if is_terminal { ExitCode::SUCCESS } else { ended }
    }

    async fn follow(&mut self, line: &str) -> Line {
        let Some(command) = line.strip_prefix('/') else { return Line::Goes(self.ask(line).await) };
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let done = match (name, rest.trim()) {
            ("quit" | "exit", "") => return Line::Ends,
            ("help", "") => Ok(HELP.to_owned()),
            ("cost", "") => Ok(self.cost()),
            ("model", "") => Err("/model needs the name of a model".to_owned()),
            ("model", model) => self.set_model(model).await,
            ("scope", "") => Ok(format!("questions are about {}", self.shown_path())),
            ("scope", paths) => self.set_scope(paths),
            ("save", "") => Err("/save needs the name of a file".to_owned()),
            ("save", file) => self.save(Path::new(file)),
            _ => Err(format!("there is no command /{name}; /help shows which there are")),
        };
        Line::Goes(match done {
            Ok(text) => {
                print(&text);
                ExitCode::SUCCESS
            }
            Err(problem) => super::wrong_usage(&problem),
        })
    }

    async fn ask(&mut self, question: &str) -> ExitCode {
        let (settings, config) = match self.common.clone().resolve() {
            Ok(resolved) => resolved,
            Err(problem) => return super::wrong_usage(&problem),
        };
        let view = match View::of(&self.view, settings.schema.is_none(), &setup::environment()) {
            Ok(view) => view,
            Err(problem) => return super::wrong_usage(&problem),
        };
        let cancel = CancellationToken::new();
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(cancel.clone());
        let recording = Recording::new(settings.trace_content, None, self.exporter.clone());
        let teller = Teller::new(Display::new(self.quiet, self.verbose, view), recording);
        let words = self.words_of(question);
        let asking = Asking {
            question: question.to_owned(),
            path: self.path.clone(),
            as_json: false,
            settings,
            config,
            backend: self.backend.clone(),
            session: Some(self.conversation.session.clone()),
            request: Request::of(&words, false),
            is_last: false,
            teller: teller.clone(),
            cancel,
        };
        let (answer, _) = asking.answer().await;
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
        teller.finish(&answer, false);
        self.spent += answer.usage;
        status(&answer)
    }

    /// The words behind `rlm query` that ask this question again.
    fn words_of(&self, question: &str) -> Vec<OsString> {
        let model = self.model.iter().flat_map(|model| [OsString::from("--model"), model.into()]);
        if self.conversation.session.exchanges().is_empty() {
            return std::iter::once(question.into()).chain(self.words.iter().cloned()).chain(model).collect();
        }
        let paths = self.path.iter().map(OsString::from);
        let words: Vec<OsString> =
            [CONTINUE.into()].into_iter().chain(model).chain(["--".into(), question.into()]).collect();
        self.conversation.words(&words).into_iter().chain(paths).collect()
    }

    async fn set_model(&mut self, model: &str) -> Result<String, String> {
        let mut common = self.common.clone();
        common.set_model(model)?;
        let (settings, _) = common.clone().resolve()?;
        let models = setup::models(&settings, &setup::environment());
        let choice = models.choose().await.map_err(|error| error.to_string())?;
        (self.common, self.model) = (common, Some(model.to_owned()));
        Ok(format!("{} answers from now on", choice.root.name()))
    }

    fn set_scope(&mut self, paths: &str) -> Result<String, String> {
        let paths = shell_words::split(paths).map_err(|error| format!("/scope: {error}"))?;
        let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
        if scope::reads_standard_input(&paths) {
            return Err(
                "/scope: questions are read from standard input, so that the text cannot come from there".to_owned()
            );
        }
        let is_local = |path: &&PathBuf| !path.to_string_lossy().contains("://");
        if let Some(missing) = paths.iter().filter(is_local).find(|path| !path.exists()) {
            return Err(format!("/scope: there is no {}", visible_path(missing)));
        }
        self.path = paths;
        Ok(format!("questions are about {}", self.shown_path()))
    }

    fn shown_path(&self) -> String {
        self.path.iter().map(|path| visible_path(path)).collect::<Vec<_>>().join(", ")
    }

    fn cost(&self) -> String {
        let Usage { calls, cached_calls, tokens, cost, saved_tokens, .. } = &self.spent;
        let money = match cost {
            Some(cost) => format!("${cost:.4}"),
            None => "a price is not known".to_owned(),
        };
        let saved = match cached_calls {
            0 => String::new(),
            _ => {
                let tokens = counted(saved_tokens.input + saved_tokens.output, "token");
                format!("; {} known before ({tokens} saved)", counted(*cached_calls, "reply"))
            }
        };
        format!("{}, {}, {money}{saved}", counted(*calls, "call"), counted(tokens.input + tokens.output, "token"))
    }

    /// Writes the conversation to a new file.
    fn save(&self, file: &Path) -> Result<String, String> {
        let exchanges = self.conversation.session.exchanges();
        if exchanges.is_empty() {
            return Err("/save: nothing was answered yet".to_owned());
        }
        let shown = visible_path(file);
        let written = |Exchange { question, answer }: &Exchange| format!("# {question}\n\n{}\n", answer.trim_end());
        let text = exchanges.iter().map(written).collect::<Vec<_>>().join("\n");
        let created = OpenOptions::new().write(true).create_new(true).open(file);
        let written = created.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| format!("/save: cannot write {shown}: {error}"))?;
        Ok(format!("{} saved to {shown}", counted(exchanges.len(), "question")))
    }
}

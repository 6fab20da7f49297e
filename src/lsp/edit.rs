//! One change on its way: from an instruction to a proposal, which waits to be applied.

mod example;

use crate::{
    config::{Options, in_editor},
    corpus::{Snapshot, StopFlag, Workspace},
    dogfood::{
        scratch,
        vetting::{self, Vetting},
    },
    edit::{self, ChangedFile, Edited, Listed, Spread, Spreading},
    engine::{Agreement, Consultation, EventSink, Focus, Question, RunConfig, internal_failure},
    failure::{Failure, FailureKind},
    lsp::{
        client_requests,
        client_state::ClientState,
        engines::Engines,
        ext::{
            Scope,
            edits::{EditCheck, EditHunk, EditParams, EditPlace, EditResult, EditedFile},
        },
        position::range_of_lines,
        proposals::{Kept, KeptFile, Proposals},
        reporter::{Channels, Reporter},
        scope,
        task_runs::TaskRuns,
        uri::{DocumentKey, file_path, of_path},
    },
    report,
    store::Folder,
    text::{one_line, visible_name},
    trace::TaskEnd,
};
use lsp_types::{Position, Range, Uri};
use ropey::Rope;
use std::{path::Path, sync::Arc};
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;

/// Characters of an instruction in the title of its run.
const TITLE_CHARS: usize = 60;

/// A change that was asked for.
pub struct EditRun {
    pub id: String,
    pub params: EditParams,
    /// The options of the request.
    pub options: Options,
    pub client_state: ClientState,
    pub cancel: CancellationToken,
    pub reporter: Arc<Reporter>,
    pub channels: Channels,
    /// The one that it is.
    pub tasks: TaskRuns,
}

/// What came of it.
pub enum EditOutcome {
    Proposed(Box<EditResult>),
    Failed(Failure),
    Cancelled,
}

/// What the server has for all changes.
pub struct Services<'a> {
    pub engines: &'a Engines,
    pub workspace: &'a Arc<Workspace>,
    pub proposals: &'a Proposals,
    pub vetting: &'a Vetting,
    pub client: &'a Client,
}

/// The document that a change is asked for in.
struct Place {
    uri: Uri,
    /// What was selected in it; nothing for all of it.
    range: Option<Range>,
}

impl EditRun {
    /// From the scope to a proposal, which is kept.
    pub async fn edit(&self, services: &Services<'_>) -> EditOutcome {
        let stop = StopFlag::default();
        let _stop = stop.raise_on_drop();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => EditOutcome::Cancelled,
            done = self.proposed(services, &stop) => match done {
                Ok((result, kept)) => {
                    services.proposals.keep(self.id.clone(), kept);
                    EditOutcome::Proposed(Box::new(result))
                }
                Err(failure) => EditOutcome::Failed(failure),
            },
        }
    }

    async fn proposed(&self, services: &Services<'_>, stop: &StopFlag) -> Result<(EditResult, Kept), Failure> {
        let place = self.place()?;
        let settings = services.engines.settings(self.options.clone(), &self.client_state.settings).await?;
        let all = Range::new(Position::default(), Position::new(u32::MAX, 0));
        let selection = Scope::Selection { uri: place.uri.clone(), range: place.range.unwrap_or(all) };
        let resolved = {
            let (state, settings) = (self.client_state.clone(), settings.clone());
            let (workspace, stop) = (services.workspace.clone(), stop.clone());
            tokio::task::spawn_blocking(move || scope::resolve(&selection, &state, &settings, &workspace, &stop))
        };
        let scoped = resolved.await.map_err(|error| internal_failure(&error))??;
        let Some(Focus { path, first_line, last_line, .. }) = scoped.focus else { return Err(no_place()) };
        let engine = services.engines.engine(&settings).await?;
        let title = format!("change of {path}: {}", one_line(&self.params.instruction, TITLE_CHARS));
        let question = Question {
            text: title.clone(),
            snapshot: scoped.snapshot.clone(),
            focus: None,
            config: Arc::new(RunConfig::of(&settings)?),
            limits: settings.limits.clone(),
            session: None,
        };
        let events: Arc<dyn EventSink> = match engine.choice.root.satisfies_schemas() {
            true => self.tasks.begin(&engine, &settings, &title, &self.client_state, self.reporter.clone()).await,
            // A model that only quotes is refused before it is asked.
            false => self.reporter.clone(),
        };
        let consultation = engine.consult(&question, events, self.cancel.clone())?;
        let agreement: Agreement = {
            let client = services.client.clone();
            Arc::new(move |what, cost| {
                let client = client.clone();
                Box::pin(async move { client_requests::confirm(&client, what, cost).await })
            })
        };
        let instruction = self.params.instruction.clone();
        let lines = place.range.map(|_| first_line - 1..last_line);
        let Spread { mut edited, listed, notes } = match self.params.everywhere {
            true => {
                let snapshot = scoped.snapshot.clone();
                let examples = self.examples(services.proposals, &snapshot, &path, lines).await?;
                edit::spread(&consultation, &agreement, &Spreading { snapshot, examples, instruction }, stop).await?
            }
            false => {
                let request =
                    edit::Request { snapshot: scoped.snapshot.clone(), path: path.clone(), lines, instruction };
                let edited = edit::request(&consultation, &agreement, &request).await?;
                Spread { edited, listed: Vec::new(), notes: Vec::new() }
            }
        };
        let (checks, warning) =
            self.vetted(services, &scoped.snapshot, &place, &path, &consultation, &mut edited).await;
        let diffs: String = edited.files.iter().map(ChangedFile::diff).collect();
        self.tasks.end(TaskEnd::Done("proposed", &format!("{}\n\n{diffs}", edited.summary))).await;
        let warnings = scoped.warnings.iter().chain(&notes).chain(&warning);
        let mut warnings: Vec<String> = warnings.map(|it| in_editor(it)).collect();
        warnings.extend(edited.broken.iter().map(|(path, error)| {
            format!("with this change the syntax of {path} is broken in line {}: {}", error.line, error.what)
        }));
        let kept = self.kept(&scoped.snapshot, &place, &path, &edited)?;
        let result = EditResult {
            query_id: self.id.clone(),
            summary: edited.summary,
            files: kept.files.iter().map(|it| self.told(it)).collect(),
            places: listed.into_iter().map(|it| listed_place(&scoped.snapshot, it)).collect(),
            checks,
            warnings,
            model: consultation.models().0.to_owned(),
            usage: report::usage(&consultation.usage()),
        };
        Ok((result, kept))
    }

    fn place(&self) -> Result<Place, Failure> {
        match &self.params.scope {
            Scope::File { uri } => Ok(Place { uri: uri.clone(), range: None }),
            Scope::Selection { uri, range } => Ok(Place { uri: uri.clone(), range: Some(*range) }),
            _ => Err(no_place()),
        }
    }

    /// What the project's own formatter and checks say of a change. The formatter changes its lines.
    async fn vetted(
        &self,
        services: &Services<'_>,
        snapshot: &Snapshot,
        place: &Place,
        path: &str,
        consultation: &Consultation,
        edited: &mut Edited,
    ) -> (Vec<EditCheck>, Option<String>) {
        let nothing = (Vec::new(), None);
        if edited.files.is_empty() {
            return nothing;
        }
        let environment = services.engines.environment();
        let (Some(store), Some(file)) = (services.engines.store(), file_path(&place.uri)) else { return nothing };
        let Ok(program) = std::env::current_exe() else { return nothing };
        let files = edited.files.iter().flat_map(|it| [Some(&it.path), it.renamed_from.as_ref()]).flatten();
        let place_of = |name: &String| Some((name.clone(), file_path(&self.uri(snapshot, place, path, name).ok()?)?));
        let paths = files.filter_map(place_of).collect();
        let documents = self.client_state.documents.iter();
        let say = |message: String| consultation.say(message);
        let around = vetting::Place {
            file: &file,
            buffers: documents.filter_map(|(key, it)| Some((key.path()?.to_owned(), it.text.to_string()))).collect(),
            store,
            home: scratch::home(store.folder().map(Folder::path)),
            program,
            allows_weak: environment.get("RLM_ALLOW_WEAK_SANDBOX").is_some_and(|value| value == "1"),
            say: &say,
        };
        let (vetted, warning) = services.vetting.vet(&around, edited, &paths).await;
        (vetted.into_iter().map(EditCheck::from).collect(), warning)
    }

    /// The URI of a file of a change, which has the document of the path or is another one.
    fn uri(&self, snapshot: &Snapshot, place: &Place, path: &str, name: &str) -> Result<Uri, Failure> {
        match name == path {
            true => Ok(place.uri.clone()),
            false => scope::uri_of(snapshot, name).map_or_else(|| self.new_uri(place, name), Ok),
        }
    }

    /// The proposal with the URIs of its files, and with numbers for what can be chosen.
    fn kept(&self, snapshot: &Snapshot, place: &Place, path: &str, edited: &Edited) -> Result<Kept, Failure> {
        let uri = |name: &str| self.uri(snapshot, place, path, name);
        let mut files = Vec::new();
        let mut next = 0;
        for (change, file) in edited.proposal.files.iter().zip(&edited.files) {
            let count = choices(file);
            files.push(KeptFile {
                uri: uri(&file.path)?,
                renamed_from: file.renamed_from.as_deref().map(uri).transpose()?,
                change: change.change.clone(),
                file: file.clone(),
                numbers: next..next + count,
            });
            next += count;
        }
        Ok(Kept { files, summary: edited.summary.clone(), asked_in: place.uri.clone() })
    }

    /// The URI of a file that there is not yet: below the folder of the document, or beside it.
    fn new_uri(&self, place: &Place, name: &str) -> Result<Uri, Failure> {
        let refuse = |why: &str, hint: Option<&str>| Failure {
            kind: FailureKind::NoFile,
            message: format!("{} would be a new file, and {why}", visible_name(name.as_bytes())),
            hint: hint.map(str::to_owned),
        };
        let own = file_path(&place.uri).ok_or_else(|| refuse("the document is none", Some("save it first")))?;
        let folder = self.client_state.folder_of(&own);
        let base = folder.map_or_else(|| own.parent().unwrap_or(&own), |folder| &folder.path);
        // Of several folders a path names its own.
        let prefix = folder.filter(|_| self.client_state.folders.len() > 1).map(|folder| format!("{}/", folder.name));
        let inside = prefix.and_then(|prefix| name.strip_prefix(&prefix)).unwrap_or(name);
        let path = base.join(inside);
        if !is_below(&path, base) {
            return Err(refuse("a link on its way leads out of the folder", None));
        }
        of_path(&path).ok_or_else(|| refuse("has no URI", None))
    }

    fn told(&self, kept: &KeptFile) -> EditedFile {
        let KeptFile { file, .. } = kept;
        let text = Rope::from_str(file.old.as_deref().unwrap_or_default());
        let key = DocumentKey::of(kept.renamed_from.as_ref().unwrap_or(&kept.uri));
        let mut hunks: Vec<EditHunk> = kept
            .numbers
            .clone()
            .zip(&file.hunks)
            .map(|(number, hunk)| EditHunk {
                number,
                range: range_of_lines(&text, hunk.lines.clone(), self.client_state.client.encoding),
                new_text: hunk.new.clone(),
                diff: file.diff_of(hunk),
            })
            .collect();
        if hunks.is_empty() {
            let new_text = file.new.clone().filter(|_| file.old.is_none()).unwrap_or_default();
            hunks.push(EditHunk { number: kept.numbers.start, range: Range::default(), new_text, diff: file.diff() });
        }
        EditedFile {
            uri: kept.uri.to_string(),
            path: file.path.clone(),
            renamed_from: kept.renamed_from.as_ref().map(|it| it.to_string()),
            is_new: file.old.is_none(),
            is_removed: file.new.is_none(),
            version: self.client_state.documents.get(&key).map(|it| it.version),
            hunks,
            diff: file.diff(),
        }
    }
}

fn listed_place(snapshot: &Snapshot, it: Listed) -> EditPlace {
    let Listed { path, lines: (start_line, end_line), text, why } = it;
    let uri = scope::uri_of(snapshot, &path).map(|it| it.to_string());
    EditPlace { uri, path, start_line, end_line, text, why }
}

/// How much of a file's change can be chosen: each hunk, or that the file comes, goes or moves.
fn choices(file: &ChangedFile) -> usize {
    file.hunks.len().max(1)
}

/// Whether a file that is to come would lie below a folder, whatever links are on its way.
fn is_below(path: &Path, base: &Path) -> bool {
    let there = path.ancestors().skip(1).find_map(|it| it.canonicalize().ok());
    there.zip(base.canonicalize().ok()).is_some_and(|(there, base)| there.starts_with(base))
}

fn no_place() -> Failure {
    Failure {
        kind: FailureKind::NoFile,
        message: "a change is asked for in a document".to_owned(),
        hint: Some("open the file, and select what it is about or nothing for all of it".to_owned()),
    }
}

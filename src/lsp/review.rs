//! One review on its way: from its params to findings, which also become diagnostics.

use crate::{
    config::{Limits, Options, Settings, in_editor},
    corpus::{self, Snapshot, StopFlag, Workspace},
    engine::{Agreement, Question, RunConfig, Usage, context_failure, internal_failure},
    failure::Failure,
    lsp::{
        client_requests,
        client_state::ClientState,
        engines::Engines,
        ext::{ReviewParams, ReviewResult, Scope},
        findings::{FindingBoard, Found, Reviewed},
        reporter::{Channels, Reporter},
        scope::{self, Scoped},
        settings::complaint,
        task_runs::TaskRuns,
        uri::{DocumentKey, file_path, of_path},
    },
    report,
    review::{self, Request, Review, Reviewers, finding::Place},
    text::visible_path,
    trace::TaskEnd,
};
use lsp_types::{Position, Range, Uri};
use ropey::Rope;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;

/// Findings that are told of each folder, if the client does not say.
const MOST: usize = 10;

/// A review that was accepted.
pub struct ReviewRun {
    pub id: String,
    pub params: ReviewParams,
    /// The options of the request.
    pub options: Options,
    pub client_state: ClientState,
    pub cancel: CancellationToken,
    pub reporter: Arc<Reporter>,
    pub channels: Channels,
    /// Those in which models take part.
    pub tasks: TaskRuns,
}

/// What came of a review.
pub enum ReviewOutcome {
    Reviewed(Box<ReviewResult>),
    Failed(Failure),
    Cancelled,
}

/// One folder, file or text that is reviewed.
struct Target {
    scoped: Scoped,
    /// The folder that is reviewed as a whole.
    root: Option<PathBuf>,
    /// Where a repository is looked for.
    folder: Option<PathBuf>,
    only: Option<Place>,
    /// The document, if it is no file.
    uri: Option<Uri>,
    reviewed: Reviewed,
}

impl Target {
    /// What it is, for people.
    fn title(&self) -> String {
        let place = self.only.as_ref().map(|it| it.path.clone());
        let folder = || self.folder.as_deref().map(visible_path);
        let document = || self.uri.as_ref().map(|it| it.path().to_string());
        format!("review of {}", place.or_else(folder).or_else(document).unwrap_or_else(|| "a text".to_owned()))
    }
}

impl ReviewRun {
    /// From the scope to the findings, which take the place of earlier ones on the board.
    pub async fn review(
        &self,
        engines: &Engines,
        workspace: &Arc<Workspace>,
        board: &FindingBoard,
        client: &Client,
    ) -> ReviewOutcome {
        let stop = StopFlag::default();
        let _stop = stop.raise_on_drop();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => ReviewOutcome::Cancelled,
            done = self.of_all(engines, workspace, board, client, &stop) => match done {
                Ok(result) => ReviewOutcome::Reviewed(Box::new(result)),
                Err(failure) => ReviewOutcome::Failed(failure),
            },
        }
    }

    async fn of_all(
        &self,
        engines: &Engines,
        workspace: &Arc<Workspace>,
        board: &FindingBoard,
        client: &Client,
        stop: &StopFlag,
    ) -> Result<ReviewResult, Failure> {
        let mut settings = engines.settings(self.options.clone(), &self.client_state.settings).await?;
        let mut told: Option<Review> = None;
        let mut uris = Vec::new();
        let declined = Arc::new(AtomicBool::new(false));
        for scope in self.scopes() {
            let target = self.target(&scope, &settings, workspace, stop).await?;
            let snapshot = target.scoped.snapshot.clone();
            let (reviewed, document) = (target.reviewed.clone(), target.uri.clone());
            let warnings = target.scoped.warnings.clone();
            let title = target.title();
            let models = self.models(engines, &settings, &title, &snapshot, client, &declined).await?;
            let mut review = review::review(&self.request(target, &settings, models.clone()), stop).await?;
            if let Some(Reviewers { consultation, .. }) = models {
                spend(&mut settings.limits, &consultation.usage());
                self.tasks.end(TaskEnd::Done("reviewed", &report::review_text(&review))).await;
            }
            review.warnings.extend(warnings);
            let uri = |path: &str| scope::uri_of(&snapshot, path).or_else(|| document.clone());
            uris.extend(review.findings.iter().map(|it| uri(&it.place.path)));
            let found = self.found(&snapshot, &review, document.clone()).await?;
            board.replace(&reviewed, found, self.client_state.client.encoding);
            match &mut told {
                None => told = Some(review),
                Some(told) => told.join(review),
            }
        }
        let mut told = told.unwrap_or_default();
        told.warnings.extend((!self.options.unknown.is_empty()).then(|| complaint(&self.options.unknown)));
        let mut review = report::review(&told);
        for (finding, uri) in review.findings.iter_mut().zip(uris) {
            finding.uri = uri.map(|it| it.to_string());
        }
        review.warnings = review.warnings.iter().map(|it| in_editor(it)).collect();
        Ok(ReviewResult { review, summary: report::review_summary(&told, false), query_id: self.id.clone() })
    }

    /// The parts that are reviewed one after the other: of a workspace each folder.
    fn scopes(&self) -> Vec<Scope> {
        let folders = self.client_state.folders.iter().filter(|it| it.path.exists());
        match &self.params.scope {
            Scope::Workspace if self.client_state.folders.iter().any(|it| it.path.exists()) => {
                folders.filter_map(|it| Some(Scope::Folder { uri: of_path(&it.path)? })).collect()
            }
            // That there is none is said by whoever resolves it.
            other => vec![other.clone()],
        }
    }

    /// What a scope means. Of a file or a selection the folder around it is read, and only findings in it are told.
    async fn target(
        &self,
        scope: &Scope,
        settings: &Settings,
        workspace: &Arc<Workspace>,
        stop: &StopFlag,
    ) -> Result<Target, Failure> {
        let wanted = match scope {
            Scope::File { uri } => {
                let all = Range::new(Position::default(), Position::new(u32::MAX, 0));
                Scope::Selection { uri: uri.clone(), range: all }
            }
            other => other.clone(),
        };
        let (state, settings, workspace, stop) =
            (self.client_state.clone(), settings.clone(), workspace.clone(), stop.clone());
        let resolved = {
            let wanted = wanted.clone();
            tokio::task::spawn_blocking(move || scope::resolve(&wanted, &state, &settings, &workspace, &stop))
        };
        let scoped = resolved.await.map_err(|error| internal_failure(&error))??;
        let only = scoped.focus.as_ref().map(|focus| Place {
            path: focus.path.clone(),
            first_line: focus.first_line,
            last_line: focus.last_line,
        });
        let state = &self.client_state;
        let around = |path: PathBuf| match state.folder_of(&path) {
            Some(folder) => (Some(folder.path.clone()), Some(folder.path.clone())),
            None => (Some(review::folder_of(&path)), None),
        };
        let whole = |path: PathBuf| (Some(review::folder_of(&path)), path.is_dir().then_some(path));
        let nowhere = (None, None);
        let ((folder, root), uri, reviewed) = match &wanted {
            Scope::Folder { uri } => {
                let path = file_path(uri);
                (path.clone().map_or(nowhere, whole), None, Reviewed::Below(path.into_iter().collect()))
            }
            Scope::Selection { uri, range } => {
                let path = file_path(uri);
                let lines = matches!(scope, Scope::Selection { .. })
                    .then(|| range.start.line as usize..range.end.line as usize + 1);
                let places = path.clone().map_or(nowhere, around);
                (places, path.is_none().then(|| uri.clone()), Reviewed::Document(DocumentKey::of(uri), lines))
            }
            _ => {
                let files = scoped.snapshot.files().iter().filter_map(|it| it.absolute().map(ToOwned::to_owned));
                (nowhere, None, Reviewed::Below(files.collect()))
            }
        };
        Ok(Target { scoped, root, folder, only, uri, reviewed })
    }

    fn request(&self, target: Target, settings: &Settings, models: Option<Reviewers>) -> Request {
        Request {
            snapshot: target.scoped.snapshot,
            folder: target.folder,
            root: target.root,
            is_narrowed: !settings.include.is_empty() || !settings.exclude.is_empty(),
            range: self.params.diff.clone(),
            only: target.only,
            baseline: None,
            models,
            instructions: self.params.instructions.clone(),
            most: self.params.max_findings.unwrap_or(MOST),
        }
    }

    /// The models that review, if one is configured that can.
    async fn models(
        &self,
        engines: &Engines,
        settings: &Settings,
        title: &str,
        snapshot: &Arc<Snapshot>,
        client: &Client,
        declined: &Arc<AtomicBool>,
    ) -> Result<Option<Reviewers>, Failure> {
        let engine = engines.engine(settings).await?;
        if !engine.choice.root.satisfies_schemas() {
            return Ok(None);
        }
        let question = Question {
            text: title.to_owned(),
            snapshot: snapshot.clone(),
            focus: None,
            config: Arc::new(RunConfig::of(settings)?),
            limits: settings.limits.clone(),
            session: None,
        };
        let run = self.tasks.begin(&engine, settings, title, &self.client_state, self.reporter.clone()).await;
        let consultation = Arc::new(engine.consult(&question, run, self.cancel.clone())?);
        let (client, declined) = (client.clone(), declined.clone());
        let agreement: Agreement = Arc::new(move |what, cost| {
            let (client, declined) = (client.clone(), declined.clone());
            Box::pin(async move {
                // Who has said no for one folder is not asked for the next.
                let agrees = !declined.load(Ordering::Relaxed) && client_requests::confirm(&client, what, cost).await;
                declined.store(!agrees, Ordering::Relaxed);
                agrees
            })
        });
        Ok(Some(Reviewers { consultation, agreement }))
    }

    /// The findings with their lines, as the board keeps them.
    async fn found(
        &self,
        snapshot: &Arc<Snapshot>,
        review: &Review,
        document: Option<Uri>,
    ) -> Result<Vec<Found>, Failure> {
        let (snapshot, findings, home) = (snapshot.clone(), review.findings.clone(), review.home.clone());
        let read = move || {
            let context = snapshot.context()?;
            let mut text: Option<(String, Rope)> = None;
            let mut found = Vec::new();
            // They come in the order of their places, so that each file is read once.
            for finding in findings {
                let path = &finding.place.path;
                let uri = |path: &str| scope::uri_of(&snapshot, path).or_else(|| document.clone());
                let Some(own) = uri(path) else { continue };
                if text.as_ref().is_none_or(|(of, _)| of != path) {
                    let Ok(segment) = context.segment_of_path(path) else { continue };
                    text = Some((path.clone(), Rope::from_str(&context.read(segment.text.clone())?)));
                }
                let Some((_, text)) = &text else { continue };
                let evidence = finding.evidence.iter().filter_map(|it| Some((uri(&it.place.path)?, it.clone())));
                let evidence = evidence.collect();
                found.extend(Found::new(finding, own, evidence, home.clone(), text));
            }
            Ok::<_, corpus::Error>(found)
        };
        let read = tokio::task::spawn_blocking(read).await.map_err(|error| internal_failure(&error))?;
        read.map_err(|error| context_failure(&error))
    }
}

/// Takes what was used for one folder from what the next may use. What is used up is a limit of the next one's own.
fn spend(limits: &mut Limits, used: &Usage) {
    limits.max_calls = limits.max_calls.saturating_sub(used.calls);
    let tokens = used.tokens.input + used.tokens.output;
    limits.max_tokens = limits.max_tokens.map(|most| most.saturating_sub(tokens));
    limits.max_cost = limits.max_cost.zip(used.cost).map(|(most, cost)| (most - cost).max(0.0)).or(limits.max_cost);
    limits.timeout = limits.timeout.saturating_sub(used.wall_time);
}

//! Findings as diagnostics: pulled by a client that pulls, else pushed.

use super::{
    capabilities::{ClientAbilities, SOURCE},
    findings::{FindingBoard, Standing, Told},
};
use crate::{
    report::finding_page,
    review::{
        finding::Evidence,
        rule::{Severity, UNUSED_DEFINITION},
    },
    text::capitalized,
};
use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    DocumentDiagnosticReport, FullDocumentDiagnosticReport, Location, NumberOrString, Position, Range,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport,
    Uri, WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tempfile::TempDir;
use tower_lsp::Client;

/// How long changes are gathered before a client is told of them.
const GATHER: Duration = Duration::from_millis(50);

/// Makes diagnostics of findings, and the pages that they lead to.
#[derive(Default)]
pub struct Diagnostics {
    pub board: FindingBoard,
    pages: OnceLock<Option<TempDir>>,
}

impl Diagnostics {
    /// Writes the page of each finding that stands, for diagnostics to lead to. Blocks.
    pub fn write_pages(&self) {
        for told in self.board.all() {
            for standing in &told.standing {
                let Some(path) = self.page(&standing.finding.id) else { return };
                if let Err(error) = std::fs::write(&path, finding_page(&standing.finding)) {
                    tracing::warn!(%error, "cannot write the page of a finding");
                    return;
                }
            }
        }
    }

    /// Where the page of a finding lies, in a folder of this server's own.
    pub fn page(&self, id: &str) -> Option<PathBuf> {
        let made = || tempfile::Builder::new().prefix("rlm-findings-").tempdir().ok();
        Some(self.pages.get_or_init(made).as_ref()?.path().join(format!("{id}.md")))
    }

    /// Tells a client that does not pull of each change, and one that pulls that there is something to pull. Goes on for ever.
    pub async fn push(self: Arc<Self>, client: Client, abilities: ClientAbilities) {
        loop {
            let news = self.board.news().await;
            match abilities.pulls_diagnostics {
                // After an edit it pulls by itself.
                true if news.was_reviewed => {
                    if let Err(error) = client.workspace_diagnostic_refresh().await {
                        tracing::warn!(%error, "the client does not look for new diagnostics");
                    }
                }
                true => {}
                false => {
                    for told in news.told {
                        let diagnostics = self.of(&told, abilities);
                        client.publish_diagnostics(told.uri, diagnostics, told.version).await;
                    }
                }
            }
            tokio::time::sleep(GATHER).await;
        }
    }

    /// What a client that pulls is told of a document, of which it knows the state `known`.
    pub fn report(&self, uri: &Uri, known: Option<&str>, abilities: ClientAbilities) -> DocumentDiagnosticReport {
        let told = self.board.of_document(uri);
        let revision = told.as_ref().map_or(0, |it| it.revision).to_string();
        if known == Some(&*revision) {
            return RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: revision },
            }
            .into();
        }
        let items = told.map(|told| self.of(&told, abilities)).unwrap_or_default();
        RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(revision), items },
        }
        .into()
    }

    /// What a client that pulls is told of all documents. `known` says which state of one it knows.
    pub fn reports(
        &self,
        known: impl Fn(&Uri) -> Option<String>,
        abilities: ClientAbilities,
    ) -> Vec<WorkspaceDocumentDiagnosticReport> {
        let report = |told: Told| {
            let (uri, version, revision) = (told.uri.clone(), told.version.map(i64::from), told.revision.to_string());
            if known(&uri).as_ref() == Some(&revision) {
                return WorkspaceDocumentDiagnosticReport::Unchanged(WorkspaceUnchangedDocumentDiagnosticReport {
                    uri,
                    version,
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: revision },
                });
            }
            let items = self.of(&told, abilities);
            WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
                uri,
                version,
                full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(revision), items },
            })
        };
        self.board.all().into_iter().map(report).collect()
    }

    fn of(&self, told: &Told, abilities: ClientAbilities) -> Vec<Diagnostic> {
        told.standing.iter().map(|it| self.diagnostic(it, abilities)).collect()
    }

    /// A finding as a diagnostic, with what the client understands of it.
    fn diagnostic(&self, standing: &Standing, abilities: ClientAbilities) -> Diagnostic {
        let Standing { finding, evidence, range } = standing;
        let page = self.page(&finding.id).filter(|_| abilities.code_description);
        let related = |(uri, it): &(Uri, Evidence)| DiagnosticRelatedInformation {
            location: Location { uri: uri.clone(), range: lines(it.place.first_line, it.place.last_line) },
            message: capitalized(&it.sentence),
        };
        Diagnostic {
            range: *range,
            severity: Some(match finding.severity {
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Note => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(finding.rule.id.to_owned())),
            code_description: page.and_then(|it| super::uri::of_path(&it)).map(|href| CodeDescription { href }),
            source: Some(SOURCE.to_owned()),
            message: capitalized(&finding.sentence),
            related_information: abilities
                .related_information
                .then(|| evidence.iter().map(related).collect::<Vec<_>>())
                .filter(|it| !it.is_empty()),
            tags: (abilities.diagnostic_tags && finding.rule.id == UNUSED_DEFINITION.id)
                .then(|| vec![DiagnosticTag::UNNECESSARY]),
            data: abilities.diagnostic_data.then(|| json!({"id": finding.id})),
        }
    }
}

/// Whole lines, counted from 1, as a range of the protocol.
pub fn lines(first: usize, last: usize) -> Range {
    let line = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Range::new(Position::new(line(first.saturating_sub(1)), 0), Position::new(line(last), 0))
}

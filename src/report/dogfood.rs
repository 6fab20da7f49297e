//! What dogfooding says, as JSON and in words.

mod analysis_text;
mod cycle;

pub use analysis_text::{analysis_blocks, analysis_markdown, analysis_text};
pub use cycle::{cycle, cycle_markdown, cycle_text, history, history_text, share_text};

use super::{
    context,
    findings::{evidence, fix, models},
    types::dogfood::{
        Analysis, Coverage, Facts, HardFunction, HotFile, MorePoints, Point, ProjectCheck, SlowTest, TestTimes,
    },
};
use crate::dogfood::{analysis, point, project_checks, reports};

/// The object that `rlm dogfood analyze --format json` prints.
pub fn analysis(analysis: &analysis::Analysis) -> Analysis {
    Analysis {
        points: analysis.points.iter().map(point).collect(),
        not_shown: analysis.not_shown.iter().map(|&(kind, count)| MorePoints { kind, count }).collect(),
        facts: facts(&analysis.facts),
        checks: analysis.checks.iter().map(check).collect(),
        context: context(&analysis.context),
        commit: analysis.commit.clone(),
        models: analysis.models.as_ref().map(models),
        not_looked_at: analysis.not_looked_at.clone(),
        warnings: analysis.warnings.clone(),
    }
}

fn point(point: &point::Point) -> Point {
    Point {
        kind: point.kind,
        topic: point.topic.name(),
        priority: point.priority().name(),
        worth: (point.worth * 10.0).round() / 10.0,
        path: point.place.path.clone(),
        start_line: point.place.first_line,
        end_line: point.place.last_line,
        sentence: point.sentence.clone(),
        reason: point.reason.clone(),
        advice: point.advice.clone(),
        doubt: point.doubt.clone(),
        evidence: point.evidence.iter().map(evidence).collect(),
        finding: point.finding.clone(),
        fix: point.fix.as_ref().map(fix),
    }
}

fn facts(facts: &analysis::Facts) -> Facts {
    let hot = |(path, commits, lines): &(String, usize, usize)| HotFile {
        path: path.clone(),
        commits: *commits,
        lines: *lines,
    };
    let hard = |(place, name, complexity): &(crate::review::finding::Place, String, usize)| HardFunction {
        path: place.path.clone(),
        start_line: place.first_line,
        end_line: place.last_line,
        name: name.clone(),
        complexity: *complexity,
    };
    Facts {
        commits: facts.commits,
        hot_files: facts.hot.iter().map(hot).collect(),
        functions: facts.functions,
        hard_functions: facts.hard.iter().map(hard).collect(),
        public_items: facts.documented.public,
        documented_items: facts.documented.documented,
        code_files: facts.named_by_no_test.map(|(files, _)| files),
        named_by_no_test: facts.named_by_no_test.map(|(_, unnamed)| unnamed),
        coverage: facts.coverage.as_ref().map(|(report, lines, covered)| Coverage {
            report: report.clone(),
            lines: *lines,
            covered_lines: *covered,
        }),
        tests: facts.tests.as_ref().map(test_times),
    }
}

fn test_times(times: &reports::TestTimes) -> TestTimes {
    let slow = |(name, seconds): &(String, f64)| SlowTest { name: name.clone(), seconds: *seconds };
    TestTimes {
        report: times.report.clone(),
        tests: times.tests,
        seconds: times.seconds,
        slowest: times.slowest.iter().map(slow).collect(),
    }
}

fn check(check: &project_checks::ProjectCheck) -> ProjectCheck {
    ProjectCheck {
        command: check.command.clone(),
        folder: check.folder.clone(),
        path: check.place.path.clone(),
        line: check.place.first_line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::types::dogfood::{Cycle, History};
    use schemars::generate::SchemaSettings;
    use serde_json::Value;

    const PAGE: &str = include_str!("../../docs/dogfood.md");

    #[test]
    fn the_page_tells_every_field() {
        let mut schemas = SchemaSettings::draft2020_12().for_serialize().into_generator();
        schemas.subschema_for::<Analysis>();
        schemas.subschema_for::<Cycle>();
        schemas.subschema_for::<History>();
        for name in [
            "Analysis",
            "Point",
            "MorePoints",
            "Facts",
            "HotFile",
            "HardFunction",
            "ProjectCheck",
            "Coverage",
            "TestTimes",
            "SlowTest",
            "Cycle",
            "CheckOfCommit",
            "JudgedProposal",
            "History",
            "PastProposal",
        ] {
            let schema = schemas.definitions().get(name).and_then(|it| it.get("properties")).and_then(Value::as_object);
            for field in schema.expect(name).keys() {
                assert!(PAGE.contains(&format!("\"{field}\": ")), "docs/dogfood.md does not tell {name}.{field}");
            }
        }
    }
}

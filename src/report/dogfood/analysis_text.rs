//! An analysis in words: for a terminal, as Markdown for editors, and in the blocks that another tool reads.

use crate::{
    dogfood::{
        analysis::{Analysis, Facts},
        point::Point,
        reports::TestTimes,
    },
    text::{capitalized, counted},
};

/// Hexadecimal digits of a commit and of a finding that are shown.
const SHOWN_DIGITS: usize = 10;

/// The points, the facts, the checks, and what was not looked at.
pub fn analysis_text(analysis: &Analysis) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (number, point) in analysis.points.iter().enumerate() {
        let Point { place, topic, sentence, reason, advice, doubt, evidence, kind, finding, .. } = point;
        let name = finding.as_ref().map(|id| format!(" {}", short(id))).unwrap_or_default();
        let head = format!("{}. {place}: {}, {}", number + 1, point.priority().name(), topic.name());
        lines.push(format!("{head}: {} [{kind}{name}]", capitalized(sentence)));
        lines.push(format!("    {}.", capitalized(reason)));
        lines.extend(evidence.iter().map(|it| format!("    See {}: {}.", it.place, it.sentence)));
        lines.push(format!("    What to do: {advice}."));
        lines.push(format!("    How it could be wrong: {}.\n", capitalized(doubt.trim_end_matches('.'))));
    }
    lines.push(summary(analysis));
    lines.push(String::new());
    lines.extend(facts(&analysis.facts));
    lines.extend(checks(analysis));
    lines.push(String::new());
    lines.extend(analysis.warnings.iter().map(|it| format!("Read in part: {it}.")));
    lines.extend(analysis.not_looked_at.iter().map(|it| format!("Not looked at: {it}.")));
    lines.join("\n")
}

/// The same as a Markdown document, with a link to each place.
pub fn analysis_markdown(analysis: &Analysis) -> String {
    let mut lines = vec!["# Where work pays\n".to_owned()];
    for (number, point) in analysis.points.iter().enumerate() {
        let Point { place, topic, sentence, reason, advice, doubt, .. } = point;
        lines.push(format!(
            "{}. **{}** ({}, {})",
            number + 1,
            capitalized(sentence),
            point.priority().name(),
            topic.name()
        ));
        lines.push(format!("   `{place}`: {}.", reason.trim_end_matches('.')));
        lines.push(format!("   What to do: {advice}. How it could be wrong: {}.\n", doubt.trim_end_matches('.')));
    }
    lines.push(format!("{}\n\n## Facts\n", summary(analysis)));
    let bullets = facts(&analysis.facts).into_iter().chain(checks(analysis));
    lines.extend(bullets.map(|it| format!("- {}", it.replace("\n    ", "\n    - "))));
    lines.push("\n## What was not looked at\n".to_owned());
    lines.extend(analysis.warnings.iter().chain(&analysis.not_looked_at).map(|it| format!("- {}.", capitalized(it))));
    lines.join("\n")
}

/// The points in blocks with the fields `SUGGESTION`, `DESCRIPTION`, `RELEVANT_FILES` and `PRIORITY`, with `---` between them.
pub fn analysis_blocks(analysis: &Analysis) -> String {
    let block = |point: &Point| {
        let others = point.evidence.iter().map(|it| it.place.path.as_str());
        let mut files: Vec<&str> = std::iter::once(point.place.path.as_str()).chain(others).collect();
        files.dedup();
        format!(
            "SUGGESTION: {}: {}\nDESCRIPTION: {}. What to do: {}.\nRELEVANT_FILES: {}\nPRIORITY: {}",
            point.topic.name(),
            point.sentence,
            capitalized(&point.reason),
            point.advice,
            files.join(", "),
            point.priority().name()
        )
    };
    analysis.points.iter().map(block).collect::<Vec<_>>().join("\n---\n")
}

fn short(id: &str) -> &str {
    &id[..SHOWN_DIGITS.min(id.len())]
}

fn summary(analysis: &Analysis) -> String {
    let size = &analysis.context;
    let mut parts = vec![match analysis.points.len() {
        0 => "Nothing was found on which work clearly pays".to_owned(),
        count => counted(count, "point"),
    }];
    let left_out = match size.left_out.total() {
        0 => String::new(),
        _ => format!(", {}", size.left_out),
    };
    parts.push(format!("read {} of {}{left_out}", counted(size.files, "file"), counted(size.bytes, "byte")));
    if let Some(commit) = &analysis.commit {
        parts.push(format!("at commit {} and what is not committed", short(commit)));
    }
    let more: Vec<String> = analysis.not_shown.iter().map(|(kind, count)| format!("{count} more {kind}")).collect();
    if !more.is_empty() {
        parts.push(format!("not shown: {} (--max-points)", more.join(", ")));
    }
    let by_models = analysis.models.as_ref().map(|(reviewer, refuter, used)| {
        let cost = used.cost.map(|cost| format!(", {cost:.4} USD")).unwrap_or_default();
        format!("\nReviewed by {reviewer}, and refuted by {refuter}: {}{cost}.", counted(used.calls, "call"))
    });
    format!("{}.{}", parts.join("; "), by_models.unwrap_or_default())
}

fn facts(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    if !facts.hot.is_empty() {
        let files =
            facts.hot.iter().map(|(path, commits, lines)| format!("\n    {path}: {commits} commits, {lines} lines"));
        let commits = counted(facts.commits, "commit");
        lines.push(format!("Changed most, by the {commits} of the last year:{}", files.collect::<String>()));
    }
    if !facts.hard.is_empty() {
        let functions =
            facts.hard.iter().map(|(place, name, complexity)| format!("\n    {place}: `{name}`, {complexity}"));
        let all = counted(facts.functions, "function");
        lines.push(format!("Hardest to follow of {all}, by cognitive complexity:{}", functions.collect::<String>()));
    }
    if facts.documented.public > 0 {
        let (documented, public) = (facts.documented.documented, counted(facts.documented.public, "public item"));
        lines.push(format!("Documented: {documented} of {public} of Rust and Python."));
    }
    if let Some((files, unnamed)) = facts.named_by_no_test {
        let files = counted(files, "file");
        lines.push(format!("Of {files} with functions, {unnamed} define nothing that a test names."));
    }
    if let Some((report, all, covered)) = &facts.coverage {
        let share = 100.0 * *covered as f64 / (*all).max(1) as f64;
        lines.push(format!("Covered by tests: {covered} of {} ({share:.1} %), by {report}.", counted(*all, "line")));
    }
    if let Some(TestTimes { report, tests, seconds, slowest }) = &facts.tests {
        let slow: String = slowest.iter().map(|(name, seconds)| format!("\n    {seconds:.2} s: {name}")).collect();
        lines.push(format!("Slowest of {}, {seconds:.1} s altogether, by {report}:{slow}", counted(*tests, "test")));
    }
    lines
}

fn checks(analysis: &Analysis) -> Vec<String> {
    if analysis.checks.is_empty() {
        return vec!["No checks of the project's own were found in its manifests.".to_owned()];
    }
    let check = |it: &crate::dogfood::project_checks::ProjectCheck| {
        let folder = if it.folder.is_empty() { String::new() } else { format!(" in {}", it.folder) };
        format!("\n    `{}`{folder} ({})", it.command, it.place)
    };
    let checks: String = analysis.checks.iter().map(check).collect();
    vec![format!("The project's own checks, which were not run:{checks}")]
}

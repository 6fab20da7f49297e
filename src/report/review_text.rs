//! A review in words.

use crate::{
    review::{
        Review,
        finding::Finding,
        rule::{Rule, without_model},
    },
    text::{capitalized, counted},
};

/// Digits of an identity that are shown; they tell the findings of a repository apart.
const SHOWN_DIGITS: usize = 10;

/// The findings, and then what was read and looked for, and what was not.
pub fn review_text(review: &Review) -> String {
    let mut lines: Vec<String> = review.findings.iter().map(|it| format!("{}\n", finding_text(it))).collect();
    lines.push(review_summary(review, true));
    for warning in &review.warnings {
        lines.push(format!("Read in part: {warning}."));
    }
    for not_checked in &review.not_checked {
        lines.push(format!("Not looked at: {not_checked}."));
    }
    lines.join("\n")
}

/// One finding, with all that is known of it.
pub fn finding_text(finding: &Finding) -> String {
    let Finding { id, rule, severity, place, sentence, reason, doubt, evidence, fix, .. } = finding;
    let digits = &id[..SHOWN_DIGITS.min(id.len())];
    let mut lines = vec![
        format!("{place}: {}: {} [{} {digits}]", severity.name(), capitalized(sentence), rule.id),
        format!("    {}.", capitalized(reason)),
    ];
    lines.extend(evidence.iter().map(|it| format!("    See {}: {}.", it.place, it.sentence)));
    lines.extend(fix.as_ref().map(|fix| format!("    A fix: {}.", fix.sentence)));
    lines.push(format!("    How it could be wrong: {}.", capitalized(doubt.trim_end_matches('.'))));
    lines.join("\n")
}

/// One finding as a page of Markdown.
pub fn finding_page(finding: &Finding) -> String {
    let Finding { id, rule, severity, place, sentence, reason, doubt, evidence, fix, .. } = finding;
    let mut page = format!(
        "# {}\n\n`{place}` · {} · `{}`\n\n{}.\n",
        capitalized(sentence),
        severity.name(),
        rule.id,
        capitalized(reason)
    );
    if !evidence.is_empty() {
        let shown = evidence.iter().map(|it| format!("- `{}`: {}\n", it.place, it.sentence));
        page += &format!("\n## What shows it\n\n{}", shown.collect::<String>());
    }
    if let Some(fix) = fix {
        page += &format!("\n## A fix\n\n{}:\n\n````\n{}\n````\n", capitalized(&fix.sentence), fix.lines);
    }
    page += &format!(
        "\n## How it could be wrong\n\n{}.\n\n## What was looked for\n\n{}\n\nIf it is meant to be so, or wrong: `rlm review \
         --dismiss {} --reason \"…\"`, or the action *Dismiss* of an editor.\n",
        capitalized(doubt.trim_end_matches('.')),
        rule.description,
        &id[..SHOWN_DIGITS.min(id.len())]
    );
    page
}

/// What was read and looked for, and how many findings there are. In a terminal it says which options show more.
pub fn review_summary(review: &Review, in_terminal: bool) -> String {
    let option = |option: &str| if in_terminal { format!(" ({option})") } else { String::new() };
    let size = &review.context;
    let mut parts = vec![match review.findings.len() {
        0 => "No findings".to_owned(),
        count => counted(count, "finding"),
    }];
    let files = counted(size.files, "file");
    let read = format!("read {files} of {}", counted(size.bytes, "byte"));
    let left_out = match size.left_out.total() {
        0 => String::new(),
        _ => format!(", {}", size.left_out),
    };
    parts.push(format!("{read}{left_out}"));
    if let Some(since) = &review.since {
        parts.push(format!("only what has changed since {}", &since[..since.len().min(12)]));
    }
    let more = |&(rule, count): &(&Rule, usize)| format!("{count} more {}", rule.id);
    let not_shown: Vec<String> = review.not_shown.iter().map(more).collect();
    if !not_shown.is_empty() {
        parts.push(format!("not shown: {}{}", not_shown.join(", "), option("--max-findings")));
    }
    if !review.dismissed.is_empty() {
        parts.push(format!("{} dismissed", review.dismissed.len()));
    }
    if !review.in_baseline.is_empty() {
        parts.push(format!("{} in the baseline", review.in_baseline.len()));
    }
    if !review.refuted.is_empty() {
        parts.push(format!(
            "{} of the model refuted{}",
            counted(review.refuted.len(), "claim"),
            option("--format json lists them")
        ));
    }
    let looked_for = without_model().map(|rule| rule.id).collect::<Vec<_>>().join(", ");
    let by_models = review.models.as_ref().map(|(reviewer, refuter, used)| {
        let calls = match used.cached_calls {
            0 => counted(used.calls, "call"),
            known => format!("{}, {known} known", counted(used.calls, "call")),
        };
        let cost = used.cost.map(|cost| format!(", {cost:.4} USD")).unwrap_or_default();
        format!("\nReviewed by {reviewer}, and refuted by {refuter}: {calls}{cost}.")
    });
    format!("{}.\nLooked for, without a model: {looked_for}.{}", parts.join("; "), by_models.unwrap_or_default())
}

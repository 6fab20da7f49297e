//! A cycle and the history of cycles, as JSON and in words.

use crate::{
    dogfood::{
        cycle::{self, Baseline, Judged, State, UnnoticedFault},
        history::{Entry, Share},
    },
    report::{
        types::dogfood::{self as wire, CheckOfCommit, Cycle, History, JudgedProposal, PastProposal},
        usage,
    },
    text::{capitalized, counted},
};
use std::time::{Duration, UNIX_EPOCH};

/// Hexadecimal digits of a commit that are shown.
const SHOWN_DIGITS: usize = 10;

/// The object that `rlm dogfood cycle --format json` prints.
pub fn cycle(cycle: &cycle::Cycle) -> Cycle {
    let check = |it: &Baseline| CheckOfCommit {
        command: it.check.written.clone(),
        passes: it.passes,
        tests: it.results.named.len().max(it.results.passed),
        seconds: (it.took.as_secs_f64() * 1000.0).round() / 1000.0,
        flaky: it.flaky.clone(),
    };
    let proposal = |it: &Judged| JudgedProposal {
        number: it.number,
        title: it.title.clone(),
        kind: it.kind.clone(),
        state: it.state.name(),
        reason: it.reason.clone(),
        why: it.why.clone(),
        proof: it.proof.clone(),
        diff: it.diff.clone(),
    };
    let unnoticed = |it: UnnoticedFault| {
        let UnnoticedFault { path, line, was, becomes, text } = it;
        wire::UnnoticedFault { path, line, was, becomes, text }
    };
    Cycle {
        cycle: cycle.number,
        base: cycle.base.clone(),
        checks: cycle.baselines.iter().map(check).collect(),
        unnoticed: cycle.unnoticed.iter().cloned().map(unnoticed).collect(),
        proposals: cycle.proposals.iter().map(proposal).collect(),
        model: cycle.model.as_ref().map(|(name, _)| name.clone()),
        usage: cycle.model.as_ref().map(|(_, used)| usage(used)),
        notes: cycle.notes.clone(),
    }
}

/// A cycle in words: what is offered with its proof and its diff, and then why the rest is not.
pub fn cycle_text(cycle: &cycle::Cycle) -> String {
    let mut lines = Vec::new();
    for judged in cycle.offered() {
        lines.push(format!("{}. {} ({})", judged.number, capitalized(&judged.title), judged.kind));
        if !judged.reason.is_empty() {
            lines.push(format!("    {}.", capitalized(judged.reason.trim_end_matches('.'))));
        }
        lines.extend(judged.proof.iter().map(|it| format!("    Proof: {it}.")));
        lines.push(format!("\n{}", judged.diff));
    }
    let rejected: Vec<&Judged> = cycle.proposals.iter().filter(|it| it.state == State::Rejected).collect();
    if !rejected.is_empty() {
        lines.push("Not offered:".to_owned());
        lines.extend(
            rejected
                .iter()
                .map(|it| format!("    {}. {} ({}): {}.", it.number, capitalized(&it.title), it.kind, it.why)),
        );
        lines.push(String::new());
    }
    if !cycle.unnoticed.is_empty() {
        lines.push("Faults that no test noticed, as the commit is:".to_owned());
        lines.extend(cycle.unnoticed.iter().map(|it| format!("    {}: {}", it.path, it.sentence())));
        lines.push(String::new());
    }
    lines.extend(summary(cycle));
    if cycle.offered().next().is_some() {
        let numbers: Vec<String> = cycle.offered().map(|it| it.number.to_string()).collect();
        // Of several together the checks are run once more.
        let written = cycle.baselines.iter().map(|it| shell_words::quote(&it.check.written).into_owned());
        let checks: String = written.map(|it| format!(" --check {it}")).collect();
        lines.push(format!(
            "Nothing was written. To commit some on a branch of their own: rlm dogfood cycle --approve {}{checks}",
            numbers.join(",")
        ));
    }
    lines.join("\n")
}

/// The same as a Markdown document for editors.
pub fn cycle_markdown(cycle: &cycle::Cycle) -> String {
    let mut lines = vec![format!("# Cycle {}\n", cycle.number)];
    for judged in cycle.offered() {
        lines.push(format!("## {}. {} ({})\n", judged.number, capitalized(&judged.title), judged.kind));
        if !judged.reason.is_empty() {
            lines.push(format!("{}.\n", capitalized(judged.reason.trim_end_matches('.'))));
        }
        lines.extend(judged.proof.iter().map(|it| format!("- Proof: {it}.")));
        // A fence is longer than any that the difference has in it.
        let longest = judged.diff.lines().map(|line| line.chars().filter(|it| *it == '`').count()).max();
        let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
        lines.push(format!("\n{fence}diff\n{}\n{fence}\n", judged.diff.trim_end()));
    }
    let rejected = || cycle.proposals.iter().filter(|it| it.state == State::Rejected);
    if rejected().next().is_some() {
        lines.push("## Not offered\n".to_owned());
        let line = |it: &Judged| format!("{}. {} ({}): {}.", it.number, capitalized(&it.title), it.kind, it.why);
        lines.extend(rejected().map(line));
        lines.push(String::new());
    }
    if !cycle.unnoticed.is_empty() {
        lines.push("## Faults that no test noticed, as the commit is\n".to_owned());
        lines.extend(cycle.unnoticed.iter().map(|it| format!("- `{}`: {}", it.path, it.sentence())));
        lines.push(String::new());
    }
    lines.push("## What was done\n".to_owned());
    lines.extend(summary(cycle).into_iter().map(|it| format!("- {it}")));
    lines.join("\n")
}

/// What was proposed, checked and used, in sentences.
fn summary(cycle: &cycle::Cycle) -> Vec<String> {
    let mut lines = Vec::new();
    let offered = cycle.offered().count();
    lines.push(format!(
        "Cycle {} at commit {}: {} of {} offered.",
        cycle.number,
        short(&cycle.base),
        offered,
        counted(cycle.proposals.len(), "proposal")
    ));
    for baseline in cycle.baselines.iter().filter(|it| it.passes) {
        let tests = match baseline.results.named.len().max(baseline.results.passed) {
            0 => String::new(),
            tests => format!(", {}", counted(tests, "test")),
        };
        lines.push(format!(
            "`{}` passes on the commit as it is ({:.1} s{tests}).",
            baseline.check.written,
            baseline.took.as_secs_f64()
        ));
    }
    if let Some((model, used)) = &cycle.model {
        let cost = used.cost.map(|cost| format!(", {cost:.4} USD")).unwrap_or_default();
        lines.push(format!("Proposed by {model}: {}{cost}.", counted(used.calls, "call")));
    }
    lines.extend(cycle.notes.iter().map(|it| format!("Note: {}.", it.trim_end_matches('.'))));
    lines
}

/// The object that `rlm dogfood history --format json` prints.
pub fn history(entries: &[Entry]) -> History {
    let past = |Entry { proposal, fate }: &Entry| PastProposal {
        cycle: proposal.cycle,
        number: proposal.number,
        title: proposal.title.clone(),
        kind: proposal.kind.clone(),
        state: proposal.state.clone(),
        why: proposal.why.clone(),
        commit: proposal.commit.clone(),
        fate: fate.clone(),
        time: proposal.stored,
    };
    History { proposals: entries.iter().map(past).collect() }
}

/// The history in words, a line for each proposal.
pub fn history_text(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "No cycle has proposed anything here, as far as the store knows.".to_owned();
    }
    let mut lines = Vec::new();
    let mut cycle = None;
    for Entry { proposal, fate } in entries {
        if cycle != Some(proposal.cycle) {
            cycle = Some(proposal.cycle);
            let at = UNIX_EPOCH + Duration::from_secs(u64::try_from(proposal.stored).unwrap_or_default());
            let date: String = humantime::format_rfc3339_seconds(at).to_string().chars().take(10).collect();
            lines.push(format!("Cycle {}, {date}, at commit {}:", proposal.cycle, short(&proposal.base)));
        }
        let more = match (proposal.state.as_str(), fate) {
            ("rejected", _) => format!(": {}", proposal.why),
            (_, Some(fate)) => format!(" as {}: {fate}", short(proposal.commit.as_deref().unwrap_or_default())),
            _ => String::new(),
        };
        lines.push(format!(
            "    {}. {} ({}), {}{more}",
            proposal.number,
            capitalized(&proposal.title),
            proposal.kind,
            proposal.state
        ));
    }
    lines.join("\n")
}

/// The share of lines in words.
pub fn share_text(share: &Share) -> String {
    let part = 100.0 * share.lines as f64 / share.all.max(1) as f64;
    format!(
        "{} of {} ({part:.2} %) come from {} of cycles, as git blames them.",
        share.lines,
        counted(share.all, "line"),
        counted(share.commits, "commit")
    )
}

fn short(commit: &str) -> &str {
    &commit[..SHOWN_DIGITS.min(commit.len())]
}

//! A preview in words, as the terminal prints it.

use crate::{
    config::{Limits, Strategy},
    corpus::Exclusion,
    engine::{Expectation, Preview, Spread},
    text::{counted, grouped},
};

/// The most files and folders whose exclusion a preview explains, unless all are asked for.
const LEFT_OUT: usize = 20;

/// A preview in words. Of what is left out some is told, or all of it.
pub fn preview_text(preview: &Preview, left_out: &[Exclusion], limits: &Limits, all: bool) -> String {
    let shown = if all { left_out.len() } else { LEFT_OUT };
    let Preview { context, context_tokens, first_prompt_tokens, .. } = preview;
    let dollars = |cost: Option<f64>| cost.map_or_else(String::new, |cost| format!(", ${cost:.4}"));
    let length = match context.characters {
        Some(characters) => counted(characters, "character"),
        None => "not read yet: binary files still count".to_owned(),
    };
    let worker = if preview.worker == preview.model { "also reads the parts" } else { &preview.worker };
    let mut lines = vec![
        format!("model    {} ({}); worker: {worker}", preview.model, preview.why),
        format!(
            "context  {}, {} ({length}), about {}",
            counted(context.files, "file"),
            counted(context.bytes, "byte"),
            counted(context_tokens, "token")
        ),
    ];
    lines.extend(context.store.iter().map(|store| format!("         all of it from the shard store {store}")));
    let first = format!("about {}{}", counted(first_prompt_tokens, "token"), dollars(preview.first_prompt_cost));
    lines.push(match preview.strategy {
        Strategy::Direct => format!("sends    the whole text in one prompt: {first}"),
        Strategy::Read => format!("sends    passages that the built-in search finds, in one prompt: {first}"),
        Strategy::Rlm | Strategy::Auto => {
            format!("sends    a first prompt without the text: {first}; what else is up to the model's programs")
        }
    });
    if preview.strategy == Strategy::Rlm {
        let whole = dollars(preview.whole_text_cost);
        let tokens = counted(context_tokens, "token");
        lines.push(format!("         reading the whole text once would be about {tokens}{whole}"));
        let mut most = vec![counted(limits.max_calls, "call"), format!("{} s", limits.timeout.as_secs())];
        most.extend(limits.max_tokens.map(|tokens| counted(tokens, "token")));
        most.extend(limits.max_cost.map(|cost| format!("${cost}")));
        lines.push(format!("at most  {}", most.join(", ")));
    }
    lines.push(format!("expected {}", expected(&preview.expected)));
    if preview.expected.is_known {
        lines.push("         it was answered before: if the text has not changed since, nothing is asked".to_owned());
    }
    if !left_out.is_empty() {
        lines.push(context.left_out.to_string());
        // What is not only left out comes first.
        let (warnings, others): (Vec<_>, Vec<_>) = left_out.iter().partition(|it| it.reason.is_warning());
        let all = warnings.into_iter().chain(others);
        lines.extend(all.take(shown).map(|it| format!("  {}: {}", it.path, it.reason)));
    }
    if let more @ 1.. = left_out.len().saturating_sub(shown) {
        lines.push(format!("  … and {more} more (--verbose names all)"));
    }
    lines.extend(preview.warnings.iter().map(|it| format!("warning  {it}")));
    lines.join("\n")
}

/// What such questions took before.
fn expected(expected: &Expectation) -> String {
    let Expectation { questions, calls: Some(calls), tokens: Some(tokens), cost, .. } = expected else {
        return "nothing is known: no such question was answered before".to_owned();
    };
    let whole = |it: &Spread| {
        let [median, low, high] = [it.median, it.low, it.high].map(|it| grouped(it.round() as u64));
        if low == high { median } else { format!("{median} ({low} to {high})") }
    };
    let mut parts = vec![format!("calls: {}", whole(calls)), format!("tokens: {}", whole(tokens))];
    parts.extend(cost.as_ref().map(|it| match it.low == it.high {
        true => format!("${:.4}", it.median),
        false => format!("${:.4} (${:.4} to ${:.4})", it.median, it.low, it.high),
    }));
    format!("{}; so it was with {}", parts.join(", "), counted(*questions, "such question"))
}

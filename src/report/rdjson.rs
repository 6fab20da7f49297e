//! A review as the diagnostics that reviewdog reads (`rdjson`).

use crate::{
    review::{
        Review,
        finding::{Evidence, Finding, Place},
        rule::Severity,
    },
    text::{capitalized, name_of_visible},
};
use serde_json::{Value, json};

/// The object that `rlm review --format rdjson` prints.
pub fn rdjson(review: &Review) -> Value {
    let diagnostics: Vec<Value> = review.findings.iter().map(diagnostic).collect();
    json!({"source": {"name": "rlm"}, "diagnostics": diagnostics})
}

fn diagnostic(finding: &Finding) -> Value {
    let related = |it: &Evidence| json!({"message": it.sentence, "location": location(&it.place)});
    let mut diagnostic = json!({
        "message": format!("{}: {}. How it could be wrong: {}", capitalized(&finding.sentence), finding.reason, finding.doubt),
        "location": location(&finding.place),
        "severity": match finding.severity {
            Severity::Note => "INFO",
            Severity::Warning => "WARNING",
        },
        "code": {"value": finding.rule.id},
        "related_locations": finding.evidence.iter().map(related).collect::<Vec<_>>(),
    });
    if let Some(fix) = &finding.fix {
        // Whole lines, without columns.
        diagnostic["suggestions"] = json!([{"range": range(&finding.place), "text": fix.lines}]);
    }
    diagnostic
}

fn location(place: &Place) -> Value {
    json!({"path": String::from_utf8_lossy(&name_of_visible(&place.path)), "range": range(place)})
}

fn range(place: &Place) -> Value {
    json!({"start": {"line": place.first_line}, "end": {"line": place.last_line}})
}

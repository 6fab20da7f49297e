//! A review as SARIF 2.1.0, the Static Analysis Results Interchange Format of OASIS.
//!
//! All rules are declared, also those that found nothing, so that a reader closes what is no longer there. A result is known by
//! a fingerprint of its own, not made of line numbers. What was dismissed is there and suppressed.

use crate::{
    review::{
        Review,
        finding::{Evidence, Finding, Place},
        rule::{RULES, Rule, Severity},
    },
    text::{capitalized, name_of_visible},
};
use serde_json::{Value, json};

/// Where the schema of the format is published.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths are relative to.
const BASE: &str = "SRCROOT";

/// The log that `rlm review --format sarif` prints.
pub fn sarif(review: &Review, has_baseline: bool) -> Value {
    let state = |finding: &Finding, state: &str| {
        let mut result = result(finding);
        if has_baseline {
            result["baselineState"] = json!(state);
        }
        result
    };
    let dismissed = review.dismissed.iter().map(|(finding, reason)| {
        let mut result = state(finding, "unchanged");
        result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": reason}]);
        result
    });
    let findings = review.findings.iter().map(|finding| state(finding, "new"));
    let known = review.in_baseline.iter().map(|finding| state(finding, "unchanged"));
    let results: Vec<Value> = findings.chain(known).chain(dismissed).collect();
    let told = review.warnings.iter().chain(&review.not_checked);
    let notifications: Vec<Value> =
        told.map(|it| json!({"level": "note", "message": {"text": capitalized(it)}})).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "rlm",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": RULES.map(rule),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {BASE: {"description": {"text": "The folder that was reviewed."}}},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notifications}],
            "results": results,
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": format!("{}.", rule.title)},
        "fullDescription": {"text": rule.description},
        "help": {"text": format!("How it could be wrong: {}", rule.doubt)},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
    }
}

fn result(finding: &Finding) -> Value {
    let index = RULES.iter().position(|rule| rule.id == finding.rule.id);
    let related = |(number, it): (usize, &Evidence)| {
        let mut location = location(&it.place);
        location["id"] = json!(number + 1);
        location["message"] = json!({"text": it.sentence});
        location
    };
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": {"text": format!("{}: {}.", capitalized(&finding.sentence), finding.reason)},
        "locations": [location(&finding.place)],
        "relatedLocations": finding.evidence.iter().enumerate().map(related).collect::<Vec<_>>(),
        "partialFingerprints": {"rlm/v1": finding.id},
    });
    if let Some(fix) = &finding.fix {
        let Place { path, first_line, last_line } = &finding.place;
        // Without columns these are whole lines, but not the line feed at their end.
        let deleted = json!({"startLine": first_line, "endLine": last_line});
        result["fixes"] = json!([{
            "description": {"text": capitalized(&fix.sentence)},
            "artifactChanges": [{
                "artifactLocation": artifact(path),
                "replacements": [{"deletedRegion": deleted, "insertedContent": {"text": fix.lines}}],
            }],
        }]);
    }
    result
}

fn location(place: &Place) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": artifact(&place.path),
        "region": {"startLine": place.first_line, "endLine": place.last_line},
    }})
}

fn artifact(path: &str) -> Value {
    json!({"uri": uri(path), "uriBaseId": BASE})
}

/// A shown path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    name_of_visible(path).iter().fold(String::with_capacity(path.len()), |mut uri, &byte| {
        match byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            true => uri.push(char::from(byte)),
            false => uri.push_str(&format!("%{byte:02X}")),
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_as_references() {
        for (path, expected) in [
            ("src/a.rs", "src/a.rs"),
            ("a b/[id]/é.tsx", "a%20b/%5Bid%5D/%C3%A9.tsx"),
            ("a:b#c?.md", "a%3Ab%23c%3F.md"),
            (r"a\x1B.md", "a%1B.md"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}

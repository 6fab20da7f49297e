//! A review as JSON.

use super::{
    context,
    types::{Dismissed, Evidence, Finding, FindingRule, Fix, NotShown, RefutedClaim, Review, ReviewModels},
    usage,
};
use crate::review::{self, rule::RULES};

/// The object that `rlm review --format json` prints.
pub fn review(review: &review::Review) -> Review {
    let dismissed =
        |(it, reason): &(review::finding::Finding, String)| Dismissed { finding: finding(it), reason: reason.clone() };
    let refuted = |it: &review::Refuted| RefutedClaim {
        path: it.place.as_ref().map(|place| place.path.clone()),
        start_line: it.place.as_ref().map(|place| place.first_line),
        end_line: it.place.as_ref().map(|place| place.last_line),
        sentence: it.sentence.clone(),
        why: it.why.clone(),
    };
    Review {
        refuted: review.refuted.iter().map(refuted).collect(),
        models: review.models.as_ref().map(models),
        findings: review.findings.iter().map(finding).collect(),
        dismissed: review.dismissed.iter().map(dismissed).collect(),
        in_baseline: review.in_baseline.len(),
        not_shown: review.not_shown.iter().map(|&(rule, count)| NotShown { rule: rule.id, count }).collect(),
        rules: RULES
            .into_iter()
            .map(|rule| FindingRule { id: rule.id, title: rule.title, description: rule.description })
            .collect(),
        context: context(&review.context),
        since: review.since.clone(),
        not_checked: review.not_checked.clone(),
        warnings: review.warnings.clone(),
    }
}

fn finding(finding: &review::finding::Finding) -> Finding {
    Finding {
        id: finding.id.clone(),
        rule: finding.rule.id,
        severity: finding.severity.name(),
        path: finding.place.path.clone(),
        start_line: finding.place.first_line,
        end_line: finding.place.last_line,
        sentence: finding.sentence.clone(),
        reason: finding.reason.clone(),
        doubt: finding.doubt.clone(),
        evidence: finding.evidence.iter().map(evidence).collect(),
        fix: finding.fix.as_ref().map(fix),
        uri: None,
    }
}

/// A place that shows why something holds.
pub fn evidence(it: &review::finding::Evidence) -> Evidence {
    Evidence {
        path: it.place.path.clone(),
        start_line: it.place.first_line,
        end_line: it.place.last_line,
        sentence: it.sentence.clone(),
    }
}

/// A change that would mend it.
pub fn fix(it: &review::finding::Fix) -> Fix {
    Fix { sentence: it.sentence.clone(), lines: it.lines.clone() }
}

/// The models that reviewed, and what they used.
pub fn models((reviewer, refuter, used): &(String, String, crate::engine::Usage)) -> ReviewModels {
    ReviewModels { reviewer: reviewer.clone(), refuter: refuter.clone(), usage: usage(used) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::generate::SchemaSettings;
    use serde_json::Value;

    const PAGE: &str = include_str!("../../docs/review.md");

    #[test]
    fn the_page_tells_every_rule_with_its_severity() {
        let (_, table) =
            PAGE.split_once("| rule | severity | what it is |\n|---|---|---|\n").expect("the table is there");
        let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), RULES.len());
        for (row, rule) in rows.iter().zip(RULES) {
            assert!(row.starts_with(&format!("| `{}` | {} | ", rule.id, rule.severity.name())), "{row}");
        }
        let without_model: Vec<&str> = crate::review::rule::without_model().map(|rule| rule.id).collect();
        assert!(PAGE.contains(&without_model.join(", ")));
    }

    #[test]
    fn the_page_tells_every_field() {
        let mut schemas = SchemaSettings::draft2020_12().for_serialize().into_generator();
        schemas.subschema_for::<Review>();
        for name in [
            "Review",
            "Finding",
            "Evidence",
            "Fix",
            "Dismissed",
            "NotShown",
            "FindingRule",
            "RefutedClaim",
            "ReviewModels",
        ] {
            let schema = schemas.definitions().get(name).and_then(|it| it.get("properties")).and_then(Value::as_object);
            for field in schema.expect(name).keys() {
                assert!(PAGE.contains(&format!("\"{field}\": ")), "docs/review.md does not tell {name}.{field}");
            }
        }
    }
}

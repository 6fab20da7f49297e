//! Private definitions that nothing names.

use super::Checked;
use crate::{
    corpus::{self, ContextText, StopFlag, UnusedDefinition},
    review::{
        finding::{Draft, Place},
        rule::UNUSED_DEFINITION,
    },
};

/// Adds those of a whole repository.
pub(super) fn look(context: &ContextText, checked: &mut Checked, stop: &StopFlag) -> Result<(), corpus::Error> {
    match corpus::unused_definitions(context, stop)? {
        Some(unused) => checked.drafts.extend(unused.into_iter().map(draft)),
        None => checked
            .not_checked
            .push("unused definitions: a file is too large to be looked through for names".to_owned()),
    }
    Ok(())
}

fn draft(UnusedDefinition { path, symbol }: UnusedDefinition) -> Draft {
    Draft {
        rule: &UNUSED_DEFINITION,
        severity: UNUSED_DEFINITION.severity,
        doubt: None,
        place: Place::line(&path, symbol.first_line),
        subject: format!("{} {}", symbol.kind, symbol.name),
        sentence: format!("the {} `{}` is not used", symbol.kind, symbol.name),
        reason: "it is private, and its name is written nowhere else in what was read".to_owned(),
        evidence: Vec::new(),
        fix: None,
        missing: None,
    }
}

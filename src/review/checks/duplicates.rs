//! Blocks of code that are written twice.

use super::Checked;
use crate::{
    corpus::{self, Block, BlockPlace, ContextText, StopFlag},
    review::{
        finding::{Draft, Evidence, Place},
        rule::DUPLICATED_BLOCK,
    },
    text::counted,
};

pub(super) fn look(context: &ContextText, checked: &mut Checked, stop: &StopFlag) -> Result<(), corpus::Error> {
    let found = corpus::duplicates(context, stop)?;
    checked.drafts.extend(found.blocks.into_iter().map(draft));
    if found.not_compared > 0 {
        let files = counted(found.not_compared, "file");
        checked.not_checked.push(format!("duplicated blocks in {files} of code: too large, or too many"));
    }
    Ok(())
}

fn draft(Block { first, second, lines, digest }: Block) -> Draft {
    let place = |it: BlockPlace| Place { path: it.path, first_line: it.first_line, last_line: it.last_line };
    let (first, second) = (place(first), place(second));
    Draft {
        rule: &DUPLICATED_BLOCK,
        severity: DUPLICATED_BLOCK.severity,
        doubt: None,
        sentence: format!("{lines} lines of code are the same as in {first}"),
        reason: "but for white space, comments and imports they do not differ".to_owned(),
        subject: format!("{digest:016x}"),
        evidence: vec![Evidence { place: first, sentence: "the same lines".to_owned() }],
        place: second,
        fix: None,
        missing: None,
    }
}

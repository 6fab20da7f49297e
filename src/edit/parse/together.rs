//! Changes of the same file as one.

use crate::edit::{
    proposal::{Change, FileChange},
    refusal::{Refusal, RefusalKind},
};

/// The most files of a proposal.
const MOST_FILES: usize = 200;

/// The changes with one for each file. A whole file beside changes of it that are stated as such is only quoted.
///
/// # Errors
/// What is said of a file contradicts itself, or there are too many files.
pub(super) fn together(stated: Vec<FileChange>, whole: Vec<FileChange>) -> Result<Vec<FileChange>, Refusal> {
    let mut files: Vec<FileChange> = Vec::new();
    for change in stated {
        add(&mut files, change)?;
    }
    let count = files.len();
    for change in whole {
        if !files[..count].iter().any(|it| it.path == change.path) {
            add(&mut files, change)?;
        }
    }
    Ok(files)
}

fn add(files: &mut Vec<FileChange>, change: FileChange) -> Result<(), Refusal> {
    let Some(known) = files.iter_mut().find(|it| it.path == change.path) else {
        if files.len() == MOST_FILES {
            let message = format!("a proposal that changes more than {MOST_FILES} files is not taken");
            return Err(Refusal::new(RefusalKind::TooLarge, message));
        }
        files.push(change);
        return Ok(());
    };
    match (&mut known.change, change.change) {
        (Change::Edit(hunks) | Change::Rename { hunks, .. }, Change::Edit(more)) => hunks.extend(more),
        (before, again) if *before == again => {}
        _ => {
            let message = "the reply changes this file in two ways of which only one can be: say once what it becomes";
            return Err(Refusal::new(RefusalKind::Contradiction, message).of(&change.path));
        }
    }
    Ok(())
}

//! The same change at other places: found without a model, made without one where that needs no judgement, and else asked of the
//! model, one call for each file.

use super::{
    alike::{Example, Place, Places, places},
    changed::ChangedFile,
    proposal::{FileChange, Proposal},
    replaced::{Replacement, replaced},
    request::{self, Edited, prompt},
    syntax::new_syntax_errors,
    unified::unified,
};
use crate::{
    corpus::{ContextText, Snapshot, StopFlag},
    engine::{Agreement, Consultation, context_failure, internal_failure},
    failure::{Failure, FailureKind},
    text::counted,
};
use futures::{StreamExt, stream};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Files that a model is asked about.
const MOST_FILES: usize = 20;

/// A change that is to be made at other places.
#[derive(Debug, Clone)]
pub struct Spreading {
    pub snapshot: Arc<Snapshot>,
    /// The change as it was made.
    pub examples: Vec<Example>,
    /// What the person wants besides; may be empty.
    pub instruction: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Spread {
    /// For each file a change; of none if nothing can be made.
    pub edited: Edited,
    /// Places that look alike and are not changed.
    pub listed: Vec<Listed>,
    /// Sentences about what was not done.
    pub notes: Vec<String>,
}

/// A place that looks as the changed one did before, and why it is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub path: String,
    /// Counted from 1, both included.
    pub lines: (usize, usize),
    /// Its first line.
    pub text: String,
    pub why: String,
}

/// What is found and made in one file.
struct FilePlaces {
    path: String,
    text: String,
    places: Vec<Place>,
    made: Vec<Replacement>,
}

/// Makes a change at other places, as far as that can be done.
///
/// # Errors
/// The text cannot be read, nobody agrees to pay for it, or no call of the model comes to anything because of a fault.
pub async fn spread(
    consultation: &Consultation,
    agreement: &Agreement,
    spreading: &Spreading,
    stop: &StopFlag,
) -> Result<Spread, Failure> {
    let (snapshot, examples, stop) = (spreading.snapshot.clone(), spreading.examples.clone(), stop.clone());
    consultation.say("looking for places like this".to_owned());
    let look = move || -> Result<(Arc<ContextText>, Places, Vec<FilePlaces>), Failure> {
        let context = snapshot.context().map_err(|error| context_failure(&error))?;
        let mut found = places(&context, &examples, &stop).map_err(|error| context_failure(&error))?;
        let files = of_files(&context, std::mem::take(&mut found.places))?;
        Ok((context, found, files))
    };
    let looked = tokio::task::spawn_blocking(look).await.map_err(|error| internal_failure(&error))??;
    let (context, Places { more, is_cut, .. }, mut files) = looked;
    let mut notes = Vec::new();
    if more > 0 {
        notes
            .push(format!("{more} more places look like this one, and were left out: make this change, and ask again"));
    }
    if is_cut {
        notes.push("only the first 512 MiB of the text were looked through".to_owned());
    }
    let total: usize = files.iter().map(|it| it.places.len()).sum();
    let mut listed: Vec<Listed> = Vec::new();
    let mut said = Vec::new();
    let open = |file: &FilePlaces| !file.open().is_empty();
    if files.iter().any(open) {
        if consultation.can_write() {
            let asked = ask(consultation, agreement, &context, spreading, &mut files, &mut notes).await?;
            listed.extend(asked.listed);
            said = asked.said;
        } else {
            let why = format!("{} only quotes, so only what needs no judgement is changed", consultation.models().0);
            listed.extend(files.iter().flat_map(|file| file.open().into_iter().map(|it| file.told(it, &why))));
        }
    }
    let mut edited =
        Edited { proposal: Proposal::default(), files: Vec::new(), summary: String::new(), broken: Vec::new() };
    for file in files.iter_mut().filter(|it| !it.made.is_empty()) {
        file.made.sort_by_key(|it| (it.lines.start, it.lines.end));
        let (change, changed): (_, ChangedFile) = replaced(&file.path, &file.text, &file.made);
        let new = changed.new.as_deref().unwrap_or_default();
        let errors = new_syntax_errors(&file.path, &file.text, new);
        edited.broken.extend(errors.into_iter().map(|error| (file.path.clone(), error)));
        edited.proposal.files.push(FileChange { path: file.path.clone(), change });
        edited.files.push(changed);
    }
    let changed: usize = edited.files.iter().map(|it| it.hunks.len()).sum();
    edited.summary = summary(total, changed, edited.files.len(), &said);
    Ok(Spread { edited, listed, notes })
}

impl FilePlaces {
    /// Places of which it is not known yet what stands there.
    fn open(&self) -> Vec<&Place> {
        self.places.iter().filter(|place| !self.made.iter().any(|it| is_at(&it.lines, &place.lines))).collect()
    }

    fn told(&self, place: &Place, why: &str) -> Listed {
        let mut lines = self.text.lines().skip(place.lines.start).take(place.lines.len());
        let text = lines.find(|it| !it.trim().is_empty()).unwrap_or_default();
        Listed {
            path: self.path.clone(),
            lines: (place.lines.start + 1, place.lines.end),
            text: crate::text::one_line(text, 120),
            why: why.to_owned(),
        }
    }
}

/// The places of each file in the order of their lines, and what is made there without a model: nothing that breaks the syntax.
fn of_files(context: &ContextText, places: Vec<Place>) -> Result<Vec<FilePlaces>, Failure> {
    let mut files: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for place in places {
        files.entry(place.path.clone()).or_default().push(place);
    }
    let mut read = Vec::new();
    for (path, mut places) in files {
        let Some(text) = request::read(context, &path)? else { continue };
        places.sort_by_key(|it| it.lines.start);
        let mut made: Vec<Replacement> = places.iter().filter_map(Place::replacement).collect();
        let (_, changed) = replaced(&path, &text, &made);
        if !new_syntax_errors(&path, &text, changed.new.as_deref().unwrap_or_default()).is_empty() {
            made.clear();
        }
        read.push(FilePlaces { path, text, places, made });
    }
    Ok(read)
}

/// What a model has said beside its blocks, and which places it has not changed.
#[derive(Default)]
struct AskedFiles {
    said: Vec<String>,
    listed: Vec<Listed>,
}

/// Has the model make the change at the places that are open.
async fn ask(
    consultation: &Consultation,
    agreement: &Agreement,
    context: &Arc<ContextText>,
    spreading: &Spreading,
    files: &mut [FilePlaces],
    notes: &mut Vec<String>,
) -> Result<AskedFiles, Failure> {
    let examples: Vec<String> = spreading.examples.iter().map(diff).collect();
    let wanted = |file: &FilePlaces| {
        let lines: Vec<Range<usize>> = file.open().iter().map(|it| it.lines.clone()).collect();
        prompt::alike(&file.path, &file.text, &lines, &examples, &spreading.instruction)
    };
    let is_open = |(_, file): &(usize, &FilePlaces)| !file.open().is_empty();
    let mut prompts: Vec<(usize, String)> =
        files.iter().enumerate().filter(is_open).map(|(at, file)| (at, wanted(file))).collect();
    let mut asked = AskedFiles::default();
    for (at, _) in prompts.drain(MOST_FILES.min(prompts.len())..) {
        let why = format!("a model is asked about {MOST_FILES} files at once");
        asked.listed.extend(files[at].open().into_iter().map(|it| files[at].told(it, &why)));
    }
    consultation.agreed("change", agreement, prompts.len(), |at| request::planned(&prompts[at].1)).await?;
    let count = prompts.len();
    let asking = stream::iter(prompts.into_iter().enumerate().map(|(number, (at, wanted))| {
        let path = files[at].path.clone();
        async move {
            let written = request::written(consultation, context, &path, wanted).await;
            consultation.say(format!("file {} of {count} is done", number + 1));
            (at, written)
        }
    }));
    let replies: Vec<_> = asking.buffered(consultation.concurrency()).collect().await;
    let mut first = None;
    for (at, written) in replies {
        let file = &mut files[at];
        let why = match written {
            Ok(edited) => {
                asked.said.push(edited.summary.clone());
                take(file, edited, notes);
                "the model has left it as it is".to_owned()
            }
            Err(failure) if failure.kind == FailureKind::NoAnswer => failure.message,
            Err(failure) => {
                let why = failure.message.clone();
                first.get_or_insert(failure);
                why
            }
        };
        asked.listed.extend(file.open().into_iter().map(|it| file.told(it, &why)));
    }
    match first {
        Some(failure) if files.iter().all(|it| it.made.is_empty()) => Err(failure),
        _ => Ok(asked),
    }
}

/// Takes what a model has written for one file, beside what is made already.
fn take(file: &mut FilePlaces, edited: Edited, notes: &mut Vec<String>) {
    for changed in edited.files {
        if changed.path != file.path || changed.renamed_from.is_some() || changed.new.is_none() {
            notes.push(format!("the model wanted to change {} as well, which was not asked for", changed.path));
            continue;
        }
        let (mut beyond, mut taken) = (0, Vec::new());
        for hunk in changed.hunks {
            let is_place = file.open().iter().any(|it| is_at(&hunk.lines, &it.lines));
            let is_free = !file.made.iter().any(|it| touch(&it.lines, &hunk.lines));
            match is_place && is_free {
                true => taken.push(Replacement { lines: hunk.lines, new: hunk.new }),
                false => beyond += 1,
            }
        }
        file.made.extend(taken);
        if beyond > 0 {
            let changes = counted(beyond, "change");
            notes.push(format!("left out, since it is not at these places: {changes} of {} by the model", file.path));
        }
    }
}

/// The change of an example, as git writes it.
fn diff(example: &Example) -> String {
    let (path, before, after) = (example.path.as_str(), &example.before, &example.after);
    unified(Some((path, before)), Some((path, after)))
}

fn summary(found: usize, changed: usize, files: usize, said: &[String]) -> String {
    if found == 0 {
        return "Nothing else looks as these lines did before the change.".to_owned();
    }
    let places = counted(found, "other place");
    let verb = if found == 1 { "looks" } else { "look" };
    let done = match changed {
        0 => "none of them is changed".to_owned(),
        _ => format!("{} in {}", counted(changed, "change"), counted(files, "file")),
    };
    let said: String = said.iter().filter(|it| !it.is_empty()).map(|it| format!("\n\n{it}")).collect();
    format!("{places} {verb} as these lines did before the change: {done}.{said}")
}

/// Whether a change of lines, or one that only adds some, is at a place.
fn is_at(change: &Range<usize>, place: &Range<usize>) -> bool {
    match change.is_empty() {
        true => touch(change, place),
        false => change.start < place.end && place.start < change.end,
    }
}

fn touch(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start <= other.end && other.start <= one.end
}

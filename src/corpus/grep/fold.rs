//! Going over all lines that match, without keeping them: counting, and grouping.

use super::{
    lines::{LineSearch, Shown},
    parts::parts,
    pattern::{Pattern, Scope},
};
use crate::{
    corpus::{context::ContextText, error::GrepError, segment::Segment, stop::StopFlag, threads::on_threads},
    text::Bytes,
};
use std::{
    borrow::Cow,
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// The most threads. Each has memory of its own for what it knows of the pattern.
const MOST_THREADS: usize = 8;

/// A line that matches.
pub(in crate::corpus) struct Line<'a> {
    pub segment: &'a Segment,
    /// Where it begins in the text.
    pub start: usize,
    /// Without its end; of a very long one the part around the match.
    pub text: &'a str,
}

/// What `step` makes of the lines that match, part by part, in the order of the text.
///
/// # Errors
/// The pattern spells a line feed, the text cannot be read, or it is stopped.
pub(in crate::corpus) fn fold<T: Default + Send>(
    context: &ContextText,
    pattern: &Pattern,
    wanted: impl Fn(&Segment) -> bool,
    stop: &StopFlag,
    step: impl Fn(&mut T, &Line<'_>) + Sync,
) -> Result<Vec<T>, GrepError> {
    debug_assert!(pattern.scope == Scope::Lines, "it was made for lines");
    let parts = parts(context, &wanted, pattern.scope).map_err(GrepError::Text)?;
    let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
    let done = Mutex::new(Vec::with_capacity(parts.len()));
    let work = || {
        let mut lines = LineSearch::new(pattern);
        while let Some((number, part)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|it| Some((it, parts.get(it)?)))
        {
            let mut made = T::default();
            let mut tell = |start: usize, shown: &Shown<'_>| {
                // Headers lie between neighbouring files, and are in none.
                if let Some(segment) = context.segment_at(start).filter(|it| it.text.contains(&start)) {
                    let text = match shown {
                        Shown::Whole(_, line) => String::from_utf8_lossy(line),
                        Shown::Part(part) => Cow::Borrowed(part.as_str()),
                    };
                    step(&mut made, &Line { segment, start, text: text.trim_end_matches(['\n', '\r']) });
                }
                ControlFlow::Continue(())
            };
            let read = |range| context.bytes(range);
            let searched =
                part.iter().try_for_each(|piece| lines.search(&read, piece.clone(), stop, &mut tell).map(|_| ()));
            if let Err(error) = searched {
                next.store(parts.len(), Ordering::Relaxed);
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                return;
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push((number, made));
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    on_threads(cores.min(MOST_THREADS).min(parts.len()), work);
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(GrepError::Text(error));
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, made)| made).collect())
}

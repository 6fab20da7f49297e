//! The traces of a run that is under way: what happens goes to all of them, in one order.

use super::{
    file::TraceFile,
    line::{Line, VERSION, leave_out_content},
};
use crate::{
    config::TraceContent,
    engine::{Detail, Event},
    report::{self, types},
};
use serde::Serialize;
use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime},
};

/// Writes the traces of one run.
pub struct Recording {
    began: Instant,
    began_at: SystemTime,
    content: TraceContent,
    /// What asks the question again.
    request: Option<String>,
    files: Mutex<Vec<TraceFile>>,
    is_on: AtomicBool,
}

impl Recording {
    /// One without a file yet. Times count from here.
    pub fn new(content: TraceContent, request: Option<String>) -> Self {
        let (began, began_at) = (Instant::now(), SystemTime::now());
        Self { began, began_at, content, request, files: Mutex::default(), is_on: AtomicBool::new(false) }
    }

    /// Writes to this file, too, from now on.
    pub fn add(&self, mut file: TraceFile) {
        let header = Line::Trace {
            version: VERSION,
            program: concat!("rlm ", env!("CARGO_PKG_VERSION")),
            started: humantime::format_rfc3339_millis(self.began_at).to_string(),
            run: file.run,
            content: match self.content {
                TraceContent::Full => "full",
                TraceContent::None => "none",
            },
            request: self.request.as_deref().filter(|_| self.content == TraceContent::Full),
        };
        if let Ok(header) = serde_json::to_string(&header) {
            file.write(&header, self.began.elapsed().as_millis(), false);
        }
        self.lock().push(file);
        self.is_on.store(true, Ordering::Relaxed);
    }

    /// Whether anything is written.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    pub fn event(&self, event: &Event) {
        if self.is_on() {
            self.write(&report::event::<()>(event.clone()), false);
        }
    }

    pub fn detail(&self, detail: &Detail) {
        if self.is_on() {
            self.write(&Line::from(detail), false);
        }
    }

    /// Writes the last line, once. Says what went wrong with a trace that a person has asked for.
    pub fn finish<R: Serialize>(&self, result: R) -> Option<String> {
        if self.is_on.swap(false, Ordering::Relaxed) {
            self.write(&types::Event::Done { result }, true);
        }
        self.lock().iter().find_map(TraceFile::failure)
    }

    /// The file that a person has named, as it is shown.
    pub fn shown_path(&self) -> Option<String> {
        self.lock().iter().find(|file| file.run.is_none()).map(TraceFile::shown_path)
    }

    fn write<T: Serialize>(&self, line: &T, is_last: bool) {
        let object = match self.content {
            TraceContent::Full => serde_json::to_string(line),
            TraceContent::None => serde_json::to_value(line).map(|mut value| {
                leave_out_content(&mut value);
                value.to_string()
            }),
        };
        // Only a map whose keys are no texts cannot be written, and there is none.
        let Ok(object) = object else { return };
        let mut files = self.lock();
        let milliseconds = self.began.elapsed().as_millis();
        files.iter_mut().for_each(|file| file.write(&object, milliseconds, is_last));
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Vec<TraceFile>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

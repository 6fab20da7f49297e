//! The traces of a run that is under way: what happens goes to all of them, in one order.

use super::{
    file::TraceFile,
    line::{Line, VERSION, leave_out_content},
    otlp::Exporter,
    reader::Reader,
};
use crate::{
    config::TraceContent,
    engine::{Detail, Event},
    report::{self, types},
};
use serde::Serialize;
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
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
    /// Who tells a collector of the run, and what that is made of: the same lines without their texts.
    exported: Option<(Arc<Exporter>, Mutex<Reader>)>,
    is_on: AtomicBool,
}

impl Recording {
    /// One without a file yet. Times count from here.
    pub fn new(content: TraceContent, request: Option<String>, exporter: Option<Arc<Exporter>>) -> Self {
        let (began, began_at) = (Instant::now(), SystemTime::now());
        let is_on = AtomicBool::new(exporter.is_some());
        let exported = exporter.map(|exporter| (exporter, Mutex::default()));
        Self { began, began_at, content, request, files: Mutex::default(), exported, is_on }
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
        self.tell(&header);
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
            if let Some((exporter, lines)) = &self.exported {
                let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
                exporter.export(lines.finish(), self.began_at);
            }
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
        self.tell(line);
        let mut files = self.lock();
        let milliseconds = self.began.elapsed().as_millis();
        files.iter_mut().for_each(|file| file.write(&object, milliseconds, is_last));
    }

    /// Keeps a line for whoever tells a collector.
    fn tell<T: Serialize>(&self, line: &T) {
        if let (Some((_, lines)), Ok(mut line)) = (&self.exported, serde_json::to_value(line)) {
            leave_out_content(&mut line);
            line["ms"] = json!(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
            lines.lock().unwrap_or_else(PoisonError::into_inner).take(&line);
        }
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Vec<TraceFile>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

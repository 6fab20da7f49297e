//! The trace of a run: JSON Lines, one event a line, the last one `done` with the whole result.

use super::say;
use crate::text::visible_path;
use serde_json::{Map, Value, json};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// A trace that is being written.
pub struct TraceFile {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: BufWriter<File>,
    seq: u64,
    /// Why writing failed first; nothing is written after that.
    failure: Option<std::io::Error>,
}

impl TraceFile {
    pub fn create(path: PathBuf) -> Result<Self, String> {
        match File::create(&path) {
            Ok(file) => {
                let state = State { file: BufWriter::new(file), seq: 0, failure: None };
                Ok(Self { path, state: Mutex::new(state) })
            }
            Err(error) => Err(format!("cannot write the trace {}: {error}", visible_path(&path))),
        }
    }

    pub fn shown_path(&self) -> String {
        visible_path(&self.path)
    }

    pub fn write(&self, mut event: Map<String, Value>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        event.insert("seq".to_owned(), json!(state.seq));
        state.seq += 1;
        if state.failure.is_none() {
            let written = writeln!(state.file, "{}", Value::Object(event));
            state.failure = written.err();
        }
    }

    /// Writes the last line, and says on standard error if the trace is not whole.
    pub fn finish(&self, result: &Map<String, Value>) {
        self.write(Map::from_iter([("kind".to_owned(), json!("done")), ("result".to_owned(), json!(result))]));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = state.failure.take().or_else(|| state.file.flush().err());
        if let Some(error) = failure {
            say(&format!("rlm: the trace {} is not whole: {error}", visible_path(&self.path)));
        }
    }
}

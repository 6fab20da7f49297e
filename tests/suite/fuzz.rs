//! Replays the inputs that the fuzzers of `tests/fuzz` have kept.

use std::{fs, panic, path::Path};

#[path = "../fuzz/targets/mod.rs"]
mod targets;

#[test]
fn inputs_that_fuzzing_has_kept_go_well() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut failed = Vec::new();
    for (name, target) in targets::TARGETS {
        let entries = fs::read_dir(corpus.join(name)).expect("every target has inputs");
        let mut inputs: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
        assert!(!inputs.is_empty(), "{name} has no inputs");
        inputs.sort();
        for path in inputs {
            let input = fs::read(&path).expect("an input can be read");
            // The message of the panic is told where it happens; all that fail are named in the end.
            if panic::catch_unwind(|| target(&input)).is_err() {
                failed.push(path.display().to_string());
            }
        }
    }
    assert!(failed.is_empty(), "these fail:\n{}", failed.join("\n"));
}

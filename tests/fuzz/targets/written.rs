//! Calls of tools are found in the text of a message, and become programs.

use rlm::{
    engine::{
        call_program::{ToolNames, as_program},
        written_calls::find,
    },
    llm::whole_value,
};

pub fn written(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    whole_value(&text, 1000);
    let Some(found) = find(&text, &ToolNames(&[])) else { return };
    assert!(text.contains(&found.said), "what is said before stands in the text");
    for call in found.calls {
        assert!(!call.name.is_empty());
        let _ = as_program(&call.into(), &[]);
    }
}

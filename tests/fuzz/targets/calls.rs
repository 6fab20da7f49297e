//! Calls of tools are put together from the pieces of a stream, and read.
//!
//! Each part of an input is a piece: id, name and arguments, divided by tabs; an id such as `call_3` stands for the
//! number of a call that has none. A part that begins with `!` describes tools
//! of one's own.

use super::parts;
use rlm::{
    config::{ToolSpec, tools},
    engine::{
        all_tools,
        tool_action::{ProgramKind, ToolAction},
        tool_call::{read, shown},
    },
    llm::{Assembling, CallPiece},
};
use std::collections::HashSet;

pub fn calls(input: &[u8]) {
    let mut assembling = Assembling::default();
    let mut own: Vec<ToolSpec> = Vec::new();
    for part in parts(input) {
        let part = String::from_utf8_lossy(part);
        if let Some(described) = part.strip_prefix('!') {
            let value = serde_json::from_str(described).unwrap_or_default();
            own = tools(&value).unwrap_or_default();
            continue;
        }
        let mut fields = part.splitn(3, '\t');
        let [id, name, arguments] = [(); 3].map(|()| fields.next().unwrap_or_default());
        let index = id.strip_prefix("call_").and_then(|number| number.parse().ok());
        let id = if index.is_some() { "" } else { id };
        assembling.push(CallPiece { index, id, name, arguments });
    }
    let own: Vec<&ToolSpec> = own.iter().collect();
    let calls = assembling.finish();
    let ids: HashSet<&str> = calls.iter().map(|call| call.id.as_str()).collect();
    assert!(ids.len() == calls.len() && !ids.contains("") && calls.len() <= 128, "every call has an id of its own");
    let names: HashSet<String> = all_tools(&own).into_iter().map(|tool| tool.name).collect();
    for call in &calls {
        shown(call);
        let Ok(deal) = read(call, &own) else { continue };
        match deal {
            ToolAction::Cell { code, kind: ProgramKind::Program } => {
                let given = call.arguments.to_string();
                assert!(
                    given.contains(serde_json::Value::from(code.as_str()).to_string().trim_matches('"')),
                    "{given}"
                );
            }
            // What the model gives is a value in these programs, and cannot become part of the program.
            ToolAction::Cell { code, .. } => assert!(!code.contains('\n'), "{code:?}"),
            ToolAction::Look { name, arguments } => {
                assert!(names.contains(name) && arguments.is_array(), "only what is offered can be called");
            }
            ToolAction::SubLlm { .. } | ToolAction::Final(_) | ToolAction::Own { .. } => {}
        }
    }
}

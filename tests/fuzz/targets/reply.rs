//! A reply of a model is taken apart.

use rlm::engine::reply::{final_text, final_variable, is_placeholder, parse};

pub fn reply(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let reply = parse(&text);
    let mut lines = text.lines();
    for program in &reply.programs {
        for line in program.lines() {
            let found = lines.any(|it| it.trim_end().ends_with(line.trim()));
            assert!(found, "the lines of a program stand in the reply, behind those before");
        }
        assert!(program.is_empty() || program.ends_with('\n'), "a fence begins a line");
    }
    assert_eq!(reply.prose, reply.prose.trim());
    let inside: usize = reply.programs.iter().map(String::len).sum();
    assert!(inside + reply.prose.len() <= text.len());
    if let Some(call) = &reply.final_call {
        assert!(reply.prose.contains(call.as_str()) && call.ends_with(')'));
        let name = final_variable(call);
        assert!(name.is_none_or(|name| !name.is_empty() && call.contains(name)));
        assert!(final_text(call).is_none_or(|text| call.contains(text) && !text.is_empty() | !is_placeholder(text)));
    }
    reply.is_program();
}

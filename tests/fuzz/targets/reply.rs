//! A reply of a model is taken apart.

use rlm::engine::reply::{final_text, final_variable, parse};

pub fn reply(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let reply = parse(&text);
    let mut rest = &*text;
    for program in &reply.programs {
        let at = rest.find(program.as_str()).expect("a program stands in the reply, behind the one before");
        rest = &rest[at + program.len()..];
        assert!(program.is_empty() || program.ends_with('\n'), "a fence begins a line");
    }
    assert_eq!(reply.prose, reply.prose.trim());
    let inside: usize = reply.programs.iter().map(String::len).sum();
    assert!(inside + reply.prose.len() <= text.len());
    if let Some(line) = &reply.final_line {
        assert!(reply.prose.ends_with(line.as_str()));
        let name = final_variable(line);
        assert!(name.is_none_or(|name| !name.is_empty() && line.contains(name)));
        assert!(final_text(line).is_none_or(|text| line.contains(text)));
    }
}

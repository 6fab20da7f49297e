//! Calls as models write them: a row for each form.

use super::*;

struct Tools;

impl Known for Tools {
    fn parameters(&self, name: &str) -> Option<Vec<String>> {
        let names: &[&str] = match name {
            "grep" => &["pattern", "path"],
            "peek" => &["start", "end"],
            "exec_python" => &["code"],
            _ => return None,
        };
        Some(names.iter().map(|it| (*it).to_owned()).collect())
    }
}

fn calls(text: &str) -> Option<Vec<String>> {
    let shown = |call: WrittenCall| format!("{} {}", call.name, call.arguments);
    Some(find(text, &Tools)?.calls.into_iter().map(shown).collect())
}

/// What models write for `grep` with the pattern `secret`, by the model or the template that does so.
const FORMS: [(&str, &str); 59] = [
    ("Hermes", "<tool_call>\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}\n</tool_call>"),
    ("Hermes, not closed", "<tool_call>\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}"),
    (
        "Hermes, behind words",
        "I look.\n<tool_call>{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}</tool_call>",
    ),
    (
        "Hermes, in a block",
        "```xml\n<tool_call>{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}</tool_call>\n```",
    ),
    ("Hermes, with Python's quotes", "<tool_call>{'name': 'grep', 'arguments': {'pattern': 'secret'}}</tool_call>"),
    (
        "Hermes, encoded twice",
        "<tool_call>{\"name\": \"grep\", \"arguments\": \"{\\\"pattern\\\": \\\"secret\\\"}\"}</tool_call>",
    ),
    ("Granite", "<|tool_call|>[{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}]"),
    ("Granite 3.1", "<tool_call>[{\"arguments\": {\"pattern\": \"secret\"}, \"name\": \"grep\"}]"),
    ("Phi", "<|tool_calls|>[{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}]<|/tool_calls|>"),
    ("Phi mini", "functools[{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}]"),
    ("Nemotron", "<TOOLCALL>[{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}]</TOOLCALL>"),
    ("Jamba", "<tool_calls>[\n    {\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}\n]</tool_calls>"),
    ("functions", "<functioncall> {\"name\": \"grep\", \"arguments\": '{\"pattern\": \"secret\"}'} </functioncall>"),
    (
        "Qwen coder",
        "<tool_call>\n<function=grep>\n<parameter=pattern>\nsecret\n</parameter>\n</function>\n</tool_call>",
    ),
    ("Qwen coder, alone", "<function=grep>\n<parameter=pattern>\nsecret\n</parameter>\n</function>"),
    ("Qwen coder, forgetful", "<function=grep>\n<parameter=pattern>\nsecret\n</function>\n</tool_call>"),
    ("Seed", "<seed:tool_call><function=grep><parameter=pattern>secret</parameter></function></seed:tool_call>"),
    ("Llama 3.1", "<function=grep>{\"pattern\": \"secret\"}</function>"),
    ("Llama 3.2", "{\"name\": \"grep\", \"parameters\": {\"pattern\": \"secret\"}}"),
    ("Llama 3.3", "{\"type\": \"function\", \"name\": \"grep\", \"parameters\": {\"pattern\": \"secret\"}}"),
    ("Llama, behind its mark", "<|python_tag|>{\"name\": \"grep\", \"parameters\": {\"pattern\": \"secret\"}}"),
    ("Llama, as Python", "[grep(pattern=\"secret\")]"),
    ("Llama, by place", "[grep('secret')]"),
    ("LFM", "<|tool_call_start|>[grep(pattern=\"secret\")]<|tool_call_end|>"),
    ("Mistral", "[TOOL_CALLS][{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}]"),
    ("Mistral, by name", "I will call grep.\n[TOOL_CALLS]grep{\"pattern\": \"secret\"}"),
    ("Mistral, with a mark", "[TOOL_CALLS]grep[ARGS]{\"pattern\": \"secret\"}"),
    (
        "DeepSeek V3.2",
        "<｜DSML｜function_calls><｜DSML｜invoke name=\"grep\"><｜DSML｜parameter name=\"pattern\" string=\"true\">secret\
         </｜DSML｜parameter></｜DSML｜invoke></｜DSML｜function_calls>",
    ),
    (
        "DeepSeek V3",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>grep\n```json\n{\"pattern\": \"secret\"}\n```\
         <｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    ),
    (
        "DeepSeek V3.1",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>grep<｜tool▁sep｜>{\"pattern\": \"secret\"}<｜tool▁call▁end｜>\
         <｜tool▁calls▁end｜>",
    ),
    (
        "Anthropic",
        "<function_calls>\n<invoke name=\"grep\">\n<parameter name=\"pattern\">secret</parameter>\n</invoke>\n",
    ),
    (
        "MiniMax",
        "<minimax:tool_call>\n<invoke name=\"grep\">\n<parameter name=\"pattern\">secret</parameter>\n</invoke>\n\
         </minimax:tool_call>",
    ),
    ("GLM", "<tool_call>grep\n<arg_key>pattern</arg_key>\n<arg_value>secret</arg_value>\n</tool_call>"),
    (
        "Kimi",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.grep:0<|tool_call_argument_begin|>\
         {\"pattern\": \"secret\"}<|tool_call_end|><|tool_calls_section_end|>",
    ),
    ("Gemma, in a block", "```tool_code\nprint(grep(pattern=\"secret\"))\n```"),
    ("Gemma, as JSON", "```json\n{\"name\": \"grep\", \"parameters\": {\"pattern\": \"secret\"}}\n```"),
    ("Gemma 4", "<|tool_call>call:grep{pattern:<|\"|>secret<|\"|>}<tool_call|>"),
    ("Function Gemma", "<start_function_call>call:grep{pattern:<escape>secret<escape>}<end_function_call>"),
    (
        "Command",
        "<|START_ACTION|>[{\"tool_call_id\": \"0\", \"tool_name\": \"grep\", \"parameters\": {\"pattern\": \"secret\"}}]",
    ),
    (
        "InternLM",
        "<|action_start|><|plugin|>{\"name\": \"grep\", \"parameters\": {\"pattern\": \"secret\"}}<|action_end|>",
    ),
    ("Harmony", "<|channel|>commentary to=functions.grep {\"pattern\": \"secret\"}<|call|>"),
    ("Harmony, without marks", " to=functions.grep json{\"pattern\": \"secret\"}"),
    (
        "OpenAI",
        "{\"tool_calls\": [{\"type\": \"function\", \"function\": {\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}}]}",
    ),
    (
        "OpenAI, parallel",
        "{\"tool_uses\": [{\"recipient_name\": \"functions.grep\", \"parameters\": {\"pattern\": \"secret\"}}]}",
    ),
    ("a block without a tag", "Let me look.\n```\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}\n```"),
    ("JSON behind words", "I will look:\n\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}"),
    ("an agent's JSON", "{\"action\": \"grep\", \"action_input\": {\"pattern\": \"secret\"}}"),
    ("an agent", "I should look.\nAction: grep\nAction Input: {\"pattern\": \"secret\"}"),
    ("Functionary", ">>>grep\n{\"pattern\": \"secret\"}"),
    ("Functionary, behind words", ">>>all\nI look.\n>>>grep\n{\"pattern\": \"secret\"}"),
    ("an element", "<grep>\n<pattern>secret</pattern>\n</grep>"),
    ("JavaScript", "grep({\"pattern\": \"secret\"})"),
    ("an element with JSON", "<grep>{\"pattern\": \"secret\"}</grep>"),
    ("an element in one for calls", "<toolcall><grep>{\"pattern\": \"secret\"}</grep></toolcall>"),
    ("any element around JSON", "<tools>\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}\n</tools>"),
    (
        "headings around JSON",
        "### TOOL_CALL_START ###\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}\n### TOOL_CALL_END ###",
    ),
    ("LM Studio", "[TOOL_REQUEST]{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}[END_TOOL_REQUEST]"),
    (
        "Command, behind words",
        "I look.\nFUNCTION CALL:\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}",
    ),
    ("our own form", "[called] grep(pattern=\"secret\")"),
];

#[test]
fn every_form_is_a_call() {
    for (name, text) in FORMS {
        let found = calls(text).unwrap_or_default();
        let plain: Vec<String> = found.iter().map(|call| call.replace("functions.", "").replace(":0", "")).collect();
        assert_eq!(plain, ["grep {\"pattern\":\"secret\"}"], "{name}: {text}");
    }
}

#[test]
fn several_calls_and_what_is_said_before_them_are_found() {
    let grep = "{\"name\": \"grep\", \"arguments\": {\"pattern\": \"a\"}}";
    let peek = "{\"name\": \"peek\", \"arguments\": {\"start\": 1}}";
    let expected = Some(vec!["grep {\"pattern\":\"a\"}".to_owned(), "peek {\"start\":1}".to_owned()]);
    for text in [
        format!("<tool_call>{grep}</tool_call>\n<tool_call>{peek}</tool_call>"),
        format!("[TOOL_CALLS][{grep}, {peek}]"),
        format!("{grep}\n{peek}"),
        format!("{grep}; {peek}"),
        format!("[{grep}, {peek}]"),
        "[grep(pattern='a'), peek(start=1)]".to_owned(),
        "<tool_call>grep<arg_key>pattern</arg_key><arg_value>a</arg_value></tool_call>".to_owned()
            + "<function=peek>{\"start\": 1}</function>",
    ] {
        assert_eq!(calls(&text), expected, "{text}");
    }
    let both = ">>>all\nI look.\n>>>grep\n{\"pattern\": \"a\"}\n>>>peek\n{\"start\": 1}";
    assert_eq!((calls(both), find(both, &Tools).unwrap().said.as_str()), (expected, "I look."));
    let found = find(&format!("So I look.\n<tool_call>{grep}</tool_call> and then"), &Tools).unwrap();
    assert_eq!((found.said.as_str(), found.calls.len()), ("So I look.", 1));
    let code = Some(vec!["exec_python {\"code\":\"x = 1\\nprint(x)\"}".to_owned()]);
    assert_eq!(calls("<|python_tag|>x = 1\nprint(x)"), code);
    assert_eq!(calls(">>>python\nx = 1\nprint(x)"), code);
    assert_eq!(calls("```tool_code\nx = 1\nprint(x)\n```"), code);
    let raw = "<function=exec_python><parameter=code>\nif 1 < 2:\n    print('</x>')\n</parameter></function>";
    assert_eq!(calls(raw).unwrap(), ["exec_python {\"code\":\"if 1 < 2:\\n    print('</x>')\"}"]);
}

#[test]
fn a_mark_with_nothing_that_can_be_read_is_meant_to_be_a_call() {
    for text in [
        "<name>grep\n</parameter>\n<parameter=pattern>\nsecret\n</parameter>\n</function>",
        "<tool_call>\ngrep the secret\n</tool_call>",
        "[TOOL_CALLS]",
        "<tool_call>{\"name\": \"grep\", ",
    ] {
        assert_eq!(calls(text), Some(Vec::new()), "{text}");
    }
}

#[test]
fn an_answer_that_shows_calls_stays_one() {
    let call = "{\"name\": \"grep\", \"arguments\": {\"pattern\": \"secret\"}}";
    for text in [
        "It is in a.rs:3.".to_owned(),
        String::new(),
        "{\"name\": \"rlm\", \"version\": 1}".to_owned(),
        "{\"name\": \"divine\", \"arguments\": {}}".to_owned(),
        "[1, 2]".to_owned(),
        format!("A call looks like this:\n```json\n{call}\n```\nIt has a name."),
        format!("The format of a call, see a.rs:3:\n```json\n{call}\n```"),
        format!("Hermes writes `<tool_call>{call}</tool_call>` in its text."),
        format!("Hermes writes:\n```\n<tool_call>{call}</tool_call>\n```\nand waits."),
        "The mark is \"<tool_call>\", see a.rs:3.".to_owned(),
        "grep(pattern) looks for it.".to_owned(),
        "<details>\n<summary>x</summary>\n</details>".to_owned(),
        "Use `[TOOL_CALLS]` there.".to_owned(),
        "Python says:\n>>> grep\n{'a': 1}\n>>> x".to_owned(),
        ">>>all\nIt is in a.rs:3.".to_owned(),
        "<p>\n{\"name\": \"rlm\"}\n</p>".to_owned(),
        "### TOOL_CALL_START ###\nis what it writes first".to_owned(),
    ] {
        assert_eq!(calls(&text), None, "{text}");
    }
}

#[test]
fn work_is_in_proportion_to_the_text() {
    for part in [
        "<tool_call>",
        "<function=f><parameter=a>",
        "[TOOL_CALLS][",
        "{\"name\":",
        "t",
        "<",
        "`",
        "<invoke name=\"x\">",
        ">",
        ">>>f\n{",
    ] {
        let text = part.repeat(100_000);
        if let Some(found) = find(&text, &Tools) {
            assert!(found.calls.len() <= MOST_CALLS);
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_looked_at_without_harm(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "<tool_call>", "</tool_call>", "<function=grep>", "<parameter=pattern>", "</parameter>", "</function>", "grep",
                "{\"name\": \"grep\", ", "\"arguments\": {", "}", "[", "]", "(", ")", "[TOOL_CALLS]", "```", "```json\n", "\n", "`",
                "<arg_key>", "</arg_key>", "<arg_value>", "to=functions.", "é", "\"", "x=", "<｜DSML｜invoke name=\"grep\">", "<escape>",
                "call:grep{", "Action: grep", "Action Input: ", "<grep>", "<pattern>", "</pattern>", "</grep>", "I ",
            ]),
            0..16,
        ),
    ) {
        find(&parts.concat(), &Tools);
    }
}

//! Tools, native or of one's own.

use super::{
    case::{Case, case},
    model::{call, call_raw, calls, program, says},
};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    vec![
        // Tools of one's own
        case("18", "a command and a value are there in programs, by position and by name, and are restored")
            .options(json!({"tools": {"tools": [{"name": "shout", "description": "Writes big", "command": ["tr", "a-z", "A-Z"], "parameters": {"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}}, "required": ["text"]}}, {"name": "glossary", "value": {"SLO": "objective"}}], "subTools": ["glossary"]}}))
            .root([
                program("print(shout('hi', n=1), shout.__doc__)\nshout = glossary = None"),
                program("print(glossary, rlm_query('x'))\nshout(7)"),
                says("FINAL('ok')"),
            ])
            .children([program("FINAL(glossary['SLO'] + str('shout' in globals()))")])
            .answer("ok")
            .told(2, r#"{"TEXT":"HI","N":1} Writes big"#)
            .told(3, "{'SLO': 'objective'} objectiveFalse")
            .told(3, "wrong arguments for shout: /text: 7 is not of type"),
        case("18", "children have no tools if there are none for them")
            .options(json!({"tools": {"tools": [{"name": "glossary", "value": {"SLO": "objective"}}], "subTools": []}, "maxDepth": 1}))
            .root([program(r#"FINAL(f"{glossary} {rlm_query('x')}")"#)])
            .children([program("FINAL('glossary' in globals())")])
            .answer("{'SLO': 'objective'} False"),
        // Native calls of tools
        case("60", "all calls of one message are made, each result has the id of its call, and an unknown tool or bad arguments are errors")
            .context("alpha\nbeta\ngamma\n")
            .options(json!({"protocol": "tools"}))
            .root([
                calls("I look.", [call("a", "grep", json!({"pattern": "a$"})), call("b", "peek", json!({"start": 0, "end": 5})), call("c", "shell", json!({})), call_raw("d", "peek", "{oops"), call("e", "peek_lines", json!({"start": 1, "end": 2})), call("f", "chunk", json!({"chunk_size": 11}))]),
                says("It is alpha."),
            ])
            .answer("It is alpha.")
            .result(2, "a", "text.txt:1: alpha\n")
            .result(2, "a", "text.txt:3: gamma")
            .result(2, "b", "alpha")
            .result(2, "c", r#"there is no tool "shell""#)
            .result(2, "d", "Error: the arguments are no JSON object")
            .result(2, "e", "beta")
            .result(2, "f", "[[0,6],[6,17]]")
            .result(2, "f", "Left: ")
            .tools(17)
            .calls(2),
        case("60", "programs and variables; a variable is the answer; calls that need the interpreter follow each other")
            .options(json!({"protocol": "tools"}))
            .root([
                calls("", [call("a", "set_variable", json!({"name": "x", "value": [1, "two"]})), call("b", "exec_python", json!({"code": "x.append(3)\nprint(len(x))"})), call("c", "get_variable", json!({"name": "x"})), call("d", "get_variable", json!({"name": "nope"}))]),
                calls("", [call("e", "final_var", json!({"name": "nope"}))]),
                calls("", [call("f", "final_var", json!({"name": "x"}))]),
            ])
            .answer("[1, 'two', 3]")
            .result(2, "a", "x is set")
            .result(2, "b", "3")
            .result(2, "c", "[1, 'two', 3]")
            .result(2, "d", "NameError")
            .result(3, "e", "there is no variable 'nope'"),
        case("60", "the first answer in order wins")
            .options(json!({"protocol": "tools"}))
            .root([
                calls("", [call("a", "exec_python", json!({"code": "x = 1"})), call("b", "final", json!({"answer": "first"})), call("c", "final", json!({"answer": "second"}))]),
            ])
            .answer("first")
            .calls(1),
        case("60", "an answer behind a call that failed was made up")
            .options(json!({"protocol": "tools"}))
            .root([
                calls("", [call("a", "exec_python", json!({"code": "1 / 0"})), call("b", "final", json!({"answer": "made up"}))]),
                calls("", [call("c", "final", json!({"answer": "known"}))]),
            ])
            .answer("known")
            .result(2, "a", "ZeroDivisionError")
            .result(2, "b", "was not taken"),
        case("60", "a part of the text goes to a child run; several run in parallel")
            .context("alpha\nbeta\n")
            .options(json!({"protocol": "tools", "maxDepth": 1}))
            .root([
                calls("", [call("a", "sub_llm", json!({"query": "FOR THE CHILD", "start": 0, "end": 6})), call("b", "sub_llm", json!({"query": "FOR THE CHILD", "start": 6, "end": 99}))]),
                says("done"),
            ])
            .children([calls("", [call("x", "exec_python", json!({"code": "FINAL(context.strip())"}))])])
            .answer("done")
            .result(2, "a", "alpha")
            .result(2, "b", "beta")
            .depth(1),
        case("60", "an answer may show Python")
            .options(json!({"protocol": "tools"}))
            .root([
                says("It is in this function:\n```python\ndef f(context):\n    return 1\n```\nIt returns 1, whatever it is given, and nothing else in the file calls it. The two other functions of that name are tests, and they do not count here: both are in the folder of the examples."),
                says("It is in this function:\n```python\ndef f(context):\n    return 1\n```\nIt returns 1, whatever it is given, and nothing else in the file calls it. The two other functions of that name are tests, and they do not count here: both are in the folder of the examples."),
            ])
            .answer_has("```python\ndef f(context):\n    return 1\n```")
            .told(2, "You have not looked into the text")
            .calls(2),
        case("60", "what was cut off is not called, and the model is told")
            .options(json!({"protocol": "tools"}))
            .root([
                calls("", [call("a", "peek", json!({"start": 0, "end": 4})), call_raw("b", "final", r#"{"answer": "half of"#)]).cut(),
                calls("", [call("c", "final", json!({"answer": "short"}))]),
            ])
            .answer("short")
            .result(2, "a", "some")
            .result(2, "b", "was cut off"),
        case("60", "a message that is a program is no answer; one that was cut off is none either")
            .options(json!({"protocol": "tools"}))
            .root([
                says("```python\nprint(context)\n```"),
                says("It is ha").cut(),
                says("It is whole."),
                says("It is whole."),
            ])
            .answer_has("It is whole.")
            .told(2, "Call exec_python")
            .told(3, "was cut off"),
        case("60", "when the turns are used up the demanded answer may come as a call")
            .options(json!({"protocol": "tools", "maxIterations": 1}))
            .root([
                calls("", [call("a", "peek", json!({"start": 0, "end": 4}))]),
                calls("", [call("b", "final", json!({"answer": "forced"}))]),
            ])
            .answer("forced")
            .ends("forced"),
        case("60", "tools of one's own are offered beside the others")
            .options(json!({"protocol": "tools", "tools": [{"name": "shout", "command": ["tr", "a-z", "A-Z"], "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}}]}))
            .root([
                calls("", [call("a", "shout", json!({"text": "hi"})), call("b", "shout", json!({}))]),
                says("done"),
            ])
            .answer("done")
            .result(2, "a", r#"{"TEXT":"HI"}"#)
            .result(2, "b", "wrong arguments for shout")
            .tools(18),
        case("60", "without --protocol a server of one's own is asked for programs")
            .root([says("FINAL('ok')")])
            .answer("ok")
            .tools(0),
    ]
}

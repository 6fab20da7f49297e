//! Replies as weak models write them, and what a reasonable person expects of each.
//!
//! A row is a reply after a first look, what it is right to make of it, and nothing else: the replies that follow are the
//! same for all.

use super::{
    case::{Case, case},
    model::{call, calls, program, says},
};
use serde_json::json;

/// What is made of a reply.
enum Made {
    /// It is the answer, or gives it.
    Answer(&'static str),
    /// It is none, and the model is told this.
    Told(&'static str),
}
use Made::{Answer, Told};

/// What the second reply says.
const LATER: &str = "the vault holds 318";

/// The prompt of the system, as a model repeats it.
const REPEATED: &str = "You answer a question about a text that is too large for your window. To run a program, write it in a \
block like this.\n\nWhen you know the answer, end with `FINAL(text)` in a program, or write `FINAL_VAR(\"name\")`.";

/// In programs.
const PROGRAMS: [(&str, &str, Made); 26] = [
    ("a word", "Yes.", Told("holds no program")),
    ("a table", "| path | line |\n|---|---|\n| a.txt | 2 |", Told("holds no program")),
    ("Chinese", "答案是 4711，见第二行。", Told("holds no program")),
    ("the system prompt", REPEATED, Told("FINAL(...) counts in a program")),
    ("instructions as a quotation", "> ```repl\n> print(len(context))\n> ```\n> FINAL(text)", Told("holds no program")),
    ("the placeholder of the instructions", "FINAL(text)", Told("a word of the instructions")),
    ("Rust", "```rust\nfn main() { println!(\"{}\", context.len()); }\n```", Told("holds no program")),
    ("JavaScript that looks like Python", "```js\nconst x = grep('a')\nprint(x)\n```", Told("holds no program")),
    ("a program without a fence", "rows = grep('one')\nprint(rows)", Told("outside of a block")),
    ("a program behind an announcement", "Let me look:\n\nrows = grep('one')\nprint(rows)", Told("outside of a block")),
    ("half a fence", "```repl\nprint('half')", Told("no closing fence")),
    ("a fence that closes with another letter", "```repl\nprint('half')\n~~~", Told("no closing fence")),
    ("a call of a tool", "{\"name\": \"grep\", \"arguments\": {\"pattern\": \"one\"}}", Told("text.txt:1")),
    (
        "a call of a tool between marks",
        "<tool_call>{\"name\": \"grep\", \"arguments\": {\"pattern\": \"one\"}}</tool_call>",
        Told("1"),
    ),
    (
        "a call of an unknown tool",
        "<tool_call>{\"name\": \"open_file\", \"arguments\": {}}</tool_call>",
        Told("open_file"),
    ),
    ("a call that cannot be read", "<tool_call>open the file</tool_call>", Told("cannot be read")),
    ("a code block of Gemma's", "```tool_code\nprint(len(context))\n```", Told("Output:\n8")),
    ("FINAL in bold", "**FINAL(42)**", Answer("42")),
    ("FINAL in a heading", "## FINAL(\"It is 42\")", Answer("It is 42")),
    (
        "FINAL with a German answer",
        "FINAL(Die Zahl ist 42 (siehe Zeile 2).)",
        Answer("Die Zahl ist 42 (siehe Zeile 2)."),
    ),
    (
        "FINAL with a table",
        "FINAL(\"\"\"| a | b |\n|---|---|\n| 1 | 2 |\"\"\")",
        Answer("| a | b |\n|---|---|\n| 1 | 2 |"),
    ),
    ("FINAL three times", "FINAL(1)\nFINAL(2)\n\nFINAL(3)", Answer("3")),
    ("FINAL and good-bye", "FINAL(\"42\")\n\nHope this helps! 😊", Answer("42")),
    (
        "a program and the output that it should have",
        "```python\nFINAL(str(6 * 7))\n```\nOutput:\n```\n42\n```",
        Answer("42"),
    ),
    (
        "an answer in a dict",
        "```repl\nanswer = {'content': 'by dict', 'ready': True}\nFINAL(answer)\n```",
        Answer("by dict"),
    ),
    ("nothing in FINAL", "```repl\nFINAL('  ')\n```", Told("the answer is empty")),
];

/// In tools, after a look.
const TOOLS: [(&str, &str, Made); 20] = [
    ("a word", "Yes", Answer("Yes")),
    ("a number", "42", Answer("42")),
    ("German", "Ja, siehe Zeile 2.", Answer("Ja, siehe Zeile 2.")),
    ("Chinese", "答案是 4711。", Answer("答案是 4711。")),
    ("headings", "# import\n\nIt imports `context`.", Answer("# import\n\nIt imports `context`.")),
    (
        "words that begin like Python",
        "from context import search is what it says",
        Answer("from context import search is what it says"),
    ),
    ("import", "import context", Answer("import context")),
    ("a signature", "grep(pattern, path)", Answer("grep(pattern, path)")),
    (
        "a table of functions",
        "| grep | search |\n|---|---|\n| 1 | 2 |",
        Answer("| grep | search |\n|---|---|\n| 1 | 2 |"),
    ),
    ("JSON", "{\"name\": \"rlm\", \"version\": \"1\"}", Answer("{\"name\": \"rlm\", \"version\": \"1\"}")),
    ("code of another language", "```rust\nfn grep() {}\n```", Answer("```rust\nfn grep() {}\n```")),
    (
        "a function of Python that it shows",
        "It is this:\n```python\ndef f():\n    return 1\n```",
        Answer("It is this:\n```python\ndef f():\n    return 1\n```"),
    ),
    ("FINAL", "FINAL(\"It is 42\")", Answer("It is 42")),
    ("FINAL without quotes", "FINAL(It is 42)", Answer("It is 42")),
    ("a program that is one call", "print(grep('one'))", Told("text.txt:1: one")),
    ("a program in a block", "I will look:\n```python\nprint(grep('one'))\n```", Told("This message is a program")),
    (
        "a call in a block",
        "```json\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"one\"}}\n```",
        Told("text.txt:1: one"),
    ),
    (
        "a call behind half a fence",
        "Let me look.\n```json\n{\"name\": \"grep\", \"arguments\": {\"pattern\": \"one\"}}",
        Told("text.txt:1: one"),
    ),
    (
        "calls by an agent's rules",
        "I should look.\nAction: grep\nAction Input: {\"pattern\": \"one\"}",
        Told("text.txt:1: one"),
    ),
    ("a mark and nothing behind it", "[TOOL_CALLS]", Told("cannot be read")),
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (says_what, reply, made) in PROGRAMS {
        let later = program(&format!("FINAL('{LATER}')"));
        let case = case("1", says_what).context("one\ntwo\n").root([program("print(grep('two'))"), says(reply), later]);
        cases.push(match made {
            Answer(answer) => case.answer(answer),
            Told(what) => case.answer(LATER).told(3, what),
        });
    }
    for (says_what, reply, made) in TOOLS {
        let look = calls("", [call("a", "grep", json!({"pattern": "two"}))]);
        let case = case("30", says_what).context("one\ntwo\n").options(json!({"protocol": "tools"}));
        let case = case.root([look, says(reply), says(LATER)]);
        cases.push(match made {
            Answer(answer) => case.answer(answer),
            Told(what) => case.answer(LATER).told(3, what),
        });
    }
    cases
}

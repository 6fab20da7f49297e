//! What models are told first, whatever they are asked.

use crate::config::{Deed, ToolSpec};
use std::fmt::Write;

/// What a root model is told about its tools.
const SYSTEM: &str = r#"You answer a question about a text that is too large for your window. The text is not in this conversation: it is the variable `context` in a Python REPL. You look into it with small programs, and have other models read the parts that matter.

To run a program, write it in a block like this; several blocks run in order, and you see what they print:

```repl
print(len(context), len(files))
for row in search("where are retries decided", k=5):
    print(row)
```

Variables stay from program to program. The text is there under these names:
- `context`: the whole text, a str: slices, `in`, find, count, split, re. If it has several files, each begins after a line `==> path <==`
- `files`: mapping from path to text
- `search(query, k=10)`: the passages that fit the words best; rows with path, first_line, last_line, score, text
- `grep(pattern, path=None, ignore_case=False, max_results=50)`: lines that match a regular expression; rows with path, line, text
- `outline(path)`: the definitions in a file; rows with name, kind, first_line, last_line, depth, signature
- `read(path, first_line=1, last_line=None)`: lines of a file, counted from 1, both ends included
- `peek(start, end)`: characters of the context; `peek_lines(start, end)`: its lines, counted from 0, end excluded
- `repo_map(tokens=2000, focus=None)`: the most used definitions of all files as a text, for a first look at code; `focus` names files, folders or definitions that it begins with
- `chunk(size, overlap=0, unit="characters")`: the context in pieces of at most `size` characters (or "tokens") that end at structure or lines; each is a str with `.start` and `.end`
- `tokens(text)`: about how many tokens a text has

Other models read for you:
- `llm_query(prompt)`: the answer of a model that sees only the prompt; put the text and the question into it
- `llm_query_batched(prompts)`: the same for a list, in parallel; much faster than a loop. A failure is a text "Error: ..." in its own place
- `rlm_query(prompt)`, `rlm_query_batched(prompts)`: a child with a REPL of its own whose `context` is the prompt; for parts that are themselves too large to read at once
- `BUDGET()`: what is left of calls, tokens, money and time; `SHOW_VARS()`: your variables
- `peek_output(start, end, back=1)`: characters of what your last program printed (`back=2`: the one before), where it was cut

Only what you print comes back to you, and long output is cut: print little, keep results in variables, and have long texts read by `llm_query_batched` instead of printing them. There are no files, no network and no packages beyond Python's standard library.

When you know the answer, end with `FINAL(text)` in a program, or set `answer["content"]` and then `answer["ready"] = True`, or write `FINAL_VAR("name")` to answer with a variable. The answer is Markdown for a person. Cite where things stand as `path:line` or `path:first-last`, with lines that you have seen, and claim nothing that you have not seen."#;

/// What a root model is told that calls tools.
const TOOLS_SYSTEM: &str = r#"You answer a question about a text that is too large for your window. The text is not in this conversation: you look into it with the tools, and have other models read the parts that matter.

All calls of one message run at the same time, so make those together that do not depend on each other. Looks (`search`, `grep`, `read`, `peek`, `peek_lines`, `outline`) give back texts, cut where they are long: ask for little. `sub_llm` gives characters of the text to another model, with a question; use it for long parts, several in one message.

`exec_python` runs programs in a REPL whose variables stay. There the text is `context`, a str, and `files` is a mapping from path to text; `search`, `grep`, `read`, `peek`, `peek_lines`, `outline`, `chunk`, `repo_map`, `tokens` are functions that give rows and texts; `llm_query(prompt)` and `llm_query_batched(prompts)` ask a model that sees only the prompt, in parallel for a list; `rlm_query(prompt)` and `rlm_query_batched(prompts)` give the prompt to a child that has tools of its own. Use it to count, to compare, and to go over many parts. Only what a program prints comes back. There are no files, no network and no packages beyond Python's standard library.

When you know the answer, write it as a message without calls (or call `final`, or `final_var` for the value of a variable). The answer is Markdown for a person. Cite where things stand as `path:line` or `path:first-last`, with lines that you have seen, and claim nothing that you have not seen."#;

/// What a model is told first, in one of the two dresses. `own` are tools of the person's own.
pub fn instructions(by_tools: bool, own: &[&ToolSpec]) -> String {
    if by_tools {
        // Their descriptions go with the tools themselves.
        return TOOLS_SYSTEM.to_owned();
    }
    if own.is_empty() {
        return SYSTEM.to_owned();
    }
    let mut text = SYSTEM.to_owned();
    text.push_str("\n\nFor this question there is also:");
    for spec in own {
        let _ = match &spec.deed {
            Deed::Command { parameters, .. } => {
                write!(text, "\n- `{}(...)`, a function with the arguments {parameters}", spec.name)
            }
            Deed::Value(_) => write!(text, "\n- `{}`, a value", spec.name),
        };
        if !spec.description.is_empty() {
            let _ = write!(text, ": {}", spec.description);
        }
    }
    text
}

/// What a model is told that answers in one call.
pub const DIRECT_SYSTEM: &str = "You answer a question about a text that follows. The answer is Markdown for a person. \
Cite where things stand as `path:line` or `path:first-last`, by the line numbers in front of the lines; claim nothing \
that the text does not say.";

/// What a child is asked: the prompt itself is its context.
pub const CHILD_QUESTION: &str = "The context is a prompt that another program wrote for you: a text with an \
instruction. Find the instruction (most often at the beginning or at the end of `context`), do what it says with the \
text, and give the result as your answer.";

//! Replies taken apart.

use super::*;

fn programs(text: &str) -> Vec<String> {
    parse(text).programs
}

#[test]
fn tagged_blocks_are_programs_in_order() {
    let text = "Look.\n```repl\na = 1\n\n  b\n```\nand\n```python\nc\n```\n```py \nd\n```";
    assert_eq!(programs(text), ["a = 1\n\n  b\n", "c\n", "d\n"]);
    assert_eq!(parse(text).prose, "Look.\nand");
}

#[test]
fn other_blocks_are_prose() {
    for text in ["none", "```\nx\n```", "```rust\nx\n```", "text ```repl\nx\n```", "`repl`"] {
        assert_eq!(programs(text), [""; 0], "{text}");
        assert_eq!(parse(text).prose, text);
    }
}

#[test]
fn a_program_inside_another_block_is_prose() {
    assert_eq!(programs("````markdown\n```repl\nx\n```\n````\n"), [""; 0]);
}

#[test]
fn a_fence_inside_a_line_does_not_close() {
    assert_eq!(programs("```repl\nprint('```')\nx = '''\n ```\n'''\n```\n"), ["print('```')\nx = '''\n ```\n'''\n"]);
    assert_eq!(programs("````repl\nf('''\n```\n''')\n````\n"), ["f('''\n```\n''')\n"]);
}

#[test]
fn an_unclosed_program_does_not_run() {
    let reply = parse("```repl\na\n```\n```repl\nb = 1\nc");
    assert_eq!(reply.programs, ["a\n"]);
    assert!(reply.unclosed);
    assert!(!parse("```rust\nfn").unclosed);
}

#[test]
fn a_program_without_its_fence_is_no_answer() {
    for program in [
        "print(context[:100])",
        "```\nrows = grep('x')\nfor row in rows:\n    print(row)\n```",
        "# look\nx = context.find('a')\nprint(x)",
        "answer = llm_query('what is it?')",
    ] {
        assert!(is_unfenced_program(program), "{program}");
    }
    for answer in [
        "It is in src/a.rs:3.",
        "Use this:\n```\nfn grep(x: &str) {}\n```\nIt calls search().",
        "```rust\nfn main() {\n    run();\n}\n```",
        "x = 3",
        "The context is small: search for it (context)",
        "",
    ] {
        assert!(!is_unfenced_program(answer), "{answer}");
    }
}

#[test]
fn an_answer_may_show_python() {
    for (message, expected) in [
        ("It is in a.py:3:\n```python\ndef f():\n    return 1\n```", false),
        ("Let me look:\n```python\nprint(context[:100])\n```", true),
        ("```python\nprint(1)\n```", true),
        ("print(context)", true),
    ] {
        assert_eq!(parse(message).is_program(), expected, "{message}");
    }
    let long = format!("{}\n```py\nprint(context)\n```", "It explains itself. ".repeat(20));
    assert!(!parse(&long).is_program());
}

#[test]
fn a_block_ends_where_the_text_of_its_program_ends() {
    let report = "FINAL(\"\"\"# Report\n\n```python\nprint(4711)\n```\n\nThat is all.\"\"\")\n";
    for (text, expected, prose) in [
        (&*format!("```repl\n{report}```\nx"), vec![report], "x"),
        ("```py\nx = '''\n```sh\nls\n```\n'''\n```\nx", vec!["x = '''\n```sh\nls\n```\n'''\n"], "x"),
        // A string that never ends.
        ("```py\nx = '''\n```\nSo\n```py\ny\n```", vec!["x = '''\n", "y\n"], "So"),
        // A string that ends on its line, and holds a block all the same.
        ("```py\nFINAL(\"a\n```sh\nls\n```\nb\")\n```\nx", vec!["FINAL(\"a\n```sh\nls\n```\nb\")\n"], "x"),
        // A fence that was forgotten, and one that is none.
        ("```py\na\n```py\nb\n```", vec!["a\n", "b\n"], ""),
        ("```py\nx # ```\n```", vec!["x # ```\n"], ""),
        ("~~~py\nx = '```'\n~~~", vec!["x = '```'\n"], ""),
        ("1. So:\n\n   ```repl\n   if a:\n       b\n   ```\nx", vec!["if a:\n    b\n"], "1. So:\n\nx"),
    ] {
        let reply = parse(text);
        assert_eq!((reply.programs, reply.prose.as_str()), (expected.into_iter().map(str::to_owned).collect(), prose));
        assert!(!reply.unclosed, "{text}");
    }
}

#[test]
fn nothing_runs_in_an_answer_that_is_written_as_prose() {
    for text in [
        "FINAL(\"\"\"Use:\n```python\nprint(4711)\n```\ndone\"\"\")",
        "FINAL(It is called in a.txt (line 2)\n\nDetails:\n```python\nFINAL('inner')\n```\nend)",
        "**FINAL(\"\"\"Use:\n```python\nprint(4711)\n```\"\"\")**",
    ] {
        let reply = parse(text);
        assert_eq!(reply.programs, [""; 0], "{text}");
        assert_eq!(reply.final_call.as_deref(), Some(text.trim_matches('*')), "{text}");
    }
    for (text, expected) in [
        ("FINAL(x) is what I say.\n```py\na\n```", "a\n"),
        ("FINAL(I look first\n```py\na\n```\nso", "a\n"),
        ("FINAL(42)\n```py\na\n```", "a\n"),
    ] {
        assert_eq!(programs(text), [expected], "{text}");
    }
}

#[test]
fn answers_are_told_from_programs_by_parsing_them() {
    for answer in [
        "import context from a.txt:1",
        "context (a.txt:1)",
        "# search\n\n# grep",
        "search (a.txt:3)",
        "search(query, k=10)",
        "from context import search",
        "context",
        "| grep | search |\n|---|---|\n| 1 | 2 |",
        "The functions:\n\ngrep(pattern)",
    ] {
        assert!(!parse(answer).is_program(), "{answer}");
    }
    for program in ["Let me look:\nprint(context[:100])", "I look.\n\nrows = grep('x')\nprint(rows)", "search('x')"] {
        assert!(is_unfenced_program(program), "{program}");
    }
}

proptest::proptest! {
    #[test]
    fn any_reply_is_taken_apart_within_its_text(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "```repl\n", "```py\n", "```\n", "~~~py\n", "~~~\n", "   ```py\n", "```sh\n", "\"\"\"", "'''", "\"", "'", "# ",
                "FINAL(", ")", "(", "x", "\n", "x = 1\n", "**", "`", "é", "\\",
            ]),
            0..30,
        ),
    ) {
        let text = parts.concat();
        let reply = parse(&text);
        let inside: usize = reply.programs.iter().map(String::len).sum();
        proptest::prop_assert!(inside + reply.prose.len() <= text.len() + reply.programs.len());
        proptest::prop_assert!(reply.final_call.is_none_or(|call| reply.prose.contains(&call)));
    }
}

//! Reads a root model's reply: which programs it holds, and whether its last line ends the run.
//!
//! A program is a block fenced by lines of three or more backticks whose opening line is tagged `repl`, `python` or
//! `py`; the closing fence stands at the start of a line and has at least as many backticks as the opening one
//! (CommonMark, section 4.5). Blocks with other tags are prose.

use crate::engine::host::names::tells_program;

/// What a reply says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The programs, in order.
    pub programs: Vec<String>,
    /// Whether the last block was never closed; it is not among the programs.
    pub unclosed: bool,
    /// What lies outside the programs, trimmed.
    pub prose: String,
    /// `FINAL(…)` or `FINAL_VAR(…)` as the whole last line of the prose, without the programs before it.
    pub final_line: Option<String>,
}

/// Characters of prose beside a program that make it an answer that shows code.
const ANSWER_CHARS: usize = 200;

impl Reply {
    /// Whether a message that should be an answer is a program: all of it, or with a few words that announce one. Answers
    /// may well show Python.
    pub fn is_program(&self) -> bool {
        let announces = || self.prose.chars().nth(ANSWER_CHARS).is_none();
        let looks = || self.programs.iter().any(|program| is_unfenced_program(program));
        let has_program = !self.programs.is_empty() || self.unclosed;
        is_unfenced_program(&self.prose) || has_program && (self.prose.is_empty() || looks() && announces())
    }
}

const PROGRAM_TAGS: [&str; 3] = ["repl", "python", "py"];

/// A block that is being read.
struct Fence {
    backticks: usize,
    is_program: bool,
    body: String,
}

/// Takes a reply apart.
pub fn parse(text: &str) -> Reply {
    let mut scanner = Scanner::default();
    text.split_inclusive('\n').for_each(|line| scanner.line(line));
    scanner.reply()
}

/// Takes a reply apart line by line, as it is written.
#[derive(Default)]
pub struct Scanner {
    reply: Reply,
    open: Option<Fence>,
}

impl Scanner {
    /// Takes the next line, with its end.
    pub fn line(&mut self, line: &str) {
        let Self { reply, open } = self;
        match open {
            None => match opening(line) {
                Some(fence) if fence.is_program => *open = Some(fence),
                Some(fence) => {
                    reply.prose.push_str(line);
                    *open = Some(fence);
                }
                None => reply.prose.push_str(line),
            },
            Some(fence) if closes(line, fence.backticks) => {
                if fence.is_program {
                    reply.programs.push(std::mem::take(&mut fence.body));
                } else {
                    reply.prose.push_str(line);
                }
                *open = None;
            }
            Some(fence) if fence.is_program => fence.body.push_str(line),
            Some(_) => reply.prose.push_str(line),
        }
    }

    /// The programs that are whole so far.
    pub fn programs(&self) -> &[String] {
        &self.reply.programs
    }

    /// Whether the next line belongs to a program, to another block, or to neither.
    pub fn inside(&self) -> Option<Inside> {
        self.open.as_ref().map(|fence| if fence.is_program { Inside::Program } else { Inside::OtherBlock })
    }

    /// The reply, if this is all of it.
    pub fn reply(&self) -> Reply {
        let mut reply = self.reply.clone();
        reply.unclosed = self.open.as_ref().is_some_and(|fence| fence.is_program);
        reply.prose = reply.prose.trim().to_owned();
        reply.final_line = final_line(&reply.prose).map(str::to_owned);
        reply
    }
}

/// What a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    Program,
    OtherBlock,
}

/// Whether a reply that holds no program is one all the same, without its fence or under another tag: then it is no answer.
pub fn is_unfenced_program(prose: &str) -> bool {
    let lines: Vec<&str> =
        prose.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("```")).collect();
    let is_code = |line: &&&str| {
        let line = line.trim();
        let first = line.split(|it: char| !it.is_alphanumeric() && it != '_' && it != '.').next().unwrap_or_default();
        let rest = line[first.len()..].trim_start();
        let assigns = |rest: &str| rest.starts_with('=') || rest.starts_with("+=") || rest.starts_with('[');
        let is_header =
            line.ends_with(':') && ["for", "if", "while", "def", "with", "else", "try", "elif"].contains(&first);
        let is_call = !first.is_empty() && rest.starts_with('(') && line.ends_with(')');
        is_header || is_call || line.starts_with('#') || first == "import" || first == "from" || assigns(rest)
    };
    let names_scaffold = |line: &&str| {
        let words = line.split(|it: char| !it.is_alphanumeric() && it != '_');
        words.into_iter().any(tells_program)
    };
    let code = lines.iter().filter(is_code).count();
    !lines.is_empty() && code * 5 >= lines.len() * 4 && lines.iter().any(names_scaffold)
}

fn opening(line: &str) -> Option<Fence> {
    let line = line.trim_end();
    let tag = line.trim_start_matches('`');
    let backticks = line.len() - tag.len();
    let is_fence = backticks >= 3 && !tag.contains('`');
    is_fence.then(|| Fence { backticks, is_program: PROGRAM_TAGS.contains(&tag.trim()), body: String::new() })
}

fn closes(line: &str, backticks: usize) -> bool {
    let line = line.trim_end();
    line.len() >= backticks && line.bytes().all(|byte| byte == b'`')
}

/// `FINAL(…)` or `FINAL_VAR(…)` where the answer begins at a line of its own and its closing parenthesis ends the prose.
fn final_line(prose: &str) -> Option<&str> {
    if !prose.ends_with(')') {
        return None;
    }
    let starts = std::iter::once(0).chain(prose.match_indices('\n').map(|(at, _)| at + 1));
    let is_final = |start: &usize| ["FINAL(", "FINAL_VAR("].iter().any(|call| prose[*start..].starts_with(call));
    // The first such line: an answer may run over several lines, and may quote the word itself.
    starts.into_iter().find(is_final).map(|start| &prose[start..])
}

/// The variable that a final line names without quotes: `FINAL_VAR(answer)`.
pub fn final_variable(line: &str) -> Option<&str> {
    let name = line.strip_prefix("FINAL_VAR(")?.strip_suffix(')')?.trim();
    let starts = name.starts_with(|it: char| it.is_alphabetic() || it == '_');
    (starts && name.chars().all(|it| it.is_alphanumeric() || it == '_')).then_some(name)
}

/// The text between the parentheses of a final line that is no valid program, e.g. `FINAL(the answer is 42)`.
pub fn final_text(line: &str) -> Option<&str> {
    line.strip_prefix("FINAL(")?.strip_suffix(')').map(str::trim)
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            programs("```repl\nprint('```')\nx = '''\n ```\n'''\n```\n"),
            ["print('```')\nx = '''\n ```\n'''\n"]
        );
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
    fn a_final_line_stands_alone_at_the_end() {
        for (text, expected) in [
            ("FINAL(42)", Some("FINAL(42)")),
            ("I know.\nFINAL(\"a \\\"b\\\" (c) d\")\n", Some("FINAL(\"a \\\"b\\\" (c) d\")")),
            ("FINAL_VAR(result)", Some("FINAL_VAR(result)")),
            ("FINAL(\"\"\"two\nlines\"\"\")", Some("FINAL(\"\"\"two\nlines\"\"\")")),
            ("I will use FINAL(x) later.", None),
            ("Use FINAL(x)", None),
            ("FINAL(x) is what I would say", None),
            ("```repl\nFINAL(1)\n```", None),
        ] {
            assert_eq!(parse(text).final_line.as_deref(), expected, "{text}");
        }
        assert_eq!(final_text("FINAL(the answer is (about) 42)"), Some("the answer is (about) 42"));
    }
}

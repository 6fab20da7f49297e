//! Programs, answers, the state of the REPL, and what was cut.

use super::{
    case::{Case, case},
    model::{program, says},
};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    vec![
        // Programs and answers
        case("1", "two fences run, both, in order")
            .root([
                says("```repl\nprint('one')\n```\nand\n```repl\nprint('two')\n```"),
                says("FINAL('done')"),
            ])
            .answer("done")
            .told(2, "Output of program 1:\none\nOutput of program 2:\ntwo\n"),
        case("1", "no fence, no program; a second such reply is the answer")
            .root([
                says("The file is short."),
                says("It says so in the first line."),
                says("It says so in the first line."),
            ])
            .answer_has("It says so in the first line.")
            .told(3, "You have not looked into the text")
            .calls(3)
            .grounded("none")
            .told(2, "This reply holds no program"),
        case("1", "a block that is tagged python or py runs as well")
            .root([says("```python\nx = 20\n```\n```py\nFINAL(x + 1)\n```")])
            .answer("21"),
        case("2", "blank lines and indentation inside of a block are kept")
            .root([program("def f():\n\n    a = 1\n\n    return a\n\nFINAL(f())")])
            .answer("1"),
        case("2", "a fence that does not begin a line closes nothing, and an unclosed block does not run")
            .root([says("```repl\nprint('ran')```"), says("FINAL('ok')")])
            .answer("ok")
            .told(2, "no closing fence")
            .not_told(2, "Output"),
        case("2", "marks at the end of a line belong to the program, which ends at those that begin one")
            .root([says("```repl\nprint('ran')```\n```"), says("FINAL('ok')")])
            .answer("ok")
            .told(2, "SyntaxError")
            .not_told(2, "no closing fence"),
        case("3", "content alone goes on, content and ready ends")
            .root([program("answer['content'] = '42'"), program("answer['ready'] = True")])
            .answer("42"),
        case("4", "the answer may be rebound, and its content is shown as text")
            .root([program("answer = {'content': [1, 2, 3], 'ready': True}")])
            .answer("[1, 2, 3]"),
        case("5", "an answer in the first block is the answer, and what follows does not run")
            .root([
                says("```repl\nFINAL('first')\n```\n```repl\nFINAL('second')\n```\n```repl\nFINAL('third')\n```"),
            ])
            .answer("first")
            .iterations(1),
        case("5", "an answer in the fourth turn took four turns")
            .root([program("1"), program("2"), program("3"), program("FINAL(4)")])
            .answer("4")
            .iterations(4),
        case("6", "ready and then an exception is still the answer")
            .root([program("answer['content'], answer['ready'] = 'kept', True\n1 / 0")])
            .answer("kept"),
        case("7", "content is read at the end of the program, whichever came first")
            .root([program("answer['ready'] = True\nanswer['content'] = 'late'")])
            .answer("late"),
        case("7b", "update and |= end the run as well")
            .root([program("answer.update(content='by update', ready=True)")])
            .answer("by update"),
        case("7b", "update and |= end the run as well")
            .root([program("answer |= {'content': 'by or', 'ready': True}")])
            .answer("by or"),
        case("8", "FINAL as the whole last line, quoted")
            .root([says("FINAL(\"a \\\"quoted\\\" (nested) b\")")])
            .answer(r#"a "quoted" (nested) b"#),
        case("8", "FINAL inside of a sentence ends nothing")
            .root([says("I will call FINAL(x) when I know."), program("FINAL('now')")])
            .answer("now"),
        case("9", "FINAL_VAR answers with a variable")
            .root([says("```repl\nresult = {'a': 1}\n```\nFINAL_VAR(result)")])
            .answer("{'a': 1}"),
        case("9", "FINAL_VAR of a missing variable tells which there are")
            .root([says("```repl\nfound = 1\n```\nFINAL_VAR(missing)"), says("FINAL_VAR(found)")])
            .answer("1")
            .told(2, "there is no variable 'missing' to answer with; there are: found"),
        case("10", "three empty replies in a row end the run")
            .root([says("So far 3.\n```repl\n1\n```"), says(""), says(""), says(""), says("FINAL('never')")])
            .answer("So far 3.")
            .ends("failed")
            .fails("emptyReply")
            .iterations(4),
        // The state of the REPL
        case("11", "variables, functions and imports stay")
            .root([
                program("import math\nx = 1\ndef f(): return x + 1"),
                program("FINAL(f() + math.floor(2.5))"),
            ])
            .answer("4"),
        case("12", "after an exception and after a syntax error the REPL is usable, and what came before stays")
            .root([program("x = 5\n1 / 0"), program("if x"), program("FINAL(x)")])
            .answer("5")
            .told(2, "ZeroDivisionError: division by zero")
            .told(3, "SyntaxError"),
        case("13", "overwritten names are there again in the next program, also after an exception")
            .context("the text")
            .root([
                program("context = llm_query = rlm_query_batched = SHOW_VARS = grep = 1\nanswer = None\nraise ValueError"),
                program(r#"FINAL(f"{context} {llm_query('x')} {SHOW_VARS()} {rlm_query_batched([])}")"#),
            ])
            .answer("the text got x {} []"),
        case("14", "a text is a str, and its length is told")
            .context("some téxt\n")
            .root([program("FINAL(f'{isinstance(context, str)} {len(context)} {context!r}')")])
            .answer("True 10 'some téxt\\n'")
            .told(1, "text.txt, 10 characters, 1 line."),
        case("14", "a list of texts is a list of texts")
            .value(r#"["one", "two é", ""]"#)
            .root([program("FINAL(f'{type(context) is list} {context} {len(context)}')")])
            .answer("True ['one', 'two é', ''] 3")
            .told(1, "`context` is a list of 3 str, 46 characters in all."),
        case("14", "a mapping is a mapping, whatever its values are")
            .value(r#"{"a": "first", "n": 7, "deep": {"x": [1, null, true]}}"#)
            .root([program("FINAL(f'{type(context) is dict} {context}')")])
            .answer("True {'a': 'first', 'n': 7, 'deep': {'x': [1, None, True]}}")
            .told(1, "`context` is a dict of 3 values")
            .told(1, "characters in all."),
        case("14", "messages are messages")
            .value(r#"[{"role": "user", "content": "Hi there"}, {"role": "assistant", "content": "Hello"}]"#)
            .root([program("FINAL(str(context))")])
            .answer("[{'role': 'user', 'content': 'Hi there'}, {'role': 'assistant', 'content': 'Hello'}]")
            .told(1, "`context` is a list of 2 messages, dicts with `role` and `content`, 54 characters in all."),
        case("15", "nothing of the text is in a prompt unless it was printed")
            .context("a marker: XYZZY-7\n".to_owned() + &"nothing of interest\n".repeat(50000))
            .root([
                program("x = context.find('X' 'YZZY')\nprint(x)"),
                program("print(context[x:x + 7])"),
                program("FINAL(len(context) > 1_000_000)"),
            ])
            .answer("True")
            .told(2, "10\n")
            .told(3, "XYZZY-7")
            .not_told(1, "XYZZY")
            .not_told(2, "XYZZY"),
        case("15", "nor is it in any other request, however the programs use it, and not in what a child is asked")
            .context("a marker: XYZZY-7\n".to_owned() + &"nothing of interest\n".repeat(50000))
            .options(json!({"maxDepth": 1}))
            .root([
                program("row = grep('XYZZ' 'Y')[0]\nfound = search('marker', k=3)\npiece = context[:1000]"),
                program(r#"FINAL(f"{row.line} {rlm_query(piece)} {llm_query('How long is it?')}")"#),
            ])
            .children([program("FINAL('XYZZ' 'Y' in context)")])
            .answer("1 True got How long is it?")
            .never_sent("XYZZY"),
        case("16", "long output is cut with the number of characters left out; no output says so; names with _ are not listed")
            .root([
                says("```repl\nprint('y' * 30_000)\n```\n```repl\n_hidden = shown = 1\n```"),
                says("FINAL(1)"),
            ])
            .answer("1")
            .told(2, "10001 characters of output left out")
            .told(2, "(no output)")
            .told(2, "Variables: shown: int.")
            .not_told(2, "_hidden"),
        case("16", "the value of the last expression is shown, whatever it is, and a program may be nothing but a comment")
            .root([
                says("```repl\n1\n```\n```repl\n'a text'\n```\n```repl\n# a comment\n```\n```repl\nNone\n```\n```repl\nx = 3; x, (\n    x\n)\n```\n```repl\n(y := 4)\n```"),
                program("\n\n1 / (\n    x - 3)"),
                says("FINAL(1)"),
            ])
            .answer("1")
            .told(2, "program 1:\n1\nOutput of program 2:\n'a text'\nOutput of program 3:\n(no output)\nOutput of program 4:\n(no output)\nOutput of program 5:\n(3, 3)\nOutput of program 6:\n4\n")
            .told(3, "line 3")
            .told(3, "ZeroDivisionError"),
        // Answers that are none
        case("1", "a program without its fence is no answer, however often it comes")
            .root([says("print(context[:10])"), says("```\nprint(context[:10])\n```"), says("FINAL('ok')")])
            .answer("ok")
            .told(2, "a program outside of a block")
            .told(3, "a program outside of a block"),
        // What was cut
        case("16", "what was left out of an output can be looked at")
            .root([
                program("print('y' * 25_000 + 'the end')"),
                program("print(peek_output(25_000), peek_output(0, 3))"),
                says("FINAL('ok')"),
            ])
            .answer("ok")
            .told(2, "peek_output")
            .told(3, "the end\n yyy"),
        // Long conversations
        case("63", "near the end of the window the work so far is summed up; question, summary and the last exchange stay, and variables do")
            .context("some text")
            .window(3600)
            .by_call()
            .root([
                program("x = 7\nprint('first ' * 500)"),
                program("print('second ' * 500)"),
                program("print('third ' * 500)"),
                says("Found: x holds 7."),
                program("FINAL(x)"),
            ])
            .answer("7")
            .told(4, "Sum up the work so far")
            .told(5, "third third")
            .told(5, "characters of output left out")
            .conversation(5, "Your summary of the work so far\nFound: x holds 7.")
            .conversation(5, "What is it?")
            .not_in_conversation(5, "second second")
            .calls(5),
    ]
}

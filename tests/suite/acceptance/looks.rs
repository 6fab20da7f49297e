//! Looks into the text, citations, shapes of answers, and repairs.

use super::{
    case::{Case, case},
    model::{call, calls, numbered, program, reasons, says},
};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    vec![
        // Looking into the text
        case("56", "slices are those of str: negative, out of range, beyond the end, across characters of many bytes")
            .context("aé漢😀éz")
            .root([
                program("try:\n    context[99]\nexcept IndexError as error:\n    missing = str(error)\nFINAL(f\"{context[-3:]}|{context[2:99]}|{context[50:60]}|{context[1]}|{context[::-1]}|{missing}\")"),
            ])
            .answer("éz|漢😀éz||é|źe😀漢éa|string index out of range"),
        case("56", "so are they anywhere in a long text whose characters have many bytes")
            .context("".to_owned() + &"aé漢😀\n".repeat(90910))
            .root([
                program("text = 'aé漢😀\\n' * (len(context) // 5)\nplaces = [*range(40), *range(65_500, 65_560), *range(len(text) - 40, len(text))]\nsame = [(context[p:p + 7], context[p], context[-p - 1], context[p:p + 20:3], peek(p, p + 3), context.find('😀', p))\n    == (text[p:p + 7], text[p], text[-p - 1], text[p:p + 20:3], text[p:p + 3], text.find('😀', p)) for p in places]\nFINAL(f\"{all(same)} {len(same)} {context == text} {context[len(text):] == ''} {context[len(text) - 2:len(text) + 9]!r}\")"),
            ])
            .answer("True 140 True True '😀\\n'"),
        case("57", "grep: rows with lines, the limit, no match, a bad pattern, any case")
            .context("One\ntwo\none more\n")
            .root([
                program("print(grep('one'), grep('(?i)one', max_results=1), grep('three'), sep='|')\nprint(grep('ONE', ignore_case=True)[1].line)\ngrep('(')"),
                says("FINAL('ok')"),
            ])
            .answer("ok")
            .told(2, "3: one more|")
            .told(2, "1: One\n... and more than these 1|no results")
            .told(2, "\n3\n")
            .told(2, "unclosed group"),
        case("57", "grep in the dress of tools: the same as rows of text")
            .context("One\ntwo\none more\n")
            .options(json!({"protocol": "tools"}))
            .root([
                calls("", [call("a", "grep", json!({"pattern": "one"})), call("b", "grep", json!({"pattern": "one", "ignore_case": true, "max_results": 1})), call("c", "grep", json!({"pattern": "three"})), call("d", "grep", json!({"pattern": "("}))]),
                says("ok"),
            ])
            .answer("ok")
            .result(2, "a", "text.txt:3: one more")
            .result(2, "b", "text.txt:1: One\n… and more")
            .result(2, "c", "No matches found")
            .result(2, "d", "Error: ")
            .result(2, "d", "unclosed group"),
        case("58", "chunks cover everything, end with lines where there are some, and come to an end on one long line")
            .context("line one\nline two\nline three\n")
            .root([
                program("pieces = chunk(12)\nFINAL(f\"{''.join(pieces) == context} {all(p.endswith(chr(10)) for p in pieces)} {max(map(len, pieces)) <= 12}\")"),
            ])
            .answer("True True True"),
        case("58", "a long line is cut, and lost characters are none")
            .context("xyz".to_owned() + &"long".repeat(25000))
            .root([
                program("pieces = chunk(1000)\nFINAL(f\"{''.join(pieces) == context} {max(map(len, pieces)) <= 1000}\")"),
            ])
            .answer("True True"),
        case("58", "it comes to an end on one long line, with and without an overlap, and for a tool")
            .context("xyz".to_owned() + &"long".repeat(25000))
            .options(json!({"protocol": "tools"}))
            .root([
                calls("", [call("a", "exec_python", json!({"code": "over = chunk(1000, overlap=900)\nprint(len(chunk(1000)) < 110, over[0].start, over[-1].end == len(context), all(a.start < b.start <= a.end for a, b in zip(over, over[1:])))"})), call("b", "chunk", json!({"chunk_size": 50000}))]),
                says("ok"),
            ])
            .answer("ok")
            .result(2, "a", "True 0 True True")
            .result(2, "b", "[[0,")
            .result(2, "b", ",100003]]"),
        case("59", "map and reduce over pieces, in order")
            .context("a\nb\nc\n")
            .root([
                program("parts = llm_query_batched([p.strip() for p in chunk(2)])\nFINAL(llm_query(' + '.join(parts)))"),
            ])
            .answer("got got a + got b + got c")
            .calls(5),
        case("59", "of no text there are no pieces")
            .value(r#""""#)
            .root([
                program(r#"FINAL(f"{len(context)} {chunk(10)} {llm_query_batched(chunk(10))} {grep('x')} {context[0:5]!r}")"#),
            ])
            .answer("0 [] [] no results ''")
            .calls(1),
        case("59", "many pieces are as many calls, in order, whatever comes back first")
            .context("".to_owned() + &"0123456789abcdefghi\n".repeat(100))
            .options(json!({"concurrency": 4}))
            .root([
                program("pieces = chunk(20)\nanswers = llm_query_batched([f'{n} {piece.strip()}' for n, piece in enumerate(pieces)])\nFINAL(f\"{len(pieces)} {answers == [f'got {n} 0123456789abcdefghi' for n in range(100)]}\")"),
            ])
            .answer("100 True")
            .calls(101),
        case("59", "the model is told how many calls are left, and the pieces that had none say so")
            .context("a\nb\nc\nd\n")
            .options(json!({"maxCalls": 5}))
            .root([
                program("first = llm_query('x')"),
                program("parts = llm_query_batched([p.strip() for p in chunk(2)])\nanswer['content'] = ' + '.join(parts)"),
            ])
            .answer("got a + got b + Error: the limit on calls is used up + Error: the limit on calls is used up")
            .ends("calls")
            .told(2, "3 calls")
            .calls(5)
            .lost(2),
        // Citations
        case("61", "places that do not hold are told once, and a mended answer is the answer")
            .context("one\ntwo\n")
            .root([program("FINAL('It is in text.txt:7.')"), program("FINAL('It is in text.txt:2: `two`.')")])
            .answer("It is in text.txt:2: `two`.")
            .told(2, "text.txt:7: there are no such lines; the file has 2")
            .states(&["quoted"]),
        case("61", "what is quoted must stand there; there is one chance to mend it; what is no better is not taken, and the first answer is marked")
            .context("one\ntwo\n")
            .root([
                program("FINAL('See text.txt:1: `two and a half`')"),
                program("FINAL('See text.txt:2: `three`')"),
            ])
            .answer("See text.txt:1 [unverified]: `two and a half`")
            .told(2, "the text quoted from there (two and a half) is not there; the first of these lines is: one")
            .states(&["missing"])
            .iterations(2),
        case("61", "if the model has nothing better the first answer stands")
            .context("one\ntwo\n")
            .root([program("FINAL('It is in text.txt:7.')"), says("I have nothing to add.")])
            .answer("It is in text.txt:7 [unverified].")
            .states(&["missing"]),
        case("61", "a direct answer may be mended as well")
            .context("one\ntwo\n")
            .options(json!({"strategy": "direct"}))
            .root([says("It is in text.txt:7."), says("It is in text.txt:1.")])
            .answer("It is in text.txt:1.")
            .ends("direct")
            .states(&["found"]),
        // The shape of the answer
        case("62", "an answer must satisfy the schema, what does not is told, and objects of Python become JSON")
            .options(json!({"schema": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}))
            .root([says("FINAL('it is 7')"), program("FINAL({'n': '7'})"), program("FINAL({'n': 7})")])
            .answer(r#"{"n":7}"#)
            .told(1, r#""required":["n"]"#)
            .told(2, "it is no JSON")
            .told(3, "/n: "),
        case("62", "a direct answer must satisfy it, too, and may stand in a fence")
            .options(json!({"schema": {"type": "array"}, "strategy": "direct"}))
            .root([says("none"), says("```json\n[1, 2]\n```")])
            .answer("[1,2]")
            .ends("direct")
            .told(2, "does not satisfy the JSON Schema"),
        case("62", "three answers of the wrong shape are enough")
            .options(json!({"schema": {"type": "array"}}))
            .root([says("FINAL('a')"), says("FINAL('b')"), says("FINAL('c')"), says("FINAL('[]')")])
            .ends("failed")
            .fails("noAnswer")
            .calls(3),
        // Repairs
        case("40", "a doubled call is an error that is shown, since it may be meant")
            .root([
                program("s = 'A'\ns.lower()()"),
                program("def make():\n    return lambda: 'made'\nFINAL(make()())"),
            ])
            .answer("made")
            .told(2, "TypeError: 'str' object is not callable"),
        case("40", "where it was asked for a doubled call runs as one, and the model is told; single calls are left alone")
            .options(json!({"repair": ["doubledCalls"]}))
            .root([program("s = 'A'\nprint(s.lower()())\nprint(s.upper())"), says("FINAL('ok')")])
            .answer("ok")
            .told(2, "[repair] calls that were doubled, f()(), ran as f()\na\nA"),
        case("41", "braces in a prompt are left as they are, since they may be meant")
            .root([program("chunk_text = 'T'\nFINAL(llm_query('Summarise {chunk_text}'))")])
            .answer("got Summarise {chunk_text}"),
        case("41", "where it was asked for, {name} in a prompt is the text of that variable, of this or an earlier program")
            .options(json!({"repair": ["placeholders"]}))
            .root([
                program("early = 'E'"),
                program("late = 'L'\nprint(llm_query('{early} {late}'), llm_query_batched(['1 {late}', '2 {{x}}']))"),
                says("FINAL('ok')"),
            ])
            .answer("ok")
            .told(3, "got E L ['got 1 L', 'got 2 {{x}}']")
            .told(3, "[repair] {early}, {late} in a prompt stood for"),
        case("41", "numbers, unknown names, the answer, hidden names and those of the scaffold are no texts of the program")
            .options(json!({"repair": ["placeholders"]}))
            .root([program("n, _x = 3, 'hidden'\nFINAL(llm_query('{n} {nope} {answer} {_x} {context}'))")])
            .answer("got {n} {nope} {answer} {_x} {context}"),
        case("42", "a reply that is reasoning only is marked as such")
            .root([program("FINAL(llm_query('x'))")])
            .worker("x", reasons("I think that it is 7."))
            .answer("[reasoning without an answer] I think that it is 7.")
            .calls(2),
        case("42", "of a long reasoning the last 1,500 characters are kept")
            .root([
                program("x = llm_query('x')\nFINAL(f\"{len(x) - len('[reasoning without an answer] ')} {x.count('é')} {x[-12:]}\")"),
            ])
            .worker("x", reasons("".to_owned() + &"é".repeat(2000) + " so it is 7."))
            .answer("1500 1488  so it is 7."),
        case("42", "of a reply with both what it says counts")
            .root([program("FINAL(llm_query('x'))")])
            .worker("x", reasons("I think that it is 8.").then("It is 7."))
            .answer("It is 7."),
        case("42", "a reply with neither is asked for again, and then an error text")
            .root([program("FINAL(llm_query('x'))")])
            .worker("x", says(""))
            .answer("Error: scripted gave an empty reply: it ended as if it were complete")
            .calls(5)
            .lost(1),
        case("43", "what is long and varied is never stopped")
            .root([program("x = llm_query('x')\nFINAL(f\"{len(x.split())} {x[-12:]}\")")])
            .worker("x", says(numbered("fact ", 3000) + "the end"))
            .answer("6002 2999 the end"),
        case("43", "fewer than 60 words are never stopped, however alike they are")
            .root([program("x = llm_query('x')\nFINAL(f\"{len(x) > 4500} {len(x.split())}\")")])
            .worker("x", says("".to_owned() + &"waaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaait ".repeat(59) + ""))
            .answer("True 59"),
        case("44", "where it was asked for a turn that failed leaves the conversation, and what it failed with stays")
            .options(json!({"repair": ["cleanRetry"]}))
            .by_call()
            .root([program("secret_step = undefined"), program("FINAL('done')")])
            .answer("done")
            .not_in_conversation(2, "secret_step = undefined"),
        case("44", "a turn that failed stays in the conversation")
            .root([program("secret_step = undefined"), says("FINAL('done')")])
            .answer("done")
            .conversation(2, "secret_step = undefined"),
    ]
}

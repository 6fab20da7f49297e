//! Calls of models and child runs, and limits.

use super::{
    case::{Case, case},
    model::{call, calls, hangs, program, refused, says},
};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    vec![
        // Sub-calls
        case("19", "a plain call that fails is a text, not an exception")
            .root([program("answer = llm_query('x')\nFINAL(answer[:6] + str(type(answer)))")])
            .worker("x", refused())
            .answer("Error:<class 'str'>"),
        case("19", "a text may be given apart from the prompt, by its name")
            .root([
                program("one = llm_query(prompt='a', context='T')\nFINAL(one + ', ' + ', '.join(llm_query_batched(['b', 'c'], context='T')))"),
            ])
            .answer("got a\n\nT, got b\n\nT, got c\n\nT"),
        case("20", "answers of a batch have the order of its prompts; an empty batch has none")
            .root([
                program("prompts = [str(n) for n in range(10)]\nFINAL(llm_query_batched(prompts) == ['got ' + p for p in prompts] and llm_query_batched([]) == [] and rlm_query_batched([]) == [])"),
            ])
            .answer("True"),
        case("21", "one failure is an error text in its place")
            .root([
                program("found = llm_query_batched(list('01234'))\nFINAL([x.startswith('Error:') for x in found])"),
            ])
            .worker("2", refused())
            .answer("[False, False, True, False, False]")
            .lost(1),
        case("21", "if all fail, all places hold error texts")
            .root([program("FINAL([x[:6] for x in llm_query_batched(['a', 'b'])])")])
            .worker("a", refused())
            .worker("b", refused())
            .answer("['Error:', 'Error:']")
            .lost(2),
        case("22", "with a concurrency of 1 calls are made one after the other")
            .options(json!({"concurrency": 1}))
            .root([program("FINAL(len(llm_query_batched([str(n) for n in range(12)])))")])
            .answer("12")
            .most_open(1),
        case("22", "with a concurrency of 4 there are never more than 4 calls")
            .options(json!({"concurrency": 4}))
            .root([program("FINAL(len(llm_query_batched([str(n) for n in range(50)])))")])
            .answer("50")
            .most_open(4),
        case("23", "at the limit of depth a child is a plain call")
            .options(json!({"maxDepth": 0}))
            .root([program("FINAL(rlm_query('deep'))")])
            .answer("got deep")
            .depth(0),
        case("23", "one level below, a child's own child is a plain call")
            .options(json!({"maxDepth": 1}))
            .root([program("FINAL(rlm_query('above'))")])
            .children([program("FINAL(rlm_query('from ' + context))")])
            .answer("got from above")
            .depth(1),
        case("25", "calls are told with the run, the turn and the program that made them")
            .root([
                says("```repl\na = llm_query('first')\n```\n```repl\nb = llm_query('second')\n```"),
                says("```repl\nc = llm_query('third')\n```\nFINAL(a + b + c + llm_query('fourth'))"),
            ])
            .answer("got firstgot secondgot thirdgot fourth")
            .event(json!({"kind": "subcall", "state": "started", "label": "first", "run": 0, "iteration": 1, "cell": 1, "depth": 1}))
            .event(json!({"kind": "subcall", "state": "ended", "label": "first", "run": 0, "iteration": 1, "cell": 1}))
            .event(json!({"kind": "subcall", "state": "started", "label": "second", "run": 0, "iteration": 1, "cell": 2}))
            .event(json!({"kind": "turn", "run": 0, "depth": 0, "iteration": 1}))
            .event(json!({"kind": "cell", "run": 0, "depth": 0, "iteration": 1, "cell": 1, "code": "a = llm_query('first')\n"}))
            .event(json!({"kind": "cell", "run": 0, "depth": 0, "iteration": 1, "cell": 2, "code": "b = llm_query('second')\n"}))
            .event(json!({"kind": "subcall", "state": "started", "label": "third", "run": 0, "iteration": 2, "cell": 1}))
            .event(json!({"kind": "cell", "run": 0, "iteration": 2, "cell": 1}))
            .event(json!({"kind": "subcall", "state": "started", "label": "fourth", "run": 0, "iteration": 2, "cell": 2})),
        case("25", "a call that outlives its program has failed with it, and belongs to no other")
            .root([
                program("import threading\nleft = BUDGET()['calls']\nthreading.Thread(target=llm_query, args=('late',)).start()\nwhile BUDGET()['calls'] == left: pass"),
                program("FINAL(llm_query('next'))"),
            ])
            .worker("late", hangs())
            .answer("got next")
            .event(json!({"kind": "subcall", "state": "started", "label": "late", "iteration": 1, "cell": 1}))
            .event(json!({"kind": "subcall", "state": "failed", "label": "late", "iteration": 1, "cell": 1, "error": "ended before its answer came"}))
            .event(json!({"kind": "cell", "iteration": 1, "cell": 1}))
            .event(json!({"kind": "subcall", "state": "started", "label": "next", "iteration": 2, "cell": 1}))
            .event(json!({"kind": "subcall", "state": "ended", "label": "next", "iteration": 2, "cell": 1}))
            .event(json!({"kind": "cell", "iteration": 2, "cell": 1}))
            .no_event(json!({"kind": "subcall", "label": "late", "iteration": 2}))
            .calls(4)
            .lost(0),
        case("26", "what a child does is in the trace of its parent, with its depth; a plain call has no turns")
            .options(json!({"maxDepth": 1}))
            .root([program("x = llm_query('plain')\nFINAL(rlm_query('child'))")])
            .children([program("FINAL(rlm_query('deeper'))")])
            .answer("got deeper")
            .event(json!({"kind": "started", "query": "What is it?"}))
            .event(json!({"kind": "subcall", "state": "started", "label": "plain", "run": 0, "depth": 1}))
            .event(json!({"kind": "subcall", "state": "ended", "label": "plain"}))
            .event(json!({"kind": "subcall", "state": "started", "label": "child", "run": 0, "depth": 1}))
            .event(json!({"kind": "subcall", "state": "started", "label": "deeper", "run": 1, "iteration": 1, "cell": 1, "depth": 2}))
            .event(json!({"kind": "subcall", "state": "ended", "label": "deeper"}))
            .event(json!({"kind": "turn", "run": 1, "depth": 1, "iteration": 1}))
            .event(json!({"kind": "cell", "run": 1, "depth": 1, "iteration": 1, "cell": 1}))
            .event(json!({"kind": "subcall", "state": "ended", "label": "child"}))
            .event(json!({"kind": "turn", "run": 0, "depth": 0, "iteration": 1}))
            .event(json!({"kind": "cell", "run": 0, "depth": 0, "iteration": 1, "cell": 1}))
            .no_event(json!({"kind": "turn", "run": 2}))
            .depth(1),
        case("26", "calls of tools are numbered as programs are")
            .context("alpha\nbeta\n")
            .options(json!({"protocol": "tools", "maxDepth": 0}))
            .root([
                calls("", [call("a", "peek", json!({"start": 0, "end": 4})), call("b", "sub_llm", json!({"query": "Which?", "start": 0, "end": 6}))]),
                says("done"),
            ])
            .worker("alpha\n\n\n# Question\nWhich?", says("the first"))
            .answer("done")
            .result(2, "b", "the first")
            .event(json!({"kind": "turn", "run": 0, "depth": 0, "iteration": 1}))
            .event(json!({"kind": "subcall", "state": "started", "label": "Which?", "run": 0, "iteration": 1, "cell": 2, "depth": 1}))
            .event(json!({"kind": "cell", "run": 0, "iteration": 1, "cell": 1, "output": "alph"}))
            .event(json!({"kind": "cell", "run": 0, "iteration": 1, "cell": 2, "output": "the first"})),
        // Limits
        case("30", "errors in a row end the run, an error now and then does not")
            .options(json!({"maxErrors": 3}))
            .root([
                program("1 / 0"),
                program("1 / 0"),
                program("1"),
                program("1 / 0"),
                program("1 / 0"),
                says("FINAL('done')"),
            ])
            .answer("done"),
        case("30", "three errors in a row end the run")
            .options(json!({"maxErrors": 3}))
            .root([
                says("So far 3.\n```repl\n1 / 0\n```"),
                program("1 / 0"),
                program("1 / 0"),
                says("FINAL('never')"),
            ])
            .answer("So far 3.")
            .ends("errors"),
        case("31", "of a batch that crosses the limit on calls the part runs that fits")
            .options(json!({"maxCalls": 6}))
            .root([
                program("llm_query_batched(list('abc'))"),
                program("found = llm_query_batched(list('defg'))\nanswer['content'] = str([x.startswith('Error:') for x in found].count(True))"),
            ])
            .answer("3")
            .ends("calls")
            .calls(6),
        case("33", "when the turns are used up the answer is demanded once, in the user's role, and an echo of the demand is no part of it")
            .options(json!({"maxIterations": 2}))
            .root([
                program("1"),
                program("2"),
                says("You have no turns left and can run no more programs. Answer the question now, in plain Markdown, from what you have seen so far. If something is missing, say what.\n\nIt is 7."),
            ])
            .answer_has("It is 7.\n\n> **Nothing of the text supports this answer.**")
            .answer_lacks("in plain Markdown")
            .ends("forced")
            .told(3, "You have no turns left")
            .calls(3),
        case("33", "a program is no answer to the demand")
            .options(json!({"maxIterations": 1}))
            .root([says("Half of it: 3.\n```repl\n1\n```"), program("FINAL(4)")])
            .answer("Half of it: 3.")
            .ends("iterations"),
        case("35", "every call has a limit on its reply")
            .root([program("FINAL(llm_query('x'))")])
            .answer("got x")
            .longest_reply(8192),
        case("36", "a prompt that does not fit is refused before it is sent, with sizes; the others of its batch run")
            .window(4000)
            .root([
                program("found = llm_query_batched(['a', 'x' * 100_000, 'b'])\nFINAL(found[0] + ' ' + found[1] + ' ' + found[2])"),
            ])
            .answer_has("got a Error: ")
            .answer_has("window of 4000")
            .answer_has("smaller pieces")
            .answer_has("got b")
            .calls(3),
        case("36", "so is that of a child which is a plain call")
            .options(json!({"maxDepth": 0}))
            .window(4000)
            .root([
                program("found = rlm_query_batched(['a', 'x' * 100_000, 'b'])\nFINAL(found[0] + ' ' + found[1] + ' ' + found[2])"),
            ])
            .answer_has("got a Error: ")
            .answer_has("window of 4000")
            .answer_has("smaller pieces")
            .answer_has("got b")
            .calls(3)
            .lost(1),
        case("36", "a child has its prompt as its text, which fits always")
            .options(json!({"maxDepth": 1}))
            .window(8000)
            .root([program("FINAL(rlm_query('x' * 100_000))")])
            .children([program("FINAL(len(context))")])
            .answer("100000")
            .never_sent("xxxxxxxxxxxxxxxx"),
        case("39", "a reply that was cut off is not the answer")
            .root([says("FINAL('half").cut(), says("FINAL('whole')")])
            .answer("whole")
            .told(2, "Your reply was cut off"),
        case("39", "a plain call that was cut off says so")
            .root([program("FINAL(llm_query('x'))")])
            .worker("x", says("half of").cut())
            .answer_has("half of\n[cut off: a reply may have"),
    ]
}

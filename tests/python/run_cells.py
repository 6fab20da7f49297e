"""Runs cells one after the other, each in a namespace of its own, and prints as JSON what came of each; both interpreters
run this text. `cells` is a list of [name, code], as JSON."""

import io
import json
import random
import sys
import warnings

CONTEXT = (
    """# Report
This is a log of the machine. The magic number is 48213, keep it.

# Log
"""
    + "".join(
        f"2024-01-{day:02d} {hour:02d}:{day:02d}:{hour:02d} {('INFO', 'ERROR', 'WARN')[(day * hour) % 3]} "
        f"{('disk full', 'user=ann logged in', 'user=bob took %d ms' % (day * hour), 'naïve 漢字 😀')[(day + hour) % 4]}\n"
        for day in range(1, 15)
        for hour in range(0, 24, 5)
    )
    + "\n# End\nNothing more of the machine, the log, the number.\n"
)


def llm_query(prompt, model=None):
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a str, not {type(prompt).__name__}")
    return f"answer to {prompt[:12]!r}: {len(prompt)}"


def llm_query_batched(prompts, model=None):
    return [llm_query(prompt) for prompt in prompts]


def run(name, code):
    out, err = io.StringIO(), io.StringIO()
    surroundings = sys.stdout, sys.stderr, sys.stdin
    sys.stdout, sys.stderr, sys.stdin = out, err, io.StringIO()
    names = {"__name__": "__main__", "context": context, "llm_query": llm_query, "llm_query_batched": llm_query_batched}
    names["files"] = {"a.txt": context[:40], "b/é.md": context[40:90]}
    random.seed(0)
    warnings.simplefilter("ignore")
    ended = None
    try:
        exec(compile(code, f"<{name}>", "exec"), names)
    except BaseException as error:
        ended = [type(error).__name__, str(error)]
    finally:
        sys.stdout, sys.stderr, sys.stdin = surroundings
    return [out.getvalue(), err.getvalue(), ended]


context = globals().get("make_context", str)(CONTEXT)
print(json.dumps({name: run(name, code) for name, code in json.loads(cells)}))

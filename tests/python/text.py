"""Is `context` a `str` for programs? The context has megabytes and contains "ERROR: E7 happened" once."""

import copy
import json
import operator
import re

FAILED = []


def check(what, holds):
    if not holds:
        FAILED.append(what)


def raises(kind, action):
    try:
        action()
    except kind:
        return True
    return False


head = context[:5000]
half = len(context) // 2
check("isinstance", isinstance(context, str) and issubclass(type(context), str))
check("class name", repr(type(context)) == "<class 'str'>" and type(context).__name__ == "str")
check("small slices are ordinary strings", type(head) is str)
check("str() shares", all(str(context) is context for _ in range(200)))
check("type(context)(x)", type(context)(12) == "12")
check("f-string", f"{head}|{context[:3]!r}" == head + "|" + repr(head[:3]))
check("in", "ERROR: E7 happened" in context and "no such text" not in context)
check("==", context == context[:] and context != "a" and not context == head and "a" != context)
check("order", ("" < context) and (context > ""))
check("hash", hash(context) == hash(context[:]) and {context: 1}[context[0:]] == 1)
check("hash of a copy", hash(context) == hash("".join([context[:half], context[half:]])))
check("bool", bool(context) and not context[:0])
check(
    "halves", len(context[:half]) + len(context[half:]) == len(context) and context[:half] + context[half:] == context
)
check("place", (context.start, context.end) == (0, len(context)))
check("place of a slice", (context[half:].start, context[half:].end) == (half, len(context)))
check("place of a slice of a slice", context[10:][half:].start == half + 10)
check("place cannot be set", raises(AttributeError, lambda: setattr(context, "start", 1)))
check("place of a part", context.partition("ERROR: E7 happened")[2].start == context.find("ERROR: E7 happened") + 18)
check("match", re.compile("ERROR: E7 ").search(context).group() == "ERROR: E7 ")
check("match keeps the text", re.search("ERROR", context).string is context)
check("long match is shared", re.match("(?s).*", context).group().end == len(context))
check("scanner", re.compile("ERROR").scanner(context).search().group() == "ERROR")
check("re.split", len(re.split(r"\s+", context[:100], maxsplit=3)) == 4)
check("re.sub", re.sub("ERROR: E7", "X", context) == context.replace("ERROR: E7", "X"))
check("re.sub without a match", re.sub("no such text", "X", context) == context)
check("bytes pattern on str", raises(TypeError, lambda: re.search(b"a", context)))
match context:
    case str():
        pass
    case _:
        check("match statement", False)
check("json.dumps", json.loads(json.dumps(context[:300])) == context[:300])
check("json of a text", json.loads(json.dumps({"text": context})) == {"text": context})
check("join", "".join([context[:10], context[10:20]]) == context[:20])
check("enumerate", [char for _, char in zip(range(5), context)] == list(context[:5]))
check("format", "{:>8.3}".format(context[:20]) == "     " + context[:3])
check("percent", "%s" % context[:5] == context[:5])
check("isascii", context.isascii() is False)
check("encode", len(context[:1000].encode()) >= 1000)
check("negative index", context[-1] == context[len(context) - 1] and context[-3:] == context[len(context) - 3 :])
check("lines", context[:1000].splitlines()[0] == context.partition("\n")[0])
check("lines add up", sum(map(len, context.splitlines(True))) == len(context))
check("startswith", context.startswith(("zzz", context[:4])) and context.endswith(context[-4:]))
check("startswith of other things", raises(TypeError, lambda: context.startswith(1)))
check("prefixes", context.removeprefix(context[:9]).start == 9 and context.removesuffix("zzz").end == len(context))
check("keywords", context[:100].split(sep=" ", maxsplit=1)[0] == context.split(maxsplit=1)[0])
check("empty separator", raises(ValueError, lambda: context.split("")))
check("IndexError", raises(IndexError, lambda: context[len(context)]))
check("ValueError", raises(ValueError, lambda: context.index("no such text")))
check("immutable", raises(TypeError, lambda: operator.setitem(context, 0, "a")))
grown = context[:half] + "a"
grown += "b"
check("+ and +=", grown.endswith("ab") and len(grown) == half + 2)
part = context[:half]
part += "z"
check("+= leaves the store alone", part[-1] == "z" and context[half - 1] == part[-2])
check("lower", context.lower()[:100] == context[:100].lower() and context.upper().endswith(context[-50:].upper()))
check("strip", context.strip()[0] == context.lstrip()[0] and context.rstrip().start == 0)
check("repr", len(repr(context)) >= len(context) + 2 and eval(repr(context)) == context)
check("copy", copy.copy(context) is context and copy.deepcopy([context])[0] is context)
check("iteration", sum(1 for _ in context) == len(context) and set(context) == set(context[:1000] + "ERO:7hpnd"))
check("iterator", iter(context) is not context and "".join(list(context)) == context and "q" in list(context))
check("reversed", "".join(char for _, char in zip(range(5), reversed(context))) == context[-5:][::-1])
check("chunks", "".join(context[at : at + 100_000] for at in range(0, len(context), 100_000)) == context)
check("sorted", sorted([context[half:], context[:half]])[0] in (context[half:], context[:half]))
for _ in range(1000):
    view = context[5 : 5 + half]
    del view
print("failed:", FAILED)

# --- looking at the context
print(len(context), type(context), context[:60])
lines = context.split("\n")
print(len(lines), lines[0], max(len(l) for l in lines))

# --- files of the context
print(list(files), len(files), "a.txt" in files)
for path, text in files.items():
    print(path, len(text), text.splitlines()[0])

# --- chunks and questions
size = len(context) // 4 + 1
chunks = [context[i : i + size] for i in range(0, len(context), size)]
answers = llm_query_batched([f"Find the code in:\n{c}" for c in chunks])
found = [a for a in answers if "error" in a.lower()]
print(len(chunks), len(answers), len(found), "".join(chunks) == context)

# --- a needle
import re

m = re.search(r"magic number (?:is|=)\s*(\d+)", context, re.I)
print(m.group(1) if m else "not found", m.start())
i = context.find("magic")
print(context[max(0, i - 20) : i + 30].replace("\n", "\\n"))

# --- errors by hour
import re
from collections import Counter

hours = Counter(m.group(1) for m in re.finditer(r"^\S+ (\d\d):\d\d:\d\d ERROR", context, re.M))
for hour, n in hours.most_common():
    print(f"{hour}h: {n:>3} {'#' * n}")

# --- users by errors
from collections import defaultdict

by_user = defaultdict(list)
for line in context.splitlines():
    if "user=" in line:
        user = line.split("user=")[1].split()[0]
        by_user[user].append(line.split()[2])
for user in sorted(by_user, key=lambda u: (-len(by_user[u]), u)):
    print(f"{user:<8}{len(by_user[user]):>3}  {sorted(set(by_user[user]))}")

# --- a table as a list of dicts
rows = [
    dict(zip(["date", "time", "level"], line.split()[:3]), n=i)
    for i, line in enumerate(context.splitlines())
    if line[:1].isdigit()
]
print(rows[0], len(rows), {r["level"] for r in rows} == {"INFO", "ERROR", "WARN"})
levels = sorted({r["level"] for r in rows})
print(levels, [sum(r["level"] == l for r in rows) for l in levels])


# --- map and reduce
def summarize(text, depth=0):
    if len(text) < 400:
        return llm_query("sum: " + text)[:20]
    half = len(text) // 2
    return summarize(text[:half], depth + 1) + "|" + summarize(text[half:], depth + 1)


print(summarize(context[:900]))

# --- a reply that is parsed
import json, re


def ask(prompt):
    reply = '```json\n{"score": ' + str(len(prompt) % 10) + ', "ok": true}\n```'
    try:
        return json.loads(re.sub(r"^```(?:json)?|```$", "", reply.strip(), flags=re.M))
    except json.JSONDecodeError as error:
        return {"error": str(error)}


results = [ask(p) for p in ["a", "bb", "c" * 12]]
print(results, sum(r["score"] for r in results) / len(results))

# --- votes
from collections import Counter

votes = [llm_query("vote " + c)[-1] for c in "aabca"]
winner, n = Counter(votes).most_common(1)[0]
print(winner, n, f"{n / len(votes):.0%}")

# --- a buffer that grows
buffer = []
for i, line in enumerate(context.splitlines()[:10]):
    buffer.append(f"{i:03d}: {line[:30]}")
print("\n".join(buffer))
print("..." if len(context) > 100 else "", sep="")

# --- a sliding window
words = context.split()
windows = [" ".join(words[i : i + 5]) for i in range(0, 20, 3)]
print(windows[:2], len(windows), len(set(words)), sorted(set(words), key=words.count, reverse=True)[0] in words)

# --- the longest lines
for length, number in sorted(((len(l), n) for n, l in enumerate(context.splitlines(), 1)), reverse=True)[:3]:
    print(number, length)

# --- lines around a match
lines = context.splitlines()
for n, line in enumerate(lines):
    if "ERROR" in line and "disk" in line:
        print(
            "\n".join(f"{'>' if k == n else ' '} {k}: {lines[k]}" for k in range(max(0, n - 1), min(len(lines), n + 2)))
        )
        break


# --- similarity of texts
def jaccard(a, b):
    a, b = set(a.lower().split()), set(b.lower().split())
    return len(a & b) / len(a | b)


docs = context.split("\n\n")
print(
    len(docs),
    round(jaccard(docs[0], docs[-1]), 3),
    max(range(len(docs)), key=lambda i: jaccard(docs[i], "magic number")),
)

# --- tf-idf by hand
import math, re
from collections import Counter

docs = [re.findall(r"[a-z]+", d.lower()) for d in context.split("\n\n")]
df = Counter(w for d in docs for w in set(d))
scores = {w: Counter(docs[0])[w] * math.log(len(docs) / df[w]) for w in set(docs[0])}
print([(w, round(s, 3)) for w, s in sorted(scores.items(), key=lambda kv: (-kv[1], kv[0]))[:5]])

# --- dates and durations in the log
from datetime import datetime

stamps = [
    datetime.strptime(" ".join(l.split()[:2]), "%Y-%m-%d %H:%M:%S") for l in context.splitlines() if l[:4] == "2024"
]
print(stamps[0], stamps[-1] - stamps[0], max(b - a for a, b in zip(stamps, stamps[1:])), len(stamps))

# --- numbers out of the text
import re, statistics

numbers = [int(n) for n in re.findall(r"took (\d+) ms", context)]
print(
    len(numbers), sum(numbers), statistics.mean(numbers), statistics.median(numbers), max(numbers), sorted(numbers)[-3:]
)

# --- a class for a document
from dataclasses import dataclass, field


@dataclass
class Section:
    title: str
    body: list = field(default_factory=list)

    def words(self):
        return sum(len(l.split()) for l in self.body)


sections, current = [], Section("start")
for line in context.splitlines():
    if line.startswith("# "):
        sections.append(current)
        current = Section(line[2:])
    else:
        current.body.append(line)
sections.append(current)
print([(s.title, s.words()) for s in sections])

# --- a memory of questions
cache = {}


def ask(p):
    if p not in cache:
        cache[p] = llm_query(p)
    return cache[p]


print(ask("a"), ask("a"), ask("b"), len(cache), list(cache))

# --- a check of types
print(
    isinstance(context, str),
    type(context).__name__,
    type(context) == str,
    hasattr(context, "splitlines"),
    callable(llm_query),
    isinstance(files["a.txt"], str),
    str(context) == context,
    context is not None,
)

# --- the class of the context by identity : differs
print(type(context) is str)

# --- the context in all forms
import json, hashlib

print(
    json.loads(json.dumps(context)) == context,
    hashlib.md5(context.encode()).hexdigest(),
    len(context.encode("utf-8")),
    context.count("\n"),
    context == "".join(context),
    hash(context) == hash(context + ""),
    context in {context},
    f"{context:.10}",
    "%.5s" % context,
    context[:3] * 2,
)

# --- progress
import time

start = time.time()
for i, chunk in enumerate([context[i : i + 1000] for i in range(0, 3000, 1000)]):
    print(f"chunk {i + 1}/3 ({len(chunk)} chars): {llm_query(chunk[:5])}", flush=True)
print(time.time() - start < 60)

# --- printing to stderr
import sys

print("note", file=sys.stderr)
sys.stdout.flush()
print("answer")

# --- results of nothing
results = [r for r in (llm_query(q) for q in []) if r]
print(
    results,
    results or "none",
    sum(map(len, results)),
    max(map(len, results), default=0),
    dict.fromkeys(results),
    "".join(results) == "",
)

# --- a mistake in a loop
for chunk in ["a", None, "c"]:
    print(llm_query(chunk.strip()))

# --- an index out of the text
print(context.split("=====")[1])

# --- a name that was never made
print(final_answer)

# --- a format that does not fit
print(f"{[1, 2]:.2f}")

# --- a reply that is no number
int(llm_query("how many?"))

# --- the same word twice
import re

print(
    [m.group() for m in re.finditer(r"\b(\w+) \1\b", "the the end of of it")],
    re.sub(r"\b(\w+)( \1\b)+", r"\1", "the the the end"),
)

# --- pairs of items
items = ["a", "b", "c"]
pairs = [(x, y) for i, x in enumerate(items) for y in items[i + 1 :]]
print(pairs, len(pairs), {frozenset(p) for p in pairs} == {frozenset("ab"), frozenset("ac"), frozenset("bc")})

# --- majority of labels
labels = {"q1": "entity", "q2": "number", "q3": "entity"}
from collections import Counter

counts = Counter(labels.values())
top = max(counts.values())
print([l for l, n in counts.items() if n == top], counts, f"Answer: {counts.most_common()[0][0]}")

# --- questions and answers in lines
qa = "Q: one?\nA: 1\nQ: two?\nA: 2\nmore\nQ: three?\n"
import re

print(re.findall(r"Q: (.*?)\nA: (.*?)(?=\nQ:|\Z)", qa, re.S), [b.split("\n")[0] for b in qa.split("Q: ")[1:]])

# --- sorted by a date in the text
docs = ["b (2021-05-01)", "a (2020-01-02)", "c (no date)"]
import re

print(sorted(docs, key=lambda d: (m.group() if (m := re.search(r"\d{4}-\d\d-\d\d", d)) else "9999")))

# --- merged intervals
spans = [(1, 4), (3, 6), (8, 9), (9, 10)]
merged = []
for a, b in sorted(spans):
    if merged and a <= merged[-1][1]:
        merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
    else:
        merged.append((a, b))
print(merged, sum(b - a for a, b in merged))


# --- edit distance
def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


print(distance("kitten", "sitting"), distance("", "abc"), distance("é", "e"))

"""CPython's part of the comparison: prints a text of 200 kB, random operations on it, and what they come to.

The text is the first line and everything else the second, both JSON.
"""

import json
import random
import sys

PIECES = (
    ["word", "Error", "a", "ab", "aa", " ", "  ", "\t", ",", ", ", ".", "\n", "\r\n", "\r", "\n\n", "\x0b", "\x0c"]
    + ["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029", "\xa0", "\u3000", "é", "Ünï", "ß", "ñ", "½"]
    + ["漢", "漢字", "データ", "한국", "привет", "😀", "👩‍💻", "🇩🇪", "e\u0301", "n\u0303", "İ", "ς", "ΑΣ"]
)
PATTERNS = [
    r"\w+",
    r"Err\w+",
    r"(\w)(\s)",
    r"^.*$",
    r"漢字",
    r"(?P<x>é)|(ß)",
    r"\bword\b",
    r"a*",
    r"😀.?",
    r"[à-ÿ]+",
    r"(?i)ERROR",
    r"\r?\n",
    r"(?<=a)b",
    r"(a)?b",
    r"\Z",
    r"x^",
]
SEARCHES = ["find", "rfind", "index", "rindex", "count", "startswith", "endswith"]
KINDS = (
    [
        "get",
        "in",
        "split",
        "rsplit",
        "splitlines",
        "partition",
        "strip",
        "split of a slice",
        "iterate",
        "re",
        "re at",
        "case",
    ]
    + ["slice"] * 5
    + SEARCHES * 2
)


def position(rng, length):
    kind = rng.random()
    if kind < 0.15:
        return None
    if kind < 0.25:
        return rng.choice([0, 1, -1, length, length - 1, length + 1, -length, -length - 1, 10**12, -(10**12)])
    return rng.randint(-length, length)


def window(rng, length):
    """A start and an end, close to each other half of the time."""
    start = position(rng, length)
    if start is not None and abs(start) < length and rng.random() < 0.5:
        return start, start + rng.randint(-5, 60)
    return start, position(rng, length)


def needle(rng, text):
    if rng.random() < 0.05:
        return rng.choice(["", "zzz", "\ud800"])
    start = rng.randrange(len(text))
    return text[start : start + rng.choice([1, 1, 2, 3, 8])]


def random_case(rng, text):
    kind = rng.choice(KINDS)
    start, end = window(rng, len(text))
    if kind == "get":
        return [kind, position(rng, len(text)) or 0]
    if kind in ("slice", "iterate", "case"):
        return [kind, start, end, rng.choice([None, None, None, 1, 2, 7, -1, -3])]
    if kind == "in":
        return [kind, needle(rng, text)]
    if kind in ("split", "rsplit", "partition"):
        return [kind, rng.choice([None, needle(rng, text), "\n"]), rng.choice([0, 1, 2, 5])]
    if kind == "split of a slice":
        return [kind, start, end, rng.choice([None, needle(rng, text)]), rng.choice([-1, 0, 1, 3])]
    if kind == "splitlines":
        return [kind, start, end, rng.choice([True, False])]
    if kind == "strip":
        return [kind, rng.choice([None, needle(rng, text), "\n a"])]
    if kind == "re":
        return [kind, rng.choice(PATTERNS), start, end]
    if kind == "re at":
        return [kind, rng.choice(PATTERNS), rng.randrange(len(text))]
    return [kind, needle(rng, text), start, end]


rng = random.Random(42)
pieces = []
size = 0
while size < 200_000:
    pieces.append(rng.choice(PIECES))
    size += len(pieces[-1].encode())
text = "".join(pieces)
cases = [random_case(rng, text) for _ in range(int(sys.argv[1]))]
print(json.dumps(text))
print(json.dumps({"cases": cases, "expected": [outcome(text, case) for case in cases]}))

"""CPython's part of the comparison: prints a text of 200 kB, random operations on it, and what they come to.

The text is the first line and everything else the second, both JSON.
"""

import json
import random
import sys

PIECES = (
    ["word", "Error", "a", "ab", "aa", " ", "  ", "\t", ",", ", ", ".", "\n", "\r\n", "\r", "\n\n", "\x0b", "\x0c"]
    + ["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029", "\xa0", "\u3000", "é", "Ünï", "ß", "ñ", "½"]
    + [
        "{}",
        "{0}",
        "{name}",
        "{",
        "}}",
        "%s",
        "%",
        "%(a)s",
        "$a",
        "\\",
        "12",
        "-3.5",
        " 7 ",
        "1_0",
        "٣٤",
        "0x1F",
        "²",
        "Ⅷ",
    ]
    + ["漢", "漢字", "データ", "한국", "привет", "😀", "👩‍💻", "🇩🇪", "e\u0301", "n\u0303", "İ", "ς", "ΑΣ"]
    + [
        "ǆ",
        "ﬁ",
        "ŉ",
        "ᾳ",
        "\u0345",
        "\u200b",
        "\xad",
        "\ue000",
        "\U000e0001",
        "\x00",
        "\x7f",
        "'",
        '"',
        "O'Neil",
        "A1b",
    ]
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
CODECS = ["utf-8", "utf-8", "ascii", "latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig"]
CODECS += ["cp1252", "cp437", "iso-8859-15", "koi8-r", "utf-7", "mac-roman", "UTF8", "us-ascii", "no-such-codec"]
ERRORS = ["strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace", "namereplace", "surrogateescape"]
ERRORS += ["surrogatepass", "no-such-handler"]
SEARCHES = ["find", "rfind", "index", "rindex", "count", "startswith", "endswith"]


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


# What an operation is given beside the part of the text. `n` makes needles, `r` is the source of chance.
ARGUMENTS = {
    "get": lambda r, n: [r.choice([0, -1, 1, 5, -5, 100, 10**6, 10**30])],
    "slice": lambda r, n: [],
    "iterate": lambda r, n: [],
    "search": lambda r, n: [r.choice(SEARCHES), n(), *window(r, 60)][: r.choice([2, 3, 4, 4])],
    "affixes": lambda r, n: [[n(), n(), ""][: r.randint(0, 3)], *window(r, 30)],
    "remove_affixes": lambda r, n: [r.randint(0, 5), n()],
    "split": lambda r, n: [r.choice([None, n(), n(), "\n"]), r.choice([-1, 0, 1, 2, 5])],
    "lines": lambda r, n: [r.choice([True, False])],
    "partition": lambda r, n: [n()],
    "strip": lambda r, n: [r.choice([None, n(), "\n a", " \tword"])],
    "cases": lambda r, n: [],
    "predicates": lambda r, n: [],
    "pad": lambda r, n: [r.randint(-3, 12), r.choice(["*", "é", "😀", "0", "", "ab"])],
    "tabs": lambda r, n: [r.choice([-1, 0, 1, 4, 8, 13])],
    "replace": lambda r, n: [n(), n(), r.choice([-1, 0, 1, 3])],
    "translate": lambda r, n: [r.randrange(len(TABLES))],
    "encode": lambda r, n: [r.choice(CODECS), r.choice(ERRORS[:-2])],
    "decode": lambda r, n: [r.choice([it for it in CODECS if "32" not in it]), r.choice(ERRORS)],
    "format": lambda r, n: [r.randint(0, 30), r.randint(0, 20), r.choice(["*", "é", "😀", "", "=", "0", ">"])],
    "as_format": lambda r, n: [r.choice([n(), 5, 2.5, None, [1]])],
    "join": lambda r, n: [[n() for _ in range(r.randint(0, 4))]],
    "compare": lambda r, n: [n()],
    "hash": lambda r, n: [n()],
    "in": lambda r, n: [n()],
    "concat": lambda r, n: [n(), r.choice([-1, 0, 1, 3])],
    "show": lambda r, n: [],
    "unpack": lambda r, n: [],
    "order": lambda r, n: [],
    "numbers": lambda r, n: [],
    "copy": lambda r, n: [r.randint(0, 5)],
    "json": lambda r, n: [],
    "wrap": lambda r, n: [r.choice([4, 8, 20, 70])],
    "differ": lambda r, n: [n() + n() + n()],
    "normalize": lambda r, n: [r.choice(["NFC", "NFD", "NFKC", "NFKD"])],
    "csv": lambda r, n: [],
    "type": lambda r, n: [],
    "keys": lambda r, n: [r.choice([0, -1, 3, 10**9])],
    "re": lambda r, n: [r.choice(PATTERNS)],
    "re_at": lambda r, n: [r.choice(PATTERNS), r.randrange(100_000)],
    "as_pattern": lambda r, n: [n() + n() + n() + n()],
}
KINDS = list(ARGUMENTS) + ["slice", "search", "search"] * 3


def random_case(rng, text):
    """An operation on a part of the text: short, long, or all of it; numbers are more often parts that look like one."""
    kind = rng.choice(KINDS)
    start, end = window(rng, len(text))
    size = rng.random()
    if kind == "numbers" and size < 0.8:
        start, end = rng.choice(NUMERALS)
    elif size < 0.03:
        start = end = None
    elif size < 0.85:
        start = rng.randrange(len(text))
        end = start + rng.choice([1, 2, 3, 8, 40, 200])
    step = rng.choice([None, None, None, None, None, 1, 2, 7, -1, -3]) if kind in ("slice", "iterate") else None
    return [kind, start, end, step, *ARGUMENTS[kind](rng, lambda: needle(rng, text))]


rng = random.Random(42)
pieces = []
size = 0
while size < 200_000:
    pieces.append(rng.choice(PIECES))
    size += len(pieces[-1].encode())
text = "".join(pieces)
NUMERALS = [match.span() for match in re.finditer(r"\s?[-+]?[0-9._x²Ⅷ]+\s?", text)]
cases = [random_case(rng, text) for _ in range(int(sys.argv[1]))]
print(json.dumps(text))
print(json.dumps({"cases": cases, "expected": [outcome(text, case) for case in cases]}))

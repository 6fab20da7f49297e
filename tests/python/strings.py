"""Prints what methods of ordinary strings do where the interpreter needed corrections. CPython must print the same."""

import json

STRINGS = [
    "",
    "a",
    "ab",
    "héé漢😀",
    "éa" * 7,
    "  a \x1c b\u3000c\x1f ",
    "\x1f\xa0x\x85",
    "+é7",
    "-12",
    "a\tbé\tc\n\td",
    "'\"“”'",
    "ΑΣ ß İ",
    "x" * 5000 + "é" * 5000,
]
SEARCHES = [
    ("é",),
    ("a", 1),
    ("", 0),
    ("é", 2, -1),
    ("xé", -5001, 5001),
    ("zz",),
    ("", 3, 2),
    ("", 10**20),
    ("éa", None, None),
]


def show(label, what, *values):
    shown = [ascii(value) for value in values]
    print(label, what, *[it if len(it) < 300 else f"{it[:80]} … {it[-80:]} {len(it)}" for it in shown])


for number, s in enumerate(STRINGS):
    show(number, "format", f"{s:.2}", f"{s:.<9.4s}|", f"{s:>6}", f"{s:^7.1}", "%.3s" % s, format(s, ""))
    show(number, "split", s.split(), s.split(None, 1), s.split("é"), s.split("é", 1), s.split(sep=None, maxsplit=2))
    show(number, "rsplit", s.rsplit(), s.rsplit(None, 1), s.rsplit("é"), s.rsplit("é", 1), s.rsplit(maxsplit=0))
    show(
        number,
        "strip",
        s.strip(),
        s.lstrip(),
        s.rstrip(),
        s.strip("'\"“”"),
        s.lstrip("+é"),
        s.rstrip("aé"),
        s.strip(None),
    )
    show(number, "slices", s[::2], s[::-1], s[1::3], s[-1:0:-2], s[2:5], s[:-1], s[5000:5002], s[100:10], s[:])
    show(number, "lengths", [len(s[start::step]) for start in (0, 1, 2) for step in (1, 2, 3, -1, -2)])
    show(number, "reversed", "".join(reversed(s[::2])), [s[i] for i in range(-len(s), len(s))][:20])
    show(number, "find", *[getattr(s, method)(*where) for where in SEARCHES for method in ("find", "rfind", "count")])
    show(
        number,
        "affixes",
        s.startswith("h"),
        s.startswith(("x", "é"), 1),
        s.endswith("é", -9),
        s.endswith("", 3, 2),
        s.startswith(()),
    )
    show(number, "edges", s.count(""), s.count("", 1, 2), s.count("", 3, 2), s.replace("", "-"), s.replace("", "é", 2))
    show(number, "replace", s.replace("é", "e"), s.replace("é", "ee", 1), s.replace("a", "", 0))
    show(
        number,
        "width",
        s.zfill(9),
        s.zfill(0),
        s.expandtabs(),
        s.expandtabs(4),
        s.expandtabs(0),
        s.expandtabs(tabsize=1),
    )
    show(number, "json", json.dumps(s), json.dumps(s, ensure_ascii=False), json.loads(json.dumps(s)) == s)

print(
    json.dumps("".join(map(chr, range(130)))),
    json.dumps("\ud800😀"),
    ascii(json.dumps("\x0b\x1b\x7f", ensure_ascii=False)),
)
print(json.dumps({"é": ["\x0b", 1.5, None, True], "n": {"a": "b"}}, indent=1, sort_keys=True))
for action in (
    lambda: "a".split(""),
    lambda: "é"[9],
    lambda: STRINGS[1]["a"],
    lambda: "é".zfill("x"),
    lambda: f"{'é':q}",
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__)

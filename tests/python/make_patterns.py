"""CPython's part of the comparison: prints a text, random patterns for its parts, and what they find there.

The text is the first line and everything else the second, both JSON. Left out is only what CPython itself takes too long
for, and what it reports as an error of its own: its possessive repetitions keep groups of rounds that failed, and a group
may end before it starts.
"""

import json
import random
import signal
import sys

PLAIN = ["word", "Error", "ERROR", "a", "ab", "aab", "b", "c", "x1", "12", "007", "_", "-", ",", ".", "Kk", "sS", "i"]
SPACES = [" ", " ", " ", "  ", "\t", "\n", "\n", "\n\n"]
RARE = ["\r\n", "\r", "\x0b", "\x1c", "\x85", "\u2028", "\xa0", "\u3000", "é", "ÉÜ", "ß", "ñ", "½", "²", "٣", "漢字", "一", "데"]
RARE += ["привет", "😀", "😂", "e\u0301", "हिन्दी", "Ⓐ", "İ", "ı", "ſ", "\u212a", "ς", "Σσ", "ǅ", "µ", "\u0345", "Å"]
LITERALS = ["a", "b", "c", "ab", "Error", "E", "r", "1", "0", "_", " ", "\\n", ",", "\\.", "é", "ß", "漢", "😀", "\\r", "k", "S"]
LITERALS += ["i", "İ", "ſ", "σ", "µ", "\\u0301", "Å", "word"]
CLASSES = [r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", ".", "[a-z]", "[^a-c]", "[à-ÿ]", "[\\w-]", r"[^\W\d_]", "[一-龥]", "[😀-😂a]"]
CLASSES += [r"[^\n]", "[A-Z]", "[^,]", r"[\s\S]", r"[\d.]", "[k-sſ]", "[^é]", "[ब-ी]", "[α-ω]"]
ANCHORS = ["^", "$", r"\b", r"\b", r"\B", r"\A", r"\Z"]
TIMES = ["?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}", "??", "*?", "+?", "{1,3}?", "{2,}?", "?+", "*+", "++", "{1,3}+"]
FEW_TIMES = ["?", "{2}", "{1,3}", "{0,2}", "??", "{1,2}?", "{2,3}?", "{0,3}?", "?+", "{1,2}+"]
OPENINGS = ["(?:", "(?:", "(?:", "(", "(", "(", "(?P<n%d>", "(?>", "(?i:", "(?s:", "(?m:"]
# Patterns of these find much in texts of these, most of it by going back.
DENSE_LITERALS = ["a", "b", "c", "ab", "ba"]
DENSE_CLASSES = [".", "[ab]", "[^a]", "[bc]", r"\w"]
DENSE_ANCHORS = ["^", "$", r"\b", r"\B"]
DENSE_TEXT = ["a", "a", "b", "ab", "c", "aab", "abc", "bb", " ", "\n"]
FLAGS = [0] * 6 + [re.I, re.I, re.M, re.M, re.S, re.A, re.I | re.M, re.I | re.A, re.M | re.S]


class Pattern:
    """A random pattern. Few repetitions without limit lie in each other, or CPython would take for ever for most."""

    def __init__(self, rng, is_dense):
        self.rng = rng
        self.groups = 0
        self.literals = DENSE_LITERALS if is_dense else LITERALS
        self.classes = DENSE_CLASSES if is_dense else CLASSES
        self.anchors = DENSE_ANCHORS if is_dense else ANCHORS
        self.text = self.branches(4 if is_dense else 3, True)

    def branches(self, depth, is_free):
        count = self.rng.choice([1, 1, 1, 2, 3])
        return "|".join(self.sequence(depth, is_free) for _ in range(count))

    def sequence(self, depth, is_free):
        return "".join(self.item(depth, is_free) for _ in range(self.rng.choice([0, 1, 1, 2, 2, 3, 4])))

    def item(self, depth, is_free):
        rng = self.rng
        kind = rng.random()
        if kind < 0.08:
            return rng.choice(self.anchors)
        times = rng.choice(TIMES if is_free else FEW_TIMES) if rng.random() < 0.45 else ""
        if kind < 0.35 or not depth:
            return rng.choice(self.literals) + times
        if kind < 0.55:
            return rng.choice(self.classes) + times
        if kind < 0.68:
            return self.special(depth)
        is_free = is_free and (rng.random() < 0.1 or times[:1] not in ("*", "+") and times[:3] != "{2,")
        return self.group(lambda: self.branches(depth - 1, is_free)) + times

    def group(self, make_body):
        opening = self.rng.choice(OPENINGS)
        if opening in ("(", "(?P<n%d>"):
            self.groups += 1
            opening = opening.replace("%d", str(self.groups))
        return opening + make_body() + ")"

    def special(self, depth):
        rng = self.rng
        kind = rng.choice(["ahead", "not ahead", "behind", "not behind", "again", "again", "again", "if", "if"])
        if kind == "ahead":
            return "(?=" + self.sequence(depth - 1, False) + ")"
        if kind == "not ahead":
            return "(?!" + self.sequence(depth - 1, False) + ")"
        if kind == "behind":
            return "(?<=" + self.fixed(depth) + ")"
        if kind == "not behind":
            return "(?<!" + self.fixed(depth) + ")"
        if not self.groups:
            return rng.choice(self.literals)
        group = rng.randint(1, self.groups)
        if kind == "again":
            return "\\%d" % group + (rng.choice(FEW_TIMES) if rng.random() < 0.2 else "")
        return "(?(%d)%s|%s)" % (group, self.sequence(depth - 1, False), self.sequence(depth - 1, False))

    def fixed(self, depth):
        """Something of one length, for what lies behind."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.6 or not depth:
            return rng.choice(self.literals + self.classes)
        if kind < 0.8:
            return self.group(lambda: self.fixed(depth - 1))
        if kind < 0.9:
            return self.fixed(depth - 1) + self.fixed(depth - 1)
        return "(?:" + "|".join(rng.choice(self.classes) for _ in range(2)) + ")" + rng.choice(["", "{2}"])


def part(rng, pieces, count):
    return "".join(rng.choices(pieces, k=count))


def random_case(rng, bounds):
    is_dense = rng.random() < 0.5
    text = Pattern(rng, is_dense).text
    start, end = bounds[0] if is_dense else rng.choice(bounds)
    if rng.random() < 0.3:
        start = rng.randrange(start, end)
        end = rng.randrange(start, min(end, start + 200) + 1)
    length = end - start
    within = sorted([rng.randint(0, length), rng.randint(0, length)])
    return [text, int(rng.choice(FLAGS)), start, end, *rng.choice([(0, length), (0, length), within, (0, length - 1)])]


class TooSlow(BaseException):
    pass


def too_slow(*_):
    raise TooSlow


def outcome_in_time(text, case):
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.1)
        result = outcome(text, case)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return result
    except TooSlow:
        return None


BROKEN = render(["raised", "SystemError"]).hex()


signal.signal(signal.SIGVTALRM, too_slow)
rng = random.Random(7)
parts = [
    part(rng, DENSE_TEXT, 400),
    part(rng, PLAIN + SPACES, 8000),
    part(rng, PLAIN + SPACES, 8000) + "\n",
    part(rng, PLAIN + SPACES * 2 + RARE, 8000),
    part(rng, RARE + SPACES, 8000) + "\n",
    part(rng, PLAIN + SPACES + RARE[:4], 1500),
]
ends = list(itertools.accumulate(map(len, parts)))
bounds = list(zip([0] + ends, ends)) + [(0, ends[-1])]
text = "".join(parts)
cases, expected = [], []
while len(cases) < int(sys.argv[1]):
    case = random_case(rng, bounds)
    result = outcome_in_time(text, case)
    if result not in (None, BROKEN):
        cases.append(case)
        expected.append(result)
print(json.dumps(text))
print(json.dumps({"cases": cases, "expected": expected}))

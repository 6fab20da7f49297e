"""CPython's part of the comparison: prints a text, random patterns for its parts, and what they find there.

The text is the first line and everything else the second, both JSON. Left out is what CPython itself takes too long
for, and what the engine behind `_sre` is known to do wrong: it repeats for ever what may be nothing, and keeps groups of
attempts that failed where a group lies in a repetition of at least two, or in an atomic group or another one that never
gives back.
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
TIMES = ["?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}", "??", "*?", "+?", "{1,3}?"]
ENDS_OF_SETS = ["?+", "*+", "++"]
FEW_TIMES = ["?", "{2}", "{1,3}", "{0,2}", "??", "{1,2}?"]
FLAGS = [0] * 6 + [re.I, re.I, re.M, re.M, re.S, re.A, re.I | re.M, re.I | re.A, re.M | re.S]


def may_be_nothing(body):
    """Whether part of a pattern may match nothing; the engine behind `_sre` repeats nothing for ever."""
    try:
        return re._parser.parse(body).getwidth()[0] == 0
    except (re.error, OverflowError):
        return True


class Pattern:
    """A random pattern; repetitions without limit do not lie in each other, or CPython would take for ever."""

    def __init__(self, rng):
        self.rng = rng
        self.groups = 0
        self.text = self.branches(3, True)

    def branches(self, depth, is_free):
        count = self.rng.choice([1, 1, 1, 2, 3])
        return "|".join(self.sequence(depth, is_free) for _ in range(count))

    def sequence(self, depth, is_free):
        return "".join(self.item(depth, is_free) for _ in range(self.rng.choice([0, 1, 1, 2, 2, 3, 4])))

    def item(self, depth, is_free):
        rng = self.rng
        kind = rng.random()
        if kind < 0.12:
            return rng.choice(ANCHORS)
        times = rng.choice(TIMES if is_free else FEW_TIMES) if rng.random() < 0.4 else ""
        if kind < 0.45 or not depth:
            return rng.choice(LITERALS) + times
        if kind < 0.75:
            return rng.choice(CLASSES) + (times if rng.random() < 0.8 else rng.choice(ENDS_OF_SETS) * is_free)
        if kind < 0.82:
            return self.special(depth)
        opening = rng.choice(["(?:", "(?:", "(", "(", "(?P<n%d>", "(?i:", "(?s:", "(?m:"])
        if opening in ("(", "(?P<n%d>"):
            self.groups += 1
            opening = opening.replace("%d", str(self.groups))
        body = self.branches(depth - 1, is_free and times[:1] not in ("*", "+") and times[:3] != "{2,")
        if times not in ("", "?", "??") and (may_be_nothing(body) or self.groups):
            times = ""
        return opening + body + ")" + times

    def special(self, depth):
        rng = self.rng
        kind = rng.choice(["ahead", "not ahead", "behind", "not behind", "again", "if"])
        if kind == "ahead":
            return "(?=" + self.sequence(depth - 1, False) + ")"
        if kind == "not ahead":
            return "(?!" + self.sequence(depth - 1, False) + ")"
        if kind == "behind":
            return "(?<=" + rng.choice(LITERALS + CLASSES) + ")"
        if kind == "not behind":
            return "(?<!" + rng.choice(LITERALS + CLASSES) + ")"
        if not self.groups:
            return rng.choice(LITERALS)
        group = rng.randint(1, self.groups)
        return "\\%d" % group if kind == "again" else "(?(%d)%s|%s)" % (group, rng.choice(LITERALS), rng.choice(CLASSES))


def part(rng, pieces, count):
    return "".join(rng.choices(pieces, k=count))


def random_case(rng, bounds):
    text = Pattern(rng).text
    start, end = rng.choice(bounds)
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


signal.signal(signal.SIGVTALRM, too_slow)
rng = random.Random(7)
parts = [
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
    if result is not None:
        cases.append(case)
        expected.append(result)
print(json.dumps(text))
print(json.dumps({"cases": cases, "expected": expected}))

"""Prints what `re` finds in many cases. CPython and the interpreter of the worker must print the same."""

import re
import warnings

warnings.simplefilter("ignore")

MIXED = "naïve café, Straße 漢字 données 😀 x=1, y = 22; <b>é</b>\nERROR: E7 größer\r\nÉtude e\u0301 end\n"
LOG = "2024-01-02 ERROR disk full\n2024-01-03 INFO ok\n\n2024-02-29 ERROR: E42 – Überlauf\n"

# Pattern, flags, subject, method, further arguments of the method.
CASES = [
    # Searching, with positions in characters.
    (r"é", 0, MIXED, "search"),
    (r"😀", 0, MIXED, "search"),
    (r"ERROR: E(\d+)", 0, MIXED, "search"),
    (r"ERROR", 0, MIXED, "search", 10),
    (r"ERROR", 0, MIXED, "search", 60),
    (r"ERROR", 0, MIXED, "search", 0, 20),
    (r"a", 0, "banana", "search", -3),
    (r"a", 0, "banana", "search", 2, 3),
    (r"", 0, "abc", "search", 2, 1),
    (r"b*", 0, "aabb", "search"),
    (r"x^", 0, "x", "search"),
    (r"(?:)", 0, "", "search"),
    # Anchored.
    (r"\w+", 0, "naïve café", "match"),
    (r"\w+", 0, "naïve café", "match", 6),
    (r"^b", 0, "abc", "match", 1),
    (r"b", 0, "abc", "match", 1),
    (r"a|ab", 0, "ab", "fullmatch"),
    (r"a+?", 0, "aaa", "fullmatch"),
    (r"\d{3}", 0, "1234", "fullmatch"),
    (r"\d{3}", 0, "1234", "fullmatch", 0, 3),
    # Groups.
    (r"(\w+)\s*=\s*(\d+)", 0, MIXED, "search"),
    (r"(?P<key>\w+)\s*=\s*(?P<value>\d+)", 0, MIXED, "search"),
    (r"(a)|(b)|(c)", 0, "c", "match"),
    (r"((a)(b)?)+", 0, "aab", "match"),
    (r"(?P<a>x)?(?P<b>y)", 0, "y", "match"),
    (r"(?P<q>['\"]).*?(?P=q)", 0, 'say "it\'s" now', "search"),
    (r"(\w)\1", 0, "xaabéé", "findall"),
    (r"(a)?(?(1)b|c)", 0, "ab c ac", "findall"),
    # Lookaround.
    (r"(?<=é)\W", 0, MIXED, "findall"),
    (r"(?<!\w)\d+", 0, "a1 22 b3 44", "findall"),
    (r"\w+(?==)", 0, MIXED, "findall"),
    (r"\b(?!ERROR)[A-Z]+\b", 0, LOG, "findall"),
    (r"(?<=漢)字", 0, MIXED, "search"),
    (r"(?<=ab)c", 0, "abc", "search", 2),
    # Flags, also inside the pattern.
    (r"ERROR", re.IGNORECASE, "error Error", "findall"),
    (r"straße|ÉTUDE", re.I, MIXED, "findall"),
    (r"[à-ÿ]+", re.I, "ÀÉ xé", "findall"),
    (r"(?i:é)É", 0, "éÉ ÉÉ éé", "findall"),
    (r"^\S+", re.M, LOG, "findall"),
    (r"\w+$", re.M, LOG, "findall"),
    (r"$", 0, "a\n", "findall"),
    (r"\Z", 0, "a\n", "findall"),
    (r"b.*", re.S, "ab\ncd", "findall"),
    (r"b.*", 0, "ab\ncd", "findall"),
    (r"\w+", re.ASCII, "naïve café", "findall"),
    (r"(?a)\bé", 0, "é aé", "findall"),
    (
        r"""(\d{4})  # a year
         -(\d\d)  # a month
         [ #]*""",
        re.X,
        LOG,
        "findall",
    ),
    (r"(?mi)^(\d+)-.*error.*$", 0, LOG, "findall"),
    # Classes.
    (r"[^\W\d_]+", 0, "ab_1é漢2", "findall"),
    (r"[\]\-a]+", 0, "]-a b", "findall"),
    (r"[^é\n]+", 0, "aé\nbc", "findall"),
    (r"[一-龥]+", 0, MIXED, "findall"),
    (r"[😀-😂a]", 0, "a😁😃", "findall"),
    (r"\s+", 0, "a\u3000b\x1c\xa0c\x85d", "findall"),
    # Repetition.
    (r"<.+?>", 0, MIXED, "findall"),
    (r"a{2,3}?", 0, "aaaaa", "findall"),
    (r"a*", 0, "baac", "findall"),
    (r"a*?", 0, "aa", "findall"),
    (r"a++b|a", 0, "aab aa", "findall"),
    (r"(?>a+)b", 0, "aaab", "findall"),
    (r"(?:ab|a)(?:bc)?", 0, "abc", "match"),
    (r"x*", 0, "", "findall"),
    # Repetitions of what may be nothing, and in each other.
    (r"(?:a??)*?b", 0, "aab", "match"),
    (r"(?:a*?|(b)){2,}?c", 0, "abac", "search"),
    (r"(?:(x)|(?:y)?+)*?z", 0, "xyxz", "match"),
    (r"(?:){2,}?a", 0, "a", "match"),
    (r"(?:.{1,3}?){2}\d", 0, "abcdefg12", "search"),
    (r"(?:(?:ab){1,2}?c??){2,3}?d", 0, "ababcabdx", "search"),
    (r"(?:(a{1,2}?)(b)??){3}c", 0, "aabaaac", "findall"),
    # Groups of attempts that failed.
    (r"(?:(a)b|ac)*", 0, "abacad", "match"),
    (r"(?:(a)|b)*", 0, "abb", "match"),
    (r"((a)(b)?)+x|a+", 0, "aaba", "match"),
    (r"(?:(a)(?=(b))|a|(b))+", 0, "aabab", "match"),
    (r"(?>(?:(a)c|(ab)|a)+)", 0, "aabac", "match"),
    (r"(?:(a)(?!(b)c)|ab|c)*", 0, "aabcabd", "match"),
    (r"(?:(a)|(?<=(a))b|(?(1)c|d))*", 0, "dabca", "match"),
    (r"(?:(\w)(?:\1|(,)))+?$", 0, "aabbc,dd", "search"),
    # All matches.
    (r"\w+", 0, MIXED, "finditer"),
    (r"", 0, "aé", "finditer"),
    (r"\b", 0, "é a", "finditer"),
    (r"é|", 0, "aéé", "finditer"),
    (r"[a-z]+", 0, "ab cd ef", "finditer", 1, 7),
    (r"(é)|(a)", 0, "aéb", "findall"),
    (r"(a)?b", 0, "ab b", "findall"),
    # Splitting.
    (r"[,;]\s*", 0, MIXED, "split"),
    (r"([,;])\s*", 0, MIXED, "split"),
    (r"(a)|b", 0, "1a2b3", "split"),
    (r"\s+", 0, " a b ", "split"),
    (r"", 0, "aéb", "split"),
    (r"x*", 0, "axbc", "split"),
    (r"\s", 0, "a b c d", "split", 2),
    (r"\s", 0, "a b c d", "split", -1),
    (r"zzz", 0, "é", "split"),
    # Replacing.
    (r"é", 0, MIXED, ("sub", "e")),
    (r"(\w+) = (\w+)", 0, MIXED, ("sub", r"\2 := \1")),
    (r"(?P<y>\d{4})-(?P<m>\d\d)", 0, LOG, ("sub", r"\g<m>/\g<y>\g<0>")),
    (r"(a)|b", 0, "ab", ("sub", r"[\1]")),
    (r"\d+", 0, LOG, ("sub", lambda m: str(int(m[0]) + 1))),
    (r"a", 0, "aaa", ("sub", lambda m: None)),
    (r"x*", 0, "abxd", ("sub", "-")),
    (r"\b", 0, "é a", ("sub", "|")),
    (r"a", 0, "banana", ("sub", "é", 2)),
    (r"a", 0, "banana", ("sub", "é", -1)),
    (r"z", 0, "é", ("sub", "y")),
    (r"a", 0, "banana", ("subn", r"\n\t\\")),
    (r"(?i)É", 0, "éÉ", ("subn", "漢")),
    # Bytes.
    (rb"a+", 0, b"aab a", "findall"),
    (rb"(\w)(\xe9)?", 0, b"a\xe9b", "findall"),
    (rb"\w+", 0, bytearray(b"ab cd"), "findall"),
    (rb"b(.)", 0, memoryview(b"abc"), "search"),
    (rb"b", 0, b"abc", ("sub", rb"<\g<0>>")),
    (rb",", 0, b"a,b", "split"),
    (rb"\bk[^a-c]\w(x)?", re.I | re.L, b"KX\xe9 kCzx kdzx", "findall"),
    (rb"(k)\1|[^k-m]\B", re.I | re.L, b"kKkk LaN", "findall"),
    # Errors.
    (r"(", 0, "", "search"),
    (r"a)", 0, "", "search"),
    (r"*a", 0, "", "search"),
    (r"[b-a]", 0, "", "search"),
    (r"(?P<1>a)", 0, "", "search"),
    (r"(?P=x)", 0, "", "search"),
    (r"(?<=a+)b", 0, "", "search"),
    (r"\q", 0, "", "search"),
    (r"a(?i)b", 0, "", "search"),
    (r"a{3,2}", 0, "", "search"),
    (r"a", 0, b"a", "search"),
    (rb"a", 0, "a", "search"),
    (r"a", 0, 5, "search"),
    (r"a", 0, None, "findall"),
    (r"a", 0, "a", ("sub", r"\1")),
    (r"a", 0, "a", ("sub", r"\g<x>")),
    (r"a", 0, "a", ("sub", lambda m: 1)),
    (r"a", 0, "a", ("sub", b"b")),
]


def show(value):
    if isinstance(value, re.Match):
        names = [value.group(name) for name in value.re.groupindex]
        facts = [
            value.span(),
            value.group(),
            value.groups(),
            value.groups("-"),
            value.regs,
            value.lastindex,
            value.lastgroup,
        ]
        return ascii([repr(value), value.pos, value.endpos, value.groupdict(), names, value[0], *facts])
    if hasattr(value, "__next__"):
        return "; ".join(show(found) for found in value)
    return ascii(value)


def run(pattern, flags, subject, method, *arguments):
    compiled = re.compile(pattern, flags)
    if isinstance(method, tuple):
        method, replacement, *arguments = method
        return getattr(compiled, method)(replacement, subject, *arguments)
    return getattr(compiled, method)(subject, *arguments)


for number, case in enumerate(CASES):
    try:
        print(number, show(run(*case)))
    except Exception as error:
        kind = "re.error" if isinstance(error, re.error) else type(error).__name__
        print(number, kind, ascii(str(error)))

match = re.compile(r"(?P<year>\d+)-(\d+)(x)?").search(LOG)
for group in (0, 1, 3, "year", 4, "month", -1, 1.5, None, (1,)):
    for ask in (match.group, match.start, match.end, match.span, match.__getitem__):
        try:
            print(ascii(group), ask.__name__, ascii(ask(group)))
        except Exception as error:
            print(ascii(group), ask.__name__, type(error).__name__, error)
print(match.group(1, 2, "year"), ascii(match.expand(r"\2/\g<year>[\3]")), bool(match), match.string is LOG)

pattern = re.compile(r"(?P<word>\w+)", re.I | re.M)
print(pattern, pattern.pattern, pattern.flags, pattern.groups, dict(pattern.groupindex), repr(re.compile(b"a", re.A)))
print(pattern == re.compile(r"(?P<word>\w+)", re.I | re.M), pattern == re.compile(r"(?P<word>\w+)"), pattern != 1)
print(hash(pattern) == hash(re.compile(r"(?P<word>\w+)", re.I | re.M)), re.compile(pattern) is pattern)
print(repr(re.compile("x" * 300))[-20:], isinstance(pattern, re.Pattern), isinstance(match, re.Match), re.Pattern[str])
try:
    pattern.groupindex["x"] = 1
except TypeError:
    print("groupindex cannot be changed")

import copy

print(copy.copy(pattern) is pattern, copy.deepcopy(match) is match)
print(pattern.search(string="é a", pos=1), pattern.sub(repl="-", string="a b", count=1), re.findall("a", string="aa"))
scanner = pattern.scanner("ab cd")
print(scanner.match(), scanner.match(), scanner.search(), scanner.pattern is pattern)
scanner = re.compile("é").scanner("aéé")
print([found and found.span() for found in (scanner.search(), scanner.search(), scanner.search(), scanner.search())])
lexer = re.Scanner([(r"\d+", lambda s, token: int(token)), (r"\w+", lambda s, token: token), (r"\s+", None)])
print(lexer.scan("12 é 7x!"))
print(re.escape("a.b*é\n[x]"), re.escape(b"a-b"))
print([found.start() for found in re.finditer("漢", "a漢b漢" * 3)], re.sub("(?P<a>漢)", r"\g<a>\g<a>", "a漢"))
text = "é" * 5000 + "needle" + "漢" * 5000 + "needle"
print(
    [found.span() for found in re.finditer("needle", text)], [part and len(part) for part in re.split("(needle)", text)]
)

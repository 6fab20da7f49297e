"""Operations on a text, for the comparison with CPython on random ones; stands before the two programs that use it.

A case is the name of an operation, the slice of the text that it is applied to, and further arguments.
"""

import collections
import copy
import csv
import difflib
import io
import json
import operator
import pickle
import re
import string
import textwrap
import unicodedata

PREDICATES = [
    "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable",
    "isspace", "istitle", "isupper",
]  # fmt: skip
CASES = ["lower", "upper", "casefold", "title", "swapcase", "capitalize"]


class Shouting(dict):
    """A table for `translate`, and a mapping for `format_map`, that knows what it was never told."""

    def __missing__(self, key):
        if isinstance(key, str):
            return f"<{key}>"
        if key % 3 == 0:
            raise KeyError(key)
        return chr(key).upper()


TABLES = [
    str.maketrans("abé", "xÿ😀"),
    str.maketrans("ab\n", "漢cd", "e😀 "),
    str.maketrans({"a": None, "é": "ee", "漢": 0x1F600, 98: "B"}),
    {ord("a"): "", ord("r"): None, 0x1F600: "smile", ord("o"): 0x6F22},
    {ord("d"): 0x110000},
    {ord("d"): 1.5},
    Shouting(),
    ["zero"] * 200,
]


def run_operation(text, case):
    kind, start, end, step, *args = case
    return globals()["do_" + kind](text if start == end == step is None else text[start:end:step], *args)


def attempt(action):
    """The value of one of several things that an operation tries; a failure is one of them."""
    try:
        return action()
    except Exception as error:
        return ["raised", "re.error" if isinstance(error, re.error) else type(error).__name__]


def works(action):
    """Like `attempt`, where which of several mistakes is found first is nobody's affair."""
    try:
        return action()
    except (TypeError, ValueError, LookupError, AttributeError):
        return "raised"


def methods(part, names, *args, **options):
    return [attempt(lambda: getattr(part, name)(*args, **options)) for name in names]


def do_get(part, position):
    return part[position]


def do_slice(part):
    return [part, len(part), bool(part)]


def do_iterate(part):
    return [
        len(part),
        "".join(char for char in part),
        "".join(reversed(part)),
        [char for _, char in zip(range(9), part)],
    ]


def do_search(part, method, *args):
    return getattr(part, method)(*args)


def do_affixes(part, affixes, start, end):
    return methods(part, ["startswith", "endswith"], tuple(affixes), start, end) + methods(
        part, ["startswith", "endswith"], affixes
    )


def do_remove_affixes(part, count, other):
    inner = [part.removeprefix(part[:count]), part.removesuffix(part[len(part) - count :])]
    return inner + methods(part, ["removeprefix", "removesuffix"], other)


def do_split(part, separator, limit):
    return methods(part, ["split", "rsplit"], separator, limit) + methods(
        part, ["split", "rsplit"], sep=separator, maxsplit=limit
    )


def do_lines(part, keep):
    return [part.splitlines(keep), part.splitlines(keepends=keep)[:50], io.StringIO(part).readlines()[:50]]


def do_partition(part, separator):
    return methods(part, ["partition", "rpartition"], separator)


def do_strip(part, chars):
    return methods(part, ["strip", "lstrip", "rstrip"], chars) + methods(part, ["strip", "lstrip", "rstrip"])


def do_cases(part):
    return methods(part, CASES) + [string.capwords(part), list(map(str.upper, part[:9]))]


def do_predicates(part):
    return [*methods(part, PREDICATES), [methods(char, PREDICATES) for char in part[:20]]]


def do_pad(part, extra, fill):
    width = len(part) + extra
    return methods(part, ["zfill", "center", "ljust", "rjust"], width) + methods(
        part, ["center", "ljust", "rjust"], width, fill
    )


def do_tabs(part, size):
    return [part.expandtabs(size), part.expandtabs(), part.expandtabs(tabsize=size)]


def do_replace(part, old, new, count):
    return [part.replace(old, new), part.replace(old, new, count)]


def do_translate(part, table):
    return part.translate(TABLES[table])


def do_encode(part, codec, errors):
    encoded = part.encode(codec, errors)
    return [encoded.hex(), encoded == bytes(part, codec, errors), encoded.decode(codec, errors)]


def do_decode(part, codec, errors):
    return part.encode("utf-8", "surrogatepass").decode(codec, errors)


def do_format(part, width, precision, fill):
    return [
        attempt(lambda: f"{part:{fill}^{width}.{precision}}"),
        attempt(lambda: f"{part!r:.{precision}}|{part!a:>{width}.{precision}}|{part!s:<{width}}"),
        attempt(lambda: "{0:>{1}.{2}s}|{0!r:.5}".format(part, width, precision)),
        attempt(lambda: "{part:.3}{other[0]}".format_map({"part": part, "other": [part[:2]]})),
        attempt(lambda: "%*.*s|%-9.3s|%.20r|%.20a" % (width, precision, part, part, part, part)),
        attempt(lambda: "%(a)s%(b)5.1s%%" % {"a": part[:50], "b": part}),
        attempt(lambda: format(part, f"{fill}<{width}")),
        attempt(lambda: "%c%5c" % (part[0], part[-1])),
        attempt(lambda: "%d" % part),
        attempt(lambda: format(part, "d")),
    ]


def do_as_format(part, value):
    """The text itself says how to format."""
    return [
        works(lambda: part.format(value, 2.5, name=value)),
        works(lambda: part % value),
        works(lambda: part % (value, value)),
        works(lambda: part.format_map(Shouting())),
        works(lambda: string.Formatter().vformat(part[:300], [value, 2.5], {"name": value})),
        works(lambda: string.Template(part[:300]).safe_substitute(a=value)),
    ]


def do_join(part, items):
    return [part[:50].join(items), "é".join(part[:5000]), "".join([part, *items]), attempt(lambda: part.join(["a", 1]))]


def do_compare(part, other):
    relations = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
    both_ways = [relation(*pair) for relation in relations for pair in ((part, other), (other, part), (part, part[:]))]
    strangers = [attempt(lambda: relation(part, None)) for relation in relations]
    return [both_ways, strangers, part == part.encode("utf-8", "replace"), part in (other, part)]


def do_hash(part, other):
    joined = "".join(list(part))
    table = {part: 1, other: 2}
    return [hash(part) == hash(joined), table[joined], joined in {part}, other in {part}, len({part, joined, other})]


def do_in(part, other):
    return [
        other in part,
        other not in part,
        part[:9] in part,
        attempt(lambda: 5 in part),
        attempt(lambda: None in part),
    ]


def do_concat(part, other, count):
    changed = part
    changed += other
    return [
        part + other, other + part, changed, part * count, count * part[:20], attempt(lambda: part + 1),
        attempt(lambda: part * "a"), attempt(lambda: b"" + part),
    ]  # fmt: skip


def do_show(part):
    return [repr(part), ascii(part), str(part), str([part[:30]]), f"{part[:30]!r}", "%r" % part[:30]]


def do_unpack(part):
    first, *rest = part
    *start, last = part
    return [first, len(rest), len(start), last, [*part[:3], *part[-3:]], list(enumerate(part[:3])), tuple(part[:4])]


def do_order(part):
    words = part.split()
    letters = collections.Counter(part)
    return [
        sorted(part), sorted(set(part), reverse=True), min(part), max(part), sorted(words), sorted(words, key=str.lower),
        letters.most_common(5), list(dict.fromkeys(part)), max(words, key=len, default="none"), list(zip(part, words)),
    ]  # fmt: skip


def do_numbers(part):
    kinds = [
        int,
        float,
        complex,
        lambda it: int(it, 16),
        ord,
        bytes,
        bool,
        lambda it: int(it, 1),
    ]
    return [attempt(lambda: kind(part)) for kind in kinds]


def do_copy(part, protocol):
    copies = [copy.copy(part), copy.deepcopy([part])[0], pickle.loads(pickle.dumps(part, protocol)), str(part)]
    return [[it == part, hash(it) == hash(part), isinstance(it, str), it[:20]] for it in copies]


def do_json(part):
    return [
        json.dumps(part), json.dumps([part], ensure_ascii=False), json.loads(json.dumps({part[:9]: part})),
        attempt(lambda: json.loads(f"[\"{part}\"]")),
    ]  # fmt: skip


def do_wrap(part, width):
    part = part[:2000]
    return [
        textwrap.wrap(part, width, break_long_words=False), textwrap.indent(part, "> "),
        textwrap.fill(part, width, break_long_words=False, initial_indent="* ", subsequent_indent="  "),
        attempt(lambda: textwrap.shorten(part, width)),
    ]  # fmt: skip


def do_differ(part, other):
    part = part[:300]
    ours, others = part.splitlines(True), other.splitlines(True)
    matcher = difflib.SequenceMatcher(None, part, other)
    return [
        matcher.ratio(), matcher.get_opcodes(), list(difflib.unified_diff(ours, others, "a", "b")),
        list(difflib.ndiff(ours[:6], others[:6])), difflib.get_close_matches(other, part.split()),
    ]  # fmt: skip


def do_normalize(part, form):
    part = part[:5000]
    return [
        unicodedata.normalize(form, part),
        unicodedata.is_normalized(form, part),
        list(map(unicodedata.category, part[:30])),
    ]


def do_csv(part):
    part = part[:3000].replace("\0", "")
    written = io.StringIO(newline="")
    csv.writer(written).writerow([part, part[:5], 1])
    return [attempt(lambda: list(csv.reader(part.splitlines(True)))), written.getvalue()]


def do_type(part):
    kinds = []
    match part:
        case bytes() | [*_]:
            kinds.append("sequence")
        case "" | "a" | "é":
            kinds.append("literal")
        case str(same) if same == part:
            kinds.append("str")
    try:
        part.new_attribute = 1
    except AttributeError:
        kinds.append("closed")
    return kinds + [
        type(part).__name__, type(part) == str, type(part) in (str, bytes), part.__class__ is str,
        isinstance(part, str), isinstance(part, (bytes, list)), issubclass(type(part), str), callable(part),
        {str: "by type"}.get(type(part)), isinstance(part, collections.abc.Sequence), sorted(set(dir("")) - set(dir(part))),
    ]  # fmt: skip


def do_keys(part, key):
    keys = [key, "a", 1.0, None, True, (0,), slice("a"), slice(None, None, 0)]
    return [attempt(lambda: part[it]) for it in keys] + [
        attempt(lambda: operator.indexOf(part, part[2])),
        attempt(part),
    ]


def do_re(part, pattern):
    return [re.findall(pattern, part)[:50], re.split(pattern, part)[:50], re.sub(pattern, r"<\g<0>>", part[:2000])]


def do_re_at(part, pattern, start):
    found = []
    compiled = re.compile(pattern)
    for match in compiled.finditer(part, start):
        found.append([match.span(), match.group(), match.groups(), part[match.start() : match.end()] == match.group()])
        if len(found) == 10:
            break
    first = compiled.search(part, start, start + 40)
    return [found, first and first.span()]


def do_as_pattern(part, subject):
    """The text is what is searched for, and what it is replaced by."""
    part = part[:60]
    literal = re.compile(re.escape(part))
    return [
        re.escape(part), literal.findall(subject), literal.split(subject, 2), literal.sub("-", subject, 3),
        attempt(lambda: re.findall(part, subject)[:30]), attempt(lambda: re.sub("[a-c]", part, subject)),
        attempt(lambda: re.sub("é|a", lambda match: part, subject)), attempt(lambda: re.fullmatch(literal, part).span()),
        attempt(lambda: re.match("(?i:" + re.escape(part) + ")", part.upper()) is None),
    ]  # fmt: skip

import re
from itertools import combinations
from types import SimpleNamespace

question = asked["text"]
LANGUAGES = {"rs": "rust", "py": "python", "js": "javascript", "ts": "typescript", "tsx": "tsx", "go": "go", "c": "c",
             "h": "c", "java": "java", "md": "markdown", "toml": "toml", "el": "elisp", "sh": "sh", "json": "json"}
NOTE = "*Extracted by the built-in model, which quotes and does not reason; `rlm models` shows how to configure one that does.*"
SHOWN = 200  # characters of a line that are shown
NEAR = 2  # lines that are shown before and behind one that was found by its words


def place(path, first, last):
    lines = f"{first}" if first == last else f"{first}-{last}"
    return f"`{path}:{lines}`" if path else (f"line {lines}" if first == last else f"lines {lines}")


def code(text, most=160):
    """A text in a line of prose."""
    text = excerpt(text.strip(), most).replace("`", chr(39))
    return f"`{text}`"


def stem(word):
    """A word without what it takes on in English, roughly: what two words have in common if they mean the same."""
    word = word.lower()
    for ending in ("ings", "ing", "ies", "ied", "ed", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def parts_of(text):
    """The words of a text in lower case, identifiers in their parts."""
    return re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+", text)


COMMON = set("""a about after all an and any are as at be been before but by can cannot could did do does don each every
    exactly find first for from get gets give had has have her his how i if in into is it its just last let list me more
    most my no not of on one ones or other our out over own s shall she should show so some such t tell than that the their
    them then there these they thing things this those to too under until up us use used uses using very via was we were what
    when where whether which while who whom whose why will with without would yet you your
    file files code function functions method methods class line lines work works happen happens happened mean means""".split())


def content(text):
    """The stems of the words that tell something, in order."""
    words = [word.lower() for word in parts_of(text)]
    return list(dict.fromkeys(stem(word) for word in words if word not in COMMON and (len(word) > 1 or word.isdigit())))


WORDS = content(question)


def overlap(text, words=None):
    """How many of the words a text holds."""
    held = {stem(word) for word in parts_of(text)}
    return sum(word in held for word in (WORDS if words is None else words))


def excerpt(line, most=SHOWN):
    """A line; of a long one the part with most words of the question."""
    line = line.rstrip()
    if len(line) <= most:
        return line
    exact = [at for text in asked["literals"] + asked["names"] + asked["messages"] for at in [line.find(text)] if at >= 0]
    places = [(found.start(), stem(found[0])) for found in re.finditer(r"[^\W\d_]+", line[:100_000])]
    hits = [at for at, word in places if word in WORDS]
    room = most * 2 // 3
    best = exact[0] if exact else max(hits, key=lambda at: (sum(at <= other < at + room for other in hits), -at), default=0)
    start = max(0, best - most // 4)
    start = 0 if start < 20 else start
    shown = line[start : start + most]
    return ("…" if start else "") + shown + ("…" if start + most < len(line) else "")


def quote(path, numbered):
    """A fenced block of (number, line) pairs, with a mark where lines are left out. Blank lines at the ends go."""
    spoken = [at for at, (_, line) in enumerate(numbered) if line.strip()]
    numbered = numbered[spoken[0] : spoken[-1] + 1] if spoken else numbered[:1]
    width = len(str(numbered[-1][0])) if numbered else 1
    lines, before = [], None
    for number, line in numbered:
        if before is not None and number != before + 1:
            lines.append(f"{' ' * width} …")
        lines.append(f"{number:>{width}}  {excerpt(line)}".rstrip())
        before = number
    fence = "`" * max([3] + [len(run) + 1 for run in re.findall("`{3,}", "\n".join(lines))])
    language = LANGUAGES.get((path or "").rsplit(".", 1)[-1], "")
    return "\n".join([fence + language] + lines + [fence])


def source(path, first, last):
    """(number, line) pairs of a file, or of a text that is none."""
    first = max(1, first)
    text = read(path, first, last) if path else peek_lines(first - 1, last)
    lines = text.removesuffix("\n").split("\n") if text else []
    return [(n, line[:100_000]) for n, line in enumerate(lines, first)][: max(last - first + 1, 0)]


OUTLINED = 2_000_000  # characters of the longest file whose definitions are looked at


def outlined(path, outlines={}):
    """The definitions of a file. A log of gigabytes has none."""
    if path not in outlines:
        outlines[path] = list(outline(path)) if path and len(files[path]) <= OUTLINED else []
    return outlines[path]


def enclosing(path, line):
    """The innermost definition around a line."""
    around = [s for s in outlined(path) if s.first_line <= line <= s.last_line]
    return max(around, key=lambda s: s.depth, default=None)


def label(path, lines):
    """What the lines that answer lie in: the definition around them, with the one around that, or a commit."""
    if not lines:
        return ""
    for revision in revision_of(lines[0], path):
        said = [f"commit {revision.commit[:12]}" if revision.commit else "", revision.date, revision.author,
                code(revision.subject, 80) if revision.subject else "", f"`{revision.file}`" if revision.file else ""]
        return " — " + ", ".join(part for part in said if part)
    found = [enclosing(path, line) for line in lines] if path else []
    counts = {}
    for symbol in found:
        if symbol:
            counts[symbol.name, symbol.kind] = counts.get((symbol.name, symbol.kind), 0) + 1
    if not counts:
        return ""
    name, kind = max(counts, key=counts.get)
    return f" — {kind} `{name}`"


def counted(number, noun):
    plural = noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeiou" else noun + ("es" if noun.endswith("s") else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def size():
    return f"{counted(len(files), 'file')} and {counted(len(peek(0, None)), 'character')}"


ASIDE = re.compile(r"(?i)(^|/)(tests?|testing|__tests__|specs?|benches|benchmarks|examples?|fixtures|vendor|node_modules|dist|build|third_party)/|"
                   r"(^|/)(test_|conftest)[^/]*$|[._-](test|tests|spec|min)\.\w+$|(^|/)(changelog|changes|history|news)[^/]*$")


def order(path):
    """Code first, then prose and data, then tests and what was brought in."""
    path = path or ""
    return 2 if ASIDE.search(path) else 1 if re.search(r"\.d\.[cm]?ts$|\.pyi$|\.(md|rst|txt|json|ya?ml|toml|lock|csv|log|xml|html?|liquid|css)$", path) else 0


known_texts = set()


def is_new(numbered):
    """Whether these lines were not shown yet, in this file or in a copy of it."""
    text = "\n".join(line.strip() for _, line in numbered if line.strip())
    if text in known_texts:
        return False
    known_texts.add(text)
    return True


def not_looked_at(most=3):
    """Which files nobody has looked into, and why: where nothing was found, it may be there."""
    rows = left_out()
    lines = []
    for kind, count in sorted(rows.kinds.items(), key=lambda pair: -pair[1]):
        shown = [f"`{row.path}`{why_left_out(row)}" for row in rows if row.kind == kind][:most]
        lines.append(f"- {count:,} {kind}: {', '.join(shown)}{', …' if count > len(shown) else ''}")
    return "Not looked at:\n\n" + "\n".join(lines) if lines else ""


def why_left_out(row):
    """The reason, without what would look like a citation of a file that nobody has read."""
    reason = re.sub(r" in (\S+):(\d+)$", r" in line \2 of \1", row.reason)
    return "" if reason == row.kind else f" ({reason})"


def finish(parts):
    parts = [part for part in parts if part]
    if parts and parts[0].startswith(NOTHING_FOUND):
        parts.append(not_looked_at())
    FINAL("\n\n".join([part for part in parts if part] + [NOTE]))

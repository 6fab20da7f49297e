import re
from itertools import combinations
from types import SimpleNamespace

LANGUAGES = {"rs": "rust", "py": "python", "js": "javascript", "ts": "typescript", "tsx": "tsx", "go": "go", "c": "c",
             "h": "c", "java": "java", "md": "markdown", "toml": "toml", "el": "elisp", "sh": "sh", "json": "json"}
NOTE = ("*Extracted by the built-in model, which quotes and does not reason. For an answer in words configure a model: set "
        "a key such as `ANTHROPIC_API_KEY`, or name one (`--model`, `--endpoint`, or an editor's settings); `rlm models` "
        "shows what there is.*")


def place(path, first, last):
    lines = f"{first}" if first == last else f"{first}-{last}"
    return f"`{path}:{lines}`" if path else f"lines {lines}"


def quote(path, numbered):
    """A fenced block of (number, line) pairs, with a mark where lines are left out. Blank lines at the ends go."""
    spoken = [at for at, (_, line) in enumerate(numbered) if line.strip()]
    numbered = numbered[spoken[0] : spoken[-1] + 1] if spoken else numbered[:1]
    width = len(str(numbered[-1][0]))
    lines, before = [], None
    for number, line in numbered:
        if before is not None and number != before + 1:
            lines.append(f"{' ' * width} …")
        lines.append(f"{number:>{width}}  {line[:200].rstrip()}".rstrip())
        before = number
    fence = "`" * max([3] + [len(run) + 1 for run in re.findall("`{3,}", "\n".join(lines))])
    language = LANGUAGES.get((path or "").rsplit(".", 1)[-1], "")
    return "\n".join([fence + language] + lines + [fence])


def source(path, first, last):
    """(number, line) pairs of a file."""
    return list(enumerate(read(path, first, last).split("\n"), first))[: max(last - first + 1, 0)]


OUTLINED = 20_000_000  # characters of the longest file whose definitions are looked at


def outlined(path, outlines={}):
    """The definitions of a file. A log of gigabytes has none."""
    if path not in outlines:
        outlines[path] = list(outline(path)) if len(files[path]) <= OUTLINED else []
    return outlines[path]


def enclosing(path, line):
    """The innermost definition around a line."""
    around = [s for s in outlined(path) if s.first_line <= line <= s.last_line]
    return max(around, key=lambda s: s.depth, default=None)


def named(path, first, last):
    """The definition that a passage begins, else the one that it lies in."""
    around = enclosing(path, first)
    inside = [s for s in outlined(path) if first <= s.first_line <= last and s is not around]
    return inside[0] if inside else around


COMMON = set("""a about after all an and any are as at be been before but by can could did do does every find first
    for from give had has have how if in into is it its last list me more most no not of on or our out over show so
    than that the their them then there these they this to was we were what when where which while who why will with
    would you your""".split())
EVERYWHERE = 1000  # lines that are looked at at most to tell how common a word is
NEAR = 2  # lines that are shown before and behind one that was found by its words
REMARK = "The text is too long to be ranked, so these are lines with words of the question, the rarest words first:"


def ranked(query, k):
    """The passages that fit best, and a remark if they could not be ranked."""
    try:
        return search(query, k=k), None
    except RuntimeError as error:
        if "too long" not in str(error):
            raise
    return by_words(query, k), REMARK


def by_words(query, k):
    """Lines that hold words of the question, in a text that is too long to be ranked. Of a word that is everywhere
    only the first lines are known, so those with two words are looked for as well."""
    left = [word for word in dict.fromkeys(re.findall(r"\w\w+", query.lower())) if word not in COMMON][:8]
    found, weights = {}, {}

    def look(pattern, most):
        rows = grep("(?i)" + pattern, max_results=most)
        found.update({(row.path, row.line): row.text for row in rows})
        return rows

    while left:
        # The text is read from end to end once: when only words are left that are not everywhere.
        rows = look(rf"\b(?:{'|'.join(left)})", EVERYWHERE)
        counts = {word: sum(bool(re.search(rf"\b{word}", row.text.lower())) for row in rows) for word in left}
        common = [word for word in left if rows.more and counts[word] * len(left) >= EVERYWHERE]
        known = rows.more and common or left
        weights.update({word: 1 / counts[word] for word in known if counts[word]})
        left = [word for word in left if word not in known]
    rarest = sorted(weights, key=weights.get, reverse=True)
    value = lambda text: sum(weight for word, weight in weights.items() if re.search(rf"\b{word}", text))
    together = lambda: [text for text in found.values() if sum(word in text.lower() for word in weights) > 1]
    for one, other in list(combinations(rarest, 2))[:6]:
        if weights[rarest[0]] > 16 / EVERYWHERE or len(together()) >= k:
            break
        look(rf"\b{one}.*\b{other}|\b{other}.*\b{one}", 100)
    best = sorted(found, key=lambda place: -value(found[place].lower()))[:k]
    return [around(path, line, found[path, line]) for path, line in best]


def around(path, line, text):
    """A line with its neighbours, as a passage."""
    first, last = max(1, line - NEAR), line + NEAR
    there = read(path, first, last) if path else peek_lines(first - 1, last)
    last = first + there.removesuffix("\n").count("\n")
    return SimpleNamespace(path=path, first_line=first, last_line=last, text=text)


def counted(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size():
    return f"{counted(len(files), 'file')} and {len(peek(0, None))} characters"


def finish(parts):
    FINAL("\n\n".join(parts + [NOTE]))

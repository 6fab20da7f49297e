TIME = re.compile(r"^\W{0,2}(\d{4}[-/.]\d\d[-/.]\d\d|\d\d[/.-]\w{2,3}[/.-]\d{2,4}|\d\d:\d\d:\d\d|\d{10,13}\b|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b)"
                  r"|^\S+ \S+ \S+ \[\d\d/\w{3}/\d{4}|^\[?(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b|^\S*\"?(time|timestamp|ts|@timestamp)\"?[=:]"
                  r"|^\[ *\d+\.\d+\]|^[IWEF]\d{4} \d\d:|^\{.*\"(time|ts|timestamp|@timestamp|level|severity)\":")
LEVELS = {"error": r"\b(?:ERROR|ERR|FATAL|CRITICAL|SEVERE|EMERG|ALERT|PANIC)\b", "warning": r"\b(?:WARN|WARNING)\b",
          "failure": r"(?i)\bfail(?:ed|ure|ures|s)?\b", "exception": r"\w*Exception\b"}


def logs(known=[]):
    """The files whose lines begin with times or levels; None for a text that is no file."""
    if not known:
        names = list(files) or [None]
        found = []
        for path in names:
            if path and len(names) > 50 and not re.search(r"(?i)log|\.(txt|out|err|jsonl)$|/var/", path):
                continue
            head = [line for line in (files[path][:20_000] if path else peek(0, 20_000)).split("\n")[:200] if line.strip()][:100]
            if head and sum(bool(TIME.search(line)) for line in head) >= 0.5 * len(head):
                found.append(path)
        known.append(found)
    return known[0]


def within():
    """The one file that is looked at, if the question or the text has one log."""
    paths = [path for name in asked["files"] for path in file_named(name)[:1]] or logs()
    return paths[0] if len(paths) == 1 and paths[0] else None


def told(row):
    """A kind of line: how many, the first, the last."""
    first = place(row.first_path or None, row.first_line, row.first_line)
    if row.lines == 1:
        return f"once, at {first}: {code(row.first_text, 200)}"
    last = f"`{row.last_path}` line {row.last_line}" if row.last_path and row.last_path != row.first_path else f"line {row.last_line}"
    return f"{counted(row.lines, 'line')} like {code(row.template, 160)}\n  - first at {first}: {code(row.first_text, 200)}\n  - last at {last}: {code(row.last_text, 200)}"


def by_repeats():
    """Which kinds of lines a log has, how often, and when they began."""
    if not logs():
        return None
    of = asked["of"]
    pattern = LEVELS.get(of, "")
    if pattern and not line_templates(pattern, path=within(), max_results=1):
        pattern = rf"(?i)\b{of}"
    rows = line_templates(pattern, path=within(), max_results=200)
    repeated = [row for row in rows if row.lines > 1]
    if not repeated:
        return [f"No {of} line repeats: {counted(rows.total, 'line')}, each of its own kind."] + [f"- {told(row)}" for row in rows[:10]]
    matched = f" that match `{pattern}`" if pattern else ""
    more = f", and {len(repeated) - 15} further kinds repeat" if len(repeated) > 15 else ""
    return [f"Of {counted(rows.total, 'line')}{matched}, these kinds repeat (`#` stands for numbers, ids and times){more}:",
            "\n".join(f"- {told(row)}" for row in repeated[:15])]


TIMES = set("when first last earliest latest begin began start started stop stopped end ended happen happened occur occurred time "
            "since recent most did was were oldest newest date day".split())


STAMP = re.compile(r"\W{0,2}(\d{4})[-/.](\d\d)[-/.](\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d+)?)")


def moments(rows):
    """For each kind of line when it was first and last: by its time if all lines say theirs alike, else by its place."""
    order_of = {path: number for number, path in enumerate(files)}
    stamps = lambda row: [found and "-".join(found.groups()).replace(",", ".") for found in map(STAMP.match, (row.first_text, row.last_text))]
    all_stamped = all(stamp for row in rows for stamp in stamps(row))
    of = lambda stamp, path, line: (stamp if all_stamped else "", order_of.get(path, 0), line)
    return [(of(stamps(row)[0], row.first_path, row.first_line), of(stamps(row)[1], row.last_path, row.last_line)) for row in rows]


MOST_LOGS = 20  # that are looked at one by one, as rotated logs lie in no order of time


def by_when():
    """When something was first or last, in a log: the kinds of lines that the question means, from their first to their last."""
    if not logs():
        return None
    words = [word for word in content(question) if word not in {stem(time) for time in TIMES}]
    literals = asked["literals"] + asked["names"]
    pattern = "|".join(literal_pattern(text) for text in literals)
    of_files = [path for name in asked["files"] for path in file_named(name)[:1]] or logs()
    of_files = of_files if len(of_files) <= MOST_LOGS else [None]
    rows = [row for path in of_files for row in line_templates(pattern, path=path, max_results=5000)]
    if literals and not rows:
        missing.extend(literals)
        return None
    # A word that few kinds of lines have tells more.
    held = [(row, {stem(word) for word in parts_of(row.template + " " + row.first_text)}) for row in rows]
    known = {word: sum(word in stems for _, stems in held) for word in words}
    value = lambda stems: sum(1 / known[word] for word in words if word in stems)
    best = max(held, key=lambda pair: (value(pair[1]), pair[0].lines), default=None)
    if best is None or not (literals or value(best[1]) and sum(word in best[1] for word in words) * 3 >= len(words)):
        return None
    top = value(best[1])
    kinds = [row for row, stems in held if value(stems) >= top * 0.999]
    first, last = zip(*moments(kinds))
    at_first, at_last = kinds[first.index(min(first))], kinds[last.index(max(last))]
    ends = [("first", at_first.first_path, at_first.first_line, at_first.first_text, at_first),
            ("last", at_last.last_path, at_last.last_line, at_last.last_text, at_last)]
    (word, path, line, _, row), (opposite, far_path, far_line, far_text, _) = reversed(ends) if asked["last"] else ends
    total = sum(row.lines for row in kinds)
    show(path or None, source(path or None, line, line), [line])
    lead = f"The {word} of {counted(total, 'such line')} (`{row.template.strip()[:120].replace('`', chr(39))}`):"
    other = f"The {opposite} was at {place(far_path or None, far_line, far_line)}: {code(far_text, 200)}"
    rest = "\n".join(f"- {told(other)}" for other in [kind for kind in kinds if kind is not row][:5])
    return [lead] + passages + [other if total > 1 else "", f"Lines that fit as well:\n\n{rest}" if rest else ""]

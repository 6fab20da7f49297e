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

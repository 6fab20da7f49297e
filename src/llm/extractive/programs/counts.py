BY = {"day": r"(\d{4}-\d\d-\d\d|\d\d/\w{3}/\d{4}|\w{3} +\d{1,2})", "date": r"(\d{4}-\d\d-\d\d|\d\d/\w{3}/\d{4}|\w{3} +\d{1,2})",
      "hour": r"((?:\d{4}-\d\d-\d\d|\d\d/\w{3}/\d{4}|\w{3} +\d{1,2})[T :]\d\d)", "minute": r"((?:\d{4}-\d\d-\d\d|\d\d/\w{3}/\d{4}|\w{3} +\d{1,2})[T :]\d\d:\d\d)",
      "month": r"(\d{4}-\d\d|\w{3}/\d{4})", "level": r"\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|FATAL|CRITICAL)\b",
      "severity": r"\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|FATAL|CRITICAL)\b", "status": r"(?:\s|=|:)([1-5]\d\d)(?:\s|$|,)",
      "code": r"(?:\s|=|:)([1-5]\d\d)(?:\s|$|,)", "ip": r"\b((?:\d{1,3}\.){3}\d{1,3})\b", "address": r"\b((?:\d{1,3}\.){3}\d{1,3})\b",
      "component": r"\[([A-Za-z][\w.-]*)\]", "method": r"\b(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\b", "author": r"^Author: (.*)",
      "file": None, "extension": None}


# What is said of all lines.
WHOLE = {stem(word) for word in "line text log total altogether overall long whole entire contain hold consist repository project codebase".split()}


def by_count():
    """How many there are."""
    of, by = asked["of"].strip(), asked["by"]
    lower = of.lower()
    named = [path for name in asked["files"] for path in file_named(name)]
    for name in asked["files"]:
        if not file_named(name):
            missing.append(name)
            return None
    kind = next((singular(word) for word in re.findall(r"[a-z]+", lower) if singular(word) in SYMBOLS and singular(word) != "section"), None)
    if re.match(r"(?:\w+ )?commits?\b", lower):
        found = count_lines(r"^commit [0-9a-f]{7,40}", by=BY["author"] if by is None else None)
        if by == "author":
            found = count_lines(r"^Author: ", by=BY["author"])
        return told_count(found, "commit", by) if found.total else None
    if re.match(r"(?:[\w.+#-]+ )?files?\b", lower) and not asked["literals"]:
        return count_files(lower)
    if kind and not asked["literals"] and not logs():
        paths = named or list(files)
        found = symbols_of(kind, paths)
        if not found:
            return None
        per = {}
        for path, symbol in found:
            per.setdefault(path, []).append(symbol)
        lines = [f"- {counted(len(per[path]), kind)} in `{path}`, the first at {place(path, per[path][0].first_line, per[path][0].first_line)}" for path in sorted(per, key=lambda p: -len(per[p]))[:20]]
        return [f"There {'is' if len(found) == 1 else 'are'} {counted(len(found), kind)}, as the syntax has them, in {counted(len(per), 'file')}:", "\n".join(lines)]
    tables = [path for path in named or list(files) if re.search(r"\.([ct]sv|jsonl)$", path)]
    if len(tables) == 1 and (named or len(files) == 1) and not asked["literals"] and not asked["names"] and not logs():
        return count_rows(tables[0], of, by)
    told_apart = [word for word in content(of) if word not in WHOLE and word not in content(" ".join(asked["files"]))]
    if re.match(r"lines?\b", lower) and not told_apart and not asked["literals"] and not asked["names"]:
        paths = named or list(files)
        lines = {path: len(files[path].split("\n")) - files[path].endswith("\n") if len(files[path]) < 50_000_000 else count_lines("", path=path).total for path in paths}
        if not files:
            return [f"The text has {counted(count_lines('').total, 'line')}."]
        largest = sorted(lines, key=lambda path: -lines[path])[:10]
        return [f"There are {counted(sum(lines.values()), 'line')} in {counted(len(paths), 'file')}{', most of them in:' if len(paths) > 10 else ':'}",
                "\n".join(f"- {counted(lines[path], 'line')} in {place(path, 1, max(lines[path], 1))}" for path in largest)]
    # What a program counts is said by its code, and not by how many lines there are.
    says_so = re.search(r"\b(lines?|times|occurrences?|todos?|fixmes?|occur|appears?|mentions?|rows|records|entries)\b", lower)
    if not (logs() or asked["literals"] or says_so and len(content(of)) < 4):
        return None
    return count_matches(of, by, named)


def count_rows(path, of, by):
    """The rows of a table: all of them, or those that hold what the question names, or by the values of a column."""
    told_of = [word for word in content(of) if word not in content(path) and word not in ("row", "record", "entry", "ent")]
    mark = "\t" if path.endswith(".tsv") else ","
    head = [stem(name.strip(' "')) for name in source(path, 1, 1)[0][1].split(mark)] if path[-1] == "v" else []
    if by and stem(by) in head:
        rows = count_lines("", by=rf"^(?:[^{mark}]*{mark}){{{head.index(stem(by))}}}([^{mark}\r]*)", path=path)
        rows[:] = [row for row in rows if (row.first_line, row.lines) != (1, 1)]
        rows.total -= 1
        return told_count(rows, "row", by)
    found = count_matches(of, by, [path]) if told_of or by else None
    if found:
        return found
    # A table has a row for each of what it lists, and a head.
    total = count_lines(r"\S", path=path).total
    rows = total - bool(head)
    return [f"`{path}` has {counted(rows, 'row')}{' below its head' if head else ''} ({place(path, 1, min(3, total))}):",
            quote(path, source(path, 1, 3))]


def count_files(lower):
    language = re.match(r"([\w.+#-]+) files?", lower)
    wanted = language and language[1].lstrip(".")
    endings = {"python": "py", "rust": "rs", "javascript": "js", "typescript": "ts", "markdown": "md", "ruby": "rb", "shell": "sh", "header": "h", "golang": "go"}
    ending = endings.get(wanted, wanted)
    found = [path for path in files if path.lower().endswith(f".{ending}")] if wanted else list(files)
    if wanted and not found:
        is_ending = wanted in endings or len(wanted) <= 4
        return [f"{NOTHING_FOUND}: no file's name ends with `.{ending}`; there are {counted(len(files), 'file')}."] if is_ending else None
    folders = {}
    for path in found:
        folder = path.split("/")[0] + "/" if "/" in path else "(here)"
        folders[folder] = folders.get(folder, 0) + 1
    lines = [f"- {counted(folders[folder], 'file')} in `{folder}`" for folder in sorted(folders, key=lambda f: -folders[f])[:20]]
    what = f"whose name ends with `.{ending}`" if wanted else "that were read"
    return [f"There {'is' if len(found) == 1 else 'are'} {counted(len(found), 'file')} {what}:", "\n".join(lines)]


def count_matches(of, by, named):
    """Lines with what the question names, or lines of a log that fit its words."""
    texts = asked["literals"] + asked["names"]
    words = [word for word in re.findall(r"[^\W\d_][\w-]*", of) if word.lower() not in COMMON and singular(word) not in
             {"line", "time", "occurrence", "message", "entry", "entrie", "record", "row", "event", "log", "many", "number", "occur", "appear", "exist", "contain", "hold", "match", "mention", "total", "all"}
             and not any(word in name for name in asked["files"])]
    path = named[0] if len(named) == 1 else within() if logs() else None
    key = BY.get(by, rf"\b{re.escape(by)}s?[\"']?\s*[=:]\s*[\"']?([\w.@-]+)") if by else None
    if texts:
        pattern, what = "|".join(literal_pattern(text) for text in texts), ", ".join(f"`{text}`" for text in texts)
    else:
        capitals = [word for word in words if word.isupper() and len(word) > 1]
        level = next((singular(word) for word in words if singular(word) in LEVELS), None)
        if capitals:
            pattern, what = rf"\b(?:{'|'.join(capitals)})\b", ", ".join(f"`{word}`" for word in capitals)
        elif level and logs() and count_lines(LEVELS[level], path=path).total and len(words) < 2:
            pattern, what = LEVELS[level], f"the level of {level}s (`{LEVELS[level]}`)"
        elif len(words) > 1 and logs():
            return count_kinds(words, by, key, path)
        elif words:
            roots = [re.escape(stem(word)) for word in words]
            pattern, what = r"(?i)\b" + r"\w*\b.*\b".join(roots), " … ".join(f"`{root}…`" for root in roots)
        else:
            return None
    found = count_lines(pattern, by=key, path=path)
    if not found.total and not texts and logs() and {singular(word) for word in words} <= {"request", "hit", "call", "visit", "access", "query"}:
        # Each line of a log of requests is one.
        found, what = count_lines("", by=key, path=path), None
    if not found.total and not asked["literals"]:
        return None
    if not found.total:
        missing.extend(texts)
        return [f"{NOTHING_FOUND}: no line has {what}."]
    return told_count(found, f"line", by, what)


def count_kinds(words, by, key, path):
    """The lines of a log whose kind has most words of the question."""
    rows = line_templates("", path=path, max_results=5000)
    stems = [stem(word) for word in words]
    best = max((overlap(row.template, stems) for row in rows), default=0)
    kinds = [row for row in rows if overlap(row.template, stems) == best]
    if best * 2 < len(stems) or not best:
        return None
    total = sum(row.lines for row in kinds)
    return [f"There {'is' if total == 1 else 'are'} {counted(total, 'line')} of {'this kind' if len(kinds) == 1 else 'these kinds'}:",
            "\n".join(f"- {told(row)}" for row in kinds[:10])]


def told_count(found, noun, by, what=None):
    total = f"There {'is' if found.total == 1 else 'are'} {counted(found.total, noun)}" + (f" with {what}" if what else "")
    lines = []
    shown = sorted(found, key=lambda row: row.key) if by in ("day", "date", "hour", "minute", "month") else list(found)
    for row in shown[:40]:
        first = place(row.first_path or None, row.first_line, row.first_line)
        if by:
            lines.append(f"- {row.key or '(none)'}: {row.lines:,} (first at {first})")
        else:
            lines.append(f"- {counted(row.lines, noun)}{f' in `{row.key}`' if row.key else ''}, first at {first}, last at line {row.last_line}")
    if len(shown) > 40:
        lines.append(f"- and {len(shown) - 40} more")
    head = f"{total}; by {by}:" if by else f"{total}:"
    return [head, "\n".join(lines)]

LISTED = 40  # places that are listed one by one


def by_uses():
    """Where a name is used: calls, other uses, and how often comments speak of it."""
    names = asked["names"] + [word for word in asked["words"] if definitions_of(word, True)]
    if not names:
        # A plain word that nothing defines is a name if code calls it.
        names = [word for word in asked["words"] if find_uses(word, 1).counts.get("call", 0)]
    if not names:
        return None
    name = names[0]
    own = own_name(name)
    uses = find_uses(name, 3000)
    counts = uses.counts
    defined = definitions_of(name)
    defined = [row for row in defined if row.kind != "assignment"] or defined[:3]
    parts = []
    if defined:
        parts.append("\n".join(f"`{name}` is {'declared' if row.kind == 'declaration' else 'defined'} at "
                               f"{place(row.path, row.first_line, row.first_line)}: {code(row.signature)}" for row in defined[:5]))
    others = [row for row in uses if row.kind == "declaration"
              and not any((row.path, row.line) == (known.path, known.first_line) for known in defined)]
    if not counts:
        missing.append(name)
        return None
    least = "" if uses.complete else "at least "
    wants_calls = asked.get("calls")
    calls, references = counts.get("call", 0), counts.get("reference", 0) + counts.get("assignment", 0)
    groups = [("call", "called", calls)] if calls else []
    if references and (not calls or not wants_calls):
        groups.append(("reference", "used", references))
    if not groups:
        text = counts.get("text", 0) + counts.get("string", 0) + counts.get("comment", 0) + counts.get("import", 0)
        parts.append(f"Nothing in this text {'calls' if wants_calls else 'uses'} it"
                     + (f"; comments, strings, imports and documents name it {counted(text, 'time')}." if text else "."))
        rows = [row for row in uses if row.kind in ("import", "string", "text")][:5]
        parts.append("\n".join(listed(rows)))
    for kind, verb, number in groups:
        rows = [row for row in uses if row.kind == kind or kind == "reference" and row.kind == "assignment"]
        rows.sort(key=lambda row: order(row.path))
        callers = {(row.path, row.within) for row in rows}
        where = f", in {counted(len(callers), 'definition or file')}" if len(callers) < number else ""
        parts.append(f"`{own}` is {verb} at {least}{counted(number, 'place')}{where.replace('definition or files', 'definitions or files')}:\n\n"
                     + "\n".join(listed(rows, number)))
    if wants_calls and calls and references:
        rows = [row for row in uses if row.kind in ("reference", "assignment")]
        parts.append(f"It is used {counted(references, 'time')} without being called there:\n\n" + "\n".join(listed(rows[:6], references)))
    if others:
        parts.append("\n".join(f"{place(row.path, row.line, row.line)} is a declaration: {code(row.text)}" for row in others[:8]))
    aside = [f"{counted(counts[kind], noun)}" for kind, noun in
             (("import", "import"), ("comment", "comment"), ("string", "string"), ("text", "line of documents or data")) if counts.get(kind)]
    if aside and groups:
        aside = [part.replace("line of documents or datas", "lines of documents or data") for part in aside]
        parts.append("It is also named in " + ", ".join(aside) + ".")
    if own != name and groups:
        kinds = [row for row in definitions_of(own) if row.kind in ("method", "function")]
        if len(kinds) > 1:
            parts.append(f"{counted(len(kinds), 'definition')} {'has' if len(kinds) == 1 else 'have'} the name `{own}`; the places above are those of all of them.")
    return parts


def listed(rows, number=None):
    """Places by what they lie in, each line once."""
    groups = {}
    for row in rows:
        groups.setdefault((row.path, row.within), {}).setdefault(row.line, row)
    lines, shown = [], 0
    for (path, within), found in groups.items():
        if len(lines) >= LISTED:
            break
        inside = f" in `{within}`" if within else ""
        for row in list(found.values())[:3]:
            lines.append(f"- {place(path, row.line, row.line)}{inside}: {code(row.text)}")
        shown += len(found)
        if len(found) > 3:
            lines.append(f"  and {len(found) - 3:,} more in the same place")
    left = len({(row.path, row.line) for row in rows}) - shown
    if left > 0:
        lines.append(f"- and {left:,} more")
    return lines


RUNTIMES = {"node": "node", "nodejs": "node", "js": "node", "python": "python", "rust": "rust", "rustc": "rust", "msrv": "rust",
            "edition": "edition", "go": "go", "golang": "go", "ruby": "ruby", "php": "php", "java": "java", "jdk": "java"}


def by_manifest():
    """What a manifest, a licence or a list of changes says."""
    about = asked["about"]
    entries = [row for row in manifest_entries() if row.about == about or about == "version" and row.about == "name"]
    if about == "version":
        entries = [row for row in entries if row.about == "version"] and entries
    if not entries:
        return None
    if about == "release":
        return by_release(entries)
    if about == "licence":
        entries.sort(key=lambda row: (row.path.count("/"), row.first_line == row.last_line))
        shown = [row for row in entries if row.last_line > row.first_line][:3]
        for row in shown:
            show(row.path, source(row.path, row.first_line, row.last_line), [])
        rest = [row for row in entries if row not in shown and row.path.count("/") == entries[0].path.count("/")]
        return ["It says of its licence:"] + passages + bullets(rest[:5], lambda row: f"{row.name} = {code(row.value)}")
    if about == "runtime":
        wanted = {RUNTIMES[word.lower()] for word in parts_of(question) if word.lower() in RUNTIMES}
        said = [row for row in entries if any(name in (row.name + " " + row.path).lower() or name == "rust" and row.name == "channel" for name in wanted)]
        remark = "" if said or not wanted else f"No manifest says which version of {', '.join(sorted(wanted))} is needed; they say:"
        return [remark or "What is required:"] + bullets((said or entries)[:20], lambda row: f"{row.name} {code(row.value)}")
    by_path = {}
    for row in entries:
        by_path.setdefault(row.path, []).append(row)
    parts = [f"{counted(len(entries), 'dependency')} are declared:".replace("1 dependency are", "1 dependency is")
             if about == "dependency" else "It says:"]
    for path, rows in list(by_path.items())[:8]:
        parts += bullets(rows[:60], lambda row: f"`{row.name}`" + (f" {code(row.value)}" if row.value and row.value != row.name else ""))
        if len(rows) > 60:
            parts.append(f"and {len(rows) - 60} more in `{path}`")
    if len(by_path) > 8:
        parts.append("and more in " + ", ".join(f"`{path}`" for path in list(by_path)[8:16]))
    return parts


def bullets(rows, told):
    lines = [f"- {told(row)} ({place(row.path, row.first_line, row.last_line)})" for row in rows]
    return ["\n".join(lines)] if lines else []


def by_release(entries):
    """The section of a list of changes: of the version that is named, else of the last one."""
    versions = [text.removeprefix("v") for text in asked["literals"]]
    number = lambda row: [int(part) for part in re.findall(r"\d+", row.name)][:4]
    path = entries[0].path
    if versions:
        wanted = [row for row in entries if row.name in versions] or [
            row for row in entries if any(row.name.startswith(version + ".") for version in versions)][:3]
        if not wanted:
            missing.extend(versions)
            return None
    else:
        released = [row for row in entries if row.path == path and number(row)]
        if not released:
            return None
        # Most lists begin with the last release, some end with it.
        first, last = released[0], released[-1]
        wanted = [last if number(last) > number(first) else first]
    for row in wanted[:3]:
        last = min(row.last_line, row.first_line + MOST_LINES - 1)
        show(row.path, source(row.path, row.first_line, last), [], f" — {code(row.value, 80)}")
    coming = [row for row in entries if row.path == path and not number(row) and row.last_line - row.first_line > 2] if not versions else []
    note = f"What is not released yet: {place(coming[0].path, coming[0].first_line, coming[0].last_line)}." if coming else ""
    return ["What the list of changes says:"] + passages + [note]


SYMBOLS = {"function": ("function",), "method": ("method",), "class": ("class",), "struct": ("struct",), "trait": ("trait",),
           "enum": ("enum",), "interface": ("interface",), "module": ("module", "namespace"), "macro": ("macro",),
           "type": ("class", "struct", "enum", "trait", "interface", "type", "union"), "constant": ("const", "constant", "static"),
           "heading": ("heading",), "section": ("heading",), "test": ("function", "method")}


def symbols_of(kind, paths):
    """The definitions of a kind in the files."""
    kinds = SYMBOLS.get(kind, ())
    is_test = lambda s: kind != "test" or re.match(r"(?i)test|it_", s.name) or "#[test]" in s.signature
    return [(path, s) for path in paths for s in outlined(path) if s.kind in kinds and is_test(s)]


def singular(word):
    word = word.lower()
    return word[:-2] if word.endswith("sses") else word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def by_list():
    """What is in a file, or the definitions of a kind."""
    paths = [path for name in asked["files"] for path in file_named(name)[:3]]
    missing.extend(name for name in asked["files"] if not file_named(name))
    if asked["of"]:
        kind = singular(asked["of"])
        if asked["files"] and not paths:
            return None
        found = symbols_of(kind, paths or sorted(files, key=order)[:2000])
        if not found:
            return None
        where = f" in {', '.join(f'`{path}`' for path in paths[:3])}" if paths else ""
        lines = [f"- {place(path, s.first_line, s.last_line)} `{s.name}`: {code(s.signature, 120)}" for path, s in found[:80]]
        if len(found) > 80:
            lines.append(f"- and {len(found) - 80:,} more")
        return [f"There {'is' if len(found) == 1 else 'are'} {counted(len(found), kind)}{where}:", "\n".join(lines)]
    if not paths:
        return None
    parts = []
    for path in paths[:3]:
        total = len(source(path, 1, 100_000))
        symbols = [s for s in outlined(path) if s.depth < 2]
        parts.append(f"{place(path, 1, max(total, 1))} has {counted(total, 'line')}." + (" It begins:" if total > 40 else ""))
        parts.append(quote(path, source(path, 1, 40 if not symbols else 20)))
        if symbols and total > 20:
            parts.append("Its parts:\n\n" + "\n".join(f"- {place(path, s.first_line, s.last_line)} {s.kind} `{s.name}`" for s in symbols[:60]))
    return parts


def by_version_of_dependency():
    """The version of a dependency that the question names in plain words."""
    if not re.search(r"(?i)\b(version|dependenc|depend|require|pinned|need)", question):
        return None
    words = {word.lower() for word in re.findall(r"[\w.@/-]+", question)} | set(asked["names"])
    found = [row for row in manifest_entries() if row.about == "dependency" and row.name.lower() in words and len(row.name) > 1]
    return ["The manifests say:"] + bullets(found[:12], lambda row: f"`{row.name}` {code(row.value or 'any version')}") if found else None

RUNTIMES = {"node": "node", "nodejs": "node", "js": "node", "python": "python", "rust": "rust", "rustc": "rust", "msrv": "rust",
            "edition": "edition", "go": "go", "golang": "go", "ruby": "ruby", "php": "php", "java": "java", "jdk": "java"}


def by_manifest():
    """What a manifest, a licence or a list of changes says."""
    about = asked["about"]
    entries = [row for row in manifest_entries() if row.about == about or about == "version" and row.about == "name"]
    if about == "version":
        entries = [row for row in entries if row.about == "version"] and entries
    if not entries and about == "release":
        versions = [row for row in manifest_entries() if row.about == "version"][:3]
        return versions and ["There is no list of changes here; the manifests say:"] + bullets(versions, lambda row: f"version {code(row.value)}")
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
             if about == "dependency" else "The manifests say:"]
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

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
        # Those that spell a qualified name as it was asked for are surely meant.
        rows.sort(key=lambda row: (name not in row.text, order(row.path)))
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

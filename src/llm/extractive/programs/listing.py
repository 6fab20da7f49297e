SYMBOLS = {"function": ("function",), "method": ("method",), "class": ("class",), "struct": ("struct",), "trait": ("trait",),
           "enum": ("enum",), "interface": ("interface",), "module": ("module", "namespace"), "macro": ("macro",),
           "type": ("class", "struct", "enum", "trait", "interface", "type", "union"), "constant": ("const", "constant", "static"),
           "heading": ("heading",), "section": ("heading",), "test": ("function", "method"), "exception": ("class", "struct", "enum")}


def symbols_of(kind, paths):
    """The definitions of a kind in the files."""
    kinds = SYMBOLS.get(kind, ())
    is_test = lambda s: kind != "test" or re.match(r"(?i)test|it_", s.name) or "#[test]" in s.signature
    if kind == "exception":
        is_test = lambda s: re.search(r"(Error|Exception|Warning|Fault)$|\b\w*(Error|Exception)\b\s*\)?\s*[:{]", s.name + " " + s.signature)
    return [(path, s) for path in paths for s in outlined(path) if s.kind in kinds and is_test(s)]


def singular(word):
    word = word.lower()
    return word[:-2] if word.endswith("sses") else word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def by_list():
    """What is in a file, or the definitions of a kind."""
    paths = [path for name in asked["files"] for path in file_named(name)[:3]]
    missing.extend(name for name in asked["files"] if not file_named(name))
    if asked["of"] == "files":
        lines = [f"- `{path}` ({counted(len(files[path]), 'character')})" for path in list(files)[:100]]
        return [f"There {'is' if len(files) == 1 else 'are'} {counted(len(files), 'file')}:", "\n".join(lines + ([f"- and {len(files) - 100:,} more"] if len(files) > 100 else []))]
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
        begins = source(path, 1, 40 if not symbols else 20)
        there = f"`{path}` has {counted(total, 'line')}"
        parts.append(f"{there}, and begins ({place(path, 1, len(begins))}):" if total > len(begins) else f"{there} ({place(path, 1, max(total, 1))}):")
        parts.append(quote(path, begins))
        if symbols and total > 20:
            parts.append("Its parts:\n\n" + "\n".join(f"- {place(path, s.first_line, s.last_line)} {s.kind} `{s.name}`" for s in symbols[:60]))
    return parts

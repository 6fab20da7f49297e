from collections import Counter

def first_paragraphs(text, characters=700):
    """The beginning of a description, without its title, badges and pictures."""
    kept, size = [], 0
    for paragraph in re.split(r"\n\s*\n", text):
        plain = paragraph.strip()
        if not plain or re.match(r"#|!?\[!?[^\]]*\]:|!\[|\[!|<|---|```|\||[=~-]{3,}$", plain):
            if kept and plain.startswith("#"):
                break
            continue
        kept.append(plain)
        size += len(plain)
        if size > characters:
            break
    return "\n\n".join(kept)[:2 * characters]

def description(path):
    """What a source file says of itself at its beginning: (first line, last line, text)."""
    head = files[path][:6000].split("\n")
    marker = re.compile(r"^\s*(//!|///|//|#!?|;;;?|\*|/\*\*?|\"\"\"|'''|--)\s?")
    lines, first = [], None
    quoted = False
    for number, line in enumerate(head, 1):
        stripped = line.strip()
        fence = stripped.startswith(('"""', "'''"))
        if (marker.match(line) and not re.match(r"\s*#!?\[", line)) or quoted:
            if not re.search(r"(?i)copyright|licen[sc]e|spdx|^#!|-\*-", stripped):
                first = first or number
                lines.append(marker.sub("", line).rstrip('"\' ') if not quoted or fence else stripped.rstrip('"\''))
            if fence:
                quoted = not quoted and not (len(stripped) > 3 and stripped.endswith(('"""', "'''")))
        elif stripped and (lines or not re.match(r"^(#\[|#!\[|<\?|package\b|use |import |from )", stripped)):
            break
        if lines and not lines[-1].strip():
            break
    text = " ".join(part.strip() for part in lines if part.strip())
    return (first, first + len(lines) - 1, text) if text else None

names = list(files)
parts = []
readmes = sorted((p for p in names if re.match(r"(?i)^readme(\.\w+)?$", p.rsplit("/", 1)[-1])), key=lambda p: (p.count("/"), p))
if len(names) <= 1:
    path = names[0] if names else None
    whole = peek(0, None)
    total = whole.count("\n") + (not whole.endswith("\n"))
    symbols = [s for s in outlined(path) if s.depth == 0] if path else []
    parts.append(f"{place(path, 1, max(total, 1))} has {counted(total, 'line')} and {len(whole)} characters.")
    about = description(path) if path else None
    if about:
        parts.append(f"It says of itself ({place(path, about[0], about[1])}): {about[2][:700]}")
    else:
        parts.append("It begins:\n\n" + quote(path, list(enumerate(whole[:3000].split("\n"), 1))[:15]))
    if symbols:
        parts.append("Its parts:\n\n" + "\n".join(f"- {place(path, s.first_line, s.last_line)} {s.kind} `{s.name}`" for s in symbols[:60]))
else:
    if readmes:
        text = first_paragraphs(files[readmes[0]])
        ending = text[-40:]
        last = files[readmes[0]][: files[readmes[0]].find(ending) + len(ending)].count("\n") + 1 if text else 1
        if text:
            parts.append(f"{place(readmes[0], 1, last)} says:\n\n" + "\n".join("> " + line for line in text.split("\n")))
    code = [p for p in names if re.search(r"\.(rs|py|js|ts|tsx|go|c|h|cc|cpp|java|rb|el|kt|swift|cs|php|scala|hs|ml|lua|sh)$", p)
            and not re.search(r"(^|/)(tests?|benches|examples?|fixtures|vendor|node_modules)/", p)]
    kinds = Counter(p.rsplit(".", 1)[-1] for p in names if "." in p.rsplit("/", 1)[-1])
    parts.append(f"It has {size()}; by ending: "
                 + ", ".join(f"{ending} {count}" for ending, count in kinds.most_common(6)) + ".")
    rank = lambda p: (0 if re.search(r"(^|/)(main|lib|__init__|index|mod|app|cli)\.\w+$", p) else 1, p.count("/"), -len(files[p]), p)
    lines = []
    for path in sorted(code, key=rank):
        about = description(path)
        if about:
            lines.append(f"- {place(path, about[0], about[1])}: {about[2][:220]}")
        if len(lines) == 14:
            break
    if lines:
        parts.append("What its parts say of themselves:\n\n" + "\n".join(lines))
    else:
        tops = [(p, s) for p in sorted(code, key=rank)[:8] for s in outlined(p) if s.depth == 0][:25]
        parts.append("Its main definitions:\n\n" + "\n".join(f"- {place(p, s.first_line, s.last_line)} {s.kind} `{s.name}`" for p, s in tops))
finish(parts)

from collections import Counter

def first_paragraphs(text, characters=700):
    """The beginning of a description, without its title, badges, directives and pictures."""
    kept, size = [], 0
    for paragraph in re.split(r"\n\s*\n", text):
        plain = paragraph.strip()
        lines = plain.split("\n")
        # A heading is underlined, or begins with a mark.
        underlined = len(lines) > 1 and any(re.fullmatch(r"\s*([=~^*#-])\1{2,}\s*", line) for line in lines[:3])
        if underlined and len(lines) > 3 and not kept:
            plain = "\n".join(lines[3 if re.fullmatch(r"\s*([=~^*#-])\1{2,}\s*", lines[0]) else 2 :]).strip()
        elif underlined or re.match(r"#|=+ \S", plain):
            if kept:
                break
            rest = [line for line in lines[1:] if line.strip()]
            plain = "" if underlined or not rest else "\n".join(rest)
        if not plain or re.match(r"!?\[!?[^\]]*\]:|!\[|\[!|<|---|```|\||\.\. |:\w+:|[=~-]{3,}$|\[[^\]]*\]\([^)]*\)\s*$", plain):
            continue
        kept.append(plain)
        size += len(plain)
        if size > characters:
            break
    return "\n\n".join(kept)[: 2 * characters]


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
        whole = files[readmes[0]]
        line_of = lambda part, end: whole[: whole.find(part) + (len(part) if end else 0)].count("\n") + 1
        if text:
            parts.append(f"{place(readmes[0], line_of(text[:40].split(chr(10))[0], False), line_of(text[-40:].split(chr(10))[-1], True))} says:\n\n" + "\n".join("> " + line for line in text.split("\n")))
    sources = [p for p in names if re.search(r"\.(rs|py|js|ts|tsx|go|c|h|cc|cpp|java|rb|el|kt|swift|cs|php|scala|hs|ml|lua|sh)$", p)
            and not re.search(r"(^|/)(tests?|benches|examples?|fixtures|vendor|node_modules)/", p)]
    kinds = Counter(p.rsplit(".", 1)[-1] for p in names if "." in p.rsplit("/", 1)[-1])
    parts.append(f"It has {size()}; by ending: "
                 + ", ".join(f"{ending} {count}" for ending, count in kinds.most_common(6)) + ".")
    rank = lambda p: (0 if re.search(r"(^|/)(main|lib|__init__|index|mod|app|cli)\.\w+$", p) else 1, p.count("/"), -len(files[p]), p)
    lines = []
    for path in sorted(sources, key=rank):
        about = description(path)
        if about:
            lines.append(f"- {place(path, about[0], about[1])}: {about[2][:220]}")
        if len(lines) == 14:
            break
    if lines:
        parts.append("What its parts say of themselves:\n\n" + "\n".join(lines))
    elif sources:
        tops = [(p, s) for p in sorted(sources, key=rank)[:8] for s in outlined(p) if s.depth == 0][:25]
        if tops:
            parts.append("Its main definitions:\n\n" + "\n".join(f"- {place(p, s.first_line, s.last_line)} {s.kind} `{s.name}`" for p, s in tops))
    if not lines and (not sources or not readmes):
        others = sorted((p for p in names if p not in readmes), key=lambda p: (p.count("/"), p))[:20]
        begins = lambda p: next(((n, line) for n, line in enumerate(files[p][:4000].split("\n"), 1) if line.strip()), None)
        heads = [(p, head) for p in others for head in [begins(p)] if head]
        if heads:
            parts.append("What its files begin with:\n\n" + "\n".join(f"- {place(p, n, n)}: {code(line)}" for p, (n, line) in heads))
finish(parts)

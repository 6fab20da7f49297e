LISTED = 40  # places that are listed one by one
TYPES = {"class", "struct", "enum", "trait", "interface", "impl", "object", "protocol", "extension", "module", "union", "actor"}
ITSELF = {"self", "this", "Self", "cls", "super", "static", "parent"}


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
    if not counts:
        missing.append(name)
        return None
    parts = []
    others = [row for row in uses if row.kind == "declaration"
              and not any((row.path, row.line) == (known.path, known.first_line) for known in defined)]
    wants_calls = asked.get("calls")
    calls, references = counts.get("call", 0), counts.get("reference", 0) + counts.get("assignment", 0)
    groups = [("call", "called", calls)] if calls else []
    if references and (not calls or not wants_calls):
        groups.append(("reference", "used", references))
    if not groups:
        text = counts.get("text", 0) + counts.get("string", 0) + counts.get("comment", 0) + counts.get("import", 0)
        parts.append(f"Nothing in this text {'calls' if wants_calls else 'uses'} `{own}`"
                     + (f"; comments, strings, imports and documents name it {counted(text, 'time')}." if text else "."))
        rows = [row for row in uses if row.kind in ("import", "string", "text")][:5]
        parts.append("\n".join(listed(rows)))
    for kind, verb, number in groups:
        rows = [row for row in uses if row.kind == kind or kind == "reference" and row.kind == "assignment"]
        rows.sort(key=lambda row: order(row.path))
        parts += by_owner(name, rows, verb, number) or [told_uses(own, rows, verb, number)]
    if wants_calls and calls and references:
        rows = [row for row in uses if row.kind in ("reference", "assignment")]
        parts.append(f"It is used {counted(references, 'time')} without being called there:\n\n" + "\n".join(listed(rows[:6], references)))
    if defined:
        parts.append("\n".join(f"`{name}` is {'declared' if row.kind == 'declaration' else 'defined'} at "
                               f"{place(row.path, row.first_line, row.first_line)}: {code(row.signature)}" for row in defined[:5]))
    if others:
        parts.append("\n".join(f"{place(row.path, row.line, row.line)} is a declaration: {code(row.text)}" for row in others[:8]))
    aside = [f"{counted(counts[kind], noun)}" for kind, noun in
             (("import", "import"), ("comment", "comment"), ("string", "string"), ("text", "line of documents or data")) if counts.get(kind)]
    if aside and groups:
        aside = [part.replace("line of documents or datas", "lines of documents or data") for part in aside]
        parts.append("It is also named in " + ", ".join(aside) + ".")
    return parts


def told_uses(name, rows, verb, number):
    callers = {(row.path, row.within) for row in rows}
    where = f", in {counted(len(callers), 'definition or file')}" if len(callers) < number else ""
    return (f"`{name}` is {verb} at {counted(number, 'place')}{where.replace('definition or files', 'definitions or files')}:\n\n"
            + "\n".join(listed(rows, number)))


def by_owner(name, rows, verb, number):
    """Of a method that is named with its type: the places that surely mean it, those that may, and those of other types."""
    own = own_name(name)
    owner = own_name(name[: -len(own)].rstrip(".:#->"))
    if not owner or len([row for row in definitions_of(own) if row.kind in ("method", "function")]) < 2:
        return None
    others = {bare_type((row.within or "").split(".")[-1]) or receiver_of(row.signature) for row in definitions_of(own)} - {owner, "", None}
    sure, open_, of_others = [], [], []
    for row in rows:
        meant_type = type_before(row, own, owner, others)
        (sure if meant_type == owner else open_ if meant_type is None else of_others).append(row)
    parts = [told_uses(name, sure, verb, len(sure))] if sure else [f"No place shows by its syntax that it means `{name}`."]
    if open_:
        parts.append(f"{counted(len(open_), 'place')} more may mean it or another `{own}`, since the type before it is not in the syntax:\n\n"
                     + "\n".join(listed(open_, len(open_))))
    if of_others:
        parts.append(f"{counted(len(of_others), 'place')} {'means' if len(of_others) == 1 else 'mean'} the `{own}` of another type, for instance "
                     + ", ".join(place(row.path, row.line, row.line) for row in of_others[:3]) + ".")
    return parts


def bare_type(name):
    """The name of a type without its parameters, its path, and the trait that is implemented for it."""
    return re.split(r"\.|::", re.sub(r"<.*>", "", name).split(" for ")[-1].split(" ")[-1])[-1]


def receiver_of(signature):
    """The type of the receiver of a method in Go, or of a qualified definition in C++."""
    found = re.search(r"^func \(\w*\s*\*?(\w+)", signature) or re.search(r"(\w+)::~?\w+\s*\(", signature)
    return found and found[1]


def type_before(row, own, owner, others, known={}):
    """The type whose method a place means, by what stands before the name; nothing where the syntax does not show it."""
    found = re.search(rf"([\w$]+)(?:<[^<>]*>)?(\(\))?\s*(?:\?\.|!\.|\.|->|::)\s*{re.escape(own)}\b", row.text)
    around = [s for s in outlined(row.path) if s.first_line <= row.line <= s.last_line]
    types = [bare_type(s.name) for s in around if s.kind in TYPES]
    types += [receiver_of(s.signature) for s in around if receiver_of(s.signature)]
    if not found:
        # Without anything before it, it is a method only where methods are called so.
        return types[-1] if types and re.search(r"\.(java|cs|kt|swift|cc|cpp|h|hpp|rb|scala)$", row.path or "") and types[-1] in others | {owner} else None
    before = found[1]
    if before in ITSELF:
        return types[-1] if types and types[-1] in others | {owner} else None
    if before == owner or before in others:
        return before
    key = (row.path, around[-1].first_line if around else 0, before)
    if key not in known:
        text = "\n".join(line for _, line in source(row.path, around[-1].first_line if around else row.line - 60, row.line))
        known[key] = declared_type(before, text, others | {owner})
    if known[key]:
        return known[key]
    if before.replace("_", "").lower() == owner.lower():
        return owner
    return next((it for it in others if it.lower() == before.replace("_", "").lower()), None)


def declared_type(name, text, types):
    """The type that a declaration or an assignment gives a variable, if it is one of these."""
    name = re.escape(name)
    patterns = (rf"\b{name}\s*(?::[^=\n,()]*)?:?=\s*(?:await\s+)?(?:new\s+|&\s*|mut\s+)*(?:[\w$]+(?:\.|::))*([A-Za-z_]\w*)\s*(?:[({{<]|::|\.)",
                rf"\b{name}\s*\??:\s*(?:&|mut\s+|\*|'\w+\s+|Optional\[|Box<|Arc<|Rc<|dyn\s+|impl\s+)*(?:[\w$]+(?:\.|::))*([A-Za-z_]\w*)",
                rf"\b{name}\s+\*?(?:\w+\.)?([A-Z]\w*)", rf"\b([A-Z]\w*)(?:<[^<>]*>)?\s*[&*]*\s+{name}\b")
    found = [(match.start(), match[1]) for pattern in patterns for match in re.finditer(pattern, text) if match[1] in types]
    return max(found)[1] if found else None


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

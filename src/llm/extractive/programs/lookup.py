MOST_LINES = 60  # of one place; what is longer cannot be taken in at a glance
MOST_PASSAGES = 6
missing = []  # what was looked for as it is written, and is nowhere
passages = []  # the parts of the answer
numbers = []  # those that are numbered


def show(path, numbered, lines=None, note=""):
    """Adds a passage: some lines of a file, of which `lines` answer. Returns whether it was new."""
    if not numbered or not is_new(numbered):
        return False
    first, last = numbered[0][0], numbered[-1][0]
    name = label(path, lines or [n for n, line in numbered if line.strip()])
    add(f"{place(path, first, last)}{name}{note}", path, numbered)
    return True


shown_places = []


def is_shown(path, first, last):
    """Whether most of these lines were shown already."""
    common = max((min(last, b) - max(first, a) + 1 for known, a, b in shown_places if known == path), default=0)
    return common * 2 > last - first + 1


def add(head, path, numbered):
    """Adds a passage with a head and a number."""
    shown_places.append((path, numbered[0][0], numbered[-1][0]))
    numbers.append(head)
    passages.append(f"{len(numbers)}. {head}\n\n" + quote(path, numbered))


def introduce(start, lead):
    """Says what the passages from `start` on are, if there are any."""
    if len(passages) > start:
        passages.insert(start, lead)


def file_named(name):
    """The files that a name or a path names: exactly, by the end of the path, or whatever capitals it has."""
    name = name.replace("\\", "/").removeprefix("./").strip("/")
    if name in files:
        return [name]
    lower = name.lower()
    found = [p for p in files if p.endswith("/" + name)] or [p for p in files if ("/" + p.lower()).endswith("/" + lower)]
    if not found and "/" in name:
        # A path of another machine ends like one of this text.
        parts = name.split("/")
        tails = ["/".join(parts[at:]) for at in range(1, len(parts))]
        found = next((hits for tail in tails for hits in [[p for p in files if p == tail or p.endswith("/" + tail)]] if hits), [])
        if not found and any(p.startswith(name + "/") for p in files):
            found = sorted(p for p in files if p.startswith(name + "/"))[:20]
    if not found and "." not in name:
        found = [p for p in files if p.rsplit("/", 1)[-1].lower().split(".")[0] == lower]
    return sorted(found, key=lambda p: (order(p), p.count("/"), p))


# A name with a dot may be that of a file with an ending that few files have.
for name in [name for name in asked["names"] if "." in name and file_named(name)]:
    asked["names"].remove(name)
    asked["files"].append(name)


def folded(text):
    return " ".join(text.lower().split())


def own_name(name):
    return re.split(r"\.|::|#|->", name)[-1]


def definitions_of(name, is_word=False, known={}):
    if name not in known:
        known[name] = list(find_definitions(name))
    rows = known[name]
    if is_word:
        rows = [row for row in rows if own_name(row.name) == name]
    return rows


def literal_pattern(text):
    escaped = re.sub(r"([^\w\s])", r"\\\1", text)
    if re.match(r"^v?\d+(\.\d+)+$", text):
        return rf"(?:^|[^\w.])v?{escaped.removeprefix('v')}(?:$|[^\w.]|\.\D|\.$)"
    before = r"(?:^|[^\w])" if re.match(r"\w", text) else ""
    after = r"(?:$|[^\w])" if re.match(r"\w", text[-1]) else ""
    return before + escaped + after


def not_found():
    """What was looked for as it is written and is nowhere, with what is written much like it and what was left out."""
    names = list(dict.fromkeys(missing))
    if not names:
        return ""
    shown = ", ".join(code(name, 100) for name in names[:6])
    said = [f"{shown} {'does' if len(names) == 1 else 'do'} not occur in this text."]
    for name in names[:6]:
        tail = "/" + name.lower().strip("/")
        rows = [row for row in left_out() if ("/" + row.path.lower().strip("/")).endswith(tail) or tail.startswith("/" + row.path.lower())]
        said += [f"`{row.path}` is left out{why_left_out(row) or f' ({row.kind})'}." for row in rows[:2]]
        close = written_like(name)
        if close:
            said.append(f"Written much like `{name}`: {', '.join(f'`{it}`' for it in close)}.")
    return " ".join(said)


def written_like(name, most=3, known={}):
    """Words of the text that differ from a name in a letter or two."""
    own = own_name(name)
    if name not in known and re.fullmatch(r"[A-Za-z_]\w{3,39}", own):
        lower, allowed = own.lower(), 1 if len(own) < 8 else 2
        rows = grep(rf"(?i)\b{re.escape(own[:3])}|{re.escape(own[-4:])}\b", max_results=2000)
        words = {word for row in rows for word in re.findall(r"\w+", row.text[:2000]) if abs(len(word) - len(own)) <= allowed}
        near = [(distance(lower, word.lower(), allowed), word) for word in words]
        known[name] = [word for apart, word in sorted(near) if apart <= allowed][:most]
    return known.get(name, [])


def distance(one, other, most):
    """How many letters were left out, put in, changed or exchanged with their neighbour; more than `most` is as bad as any."""
    before, last = None, list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b)))
            if before and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], before[j - 2] + 1)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]

def by_message(is_sure):
    """The lines that say the messages of the question."""
    for message in asked["messages"]:
        start = len(passages)
        rows = list(message_origins(message, 5))
        least = 0.5 if asked["is_message"] and asked["frames"] or is_sure else 0.72
        good = [row for row in rows if row.share >= least and row.share >= 0.8 * rows[0].share]
        # A question that a document repeats is no answer to itself.
        good = [row for row in good if folded(question) not in folded(row.text) or asked["is_message"]]
        # Where the trace was is where it was said.
        traced = [(path, line) for name, line in asked["frames"] for path in file_named(name)[:1]]
        good.sort(key=lambda row: (row.path, row.line) not in traced)
        for row in good[:3]:
            part = "" if row.share > 0.9 else f" (says {row.share:.0%} of it)"
            show(row.path, source(row.path, row.line - 3, row.line + 3), [row.line], part)
        introduce(start, f"{code(message, 100)} is said here:")
        if good:
            return True
        if asked["is_message"]:
            missing.append(message)
    return False


def by_frames():
    """The places of a trace that are in the text."""
    lines = []
    for name, line in asked["frames"]:
        found = [p for p in file_named(name) if not p.endswith("/")][:1]
        for path in found:
            rows = source(path, line, line)
            if rows and rows[0][1].strip():
                lines.append(f"- {place(path, line, line)}{label(path, [line])}: {code(rows[0][1])}")
    return "The trace names these places, as the text has them now:\n\n" + "\n".join(dict.fromkeys(lines)) if lines else None


def lead_in(path, first):
    """Where the comments and decorators before a definition begin."""
    before = source(path, max(1, first - 12), first - 1) if first > 1 else []
    while before and re.match(r"\s*(//|#|;|\*|/\*|--|@|\[)", before[-1][1]):
        first = before.pop()[0]
    return first


def chosen_lines(path, numbered, always, most=14):
    """The lines that a reader picks for the question, beside those that are always shown."""
    prompt = reading(path, numbered)
    known = {n for n, line in numbered if line.strip()}
    return sorted(picked(llm_query(prompt), numbered) | (set(always) & known)) if len(numbered) > most else sorted(known)


def picked(note, numbered, most=6):
    """The lines that a reader has picked; where it could not, those with most words of the question."""
    spoken = [n for n, line in numbered if line.strip()]
    if note.startswith("Error: "):
        held = {n: overlap(line) for n, line in numbered}
        return set(sorted((n for n in spoken if held[n]), key=lambda n: -held[n])[:most])
    return {int(n) for n in re.findall(r"^\s*(\d+)\|", note, re.M)} & set(spoken)


def reading(path, numbered):
    first, last = (numbered[0][0], numbered[-1][0]) if numbered else (1, 1)
    return ("Give back the lines that answer the question, each as it stands with its number, or NOTHING.\n\n"
            f"Question: {question}\n\nPassage {path}:{first}-{last}\n" + "\n".join(f"{n}| {line}" for n, line in numbered))


def show_definition(found):
    """What defines a name: from the comments before it, as far as it can be taken in at a glance."""
    first = lead_in(found.path, found.first_line) if found.path else found.first_line
    last = min(found.last_line, first + MOST_LINES - 1)
    numbered = source(found.path, first, last)
    always = range(first, found.first_line + 8)
    lines = chosen_lines(found.path, numbered, always, 24)
    goes_on = f" (it goes on to line {found.last_line})" if last < found.last_line else ""
    within = f" in `{found.within}`" if found.within else ""
    kept = [(n, line) for n, line in numbered if n in set(filled(lines))]
    if not is_new(kept):
        return False
    # What it is comes first: the comment before it belongs to the place, its own line is what is cited.
    add(f"{place(found.path, first, last)} — {found.kind} `{found.name}`{within}{goes_on}", found.path, kept)
    return True


def filled(numbers):
    """With the lines of short gaps, which take no more room than a mark for them."""
    short = [range(a, b) for a, b in zip(numbers, numbers[1:]) if b - a <= 3]
    return sorted(set(numbers).union(*short))


def meant(rows, name):
    """Of several definitions those first that the question speaks of: by their kind, what they lie in, what is said of them."""
    if len(rows) < 2:
        return rows
    words = [word for word in WORDS if word not in content(name)]
    kinds = {stem(word) for word in parts_of(question)}

    def worth(row):
        comment = [line for _, line in source(row.path, lead_in(row.path, row.first_line), row.first_line)] if row.path else []
        said = " ".join([row.path or "", row.within or "", row.signature] + comment)
        aside = order(row.path) if order(row.path) != 2 or not kinds & {"test", "exampl", "spec"} else -1
        return (aside, stem(row.kind) not in kinds, -overlap(said, words))

    return sorted(rows[:40], key=worth) + rows[40:]


def by_names(names, is_word=False, most=3):
    """What defines the names; where they occur, if nothing does."""
    for name in names:
        start = len(passages)
        rows = meant(definitions_of(name, is_word), name)
        if rows:
            shown = [row for row in rows[:most] if show_definition(row)]
            more = len(rows) - len(shown)
            others = ", ".join(place(row.path, row.first_line, row.first_line) for row in rows[most : most + 5])
            if more > 0 and others:
                passages.append(f"`{name}` is also defined at {others}{' and elsewhere' if more > 5 else ''}.")
            introduce(start, f"`{name}` is defined here:")
            continue
        # Of the class of an error that a language brings along there is nothing to see here.
        if is_word or asked["is_message"]:
            continue
        uses = find_uses(name, 60)
        own = [row for row in uses if row.kind not in ("comment", "import")] or list(uses)
        begins = lambda row: bool(re.match(rf"\W*{re.escape(own_name(name))}\b", row.text))
        own.sort(key=lambda row: (order(row.path), not begins(row), -overlap(row.text)))
        if not own:
            missing.append(name)
            continue
        for row in own[:3]:
            show(row.path, source(row.path, row.line - NEAR, row.line + NEAR), [row.line])
        introduce(start, f"`{name}` is defined nowhere in this text; it occurs here:")


HISTORY = re.compile(r"(?i)(^|/)(changelog|changes|history|news|releases?)\b[^/]*$")


def by_literals(literals, most=4):
    """The lines that hold a text as it is written in the question."""
    for text in literals:
        start = len(passages)
        pattern = literal_pattern(text)
        rows = grep(pattern, max_results=400) or grep(pattern, ignore_case=True, max_results=400)
        # A question that a document repeats is no answer to itself.
        rows_left = [row for row in rows if folded(question) not in folded(row.text)]
        if not rows_left:
            if not definitions_of(text, True):
                missing.append(text)
            continue
        heading = lambda row: bool(re.match(rf"\W*(version |release )?\W*v?{re.escape(text.removeprefix('v'))}\b", row.text, re.I))
        # What an address holds says little, and what happened to a version is told by a list of changes.
        plain = lambda row: re.sub(r"\S+://\S+", " ", row.text)
        is_past = bool(re.search(r"(?i)\b(released?|changed?|new|added|fixed|removed|when|since)\b", question))
        best = sorted(rows_left, key=lambda row: (-overlap(plain(row)), not heading(row), is_past and not HISTORY.search(row.path or ""), order(row.path)))
        shown = 0
        for row in best:
            if shown == most:
                break
            if is_shown(row.path, row.line, row.line):
                continue
            behind = 8 if heading(row) else NEAR
            shown += show(row.path, source(row.path, row.line - (0 if heading(row) else 1), row.line + behind), [row.line])
        total = f" (on {'at least ' if rows.more else ''}{counted(len(rows), 'line')}; these fit best)" if len(rows) > most else ""
        introduce(start, f"{code(text, 100)} stands here{total}:")


def by_files(names):
    """The files that are named: the lines in them that fit, else what they begin with."""
    named = {name: file_named(name) for name in names}
    words = [word for word in WORDS if not any(word in content(name) for name in names)]
    for name, found in named.items():
        if not found:
            missing.append(name)
            continue
        start = len(passages)
        for path in found[:2]:
            numbered = source(path, 1, MOST_LINES)
            total = files[path].count("\n") + 1
            if total > MOST_LINES and words:
                rows = [row for row in ranked(question, 200) if row.path == path] or by_words(" ".join(words), 3, path)
                rows = sorted(rows, key=lambda row: -overlap(row.text, words))[:2]
                for row in rows:
                    lines = source(path, row.first_line, min(row.last_line, row.first_line + MOST_LINES - 1))
                    kept = set(filled(chosen_lines(path, lines, [row.first_line])))
                    show(path, [(n, line) for n, line in lines if n in kept])
                if rows:
                    continue
            lines = chosen_lines(path, numbered, [], 24) if words else []
            kept = set(filled(lines)) if lines else {n for n, _ in numbered[:24]}
            show(path, [(n, line) for n, line in numbered if n in kept])
        if len(found) > 2:
            passages.append(f"`{name}` names {counted(len(found), 'file')}; others: " + ", ".join(f"`{p}`" for p in found[2:8]))
        introduce(start, f"`{name}`:")


def by_places():
    """The lines that are named by their numbers."""
    for name, first, last in asked["places"]:
        found = file_named(name)
        if not found:
            missing.append(name)
        for path in found[:2]:
            show(path, source(path, first - NEAR, min(last + NEAR, first + MOST_LINES - NEAR - 2)), list(range(first, last + 1)))

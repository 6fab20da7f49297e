FOREIGN = set("der die das und ist nicht wo wie wird werden eine einen welche wann warum für mit von le les des est une où comment "
              "pourquoi quel quelle dans pour avec que qué cómo dónde cuándo por para los las una del il lo gli che dove come quando "
              "perché della het een waar hoe niet voor onde quando são não uma".split())


def by_version_of_dependency():
    """The version of a dependency that the question names in plain words."""
    if not re.search(r"(?i)\b(version|dependenc|depend|require|pinned|need)", question):
        return None
    words = {word.lower() for word in re.findall(r"[\w.@/-]+", question)} | set(asked["names"])
    found = [row for row in manifest_entries() if row.about == "dependency" and {row.name.lower(), row.name.lower().rsplit("/", 1)[-1]} & words and len(row.name) > 1]
    return ["The manifests say:"] + ["\n".join(f"- `{row.name}` {code(row.value or 'any version')} ({place(row.path, row.first_line, row.last_line)})" for row in found[:12])] if found else None


def by_rank(room, lead):
    """The passages that fit best, as many as there is room for. Returns what introduces them."""
    asked_text = folded(question)
    rows = ranked(question, 24)
    # A passage that holds the very question (a README, a test) asks it as well, and does not answer it.
    rows = [row for row in rows if len(asked_text.split()) < 4 or asked_text not in folded(row.text)]
    # Neighbours become one place, so that the first places show more of the text.
    places = []
    for row in rows:
        for known in places:
            first, last = min(known[1], row.first_line), max(known[2], row.last_line)
            if known[0] == row.path and last - first < MOST_LINES:
                known[1:] = [first, last]
                break
        else:
            places.append([row.path, row.first_line, row.last_line])
    places = [known for known in places if not is_shown(*known)]
    # A package may ship a file twice.
    texts, copies = [], set()
    for path, first, last in places:
        numbered = source(path, first, last)
        text = "\n".join(line.strip() for _, line in numbered)
        if text not in copies:
            copies.add(text)
            texts.append((path, first, last, numbered))
    if texts and revision_of(texts[0][1], texts[0][0]):
        return by_commit([(path, first) for path, first, _, _ in texts], room)
    texts = texts[:room]
    notes = llm_query_batched([reading(path, numbered) for path, _, _, numbered in texts]) if texts else []
    best = 0
    for (path, first, last, numbered), note in zip(texts, notes):
        # A model that reads has found nothing in it.
        if note == "NOTHING HERE":
            continue
        chosen = sorted(picked(note, numbered)) or [n for n, line in numbered if line.strip()][:6]
        symbols = [s for s in outlined(path) if first <= s.first_line <= last] if path else []
        own = enclosing(path, chosen[0]) if path and chosen else None
        # The head of what the lines lie in is shown as well.
        heads = [own.first_line] if own and first <= own.first_line <= last else [s.first_line for s in symbols[:1]]
        kept = set(filled(sorted(set(chosen) | set(heads))))
        lines = [(n, line) for n, line in numbered if n in kept]
        if not is_new(lines):
            continue
        held = overlap(" ".join(line for _, line in numbered))
        best = max(best, held)
        rated = sorted(chosen, key=lambda n: -overlap(dict(numbered)[n]))[:4]
        add(f"{place(path, first, last)}{label(path, rated)}", path, lines)
    if not texts:
        return None
    weak = len(WORDS) > 1 and best * 3 <= len(WORDS)
    if weak:
        shown = ", ".join(f"`{word}`" for word in words_found())
        return f"No passage fits the question well. The nearest ones (weak matches{f': they have only {shown}' if shown else ''}):"
    return lead


def by_commit(found, room):
    """The commits that lines of a patch belong to: the message, and the changed lines that fit best."""
    commits = {}
    for path, line in found:
        for last in (line, line + 20, line + 39):
            for revision in revision_of(last, path):
                commits.setdefault((path, revision.line), revision)
    blocks = []
    for path, first in commits:
        numbered = source(path, first, first + 600)
        end = next((at for at, (_, line) in enumerate(numbered) if at and re.match(r"(commit|From) [0-9a-f]{7,40}\b", line)), len(numbered))
        numbered = numbered[:end]
        blocks.append((overlap(" ".join(line for _, line in numbered)), path, numbered))
    best_of_all = max((block[0] for block in blocks), default=0)
    blocks = [block for block in blocks if block[0] * 3 >= best_of_all * 2]
    for _, path, numbered in sorted(blocks, key=lambda block: -block[0])[: min(room, 3)]:
        lines = dict(numbered)
        head = [n for n in list(lines)[:12] if re.match(r"(commit|From|Author|Date|Subject|    \S)", lines[n])][:6]
        changed = [n for n in lines if re.match(r"[+-](?![+-]{2} )", lines[n])]
        changed = sorted(changed, key=lambda n: -overlap(lines[n]))[:6]
        best = [n for n in changed if overlap(lines[n]) == overlap(lines[changed[0]])] or head
        of_files = [n for n in lines if lines[n].startswith("diff --git")]
        files_shown = {max((n for n in of_files if n < line), default=None) for line in changed} - {None}
        kept = sorted({*head, *changed, *files_shown})
        # What belongs together is one citation as long as it can be taken in at a glance.
        kept = [n for n in kept if n - kept[0] < MOST_LINES] if best[0] - kept[0] < MOST_LINES else [n for n in kept if abs(n - best[0]) < MOST_LINES // 2]
        show(path, [(n, lines[n]) for n in kept], best)
    return "These commits fit the question best:"


def words_found():
    """The words of the question that some passage has, as the question spells them."""
    held = {stem(word) for part in passages for word in parts_of(part)}
    return list(dict.fromkeys(word for word in parts_of(question) if stem(word) in WORDS and stem(word) in held))[:6]


def by_history(names):
    """What lists of changes say of the names, if the question is about their past."""
    if not re.search(r"(?i)\b(added|introduced|removed|deprecated|renamed|fixed|changed|since|release|version)\b", question):
        return
    lists = [path for path in files if HISTORY.search(path)]
    for name in names:
        start = len(passages)
        rows = [row for path in lists[:5] for row in grep(rf"\b{re.escape(own_name(name))}\b", path=path, max_results=50)]
        for row in rows[-1:] + rows[:-1][:1]:
            before = source(row.path, max(1, row.line - 400), row.line)
            heads = [(n, line) for n, line in before if re.match(r"\W*(version |release )?\W*v?\d+\.\d+", line, re.I)]
            version = f" — under {code(heads[-1][1], 60)} (line {heads[-1][0]})" if heads else ""
            show(row.path, source(row.path, row.line - 1, row.line + NEAR), [row.line], version)
        introduce(start, f"What the list of changes says of `{name}`:")


def why_nothing():
    """What there is to say where nothing was found."""
    said = []
    letters = [it for it in question if it.isalpha()]
    foreign = sum(word.lower() in FOREIGN for word in re.findall(r"\w+", question))
    if letters and (sum(it.isascii() for it in letters) * 2 < len(letters) or foreign >= 2):
        said.append("The ranking knows the words of English only, and of other languages just those that stand in the text as they stand here.")
    # What a passage has occurs; only the others are looked for, since that reads the text again.
    held = {stem(word) for part in passages for word in parts_of(part)}
    gone = [word for word in dict.fromkeys(re.findall(r"[^\W\d_]{3,}", question)) if stem(word) in WORDS
            and stem(word) not in held and not grep(rf"(?i){re.escape(stem(word))}", max_results=1)][:6]
    if gone and not missing:
        shown = ", ".join(f"`{word}`" for word in gone)
        said.append(f"{shown} {'occurs' if len(gone) == 1 else 'occur'} nowhere in this text.")
    return said


def answer():
    asks = asked["asks"]
    parts = by_version_of_dependency()
    if parts:
        return parts
    is_sure = asked["is_message"] and len(WORDS) > 3 and asks == "passages"
    was_said = by_message(is_sure)
    traced = by_frames() if asked["frames"] else None
    by_places()
    by_history(asked["names"] + asked["words"])
    by_names(asked["names"])
    if asks in ("definition", "uses"):
        by_names(asked["words"], True)
        missing.extend(word for word in asked["words"] if not grep(rf"(?i)\b{re.escape(word)}\b", max_results=1))
    by_literals([text for text in asked["literals"] if not (was_said and any(text in message for message in asked["messages"]))])
    by_files(asked["files"])
    exact = list(passages)
    room = MOST_PASSAGES - len(numbers)
    lead = None
    if room > 0 and WORDS and not (exact and (asks == "definition" or asked["places"])):
        lead = by_rank(room, "These passages fit the question best:")
    others = passages[len(exact):]
    if exact and others and lead:
        lead = lead if "weak" in lead else "Passages that fit as well:" if not asked["is_message"] else "Passages with words of it:"
    named = asked["names"] + asked["files"] + asked["literals"] + (asked["words"] if asks in ("definition", "uses") else [])
    gone = not_found()
    if exact or traced or others and not (named and all(name in missing for name in named)):
        return [gone] + exact + [traced or ""] + ([lead] if others else []) + others + ([] if exact else why_nothing())
    # What the question names is nowhere: passages with its other words are no answer.
    why = gone or f"no passage of {size()} fits the question; other words, or a name from the code, may find more."
    others = ["Passages with other words of the question:"] + others if others else []
    return [f"{NOTHING_FOUND}: {why}"] + why_nothing() + others


finish(answer())

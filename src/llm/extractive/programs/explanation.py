numbered = source(path, first_line, last_line)
parts = [f"The selection is {place(path, first_line, last_line)}:\n\n" + quote(path, numbered[:30])]
if len(numbered) > 30:
    parts[0] += f"\n\n({len(numbered) - 30} more lines)"
around = enclosing(path, first_line)
if around and (around.first_line < first_line or around.last_line > last_line):
    parts.append(f"It lies in {around.kind} `{around.name}` ({place(path, around.first_line, around.last_line)}): {code(around.signature)}")
inside = [s for s in outlined(path) if first_line <= s.first_line <= last_line] or ([around] if around else [])
before = source(path, max(1, inside[0].first_line - 12), inside[0].first_line - 1) if inside else []
notes = []
for number, line in reversed(before):
    if not re.match(r"\s*(//|#|;|\*|/\*|--|@|\"\"\")", line):
        break
    notes.insert(0, (number, line))
if notes and notes[0][0] < first_line:
    parts.append(f"What is said of it ({place(path, notes[0][0], notes[-1][0])}):\n\n" + quote(path, notes))
for symbol in inside[:3]:
    own = re.split(r"\.|::", symbol.name)[-1]
    uses = find_uses(own, 400)
    hits = [h for h in uses if h.kind in ("call", "reference") and not (h.path == path and symbol.first_line <= h.line <= symbol.last_line)]
    hits.sort(key=lambda h: (h.kind != "call", order(h.path)))
    if hits:
        parts.append(f"`{symbol.name}` is used at {counted(len(hits), 'other place')}:\n\n" + "\n".join(
            f"- {place(h.path, h.line, h.line)}{f' in `{h.within}`' if h.within else ''}: {code(h.text, 140)}" for h in hits[:8]))
words = [w for w in re.findall(r"[A-Za-z]\w{3,}", question) if w.lower() not in {"what", "does", "this", "that", "explain", "works", "work", "uses", "selection"}]
if words:
    rows = [r for r in ranked(question, 4) if not (r.path == path and first_line <= r.first_line <= last_line)]
    if rows:
        parts.append("Passages that fit the question:")
        parts += [f"- {place(r.path, r.first_line, r.last_line)}: {code(r.text.strip().split(chr(10))[0], 140)}" for r in rows[:3]]
finish(parts)

def folded(text):
    return " ".join(text.lower().split())

# A passage that holds the very question (a README, a test) asks it as well, and does not answer it.
asked = folded(question)
rows = [row for row in search(question, k=12) if len(asked.split()) < 4 or asked not in folded(row.text)][:8]
prompts = [
    "Give back the lines that answer the question, each as it stands with its number, or NOTHING.\n\n"
    f"Question: {question}\n\nPassage {row.path}:{row.first_line}-{row.last_line}\n"
    + "\n".join(f"{n}| {line}" for n, line in enumerate(row.text.split("\n"), row.first_line))
    for row in rows
]
notes = llm_query_batched(prompts)
parts = []
for row, note in zip(rows, notes):
    lines = dict(enumerate(row.text.split("\n"), row.first_line))
    chosen = sorted({int(n) for n in re.findall(r"^\s*(\d+)\|", note, re.M)} & set(lines))
    if not chosen and parts:
        continue
    if not chosen:
        chosen = list(lines)[:6]
    symbol = named(row.path, row.first_line, row.last_line) if row.path else None
    if symbol and symbol.first_line in lines and symbol.first_line not in chosen:
        chosen.insert(0, symbol.first_line)
    name = f" — {symbol.kind} `{symbol.name}`" if symbol else ""
    parts.append(f"{len(parts) + 1}. {place(row.path, row.first_line, row.last_line)}{name}\n\n"
                 + quote(row.path, [(n, lines[n]) for n in chosen]))
    if len(parts) == 5:
        break
if parts:
    finish(["These passages fit the question best:"] + parts)
else:
    finish([f"No passage fits the question. The text has {len(files)} files and {len(context)} characters; other words, "
            "or a name from the code, may find more."])

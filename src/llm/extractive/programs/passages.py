MOST_LINES = 60  # of one place; what is longer cannot be taken in at a glance
MOST_CHARACTERS = 100_000  # of one line


def folded(text):
    return " ".join(text.lower().split())


# A passage that holds the very question (a README, a test) asks it as well, and does not answer it.
asked = folded(question)
rows, remark = ranked(question, 16)
rows = [row for row in rows if len(asked.split()) < 4 or asked not in folded(row.text)]

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
places = places[:6]


def lines_of(path, first, last):
    text = read(path, first, last) if path else peek_lines(first - 1, last)
    lines = text.removesuffix("\n").split("\n")
    return dict(enumerate([line[:MOST_CHARACTERS] for line in lines[: last - first + 1]], first))


def filled(numbers):
    """With the lines of short gaps, which take no more room than a mark for them."""
    short = [range(a, b) for a, b in zip(numbers, numbers[1:]) if b - a <= 3]
    return sorted(set(numbers).union(*short))


texts = [lines_of(*place) for place in places]
prompts = [
    "Give back the lines that answer the question, each as it stands with its number, or NOTHING.\n\n"
    f"Question: {question}\n\nPassage {path}:{first}-{last}\n" + "\n".join(f"{n}| {line}" for n, line in lines.items())
    for (path, first, last), lines in zip(places, texts)
]
notes = llm_query_batched(prompts)
parts = []
for (path, first, last), lines, note in zip(places, texts, notes):
    spoken = [n for n, line in lines.items() if line.strip()]
    chosen = sorted({int(n) for n in re.findall(r"^\s*(\d+)\|", note, re.M)} & set(spoken)) or spoken[:6]
    symbol = named(path, first, last) if path else None
    if symbol and symbol.first_line in lines and symbol.first_line not in chosen:
        chosen = sorted([symbol.first_line] + chosen)
    name = f" — {symbol.kind} `{symbol.name}`" if symbol else ""
    parts.append(f"{len(parts) + 1}. {place(path, first, last)}{name}\n\n" + quote(path, [(n, lines[n]) for n in filled(chosen)]))
if parts:
    finish([remark or "These passages fit the question best:"] + parts)
else:
    finish([f"No {'line has a word of' if remark else 'passage fits'} the question. The text has {size()}; other "
            "words, or a name from the code, may find more."])

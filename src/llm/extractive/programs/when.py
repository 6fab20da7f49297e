TIMES = set("when first last earliest latest begin began start started stop stopped end ended happen happened occur occurred time "
            "since recent most did was were oldest newest date day".split())


STAMP = re.compile(r"\W{0,2}(\d{4})[-/.](\d\d)[-/.](\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d+)?)")


def moments(rows):
    """For each kind of line when it was first and last: by its time if all lines say theirs alike, else by its place."""
    order_of = {path: number for number, path in enumerate(files)}
    stamps = lambda row: [found and "-".join(found.groups()).replace(",", ".") for found in map(STAMP.match, (row.first_text, row.last_text))]
    all_stamped = all(stamp for row in rows for stamp in stamps(row))
    of = lambda stamp, path, line: (stamp if all_stamped else "", order_of.get(path, 0), line)
    return [(of(stamps(row)[0], row.first_path, row.first_line), of(stamps(row)[1], row.last_path, row.last_line)) for row in rows]


MOST_LOGS = 20  # that are looked at one by one, as rotated logs lie in no order of time


def by_when():
    """When something was first or last, in a log: the kinds of lines that the question means, from their first to their last."""
    if not logs():
        return None
    words = [word for word in content(question) if word not in {stem(time) for time in TIMES}]
    literals = asked["literals"] + asked["names"]
    pattern = "|".join(literal_pattern(text) for text in literals)
    of_files = [path for name in asked["files"] for path in file_named(name)[:1]] or logs()
    of_files = of_files if len(of_files) <= MOST_LOGS else [None]
    rows = [row for path in of_files for row in line_templates(pattern, path=path, max_results=5000)]
    if literals and not rows:
        missing.extend(literals)
        return None
    # A word that few kinds of lines have tells more.
    held = [(row, {stem(word) for word in parts_of(row.template + " " + row.first_text)}) for row in rows]
    known = {word: sum(word in stems for _, stems in held) for word in words}
    value = lambda stems: sum(1 / known[word] for word in words if word in stems)
    best = max(held, key=lambda pair: (value(pair[1]), pair[0].lines), default=None)
    if best is None or not (literals or value(best[1]) and sum(word in best[1] for word in words) * 3 >= len(words)):
        return None
    top = value(best[1])
    kinds = [row for row, stems in held if value(stems) >= top * 0.999]
    first, last = zip(*moments(kinds))
    at_first, at_last = kinds[first.index(min(first))], kinds[last.index(max(last))]
    ends = [("first", at_first.first_path, at_first.first_line, at_first.first_text, at_first),
            ("last", at_last.last_path, at_last.last_line, at_last.last_text, at_last)]
    (word, path, line, _, row), (opposite, far_path, far_line, far_text, _) = reversed(ends) if asked["last"] else ends
    total = sum(row.lines for row in kinds)
    show(path or None, source(path or None, line, line), [line])
    lead = f"The {word} of {counted(total, 'such line')} (`{row.template.strip()[:120].replace('`', chr(39))}`):"
    other = f"The {opposite} was at {place(far_path or None, far_line, far_line)}: {code(far_text, 200)}"
    rest = "\n".join(f"- {told(other)}" for other in [kind for kind in kinds if kind is not row][:5])
    return [lead] + passages + [other if total > 1 else "", f"Lines that fit as well:\n\n{rest}" if rest else ""]

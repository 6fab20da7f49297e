EVERYWHERE = 1000  # lines that are looked at at most to tell how common a word is


def ranked(query, k):
    """The passages that fit best; where none does in a lone text, lines that hold the words in longer ones."""
    return list(search(query, k=k)) or (by_words(query, k) if len(files) < 2 else [])


def by_words(query, k, within=None):
    """Lines that hold words of the question, or longer words that begin so. Of a word that is everywhere only the first
    lines are known, so those with two words are looked for as well."""
    left = [word for word in dict.fromkeys(re.findall(r"\w\w+", query.lower())) if word not in COMMON][:8]
    found, weights = {}, {}

    def look(pattern, most):
        rows = grep("(?i)" + pattern, path=within, max_results=most)
        found.update({(row.path, row.line): row.text for row in rows})
        return rows

    while left:
        # The text is read from end to end once: when only words are left that are not everywhere.
        rows = look(rf"\b(?:{'|'.join(left)})", EVERYWHERE)
        counts = {word: sum(bool(re.search(rf"\b{word}", row.text.lower())) for row in rows) for word in left}
        common = [word for word in left if rows.more and counts[word] * len(left) >= EVERYWHERE]
        known = rows.more and common or left
        weights.update({word: 1 / counts[word] for word in known if counts[word]})
        left = [word for word in left if word not in known]
    rarest = sorted(weights, key=weights.get, reverse=True)
    value = lambda text: sum(weight for word, weight in weights.items() if re.search(rf"\b{word}", text))
    together = lambda: [text for text in found.values() if sum(word in text.lower() for word in weights) > 1]
    for one, other in list(combinations(rarest, 2))[:6]:
        if weights[rarest[0]] > 16 / EVERYWHERE or len(together()) >= k:
            break
        look(rf"\b{one}.*\b{other}|\b{other}.*\b{one}", 100)
    best = sorted(found, key=lambda place: -value(found[place].lower()))[:k]
    return [around(path, line, found[path, line]) for path, line in best]


def around(path, line, text):
    """A line with its neighbours, as a passage."""
    first, last = max(1, line - NEAR), line + NEAR
    there = read(path, first, last) if path else peek_lines(first - 1, last)
    last = first + there.removesuffix("\n").count("\n")
    return SimpleNamespace(path=path, first_line=first, last_line=last, text=text)

"""Operations on a text, for the comparison with CPython on random ones; stands before the two programs that use it."""

import re


def run_operation(text, case):
    kind, *args = case
    if kind == "get":
        return text[args[0]]
    if kind == "slice":
        start, end, step = args
        return text[start:end:step]
    if kind == "iterate":
        start, end, step = args
        part = text[start:end:step]
        return [len(part), "".join(char for char in part), "".join(reversed(part))]
    if kind == "case":
        start, end, step = args
        part = text[start:end:step]
        return [
            part.lower(),
            part.upper(),
            part.replace("a", "ä"),
            part.encode().hex(),
            part == text,
            hash(part) == hash(part + ""),
        ]
    if kind == "in":
        return args[0] in text
    if kind in ("split", "rsplit"):
        return getattr(text, kind)(*args)
    if kind == "partition":
        return [text.partition(args[0] or "\n"), text.rpartition(args[0] or "\n")]
    if kind == "split of a slice":
        start, end, separator, limit = args
        return [text[start:end].split(separator, limit), text[start:end].rsplit(separator, maxsplit=limit)]
    if kind == "splitlines":
        start, end, keep = args
        return [text.splitlines(keep)[:50], text[start:end].splitlines(keepends=keep)]
    if kind == "strip":
        return [text.strip(args[0]), text.lstrip(args[0]), text.rstrip(args[0])]
    if kind == "re":
        pattern, start, end = args
        return [re.findall(pattern, text[start:end])[:50], re.split(pattern, text[start:end])[:50]]
    if kind == "re at":
        return matches_from(re.compile(args[0]), text, args[1])
    return getattr(text, kind)(*args)


def matches_from(pattern, text, start):
    found = []
    for match in pattern.finditer(text, start):
        found.append([match.span(), match.group(), match.groups(), text[match.start() : match.end()] == match.group()])
        if len(found) == 10:
            break
    first = pattern.search(text, start, start + 40)
    return [found, first and first.span(), pattern.sub(r"<\g<0>>", text[start : start + 200])]

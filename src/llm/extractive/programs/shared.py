import re

LANGUAGES = {"rs": "rust", "py": "python", "js": "javascript", "ts": "typescript", "tsx": "tsx", "go": "go", "c": "c",
             "h": "c", "java": "java", "md": "markdown", "toml": "toml", "el": "elisp", "sh": "sh", "json": "json"}
NOTE = ("*Extracted by the built-in model, which quotes and does not reason. For an answer in words configure a model: set "
        "a key such as `ANTHROPIC_API_KEY`, or name one (`--model`, `--endpoint`, or an editor's settings); `rlm models` "
        "shows what there is.*")


def place(path, first, last):
    lines = f"{first}" if first == last else f"{first}-{last}"
    return f"`{path}:{lines}`" if path else f"lines {lines}"


def quote(path, numbered):
    """A fenced block of (number, line) pairs, with a mark where lines are left out. Blank lines at the ends go."""
    spoken = [at for at, (_, line) in enumerate(numbered) if line.strip()]
    numbered = numbered[spoken[0] : spoken[-1] + 1] if spoken else numbered[:1]
    width = len(str(numbered[-1][0]))
    lines, before = [], None
    for number, line in numbered:
        if before is not None and number != before + 1:
            lines.append(f"{' ' * width} …")
        lines.append(f"{number:>{width}}  {line[:200].rstrip()}".rstrip())
        before = number
    fence = "`" * max([3] + [len(run) + 1 for run in re.findall("`{3,}", "\n".join(lines))])
    language = LANGUAGES.get((path or "").rsplit(".", 1)[-1], "")
    return "\n".join([fence + language] + lines + [fence])


def source(path, first, last):
    """(number, line) pairs of a file."""
    return list(enumerate(read(path, first, last).split("\n"), first))[: max(last - first + 1, 0)]


def enclosing(path, line, outlines={}):
    """The innermost definition around a line."""
    if path not in outlines:
        outlines[path] = list(outline(path))
    around = [s for s in outlines[path] if s.first_line <= line <= s.last_line]
    return max(around, key=lambda s: s.depth, default=None)


def named(path, first, last):
    """The definition that a passage begins, else the one that it lies in."""
    around = enclosing(path, first)
    inside = [s for s in outline(path) if first <= s.first_line <= last and s is not around]
    return inside[0] if inside else around


def counted(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size():
    return f"{counted(len(files), 'file')} and {len(peek(0, None))} characters"


def finish(parts):
    FINAL("\n\n".join(parts + [NOTE]))

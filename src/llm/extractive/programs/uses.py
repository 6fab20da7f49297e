word = rf"\b{re.escape(name)}\b"
hits = [hit for hit in grep(word, max_results=2000) if hit.path]
defining = {
    (hit.path, symbol.first_line): symbol
    for hit in hits
    for symbol in [enclosing(hit.path, hit.line)]
    if symbol and symbol.name.rsplit(".", 1)[-1].rsplit("::", 1)[-1] == name and symbol.first_line <= hit.line <= symbol.first_line + 3
}
definition_lines = {(path, line) for (path, first), s in defining.items() for line in range(first, first + 4)}
comment = re.compile(r"^\s*(//|#|;|\*|/\*|--|\"\"\")")
uses = [hit for hit in hits if (hit.path, hit.line) not in definition_lines and not comment.match(hit.text)]
calls = [hit for hit in uses if re.search(rf"{word}\s*(::<[^>]*>)?[(!]", hit.text)]
imports = re.compile(r"^\s*(pub(\([^)]*\))? )?(use|import|from|#include|require|\(require)\b")
aside = re.compile(r"(?i)(^|/)(tests?|benches|examples?|fixtures|vendor)/|(^|/)(changelog|changes|history)[^/]*$|\.(md|rst|txt)$")
chosen = [hit for hit in (calls or uses) if not imports.match(hit.text)] or calls or uses
chosen.sort(key=lambda hit: bool(aside.search(hit.path)))
parts = []
if defining:
    parts.append("\n".join(f"`{name}` is defined at {place(path, s.first_line, s.last_line)}: `{s.signature[:160]}`"
                           for (path, _), s in list(defining.items())[:5]))
groups = {}
for hit in chosen:
    symbol = enclosing(hit.path, hit.line)
    groups.setdefault((hit.path, symbol.name if symbol else ""), []).append(hit)
verb = "called" if calls else "used"
if groups:
    parts.append(f"It is {verb} at {counted(len(chosen), 'place')}{', most of all:' if len(groups) > 20 else ':'}" if defining else
                 f"`{name}` is {verb} at {counted(len(chosen), 'place')}{', among them:' if len(groups) > 20 else ':'}")
    order = sorted(groups.items(), key=lambda item: -len(item[1]))[:20] if len(groups) > 20 else groups.items()
    lines = []
    for (path, symbol), found in order:
        inside = f" in `{symbol}`" if symbol else ""
        lines += [f"- {place(path, hit.line, hit.line)}{inside}: `{hit.text.strip()[:160].replace('`', chr(39))}`" for hit in found[:3]]
        if len(found) > 3:
            lines.append(f"  and {len(found) - 3} more in the same place")
    parts.append("\n".join(lines))
elif defining:
    parts.append("Nothing in this text uses it.")
else:
    near, remark = ranked(question, 5)
    parts.append(f"The name `{name}` does not occur in this text."
                 + (f" {remark or 'These passages come nearest to the question:'}" if near else ""))
    parts += [f"{n}. {place(row.path, row.first_line, row.last_line)}\n\n" + quote(row.path, list(enumerate(row.text.split(chr(10)), row.first_line))[:8])
              for n, row in enumerate(near, 1)]
finish(parts)

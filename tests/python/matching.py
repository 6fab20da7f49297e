"""What `re` finds in part of a text, for the comparison with CPython on random patterns."""

import itertools
import re
import warnings

warnings.simplefilter("ignore")


def run_operation(text, case):
    pattern, flags, start, end, pos, endpos = case
    try:
        compiled = re.compile(pattern, flags)
    except re.error:
        return "no pattern"
    subject = text[start:end]
    found = [facts(match) for match in itertools.islice(compiled.finditer(subject, pos, endpos), 60)]
    few = subject[pos : pos + 300]
    return [
        found,
        facts(compiled.search(subject)),
        facts(compiled.match(subject, pos, endpos)),
        facts(compiled.fullmatch(subject, pos, min(endpos, pos + 3))),
        len(compiled.findall(subject)),
        compiled.findall(few, 3),
        compiled.split(few, 5),
        compiled.subn(r"<\g<0>>", few),
        compiled.sub(lambda match: str(match.end()), few, 4),
    ]


def facts(match):
    return match and [match.span(), match.regs, match.groups(), match.lastindex, match.lastgroup, match.pos, match.endpos]

# --- dates of a log
import re

log = "2024-01-05 ERROR disk full\n2024-01-06 INFO ok\n2024-02-01 ERROR net down\n"
for m in re.finditer(r"^(\d{4})-(\d\d)-\d\d ERROR (?P<what>.+)$", log, re.M):
    print(m.group(1, 2), m["what"], m.start("what"), m.lastgroup)

# --- counting words
import re
from collections import Counter

text = "The cat and the dog. The CAT sat; dogs don't."
print(Counter(re.findall(r"[a-z']+", text.lower())).most_common(4))

# --- splitting sentences
import re

text = "One. Two! Three? Four... five. Six"
print(re.split(r"(?<=[.!?])\s+", text))
print(re.split(r"([.!?])\s*", text, maxsplit=2))

# --- a substitution by a function
import re

print(re.sub(r"\b(\w)(\w*)", lambda m: m[1].upper() + m[2], "hello big wörld"))
print(re.sub(r"(\w+)@(\w+)\.com", r"\2: \1", "joe@mail.com ann@corp.com"))

# --- verbose patterns
import re

number = re.compile(
    r"""
    (?P<sign>[-+])?      # a sign
    (?P<whole>\d+)       # digits
    (?:\.(?P<part>\d*))? # fraction
""",
    re.X,
)
for text in ["3.14", "-7", "+0.", "x"]:
    m = number.fullmatch(text)
    print(text, m and m.groupdict())

# --- headings of markdown
import re

doc = "# A\ntext\n## B c\nmore\n### D\n#no\n"
print([(len(h), t) for h, t in re.findall(r"^(#{1,6})\s+(.*)$", doc, flags=re.MULTILINE)])

# --- the parts of a document
import re

doc = "CHAPTER 1\nfoo\nCHAPTER 2\nbar\nbaz\n"
parts = re.split(r"(?m)^CHAPTER (\d+)$", doc)
print(dict(zip(parts[1::2], map(str.strip, parts[2::2]))))

# --- JSON in a reply
import re, json

reply = 'Sure!\n```json\n{"score": 7, "why": "good"}\n```\nDone.'
m = re.search(r"```(?:json)?\s*(\{.*?\})\s*```", reply, re.DOTALL)
print(json.loads(m.group(1)) if m else None)

# --- greedy and lazy
import re

print(re.findall(r"<.+>", "<a><b>"), re.findall(r"<.+?>", "<a><b>"), re.match(r"a*?b", "aab").span())

# --- look around
import re

print(
    re.findall(r"(?<=\$)\d+(?:\.\d\d)?(?! USD)", "$10 $20.50 $7 USD"),
    re.sub(r"(?<!^)(?=[A-Z])", "_", "camelCaseName").lower(),
)

# --- references back
import re

print(
    re.findall(r"\b(\w+)\s+\1\b", "the the cat sat sat down"),
    re.search(r"(?P<q>['\"])(.*?)(?P=q)", "say 'hi \"x\"'").group(2),
)

# --- conditions
import re

for text in ["<a>", "a", "<a", "a>"]:
    print(text, bool(re.fullmatch(r"(<)?a(?(1)>)", text)))

# --- flags
import re

print(
    re.compile("a.b", re.I | re.S).flags, re.findall(r"(?i)straße", "STRASSE Straße"), re.findall(r"(?s:a.)b.", "a\nbc")
)
print(re.I | re.M, re.RegexFlag.X, re.compile("x", re.A))

# --- escaping
import re

print(re.escape("a+b (c) [d] é #x"), re.findall(re.escape("a+b"), "aab a+b"))

# --- errors of patterns
import re

try:
    re.compile("(unclosed")
except re.error as error:
    print(error)

# --- where an error lies
import re

try:
    re.compile("a(b[c")
except re.error as error:
    print(error.msg, error.pos, error.lineno, error.colno, error.pattern)

# --- replacements that are wrong
import re

try:
    re.sub("(a)", r"\2", "a")
except re.error as error:
    print(error)

# --- fullmatch and match and search
import re

p = re.compile(r"\d+")
print(
    p.match("a1"),
    p.search("a1").span(),
    p.fullmatch("12"),
    p.fullmatch("12a"),
    p.search("a12b34", 4).group(),
    p.findall("1 22 333", 2, 6),
)

# --- a match as a sequence of facts
import re

m = re.match(r"(?P<a>\w)(?P<b>\d)?", "x")
print(
    m,
    m.groups(),
    m.groups("-"),
    m.groupdict(),
    m.span("b"),
    m.end(),
    m.re.pattern,
    m.string,
    m.pos,
    m.endpos,
    m.expand(r"<\1>"),
)

# --- subn and counts
import re

print(
    re.subn("a", "b", "banana"), re.subn("a", "b", "banana", count=2), re.sub("", "-", "ab"), re.sub("x*", "-", "abxd")
)

# --- unicode classes
import re

print(
    re.findall(r"\w+", "naïve Ünïcödé 漢字 x_1"),
    re.findall(r"(?a)\w+", "naïve 漢字 x"),
    re.findall(r"\d+", "12 ٣٤"),
    re.findall(r"[^\W\d_]+", "a1b_c é"),
)

# --- the cache is no matter
import re

for n in range(600):
    assert re.fullmatch(f"a{{{n % 30}}}", "a" * (n % 30))
re.purge()
print("ok")

# --- tokens
import re

spec = [("NUM", r"\d+(\.\d*)?"), ("OP", r"[-+*/()]"), ("ID", r"[A-Za-z_]\w*"), ("SKIP", r"\s+"), ("BAD", r".")]
scan = re.compile("|".join(f"(?P<{n}>{p})" for n, p in spec))
print([(m.lastgroup, m.group()) for m in scan.finditer("x1 + 3.5*(y-2) $") if m.lastgroup != "SKIP"])

# --- possessive and atomic
import re

print(re.findall(r"a++b", "aaab ab"), re.search(r"(?>a+)ab", "aaab"), re.findall(r"x{2,3}+", "xxxxx"))

# --- bytes
import re

print(re.findall(rb"\w+", b"ab \xff cd"), re.sub(b"a", b"b", b"banana"), re.split(rb"[,;]", b"a,b;c"))

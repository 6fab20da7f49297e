# --- formats of numbers
n, x = 1234567, 3.14159
print(f"{n:,} {n:_} {n:>12} {n:<12}| {n:^12} {n:012} {n:+} {n:x} {n:#X} {n:b} {n:e} {n:o}")
print(f"{x:.2f} {x:8.3f} {x:e} {x:g} {x:.3%} {x:+.1f} {1e10:g} {1234.5:,.2f} {0.00001:g} {x:.0f} {100:.1e} {-5:05d}")

# --- formats of texts
s = "héllo"
print(f"[{s:>10}] [{s:<10}] [{s:^10}] [{s:*^11}] [{s:.2}] [{s!r:>10}] [{s!a}] [{s!s}]")

# --- expressions in f-strings
d = {"a": [1, 2]}
width, name = 8, "Bob"
print(
    f"{d['a'][1]} {name.upper()!r} {len(name) * 2} {name:>{width}} {'yes' if d else 'no'} {{braces}} {3 + 4 = } {name=} {width=:03d}"
)
print(f"{(lambda v: v * 2)(4)} {[i for i in range(3)]} { {'k': 1}['k'] }" f" and {1:{'>'}{5}}" "!")

# --- multi-line f-strings
rows = [("a", 1.5), ("bb", 22.25)]
print(f"""Report
{'name':<6}|{'value':>8}
""" + "\n".join(f"{n:<6}|{v:>8.2f}" for n, v in rows))

# --- a format that is wrong
f"{5:q}"

# --- a format for another kind
f"{'a':d}"

# --- str.format : type only
print(
    "{} {1}".format("a", "b") if False else "{0} {1} {0}".format("a", "b"),
    "{a.real} {b[0]} {c[k]}".format(a=5, b=[7], c={"k": "v"}),
    "{:>5}|{:^5}|{!r}".format("x", "y", "z"),
    "{:{}}".format("w", 4),
)
"{} {}".format("only one")

# --- str.format with names that are not there
"{missing}".format(a=1)

# --- percent : type only
print(
    "%s %r %d %5.2f %-5s| %05d %x %o %e %% %c %+d" % ("a", "b", 3.9, 2.5, "l", 42, 255, 8, 12345.678, "z", 5),
    "%(k)s-%(k)r" % {"k": 1},
    "%s" % (1,),
    "%s" % [1, 2],
    "%.3s" % "abcdef",
)
"%d" % "a"

# --- too few arguments
"%s %s" % ("a",)

# --- methods of str
s = "  Hello, World!  "
print(
    [
        s.strip(),
        s.lower(),
        s.title(),
        s.swapcase(),
        s.find("World"),
        s.count("l"),
        s.replace("l", "L", 2),
        s.strip().split(", "),
        s.strip().partition(","),
        s.isspace(),
        "abc".center(9, "-"),
        "7".zfill(3),
    ]
)
print(
    [
        "a,b,,c".split(","),
        "a b  c".split(),
        "a-b-c".rsplit("-", 1),
        "x".join("abc"),
        "l1\nl2\r\nl3".splitlines(),
        "prefix-x".removeprefix("prefix-"),
        "x.py".removesuffix(".py"),
        "tab\tx".expandtabs(4),
    ]
)

# --- kinds of characters
for c in ["a1", "A", "é", "½", "٣", "٣x", "", "_", "漢", " ", "Aa", "aA b", "²", "ǅ", "\n"]:
    print(
        ascii(c),
        c.isalpha(),
        c.isdigit(),
        c.isdecimal(),
        c.isnumeric(),
        c.isalnum(),
        c.islower(),
        c.isupper(),
        c.istitle(),
        c.isidentifier(),
        c.isprintable(),
    )

# --- translation
print(
    "hello".translate(str.maketrans("el", "ip", "o")),
    "a-b_c".translate({ord("-"): None, ord("_"): "+"}),
    "déjà".encode("ascii", "ignore"),
    "x".maketrans({"a": "b"}),
)

# --- unicode
import unicodedata

s = "café"
print(
    len(s),
    len(unicodedata.normalize("NFD", s)),
    unicodedata.name("é"),
    unicodedata.category("é"),
    "".join(c for c in unicodedata.normalize("NFD", "Ünïcödé") if not unicodedata.combining(c)),
    unicodedata.lookup("SNOWMAN"),
    unicodedata.numeric("½"),
    "ß".upper(),
    "İ".lower() == "i̇",
    "ﬁ".upper(),
)

# --- characters and numbers
print(
    ord("€"),
    chr(8364),
    "\N{GREEK SMALL LETTER ALPHA}",
    "\u00e9 \x41 \101 \U0001f600",
    ascii("é😀"),
    r"raw\n",
    "a" "b",
    "it" "s",
    """tri"ple""",
)
chr(-1)

# --- comparing and testing
print(
    "a" < "b",
    "Z" < "a",
    "abc" > "abd",
    "é" > "z",
    "b" in "abc",
    "" in "abc",
    "abc".startswith(("x", "a")),
    "abc".endswith("bc", 1),
    "a" * 3,
    "abc"[::-1],
    "abc"[-2:],
    "abc"[5:],
)
"abc"[5]

# --- no changes in a str : type only
s = "abc"
s[0] = "x"

# --- adding a number : type only
"a" + 1

# --- methods that are wrong
"abc".foo()

# --- a separator that is empty
"abc".split("")

# --- an index that is not found
"abc".index("z")

# --- bytes and texts
b = "héllo".encode()
print(
    b,
    b[0],
    b[1:3],
    b.decode(),
    len(b),
    b.hex(),
    bytes.fromhex("68 69"),
    b"a" + b"b",
    bytes([65, 66]),
    b"x" in b"axb",
    b"a,b".split(b","),
    bytearray(b"abc")[::-1],
    b"%d-%s" % (5, b"x"),
    b"ab".upper(),
    b"\x00\xff",
)
b"\xff".decode()

# --- encodings
print(
    "é".encode("latin-1"),
    "é".encode("utf-16-le"),
    b"\xe9".decode("latin-1"),
    b"a\xffb".decode("utf-8", "replace"),
    b"a\xffb".decode("utf-8", errors="ignore"),
    "é€".encode("ascii", "xmlcharrefreplace"),
    "é".encode("ascii", "backslashreplace"),
)
"é".encode("ascii")

# --- bytes and str do not mix : type only
b"a" + "b"

# --- wrapped texts
import textwrap

t = "The quick brown fox jumps over the lazy dog, again and again, until it sleeps."
print(
    textwrap.fill(t, 30),
    textwrap.wrap(t, 40),
    textwrap.shorten(t, 25),
    textwrap.indent("a\n\nb", "> "),
    textwrap.fill(t, 30, initial_indent="* ", subsequent_indent="  "),
    sep="\n",
)
print(
    textwrap.dedent("""
    def f():
        pass
    """),
    textwrap.fill("a-very-long-hyphenated-word and averyveryverylongword", 10),
)

# --- templates
from string import Template, ascii_lowercase, digits, punctuation, capwords

print(
    Template("$a costs $$${b}").substitute(a="tea", b=3),
    Template("$x $y").safe_substitute(x=1),
    ascii_lowercase,
    digits,
    punctuation,
    capwords("hello big world"),
)
Template("$missing").substitute()

# --- differences
import difflib

a, b = "one\ntwo\nthree".splitlines(), "one\n2\nthree\nfour".splitlines()
print("\n".join(difflib.unified_diff(a, b, "old", "new", lineterm="")))
print(
    difflib.get_close_matches("appel", ["ape", "apple", "peach"]),
    round(difflib.SequenceMatcher(None, "abcd", "bcde").ratio(), 3),
    list(difflib.ndiff(["a\n"], ["b\n"])),
    difflib.SequenceMatcher(None, "abxcd", "abcd").get_matching_blocks(),
)

# --- tables
rows = [["name", "n"], ["ann", 5], ["bo", 12]]
widths = [max(len(str(r[i])) for r in rows) for i in range(2)]
for r in rows:
    print(" | ".join(str(c).ljust(w) for c, w in zip(r, widths)))
print("-" * 20, "=" * 5, sep="")

# --- csv
import csv, io

text = 'name,quote,n\nann,"said ""hi"", twice",1\nbo,"two\nlines",2\n\r\ncy,,3\r\n'
for row in csv.reader(io.StringIO(text)):
    print(row)
for row in csv.DictReader(io.StringIO(text)):
    print(row["name"], repr(row["quote"]))

# --- csv that is written
import csv, io

out = io.StringIO()
w = csv.writer(out)
w.writerow(["a", 'q"q', "x,y", "two\nlines", None, 1.5, ""])
w.writerows([[1, 2], ["é", " s"]])
d = csv.DictWriter(out, ["x", "y"], extrasaction="ignore", restval="-")
d.writeheader()
d.writerow({"x": 1, "z": 2})
print(repr(out.getvalue()))

# --- csv of other kinds
import csv

print(
    list(csv.reader(["a;b;'c;d'"], delimiter=";", quotechar="'")),
    list(csv.reader(["a\tb"], dialect="excel-tab")),
    list(csv.reader(["a, b"], skipinitialspace=True)),
    list(csv.reader(["1,'x'"], quoting=csv.QUOTE_NONNUMERIC, quotechar="'")),
    csv.Sniffer().sniff("a;b\n1;2\n").delimiter,
)

# --- files in memory
import io

f = io.StringIO("line 1\nline 2\n\nlast")
print(
    f.readline(),
    f.read(3),
    f.tell() > 0,
    f.readlines(),
    f.seek(0),
    [line.strip() for line in f],
    io.BytesIO(b"abc").read(2),
    io.StringIO().getvalue() == "",
)
f.close()
f.read()

# --- text over bytes
import io

f = io.TextIOWrapper(io.BytesIO("é\nb\r\n".encode()), encoding="utf-8")
print(f.readlines())
with io.BytesIO() as b:
    b.write(b"x" * 3)
    print(b.getvalue(), b.getbuffer().nbytes)

# --- shell words
import shlex

print(shlex.split("a 'b c' \"d e\" f\\ g"), shlex.quote("it's"), shlex.join(["a", "b c"]))

# --- html and urls
import html
from urllib.parse import urlparse, quote, unquote, urlencode, parse_qs, urljoin

print(
    html.escape("<a href='x'>&</a>"),
    html.unescape("&lt;&eacute;&#39;&amp;"),
    urlparse("https://ex.com:80/p/a?q=1#f"),
    quote("a b/é"),
    unquote("a%20b"),
    urlencode({"a": 1, "b": "x y"}),
    parse_qs("a=1&a=2&b="),
    urljoin("http://a/b/c", "../d"),
)

# --- html that is parsed
from html.parser import HTMLParser


class P(HTMLParser):
    def handle_starttag(self, tag, attrs):
        print("<", tag, attrs)

    def handle_data(self, data):
        print("data", repr(data))


P().feed("<p class='x'>Hi <b>you</b> &amp; me</p>")

# --- xml
import xml.etree.ElementTree as ET

root = ET.fromstring("<r><i k='1'>a</i><i k='2'>b<!-- c --></i></r>")
print([(e.get("k"), e.text) for e in root.iter("i")], root.find("i").tag, ET.tostring(root))

# --- a long text in pieces
text = "word " * 1000
chunks = [text[i : i + 1500] for i in range(0, len(text), 1400)]
print(len(chunks), [len(c) for c in chunks], sum(c.count("word") for c in chunks))

# --- paths as texts
import os.path
from pathlib import PurePosixPath, Path

p = PurePosixPath("/a/b/c.tar.gz")
print(
    p.name,
    p.stem,
    p.suffix,
    p.suffixes,
    p.parent,
    p.parts,
    p / "x",
    p.with_suffix(".zip"),
    p.relative_to("/a"),
    p.match("*.gz"),
    os.path.splitext("a/b.py"),
    os.path.join("a", "/b"),
    os.path.basename("a/b"),
    os.path.normpath("a/../b"),
    os.path.commonprefix(["abc", "abd"]),
)

# --- globs of names
import fnmatch

print(fnmatch.filter(["a.py", "b.txt", "c.PY"], "*.py"), fnmatch.fnmatch("x1", "x[0-9]"), fnmatch.translate("a*") != "")

# --- pretty printing
from pprint import pprint, pformat

pprint({"b": list(range(30)), "a": {"nested": "x" * 50, "more": ["y" * 40] * 2}})
pprint([{"k": 1}, ("t",)], width=10)
print(pformat({3: {1, 2}}, indent=2))

# --- a text that is printed
print("a", 1, None, [1, "x"], sep=" | ", end="!\n")
print()
print("no newline", end="")
print(*[1, 2, 3], sep="\n")
print({"k": "v"}, ("t",), {1}, b"b", 1.0, True, ..., print, sep=";")

# --- sigmas and other cases
print(
    "ΑΣ ΣΑΣ".lower(),
    "ΟΔΟΣ".title(),
    "ΟΔΟΣ ß é".swapcase(),
    "ǆ".title(),
    "ŉ".upper(),
    "i̇".upper(),
    "STRASSE".casefold() == "straße".casefold(),
)

# --- letters of other scripts
for s in ["हिन्दी", "हि", "ก็", "あア漢", "Ⅷ", "①②", "一二", "Ⓐ", "e\u0301", "ª"]:
    print(s, s.isalpha(), s.isalnum(), s.isdigit(), s.isnumeric(), s.isdecimal(), s.isidentifier())

# --- xml with name spaces
import xml.etree.ElementTree as ET

root = ET.fromstring("<a xmlns='u' xmlns:p='v' k='1'><p:b p:x='1' y='2'>t</p:b>tail<c/></a>")
print(
    root.tag,
    root.attrib,
    [(e.tag, e.attrib, e.text, e.tail) for e in root],
    root.find("{v}b").get("y"),
    len(root.findall("u:c", {"u": "u"})),
)
ET.SubElement(root, "d", n="5").text = "<&>"
print(ET.tostring(root[-1]), len(root), [e.tag for e in root.iter()])

# --- xml that is none : type only
import xml.etree.ElementTree as ET

ET.fromstring("<a><b></a>")

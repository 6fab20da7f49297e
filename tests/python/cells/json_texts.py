# --- a reply with JSON
import json

data = json.loads('{"answer": "yes", "items": [1, 2.5, -3e2, null, true], "nested": {"é": "\\u00fc\\n"}}')
print(data, data["items"][2], type(data["items"][0]).__name__)

# --- indents and sorted keys
import json

print(json.dumps({"b": [1, {"c": None}], "a": "é", "empty": [], "none": {}}, indent=2, sort_keys=True))
print(json.dumps({"b": 1, "a": "é"}, ensure_ascii=False, separators=(",", ":")))

# --- numbers
import json

print(json.dumps([1, 1.0, 1e100, 1e-7, 0.1 + 0.2, float("inf"), float("nan"), -0.0, 10**20, True]))
print(json.loads("[1, 1.0, 1E5, -0, 12345678901234567890, NaN, -Infinity]"))

# --- keys that are no str
import json

print(json.dumps({1: "a", 2.5: "b", None: "c", True: "d"}), json.loads('{"1": 2}'))

# --- broken numbers
import json

for text in ["1.", "-", "01", ".5", "1e", "+1", "0x1", "[1.]", "--1", "1.e5"]:
    try:
        print(text, json.loads(text))
    except json.JSONDecodeError as error:
        print(text, error, error.pos)

# --- broken documents
import json

for text in [
    "",
    " ",
    "{",
    "[1, 2",
    '{"a" 1}',
    "{'a': 1}",
    '{"a": tru}',
    "[1 2]",
    '"abc',
    '"a\nb"',
    '"\\x"',
    '"\\u12g4"',
    "nul",
    "{a: 1}",
    '{"a": 1} x',
    "[,]",
    '{"a":}',
]:
    try:
        print(json.loads(text))
    except ValueError as error:
        print(repr(text), type(error).__name__, error.msg, error.lineno, error.colno)

# --- a trailing comma : type only
import json

json.loads("[1, 2,]")

# --- rescue of a reply
import json, re

reply = 'Here you go: {\'name\': \'x\'} or {"name": "y", "n": [1]} thanks'
found = None
for m in re.finditer(r"\{", reply):
    try:
        found, end = json.JSONDecoder().raw_decode(reply, m.start())
        break
    except json.JSONDecodeError:
        continue
print(found, reply[end:])

# --- objects that JSON does not know
import json

json.dumps({"a": {1, 2}})

# --- a default
import json, datetime

print(
    json.dumps(
        {"d": datetime.date(2024, 1, 2), "s": {3}}, default=lambda o: sorted(o) if isinstance(o, set) else str(o)
    )
)

# --- an encoder of one's own
import json


class Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, complex):
            return [o.real, o.imag]
        return super().default(o)


print(json.dumps({"c": 1 + 2j}, cls=Encoder))
json.dumps(object(), cls=Encoder)

# --- hooks
import json
from decimal import Decimal

print(
    json.loads('{"a": 1, "a": 2}', object_pairs_hook=list),
    json.loads("1.10", parse_float=Decimal),
    json.loads('{"x": {"y": 1}}', object_hook=lambda d: tuple(d.items())),
)
print(json.loads("[1, 2]", parse_int=float), json.loads("[NaN]", parse_constant=str))

# --- lines of JSON
import json

lines = '{"id": 1}\n{"id": 2, "x": "é"}\n\n{"id": 3}'
rows = [json.loads(line) for line in lines.splitlines() if line.strip()]
print(sum(row["id"] for row in rows), rows[1])

# --- files in memory
import json, io

out = io.StringIO()
json.dump([1, "é", {"a": None}], out)
print(out.getvalue())
print(json.load(io.StringIO('{"k": [1]}')))

# --- bytes
import json

print(json.loads(b'["\xc3\xa9"]'), json.loads(bytearray(b"[1]")))
json.loads(5)

# --- characters that are escaped
import json

print(json.dumps('"\\/\b\f\n\r\t\x00\x1f\x7f é 😀 \u2028'))
print(ascii(json.loads('"\\ud83d\\ude00 \\ud800 \\u0000 \\/"')))

# --- circles
import json

row = []
row.append(row)
json.dumps(row)

# --- depth
import json

text = "[" * 200 + "]" * 200
print(json.dumps(json.loads(text)) == text)

# --- NaN refused : type only
import json

json.dumps([float("nan")], allow_nan=False)

# --- skipped keys
import json

print(json.dumps({(1, 2): 3, "a": 1}, skipkeys=True))
json.dumps({(1, 2): 3})

# Programs that want more memory than there is.

# --- a long str : memory
print(len("a" * 10**11))

# --- str doubled : limit
text = "é" * 10**6
while True:
    text += text

# --- str.join : limit
print(len(",".join(["a" * 1000] * 10**6)))

# --- str.replace : limit
print(len(("a" * 10**6).replace("a", "b" * 10**6)))

# --- str.translate : limit
print(len(("a" * 10**6).translate({97: "b" * 10**6})))

# --- str.ljust : memory
print(len("a".ljust(10**11)))

# --- str.zfill : memory
print(len("1".zfill(10**11)))

# --- str.zfill beyond ASCII : memory
print(len("é".zfill(10**11)))

# --- str.center and rjust beyond ASCII : memory
print(len("é".center(10**11, "漢")), len("é".rjust(10**11)))

# --- str.expandtabs : limit
print(len(("\t" * 10**6).expandtabs(10**9)))

# --- a width in an f-string : memory
print(len(f"{1:>{10**11}}"))

# --- a precision in an f-string : raises ValueError
print(len(f"{1.5:.{10**10}f}"))

# --- a width in a % format : limit
print(len("%*d" % (2**31 - 1, 1)))

# --- a precision in a % format : survives
print(len("%.*f" % (2**31 - 1, 1.5)))

# --- a width in str.format : memory
print(len("{:>100000000000}".format(1)))

# --- a list of a range : limit
print(len(list(range(10**11))))

# --- a list times : memory
print(len([0] * 10**11))

# --- a list that grows : limit
rows = []
while True:
    rows.append("a" * 1000 + str(len(rows)))

# --- a dict that grows : limit
table = {}
while True:
    table[len(table)] = [0] * 100

# --- a set of tuples : limit
print(len({(a, b, c) for a in range(10**4) for b in range(10**4) for c in range(10**4)}))

# --- bytes : memory
print(len(bytes(10**12)), len(bytearray(10**12)))

# --- a deque : limit
from collections import deque

rows = deque()
rows.extend("a" * 100 + str(number) for number in iter(int, 1))

# --- an endless generator : limit
import itertools

print(sorted(itertools.count()))

# --- permutations : limit
import itertools

print(len(list(itertools.permutations(range(12)))))

# --- product : limit
import itertools

print(len(list(itertools.product(range(10**4), repeat=10**4))))

# --- a long int : memory
print((1 << (1 << 40)).bit_length())

# --- an endless regular expression : survives
import re

print(re.findall("(?:a??)*?b", "a" * 50))

# --- all matches of everything : limit
import re

text = "a" * 10**7
print(len([re.findall("", text) for _ in range(100)]))

# --- the text taken apart : limit
print(len([list(context * 10**6) for _ in range(100)]))

# --- io : limit
import io

out = io.StringIO()
while True:
    out.write("a" * 10**6)

# --- json : limit
import json

row = {"a": ["b" * 1000] * 1000}
print(len(json.dumps([row] * 1000)))

# --- compressed emptiness : limit
import zlib

data = zlib.compress(bytes(10**6))
print(len(b"".join(zlib.decompress(data) for _ in range(10**4))))

# --- constants of the compiler : limit
print(len(eval("'a' * 10**6 * 10**6")))

# --- memory in a thread : limit
import threading


def eat():
    rows = []
    while True:
        rows.append("a" * 10**5 + str(len(rows)))


thread = threading.Thread(target=eat)
thread.start()
thread.join()

# --- memory errors swallowed : limit
rows = []
while True:
    try:
        rows.append("a" * 10**6 + str(len(rows)))
    except BaseException:
        pass

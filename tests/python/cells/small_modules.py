# --- hashes
import hashlib

print(
    hashlib.md5(b"a").hexdigest(),
    hashlib.sha256("é".encode()).hexdigest()[:16],
    hashlib.sha1(b"").hexdigest(),
    hashlib.new("sha512", b"x").digest_size,
    hashlib.blake2b(b"x").hexdigest()[:8],
    hashlib.sha3_256(b"").hexdigest()[:8],
)
h = hashlib.sha256()
h.update(b"a")
h.update(b"b")
print(h.hexdigest() == hashlib.sha256(b"ab").hexdigest(), h.name, h.block_size)

# --- hmac
import hmac, hashlib

print(hmac.new(b"k", b"m", hashlib.sha256).hexdigest(), hmac.compare_digest("a", "a"))

# --- base64 : type only
import base64, binascii

print(
    base64.b64encode(b"hello\xff"),
    base64.b64decode("aGVsbG8="),
    base64.urlsafe_b64encode(b"\xfb\xff"),
    base64.b32encode(b"ab"),
    base64.b16encode(b"ab"),
    base64.b85encode(b"abcd"),
    binascii.hexlify(b"ab"),
    binascii.crc32(b"abc"),
)
base64.b64decode("abc")

# --- uuids
import uuid

u = uuid.uuid5(uuid.NAMESPACE_DNS, "example.com")
print(
    u,
    u.version,
    uuid.UUID(int=5),
    len(str(uuid.uuid4())),
    uuid.uuid4() != uuid.uuid4(),
    uuid.UUID("{12345678-1234-5678-1234-567812345678}").hex,
)
uuid.UUID("nope")

# --- structs
import struct

print(
    struct.pack("<IhB2s", 1, -2, 3, b"ab"),
    struct.unpack(">Hd", struct.pack(">Hd", 5, 2.5)),
    struct.calcsize("<qi"),
    list(struct.iter_unpack("<H", b"\1\0\2\0")),
)
struct.unpack("<I", b"abc")

# --- compressed bytes
import zlib, gzip

data = b"abc" * 100
print(
    zlib.decompress(zlib.compress(data)) == data,
    len(zlib.compress(data)) < 30,
    zlib.crc32(b"abc"),
    zlib.adler32(b"abc"),
    gzip.decompress(gzip.compress(data)) == data,
)

# --- compressed bytes that are none : type only
import zlib

zlib.decompress(b"nonsense")

# --- archives in memory
import zipfile, io

out = io.BytesIO()
with zipfile.ZipFile(out, "w") as z:
    z.writestr("a/b.txt", "héllo")
print(zipfile.ZipFile(out).namelist(), zipfile.ZipFile(out).read("a/b.txt").decode())

# --- pickles
import pickle


class P:
    def __init__(self, x):
        self.x = x


data = {"a": [1, 2.5, None, (True, b"b")], "é": {1, 2}, "c": 1j}
print(pickle.loads(pickle.dumps(data)) == data, [len(pickle.dumps([1, 2], n)) for n in range(5)])

# --- a lambda is not pickled : type only
import pickle

pickle.dumps(lambda: 1)

# --- secrets
import secrets

print(len(secrets.token_hex(8)), secrets.choice([1]), 0 <= secrets.randbelow(10) < 10, len(secrets.token_bytes(4)))

# --- an environment that is bare
import os

print(os.environ.get("NO_SUCH"), os.getenv("NO_SUCH", "x"), os.path.exists("/no/such"), os.sep, os.linesep == "\n")

# --- sys
import sys

print(
    sys.maxsize == 2**63 - 1,
    sys.byteorder,
    sys.version_info >= (3, 11),
    sys.getsizeof([]) > 0,
    sys.getrecursionlimit() > 100,
    "sys" in sys.modules,
    sys.float_info.epsilon,
    sys.maxunicode,
    sys.intern("a"),
)
sys.stdout.write("written\n")
sys.stderr.write("error\n")
print("flushed", flush=True)

# --- numbers as kinds
import numbers

print(
    isinstance(1, numbers.Integral),
    isinstance(1.5, numbers.Real),
    isinstance(1j, numbers.Complex),
    isinstance(True, numbers.Number),
)

# --- abstract collections
from collections.abc import Mapping, Sequence, Iterable, Callable, Hashable, Sized, MutableMapping

print(
    isinstance({}, Mapping),
    isinstance("a", Sequence),
    isinstance([], Hashable),
    isinstance(print, Callable),
    isinstance(iter([]), Iterable),
    isinstance(range(3), Sequence),
)


class D(MutableMapping):
    def __init__(self):
        self.d = {}

    def __getitem__(self, k):
        return self.d[k]

    def __setitem__(self, k, v):
        self.d[k] = v

    def __delitem__(self, k):
        del self.d[k]

    def __iter__(self):
        return iter(self.d)

    def __len__(self):
        return len(self.d)


d = D()
d["a"] = 1
d.update(b=2)
print(dict(d), d.pop("a"), d.get("z", 0), list(d.items()), d.setdefault("c", 3))

# --- graphs
from graphlib import TopologicalSorter

print(list(TopologicalSorter({"c": {"b"}, "b": {"a"}}).static_order()))

# --- breadth first
from collections import deque

g = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}
seen, q, order = {"a"}, deque(["a"]), []
while q:
    n = q.popleft()
    order.append(n)
    for m in g[n]:
        if m not in seen:
            seen.add(m)
            q.append(m)
print(order)

# --- arguments of a command line
import argparse

p = argparse.ArgumentParser(prog="x")
p.add_argument("name")
p.add_argument("-n", type=int, default=3)
p.add_argument("--flag", action="store_true")
print(p.parse_args(["bob", "-n", "5", "--flag"]))

# --- configurations
import configparser

c = configparser.ConfigParser()
c.read_string("[a]\nx = 1\ny: %(x)s2\n[b]\nz=yes\n")
print(c.sections(), c["a"]["y"], c.getint("a", "x"), c.getboolean("b", "z"), c.get("a", "no", fallback="f"))
c["nope"]

# --- toml
import tomllib

print(tomllib.loads('a = 1\n[t]\nb = "x"\nc = [1, 2.5, true]\nd = 2024-01-02\n'))

# --- tokens
import tokenize, io

print([t.string for t in tokenize.generate_tokens(io.StringIO("x = 1 + 'a' # c\n").readline) if t.string.strip()])

# --- keywords
import keyword, builtins

print(keyword.iskeyword("for"), "print" in dir(builtins), keyword.issoftkeyword("match"), len(keyword.kwlist) >= 35)

# --- timing
import timeit

print(timeit.timeit("x = 1 + 1", number=10) >= 0)

# --- memory of objects
import gc, sys

print(gc.isenabled(), gc.collect() >= 0, sys.getrefcount is not None)

# --- colours and ips
import ipaddress, colorsys

print(
    ipaddress.ip_address("10.0.0.1").is_private,
    list(ipaddress.ip_network("10.0.0.0/30").hosts()),
    colorsys.rgb_to_hsv(1, 0, 0),
)

# --- emails
from email.message import EmailMessage
from email import message_from_string

m = message_from_string("Subject: Hi\nFrom: a@b.c\n\nBody\n")
print(m["subject"], m.get_payload(), m.keys())

# --- translations of names
import string, types

print(
    string.hexdigits,
    string.whitespace == " \t\n\r\x0b\x0c",
    types.FunctionType.__name__,
    isinstance(lambda: 1, types.LambdaType),
    string.Formatter().format("{0}-{a}", 1, a=2),
)

# --- modules that are made
import types, sys

m = types.ModuleType("my_mod", "doc")
exec("def f(): return 5", m.__dict__)
sys.modules["my_mod"] = m
import my_mod

print(my_mod.f(), m.__doc__, m.__name__)
del sys.modules["my_mod"]

# --- imports of many kinds
import importlib, math as m
from os.path import join as j
from collections import *

print(importlib.import_module("json").dumps(1), m.pi > 3, j("a", "b"), Counter("a"), __import__("string").digits)

# --- modules that are not installed
import numpy as np

# --- a file : differs
open("/no/such/file.txt")

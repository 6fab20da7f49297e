"""What touches the system is refused with a message that helps; what only looks like it works."""

import importlib
import io
import os
import pathlib
import sys

REFUSED = [
    lambda: open("/etc/passwd"),
    lambda: io.open("/etc/passwd", "rb"),
    lambda: io.FileIO("/etc/passwd"),
    lambda: pathlib.Path("/etc/passwd").read_text(),
    lambda: os.listdir("."),
    lambda: os.system("true"),
    lambda: os.open("/etc/passwd", os.O_RDONLY),
    lambda: list(os.walk(".")),
    lambda: os.fork(),
    lambda: importlib.import_module("socket"),
    lambda: importlib.import_module("subprocess"),
    lambda: importlib.import_module("ctypes"),
    lambda: importlib.import_module("multiprocessing.pool"),
    lambda: importlib.import_module("signal"),
    lambda: importlib.import_module("urllib.request"),
    lambda: input(),
    lambda: sys.stdout.fileno(),
    lambda: sys.stdout.write(5),
]
for action in REFUSED:
    try:
        print("not refused:", action())
    except Exception as error:
        print(type(error).__name__, error, sep=": ")
print(
    os.path.join("a", "b.py"),
    os.path.splitext("b.py"),
    pathlib.Path("a/b.tar.gz").suffixes,
    os.getenv("HOME"),
    os.path.exists("/"),
)
print(len(os.urandom(100)), os.urandom(8) != os.urandom(8), sys.path, sys.executable == "", dict(os.environ))

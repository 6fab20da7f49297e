# Programs that reach for files. `canary` is the path of a file that exists, `folder` the folder around it.

# --- open : raises PermissionError
print(open(canary).read())

# --- open to write : raises PermissionError
open(folder + "/new", "w").write("x")

# --- the open of io : raises PermissionError
import io

print(io.open(canary, "rb").read())

# --- the open of _io : raises PermissionError
import _io

print(_io.open(canary).read())

# --- FileIO : raises PermissionError
import _io

print(_io.FileIO(canary).readall())

# --- open by a descriptor : raises PermissionError
print(open(0).read(), open(3, "rb").read())

# --- the FileIO behind its stand-in : survives
import _io, gc

for kind in _io._RawIOBase.__subclasses__() + object.__subclasses__():
    if "FileIO" in kind.__name__ or "Path" in kind.__name__:
        try:
            print(kind(canary).read())
        except BaseException as error:
            print(type(error).__name__)

# --- pathlib : raises PermissionError
import pathlib

print(pathlib.Path(canary).read_text())

# --- pathlib to write : raises PermissionError
import pathlib

pathlib.Path(folder, "new").write_text("x")

# --- pathlib to list : raises PermissionError
import pathlib

print(list(pathlib.Path(folder).iterdir()))

# --- os.open : raises PermissionError
import os

print(os.read(os.open(canary, os.O_RDONLY), 100))

# --- os.listdir : raises PermissionError
import os

print(os.listdir(folder))

# --- os.remove : raises PermissionError
import os

os.remove(canary)

# --- os.rename : raises PermissionError
import os

os.rename(canary, canary + ".stolen")

# --- the native posix : survives
import sys

for name in ("posix", "nt", "os", "_os"):
    sys.modules.pop(name, None)
try:
    import posix

    print(posix.listdir(folder))
except BaseException as error:
    print(type(error).__name__, error)

# --- the finders without the one that refuses : survives
import sys

sys.meta_path[:] = [finder for finder in sys.meta_path if "Unavailable" not in repr(finder)]
for name in ("os", "posix", "subprocess", "socket", "ctypes", "_ctypes", "_socket", "mmap", "select", "sqlite3"):
    sys.modules.pop(name, None)
    try:
        module = __import__(name)
        print(name, [getattr(module, it)(canary) for it in ("open", "listdir", "stat") if hasattr(module, it)])
    except BaseException as error:
        print(name, type(error).__name__)

# --- importing a file : raises ModuleNotFoundError
import sys

sys.path.insert(0, folder)
import canary_module

# --- the loader of source files : raises PermissionError
import importlib.machinery

print(importlib.machinery.SourceFileLoader("canary", canary).get_data(canary))

# --- linecache : survives
import linecache

print(linecache.getlines(canary))

# --- tokenize.open : raises PermissionError
import tokenize

print(tokenize.open(canary).read())

# --- fileinput : raises PermissionError
import fileinput

print(list(fileinput.input(canary)))

# --- shutil : raises PermissionError
import shutil

shutil.copy(canary, folder + "/copy")

# --- tempfile : survives
import tempfile

print(tempfile.TemporaryFile().write(b"x"))

# --- zipfile and gzip : survives
import zipfile, gzip

for attempt in (lambda: gzip.open(canary).read(), lambda: zipfile.ZipFile(folder + "/new.zip", "w").writestr("a", "b")):
    try:
        print(attempt())
    except BaseException as error:
        print(type(error).__name__)

# --- logging to a file : survives
import logging

logging.FileHandler(folder + "/log").emit(logging.LogRecord("a", 50, "b", 1, "c", (), None))

# --- dbm and shelve : survives
import shelve

shelve.open(folder + "/shelf")["a"] = 1

# --- a traceback that names a file : survives
exec(compile("1 / 0", canary, "exec"))

# --- glob and os.walk : survives
import glob, os

print(glob.glob(folder + "/*"), list(os.walk(folder)))

# --- proc : survives
for path in ("/proc/self/environ", "/proc/self/maps", "/proc/1/cmdline", "/proc/self/fd/0", "/dev/mem", "/dev/shm/x"):
    try:
        print(open(path, "rb").read())
    except BaseException as error:
        print(type(error).__name__)

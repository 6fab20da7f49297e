# Programs that go through the interpreter's own inside: classes, frames, code objects.

# --- all subclasses of object : survives
for kind in ().__class__.__bases__[0].__subclasses__():
    if kind.__name__ in ("Popen", "_wrap_close", "FileIO", "socket", "CDLL", "FileLoader", "SourceFileLoader"):
        try:
            print(kind("canary", canary).get_data(canary))
        except BaseException as error:
            print(type(error).__name__)

# --- builtins by another way : raises PermissionError
print(
    ().__class__.__class__.__subclasses__(().__class__.__class__)[0].__init__.__objclass__
    and llm_query.__globals__["__builtins__"].open(canary).read()
)

# --- the globals of the scaffold : survives
inside = llm_query.__globals__
print(sorted(inside)[:5])
inside["host_call"]("llm_query", [["x"], None])
inside["state"].clear()

# --- the scaffold replaced within : survives
llm_query.__globals__["after_cell"] = None
llm_query.__globals__["before_cell"] = None
llm_query.__globals__["describe"] = lambda error: 1 / 0

# --- the report made wrong : survives
llm_query.__globals__["after_cell"] = lambda error: {"error": 5, "answer": [], "draft": {}, "variables": 7}

# --- frames above the program : forgets
import sys

frame = sys._getframe()
while frame:
    print(frame.f_code.co_name, list(frame.f_globals)[:3])
    frame.f_globals.clear()
    frame = frame.f_back

# --- builtins replaced : survives
import builtins

for name in (
    "print",
    "len",
    "isinstance",
    "str",
    "list",
    "dict",
    "issubclass",
    "type",
    "repr",
    "__import__",
    "compile",
):
    setattr(builtins, name, lambda *args, **named: 1 / 0)

# --- builtins emptied : survives
import builtins

vars(builtins).clear()

# --- modules emptied : forgets
import sys

for module in list(sys.modules.values()):
    try:
        vars(module).clear()
    except BaseException:
        pass

# --- sys.modules emptied : survives
import sys

sys.modules.clear()

# --- outputs replaced : ends
import sys


class Output:
    def write(self, text):
        raise SystemExit("no output")


sys.stdout = sys.stderr = sys.__stdout__ = Output()

# --- outputs taken away : ends
import sys

del sys.stdout
sys.stderr = None


# --- exceptions that cannot be shown : raises Evil
class Evil(Exception):
    def __str__(self):
        raise Evil

    __repr__ = __str__


raise Evil

# --- exceptions that are their own cause : survives
first, second = ValueError("a"), ValueError("b")
first.__cause__, second.__cause__ = second, first
raise first


# --- a class named by a lie : survives
class Liar(Exception):
    pass


Liar.__name__ = "x" * 10**6
raise Liar("y" * 10**6)

# --- an audit of everything : survives
import sys

sys.settrace(lambda *args: 1 / 0)
sys.setprofile(lambda *args: 1 / 0)


def f():
    return 1


f()


# --- crafted bytecode : survives
def f():
    pass


f.__code__ = f.__code__.replace(co_code=bytes([255, 255] * 10))
f()


# --- crafted bytecode that reads far away : survives
def f():
    return 1


f.__code__ = f.__code__.replace(co_code=bytes([100, 250] * 50 + [83, 0]), co_consts=())
print(f())


# --- crafted bytecode of every kind : survives
def f(a=1):
    return a


import random

random.seed(5)
f.__code__ = f.__code__.replace(co_code=bytes(random.randrange(256) for _ in range(2000)))
f()


# --- a crafted stack : survives
def f():
    return 1


f.__code__ = f.__code__.replace(co_stacksize=0, co_nlocals=0, co_varnames=())
print(f())

# --- marshal : survives
import marshal

print(marshal.loads(bytes([0x63]) + bytes(range(256)) * 4))

# --- marshal of depth : survives
import marshal

marshal.loads(b"(\x01\x00\x00\x00" * 200_000)

# --- pickle that calls : survives
import pickle

print(pickle.loads(b"cos\nsystem\n(S'true'\ntR."))


class Evil:
    def __reduce__(self):
        return (open, (canary,))


pickle.loads(pickle.dumps(Evil()))

# --- code from a type : survives
code = type(compile("1", "a", "eval"))
code(0, 0, 0, 0, 0, 0, bytes([1, 2, 3]), (), (), (), "a", "b", "c", 1, b"", b"", (), ())

# --- the collector of garbage : forgets
import gc

for thing in gc.get_objects():
    try:
        thing.clear()
    except BaseException:
        pass


# --- finalizers that do not end : survives
class Undead:
    def __del__(self):
        while True:
            try:
                Undead()
            except BaseException:
                pass


Undead()

# --- weak references that come back : ends
import weakref


class Kept:
    pass


kept = Kept()
reference = weakref.ref(kept, lambda it: globals().update(back=it()))
del kept

# --- setrecursionlimit : survives
import sys

sys.setrecursionlimit(10**9)


def sink(n):
    return sink(n + 1)


sink(0)


# --- a recursion through natives : survives
class Deep:
    def __repr__(self):
        return repr([self])


print(repr(Deep()))

# --- a deep comparison : survives
a, b = [], []
a.append(a)
b.append(b)
print(a == b)

# --- a deep pile of lists : survives
pile = []
for _ in range(10**6):
    pile = [pile]
print(len(repr(pile)))

# --- a deep pile that is let go of : survives
pile = None
for _ in range(10**6):
    pile = (pile,)
del pile

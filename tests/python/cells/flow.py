# --- match statements
def kind(x):
    match x:
        case 0 | 1:
            return "small"
        case int(n) if n < 0:
            return f"negative {n}"
        case str() as s:
            return f"text {s}"
        case [a, b]:
            return f"pair {a} {b}"
        case [first, *rest]:
            return f"{first} and {len(rest)}"
        case {"type": "p", "x": x, **more}:
            return f"point {x} {more}"
        case None:
            return "nothing"
        case _:
            return "other"


print([kind(v) for v in [0, 1, -5, "a", [1, 2], (1, 2, 3), {"type": "p", "x": 3, "y": 4}, None, 3.5, []]])

# --- matching classes
from dataclasses import dataclass


@dataclass
class P:
    x: int
    y: int


def where(p):
    match p:
        case P(0, 0):
            return "origin"
        case P(x=0, y=v):
            return f"axis {v}"
        case P(x, y) if x == y:
            return "diagonal"
        case P():
            return "plane"


print([where(P(*c)) for c in [(0, 0), (0, 5), (3, 3), (1, 2)]])

# --- commands that are matched
for command in ["go north", "take lamp now", "quit", "look"]:
    match command.split():
        case ["go", ("north" | "south") as d]:
            print("going", d)
        case ["take", thing, *_]:
            print("taking", thing)
        case ["quit"]:
            print("bye")
        case other:
            print("what?", other)

# --- the walrus
import re

data = [1, 5, 8]
if (n := len(data)) > 2:
    print(n)
print([y for x in data if (y := x * 2) > 5], (m := re.search(r"\d+", "ab12")) and m.group())
it = iter([3, 2, 0, 5])
while v := next(it):
    print(v)

# --- loops and else
for n in range(2, 8):
    for d in range(2, n):
        if n % d == 0:
            break
    else:
        print(n, "prime")
i = 0
while i < 3:
    i += 1
    if i == 2:
        continue
    print(i)
else:
    print("done")

# --- unpacking
a, *b, c = range(5)
(d, e), f = (1, 2), 3
x = y = []
[g, h] = "hi"
print(a, b, c, d, e, f, g, h, x is y, [*b, *"xy"], {**{"a": 1}, "b": 2}, (*b,), max(*b))
a, b = b, a
print(a, b)

# --- too many values : type only
a, b = 1, 2, 3

# --- too few values
a, b, c = [1, 2]

# --- comprehensions
print(
    [x * y for x in range(3) for y in range(x)],
    {k: v for k, v in zip("ab", [1, 2])},
    {x % 2 for x in range(5)},
    [[r[i] for r in [[1, 2], [3, 4]]] for i in range(2)],
    list(x for x in "abc" if x != "b"),
    [a if a > 1 else -a for a in range(3)],
)

# --- names of comprehensions
x = "outer"
print([x for x in range(2)], x)
print(y)


# --- closures
def counter():
    n = 0

    def inc(by=1):
        nonlocal n
        n += by
        return n

    return inc


c = counter()
print(c(), c(5), [f() for f in [lambda i=i: i for i in range(3)]], [f() for f in [lambda: i for i in range(3)]])

# --- global names : type only
total = 0


def add(n):
    global total, made
    total += n
    made = True


add(3)
add(4)
print(total, made)


def bad():
    total += 1


bad()


# --- a local name before its time : type only
def f():
    print(v)
    v = 1


f()

# --- a name that is not there
print(undefined_name)


# --- generators
def gen():
    got = yield 1
    print("got", got)
    try:
        yield 2
    except ValueError as error:
        yield f"caught {error}"
    finally:
        print("closing")
    return "end"


g = gen()
print(next(g), g.send("x"), g.throw(ValueError("v")))
try:
    next(g)
except StopIteration as stop:
    print(stop.value)


# --- generators from generators
def inner():
    yield from "ab"
    return 5


def outer():
    r = yield from inner()
    yield r


print(list(outer()), sum(x for x in range(4)), list(map(str, (i for i in [1]))))


def flatten(l):
    for x in l:
        if isinstance(x, list):
            yield from flatten(x)
        else:
            yield x


print(list(flatten([1, [2, [3, [4]]]])))


# --- a generator that is closed
def g():
    try:
        yield 1
    finally:
        print("cleanup")


x = g()
next(x)
x.close()
print(list(x))
x.send(5)


# --- StopIteration in a generator
def g():
    yield 1
    raise StopIteration("early")


list(g())


# --- decorators
def repeat(times):
    def deco(f):
        def inner(*a):
            return [f(*a) for _ in range(times)]

        return inner

    return deco


class Count:
    def __init__(self, f):
        self.f, self.n = f, 0

    def __call__(self, *a):
        self.n += 1
        return self.f(*a)


@Count
@repeat(2)
def hi(x):
    return f"hi {x}"


print(hi("a"), hi("b"), hi.n)


# --- arguments of all kinds
def f(a, /, b, *args, c=3, **named):
    return a, b, args, c, named


print(f(1, 2), f(1, b=2, d=5), f(1, 2, 3, 4, c=0, **{"x": 1}), f(*[1, 2, 3], **{"c": 9}))


def g(x, acc=[]):
    acc.append(x)
    return acc


print(g(1), g(2), (lambda *a, **k: (a, k))(1, z=2))

# --- a statement that cannot be
eval("1 +")

# --- deletions
a = [1, 2, 3]
del a[0]
b = a
del a
print(b)
a

# --- assertions
assert 1 + 1 == 2, "fine"
assert [], "must not be empty"

# --- chained conditions
x = 5
print(
    1 < x < 10,
    x == 5 == 5,
    not x,
    x and "yes",
    0 or "default",
    None or 0,
    "a" if x > 3 else "b",
    x > 3 and x or 1,
    x is not None,
    x not in [1],
)


# --- recursion
def hanoi(n, a="A", b="B", c="C"):
    return [] if n == 0 else hanoi(n - 1, a, c, b) + [(a, c)] + hanoi(n - 1, b, a, c)


print(len(hanoi(8)), hanoi(2))


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


print(deep(300))


# --- recursion without end : type only
def f(n):
    return f(n + 1)


f(0)

# --- exec and eval
ns = {}
exec("def sq(x):\n    return x * x\ny = sq(7)", ns)
print(
    ns["y"],
    eval("a + b", {"a": 1, "b": 2}),
    eval("[i for i in range(3)]"),
    callable(compile("1", "f", "eval")),
    "sq" in ns,
)

# --- introspection
import inspect


def f(a, b: int = 2, *c, d, **e) -> str:
    """Doc."""


print(
    inspect.signature(f),
    f.__name__,
    f.__doc__,
    inspect.getdoc(f),
    f.__defaults__,
    f.__code__.co_varnames,
    [p.kind.name for p in inspect.signature(f).parameters.values()],
    inspect.isfunction(f),
)


# --- dir and vars
class A:
    x = 1

    def f(self):
        pass


print(
    [n for n in dir(A()) if not n.startswith("_")],
    callable(A),
    type(A).__name__,
    A.__dict__["x"],
    id(A) == id(A),
    isinstance(A.f, object),
    sorted(n for n in globals() if n == "A"),
)

# --- trees as code : type only
import ast

tree = ast.parse("def f(x):\n    return x + 1\ny = f(2)")
print(
    [type(n).__name__ for n in tree.body],
    [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)],
    ast.literal_eval("{'a': [1, (2, None)], 'b': -1.5}"),
    ast.unparse(ast.parse("x=1+2")),
    ast.dump(ast.parse("a", mode="eval")),
)
ast.literal_eval("f(1)")

# --- a class
class Animal:
    count = 0

    def __init__(self, name, sound="..."):
        self.name, self.sound = name, sound
        Animal.count += 1

    def speak(self):
        return f"{self.name} says {self.sound}"

    @classmethod
    def make(cls, name):
        return cls(name)

    @staticmethod
    def kind():
        return "animal"

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"


class Dog(Animal):
    def __init__(self, name):
        super().__init__(name, "woof")

    def speak(self):
        return super().speak() + "!"


d = Dog.make("Rex")
print(
    d,
    d.speak(),
    Animal.count,
    Dog.kind(),
    isinstance(d, Animal),
    Dog.__mro__,
    vars(d),
    hasattr(d, "x"),
    getattr(d, "x", 5),
)


# --- an attribute that is not there
class A:
    pass


A().foo


# --- an argument that is missing
def f(a, b, *, c):
    return a


f(1)


# --- too many arguments
def f(a):
    return a


f(1, 2)


# --- an argument nobody knows
def f(a):
    return a


f(1, b=2)


# --- an argument twice
def f(a, b=1):
    return a


f(1, a=2)


# --- an argument by keyword only
def f(*, key):
    return key


print(f(key=1))
f(1)


# --- properties
class T:
    def __init__(self):
        self._c = 0

    @property
    def f(self):
        return self._c * 9 / 5 + 32

    @f.setter
    def f(self, v):
        self._c = (v - 32) * 5 / 9


t = T()
t.f = 212
print(t._c, t.f)
del t.f


# --- special methods
class V:
    def __init__(s, *c):
        s.c = c

    def __add__(s, o):
        return V(*map(sum, zip(s.c, o.c)))

    def __mul__(s, k):
        return V(*(x * k for x in s.c))

    __rmul__ = __mul__

    def __eq__(s, o):
        return s.c == o.c

    def __len__(s):
        return len(s.c)

    def __getitem__(s, i):
        return s.c[i]

    def __contains__(s, x):
        return x in s.c

    def __iter__(s):
        return iter(s.c)

    def __bool__(s):
        return any(s.c)

    def __neg__(s):
        return V(*(-x for x in s.c))

    def __call__(s, x):
        return x + s.c[0]

    def __format__(s, spec):
        return "|".join(format(x, spec) for x in s.c)

    def __repr__(s):
        return f"V{s.c}"


a = V(1, 2)
print(
    a + V(3, 4),
    3 * a,
    a == V(1, 2),
    len(a),
    a[1],
    2 in a,
    [*a],
    bool(V(0)),
    -a,
    a(10),
    f"{a:.1f}",
    a != V(0),
    sorted(a, reverse=True),
)
a + 5

# --- what cannot be called
x = 5
x()

# --- abstract classes : type only
from abc import ABC, abstractmethod


class Shape(ABC):
    @abstractmethod
    def area(self): ...
class Square(Shape):
    def area(self):
        return 4


print(Square().area(), issubclass(Square, Shape))
Shape()

# --- data classes
from dataclasses import dataclass, field, asdict, replace, astuple, fields


@dataclass(order=True)
class Item:
    name: str
    price: float = 0.0
    tags: list = field(default_factory=list, compare=False)
    _id: int = field(default=7, repr=False)


i = Item("a", 2.5)
print(
    i,
    i == Item("a", 2.5, ["x"]),
    Item("a") < Item("b"),
    asdict(i),
    replace(i, name="z"),
    astuple(i),
    [f.name for f in fields(i)],
)

# --- frozen data classes
from dataclasses import dataclass, KW_ONLY, field


@dataclass(frozen=True, slots=True)
class P:
    x: int
    _: KW_ONLY
    y: int = 0

    def __post_init__(self):
        print("made", self.x)


p = P(1, y=2)
print(p, hash(p) == hash(P(1, y=2)))
p.x = 5

# --- a default that changes
from dataclasses import dataclass


@dataclass
class Bad:
    items: list = []


# --- enums
from enum import Enum, IntEnum, Flag, auto, unique


class Color(Enum):
    RED = 1
    GREEN = auto()
    ALSO_RED = 1

    @property
    def nice(self):
        return self.name.title()


class Level(IntEnum):
    LOW = 1
    HIGH = 10


class Perm(Flag):
    R = auto()
    W = auto()
    X = auto()


print(
    Color.RED,
    repr(Color.GREEN),
    Color(1),
    Color["GREEN"].value,
    list(Color),
    Color.ALSO_RED is Color.RED,
    Color.RED.nice,
    Level.HIGH > Level.LOW,
    Level.LOW + 1,
    Perm.R | Perm.X,
    Perm.W in (Perm.R | Perm.W),
    len(Color),
    f"{Color.RED} {Level.LOW}",
)
Color(9)

# --- string enums
from enum import Enum, StrEnum


class S(StrEnum):
    A = "a"
    B = "b"


class T(str, Enum):
    X = "x"


print(S.A, S("b"), S.A == "a", T.X == "x", T.X.value, S.A.upper(), {S.A: 1}["a"], [s.value for s in S])


# --- slots
class S:
    __slots__ = ("a", "b")


s = S()
s.a = 1
print(s.a, hasattr(s, "b"), S.__slots__)
s.c = 2


# --- metaclasses
class Registry(type):
    classes = {}

    def __new__(mcs, name, bases, ns, **named):
        cls = super().__new__(mcs, name, bases, ns)
        mcs.classes[name] = named.get("tag")
        return cls

    def __init__(cls, name, bases, ns, tag=None):
        super().__init__(name, bases, ns)

    def __call__(cls, *args):
        print("creating", cls.__name__)
        return super().__call__(*args)


class A(metaclass=Registry):
    pass


class B(A, tag="x"):
    pass


B()
print(Registry.classes, type(B).__name__, type("Dyn", (A,), {"v": 3}).v)


# --- subclasses that are told of
class Base:
    kinds = []

    def __init_subclass__(cls, /, label="none", **named):
        super().__init_subclass__(**named)
        cls.kinds.append((cls.__name__, label))


class X(Base, label="x"):
    pass


class Y(Base):
    pass


print(Base.kinds)


# --- descriptors
class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, obj, owner=None):
        return self if obj is None else getattr(obj, self.name, 0)

    def __set__(self, obj, value):
        if value < 0:
            raise ValueError(f"{self.name[1:]} must be positive")
        setattr(obj, self.name, value)


class Acc:
    n = Positive()


a = Acc()
a.n = 5
print(a.n, type(Acc.n).__name__)
a.n = -1


# --- many parents : type only
class A:
    def f(self):
        return ["A"]


class B(A):
    def f(self):
        return ["B"] + super().f()


class C(A):
    def f(self):
        return ["C"] + super().f()


class D(B, C):
    def f(self):
        return ["D"] + super().f()


print(D().f(), [k.__name__ for k in D.mro()])


class Bad(A, B):
    pass


# --- attributes on the fly
class Lazy:
    def __getattr__(self, name):
        if name.startswith("x"):
            return name * 2
        raise AttributeError(name)

    def __setattr__(self, k, v):
        object.__setattr__(self, k, v + 1)

    def __delattr__(self, k):
        print("del", k)


l = Lazy()
l.a = 1
del l.a
print(l.a, l.xy)
l.y

# --- copies
import copy

a = [[1], {"k": [2]}]
b, c = copy.copy(a), copy.deepcopy(a)
a[0].append(9)
print(b, c, copy.deepcopy((1, [2])))


class N:
    def __init__(self):
        self.v = [1]

    def __copy__(self):
        return "copied"


n = N()
print(copy.copy(n), copy.deepcopy(n).v is n.v)

# --- typing
from typing import (
    Optional,
    List,
    Dict,
    Union,
    Any,
    Callable,
    TypedDict,
    NamedTuple,
    Literal,
    Protocol,
    Generic,
    TypeVar,
    get_type_hints,
)

T = TypeVar("T")


class Box(Generic[T]):
    def __init__(self, v: T):
        self.v = v


class Emp(NamedTuple):
    name: str
    id: int = 3


class Movie(TypedDict, total=False):
    title: str


def f(a: int, b: "Optional[str]" = None) -> List[int]:
    return [a]


print(
    Box[int](5).v,
    Emp("x"),
    Movie(title="t"),
    get_type_hints(f)["a"],
    Literal["a"],
    List[int],
    Callable[[int], str],
    list[int],
    Dict[str, Any],
    f.__annotations__["a"],
)

# --- protocols
from typing import Protocol, runtime_checkable


@runtime_checkable
class Sized2(Protocol):
    def size(self) -> int: ...
class X:
    def size(self):
        return 1


print(isinstance(X(), Sized2), isinstance(5, Sized2), int | None, isinstance(5, int | str))

# --- unions as text : type only
from typing import Optional, Union

print(Optional[int] == Union[int, None], Union[int, str] == Union[str, int])

# --- simple name spaces : type only
from types import SimpleNamespace, MappingProxyType

n = SimpleNamespace(a=1, b="x")
n.c = [1]
print(n, n == SimpleNamespace(a=1, b="x", c=[1]), vars(n), MappingProxyType({"a": 1})["a"])
MappingProxyType({})["x"] = 1

# --- weak references
import weakref


class K:
    pass


k = K()
r = weakref.ref(k)
print(r() is k, len(weakref.WeakValueDictionary({"a": k})))


# --- identity and equality
class E:
    def __eq__(self, o):
        return True


print(E() == 5, E() != 5, [] == [], () == (), None is None, 5 in [E()], E.__hash__)
hash(E())


# --- comparisons of strangers
class A:
    pass


print(A() == A(), A() != 1)
A() < A()


# --- context managers
class M:
    def __init__(self, n):
        self.n = n

    def __enter__(self):
        print("enter", self.n)
        return self

    def __exit__(self, kind, value, tb):
        print("exit", self.n, kind and kind.__name__, value)
        return self.n == "quiet"


with M("a") as a, M("b"):
    print("within")
with M("quiet"):
    raise KeyError("k")
print("after")
with M("loud"):
    raise ValueError("v")


# --- several context managers and one that swallows : differs
class M:
    def __init__(self, n):
        self.n = n

    def __enter__(self):
        return self

    def __exit__(self, *error):
        print("exit", self.n)
        return self.n == "quiet"


with M("a"), M("quiet"):
    raise KeyError("k")
with M("loud"):
    raise ValueError("v")

# --- contextlib
from contextlib import contextmanager, suppress, ExitStack, redirect_stdout, nullcontext, closing
import io


@contextmanager
def tag(t):
    print(f"<{t}>")
    try:
        yield t.upper()
    finally:
        print(f"</{t}>")


with tag("b") as t, suppress(ZeroDivisionError):
    print(t, 1 / 0)
with ExitStack() as stack:
    for n in "xy":
        stack.enter_context(tag(n))
    stack.callback(print, "called")
out = io.StringIO()
with redirect_stdout(out):
    print("hidden")
print(repr(out.getvalue()))

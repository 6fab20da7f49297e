# --- chains and slices
import itertools as it

print(
    list(it.chain("ab", [1])),
    list(it.chain.from_iterable(["ab", "c"])),
    list(it.islice(it.count(5, 2), 3)),
    list(it.islice("abcdef", 1, None, 2)),
)

# --- groups
import itertools

words = sorted(["apple", "bat", "art", "ball", "cat"], key=lambda w: w[0])
print(
    {k: list(g) for k, g in itertools.groupby(words, key=lambda w: w[0])},
    [(k, len(list(g))) for k, g in itertools.groupby("aaabbc")],
)

# --- combinations
import itertools as it

print(
    list(it.combinations("abc", 2)),
    list(it.permutations([1, 2, 3], 2)),
    list(it.product("ab", repeat=2)),
    list(it.combinations_with_replacement("ab", 2)),
)

# --- running totals
import itertools as it, operator

print(
    list(it.accumulate([1, 2, 3, 4])),
    list(it.accumulate([1, 2, 3], operator.mul, initial=10)),
    list(it.accumulate([3, 1, 4], max)),
)

# --- taking and dropping
import itertools as it

print(
    list(it.takewhile(lambda x: x < 3, [1, 2, 3, 1])),
    list(it.dropwhile(lambda x: x < 3, [1, 2, 3, 1])),
    list(it.filterfalse(str.isalpha, "a1b2")),
    list(it.compress("abcd", [1, 0, 1, 0])),
)

# --- zips
import itertools as it

print(
    list(zip("abc", range(2))),
    list(it.zip_longest("abc", [1], fillvalue="-")),
    list(it.pairwise([1, 2, 3])),
    list(it.starmap(pow, [(2, 3), (3, 2)])),
    dict(zip(*[iter("a1b2")] * 2)),
)
list(zip([1, 2], [1], strict=True))

# --- tees and cycles
import itertools as it

a, b = it.tee([1, 2, 3])
print(next(a), list(b), list(a), [x for x, _ in zip(it.cycle("ab"), range(5))], list(it.repeat("x", 3)))

# --- batches of chunks
from itertools import islice


def batched(items, n):
    items = iter(items)
    while batch := tuple(islice(items, n)):
        yield batch


print(list(batched("abcdefg", 3)), [list(range(10))[i : i + 4] for i in range(0, 10, 4)])

# --- caches
from functools import lru_cache, cache


@lru_cache(maxsize=2)
def square(n):
    print("computing", n)
    return n * n


print(square(2), square(2), square(3), square(4), square(2), square.cache_info())


@cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(80), fib.cache_info().hits)

# --- partial and reduce : type only
from functools import partial, reduce

base2 = partial(int, base=2)
print(
    base2("101"),
    reduce(lambda a, b: a * b, [1, 2, 3, 4]),
    reduce(lambda a, b: a + b, [], "start"),
    base2.keywords,
    partial(print, "x", sep="-").args,
)
reduce(max, [])

# --- wraps
from functools import wraps


def logged(f):
    @wraps(f)
    def inner(*args, **named):
        print("call", f.__name__, args, named)
        return f(*args, **named)

    return inner


@logged
def add(a, b=1):
    "Adds."
    return a + b


print(add(1, b=2), add.__name__, add.__doc__, add.__wrapped__(1))

# --- total ordering
from functools import total_ordering, cmp_to_key


@total_ordering
class V:
    def __init__(self, n):
        self.n = n

    def __eq__(self, o):
        return self.n == o.n

    def __lt__(self, o):
        return self.n < o.n

    def __repr__(self):
        return f"V{self.n}"


print(V(1) <= V(2), V(3) > V(2), sorted([V(3), V(1)]), sorted("bca", key=cmp_to_key(lambda a, b: (a < b) - (a > b))))

# --- single dispatch
from functools import singledispatch, cached_property, singledispatchmethod


@singledispatch
def show(x):
    return f"? {x}"


@show.register
def _(x: int):
    return f"int {x}"


@show.register(list)
def _(x):
    return "list of " + ", ".join(map(show, x))


print(show(1), show("a"), show([1, "b"]), show(True))


class C:
    @cached_property
    def slow(self):
        print("once")
        return 5


c = C()
print(c.slow, c.slow, vars(c))

# --- operators
import operator as op

print(
    op.add(1, 2),
    op.itemgetter(1, "a")({1: 2, "a": 3}),
    op.attrgetter("real")(5),
    op.contains("abc", "b"),
    op.truth([]),
    op.concat("a", "b"),
    op.index(True),
    op.not_(0),
    op.xor(5, 3),
    op.getitem([1, 2], 1),
)

# --- enumerate, map, filter
print(
    list(enumerate("ab", start=1)),
    list(map(lambda a, b: a + b, [1, 2], [3, 4, 5])),
    list(filter(None, [0, 1, "", "a"])),
    list(reversed([1, 2])),
    any([]),
    all([]),
    any(x > 2 for x in [1, 3]),
)

# --- min and max with defaults : type only
print(
    max([], default=0),
    min("hello"),
    max("a", "bb", key=len),
    min([3, 1], key=lambda x: -x),
    max({"a": 3, "b": 5}.items(), key=lambda kv: kv[1]),
)
max([])


# --- iterators by hand
class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n <= 0:
            raise StopIteration
        self.n -= 1
        return self.n


print(list(Countdown(3)), next(iter([]), "none"), list(iter(iter([1, 2, 0, 3]).__next__, 0)), 2 in Countdown(5))
next(iter([]))

# --- what cannot be iterated
for x in 5:
    pass

# --- ranges
r = range(10, 0, -3)
print(
    list(r),
    r[1],
    r[-1],
    4 in r,
    len(r),
    r.index(7),
    r == range(10, -1, -3),
    range(5)[1:3],
    range(0),
    list(range(3, 3)),
    repr(r),
    sum(range(101)),
)
range(1.5)

# --- counters
from collections import Counter

c = Counter("mississippi")
print(
    c,
    c.most_common(2),
    c["z"],
    sum(c.values()),
    c.total(),
    +Counter(a=1, b=-1),
    Counter("ab") - Counter("b"),
    Counter(a=3) & Counter(a=1, b=2),
)
c.update("sss")
c.subtract({"i": 10})
print(c, list(Counter(a=2, b=0).elements()), c == Counter(c))

# --- default dicts
from collections import defaultdict

groups = defaultdict(list)
for word in "apple avocado bean cherry cucumber".split():
    groups[word[0]].append(word)
print(groups, dict(groups), groups.get("z"), "z" in groups, sorted(groups.items()))
nested = defaultdict(lambda: defaultdict(int))
nested["a"]["b"] += 1
print({k: dict(v) for k, v in nested.items()})

# --- named tuples
from collections import namedtuple

Point = namedtuple("Point", "x y z", defaults=[0])
p = Point(1, y=2)
print(p, p._asdict(), p._replace(x=5), p == (1, 2, 0), Point._fields, [*p], Point._make([7, 8, 9]), p.count(0))
Point(1)

# --- deques
from collections import deque

d = deque([1, 2, 3], maxlen=4)
d.append(4)
d.append(5)
d.appendleft(0)
print(d, d[1], d.pop(), d.popleft(), list(d))
d.rotate(1)
d.extendleft("ab")
print(d, d.index(3), d.maxlen, deque("abc") + deque("d"))
deque().pop()

# --- ordered dicts
from collections import OrderedDict

o = OrderedDict(a=1, b=2, c=3)
o.move_to_end("a")
o.move_to_end("c", last=False)
print(list(o.items()), o.popitem(), o.popitem(last=False), list(reversed(o)))

# --- chain maps
from collections import ChainMap

m = ChainMap({"a": 1}, {"a": 2, "b": 3})
m["c"] = 4
print(m["a"], m["b"], dict(m), m.maps[0], m.new_child({"a": 9})["a"], m)
m["zz"]

# --- user dicts and lists
from collections import UserDict, UserList, UserString


class Lower(UserDict):
    def __setitem__(self, key, value):
        super().__setitem__(key.lower(), value)


print(Lower(A=1, B=2), UserList([1, 2]) + [3], UserString("ab").upper())

# --- dicts
d = {"b": 1, "a": 2}
d["c"] = d.pop("b")
print(
    d,
    list(d),
    d | {"a": 9},
    d.setdefault("x", []),
    sorted(d, key=str),
    {v: k for k, v in {"p": 1}.items()},
    dict([("k", 1)], z=2),
    dict.fromkeys("ab", 0),
)
d.update(a=5)
d |= {"y": 0}
print(d, sorted(d.keys() - {"a"}), "c" in d, next(iter(d)), d.popitem(), list(reversed(d)))
d["missing"]

# --- changing a dict on the way
d = {1: 1}
for k in d:
    d[k + 1] = 1

# --- dicts as keys
{[]: 1}

# --- lists
l = [3, 1, 2]
l.append(4)
l.extend([5, 6])
l.insert(0, 9)
l.remove(1)
print(l, l.index(4), l.count(5), l[::-1], l[-2:], l.pop(), l.pop(0), sorted(l, reverse=True), l * 2, [0] * 3)
l[1:3] = [7, 7, 7]
del l[0]
l[::2] = "xy"
print(l, l == [*l], [1, 2] < [1, 3], [[]] * 2, l.copy(), l.clear(), l)
[].pop()

# --- an index that is not there
[1, 2][5]

# --- a value that is not there : type only
[1, 2].remove(3)

# --- slices with steps
l = list(range(10))
l[::3] = [0] * 4
print(l, l[8:2:-2], l[-100:3], l[slice(None, None, 4)], slice(1, None).indices(5))
l[::2] = [1]

# --- sets
a, b = {1, 2, 3}, {3, 4}
print(
    a | b,
    a & b,
    a - b,
    a ^ b,
    a <= {1, 2, 3, 4},
    a.isdisjoint({9}),
    sorted(a.union([7], (8,))),
    frozenset([1, 2]) == {1, 2},
    len({1, 1.0, True}),
)
a.discard(99)
a.add(0)
a |= {5}
a.difference_update([1])
print(sorted(a), {x % 3 for x in range(10)}, set(), frozenset(), {frozenset([1])})
a.remove(99)

# --- tuples : type only
t = (1, "a", 2.5)
print(t + (4,), t[1:], t * 2, t.index("a"), (1,), (), tuple("ab"), (1, 2) < (1, 3), hash((1, 2)) == hash((1, 2)), *t)
t[0] = 5

# --- sorting by several keys
rows = [("bob", 25), ("al", 30), ("cy", 25), ("di", 30)]
print(
    sorted(rows, key=lambda r: (-r[1], r[0])),
    sorted(rows, key=lambda r: r[1]),
    max(rows, key=lambda r: (r[1], r[0])),
    min(rows)[0],
)
from operator import itemgetter, attrgetter, methodcaller

print(
    sorted(rows, key=itemgetter(1, 0)),
    list(map(methodcaller("upper"), ["a"])),
    sorted(["b", "A", "c"], key=str.casefold),
)

# --- sorting what cannot be sorted
sorted([1, "a", None])

# --- heaps
import heapq

h = [5, 1, 8, 3]
heapq.heapify(h)
heapq.heappush(h, 0)
print(
    h,
    heapq.heappop(h),
    heapq.nlargest(2, [1, 9, 4]),
    heapq.nsmallest(2, "hello"),
    heapq.heappushpop(h, 2),
    list(heapq.merge([1, 4], [2, 3])),
    heapq.nlargest(1, ["a", "ccc"], key=len),
)

# --- bisection
import bisect

scores = [60, 70, 80, 90]
print(
    [("FDCBA"[bisect.bisect(scores, s)]) for s in (55, 60, 89, 95)],
    bisect.bisect_left([1, 2, 2, 3], 2),
    bisect.bisect_right([1, 2, 2, 3], 2),
)
bisect.insort(scores, 75)
print(scores, bisect.bisect([("a", 1), ("b", 2)], 1, key=lambda r: r[1]))

# --- arrays and memory views
import array

a = array.array("i", [1, 2, 3])
a.append(4)
print(a, a.tolist(), memoryview(b"abc")[1], bytes(memoryview(b"abcdef")[::2]), a.itemsize)

# --- queues
import queue

q = queue.PriorityQueue()
for item in [(2, "b"), (1, "a"), (3, "c")]:
    q.put(item)
print([q.get() for _ in range(3)], q.empty(), q.qsize())
queue.Queue().get_nowait()

# --- grouping by hand
records = [{"team": "a", "n": 1}, {"team": "b", "n": 2}, {"team": "a", "n": 3}]
totals = {}
for r in records:
    totals[r["team"]] = totals.get(r["team"], 0) + r["n"]
print(totals, max(totals, key=totals.get), sorted(totals.items(), key=lambda kv: -kv[1]))

# --- reversed dicts with holes
d = {n: str(n) for n in range(5)}
del d[0], d[3]
print(list(reversed(d)), list(reversed(d.items())), list(reversed(d.values())), next(reversed({})) if False else "none")

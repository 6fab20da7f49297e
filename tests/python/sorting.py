"""Prints how lists are sorted. CPython must print the same."""

import random

rng = random.Random(3)
ints = [rng.randrange(-50, 50) for _ in range(300)] + [2**70, -(2**70)]
floats = [rng.choice([0.0, -0.0, 1.5, -2.5, 1e300, float("inf"), float("-inf")]) for _ in range(100)]
words = ["".join(rng.choices("abé漢😀", k=rng.randrange(4))) for _ in range(300)]
rows = [(rng.randrange(5), word) for word in words]
mixed = [1, 2.5, True, -3, 0.5] * 20


class Item:
    def __init__(self, key, label):
        self.key, self.label = key, label

    def __lt__(self, other):
        return self.key < other.key

    def __repr__(self):
        return f"{self.key}{self.label}"


items = [Item(rng.randrange(7), label) for label in "abcdefghijklmnopqrstuvwxyz" * 3]
for values in (ints, floats, words, rows, mixed, items, [], [1], "tëxt", {3: "c", 1: "a"}, range(50, 0, -1)):
    print(ascii(sorted(values)), ascii(sorted(values, reverse=True)))
print(ascii(sorted(rows, key=lambda row: row[0])), ascii(sorted(rows, key=lambda row: row[0], reverse=True)))
print(
    sorted(words, key=len) == sorted(words, key=len, reverse=False),
    ascii(sorted(words, key=str.upper)),
    sorted([2, 1], key=None),
)
in_place = list(words)
print(in_place.sort(), in_place == sorted(words), in_place.sort(key=len, reverse=True), ascii(in_place[:20]))
print(
    sorted([[2], [1, 2], [1]]),
    sorted([(1, "b"), (1, "a")]),
    sorted([True, False, 2]),
    sorted(ints, reverse=1) == sorted(ints)[::-1],
)

trap = [3, 1, 2]
for action in (
    lambda: sorted([1, "a"]),
    lambda: sorted([1, 2], key=lambda it: it / 0),
    lambda: sorted(5),
    lambda: trap.sort(key=lambda it: trap.append(it)),
    lambda: sorted([2, 1], lambda it: it),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error if isinstance(error, ValueError) else "")
broken = [3, 1, "a", 2]
try:
    broken.sort()
except TypeError:
    print(len(broken), set(broken) == {1, 2, 3, "a"})

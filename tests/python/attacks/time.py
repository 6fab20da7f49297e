# Programs that do not end.

# --- a loop : limit
while True:
    pass

# --- a loop that swallows everything : limit
while True:
    try:
        while True:
            pass
    except BaseException:
        pass


# --- a finally that goes on : limit
def forever():
    try:
        while True:
            pass
    finally:
        forever()


forever()

# --- a native sum : limit
print(sum(range(10**12)))

# --- a native search : limit
print(10**12 + 0.5 in range(10**12))

# --- sleep : limit
import time

time.sleep(60)

# --- sleep of asyncio : limit
import asyncio

asyncio.run(asyncio.sleep(60))

# --- a lock held twice : limit
import threading

lock = threading.Lock()
lock.acquire()
lock.acquire()

# --- an event that never comes : limit
import threading

threading.Event().wait()

# --- an empty queue : limit
import queue

queue.Queue().get()

# --- a future of nobody : limit
from concurrent.futures import Future

Future().result()

# --- a thread that is waited for : may lose
import threading


def endless():
    while True:
        pass


thread = threading.Thread(target=endless)
thread.start()
thread.join()

# --- a catastrophic regular expression : limit
import re

re.match(r"(a+)+$", "a" * 60 + "b")

# --- a catastrophic pattern of words : limit
import re

re.search(r"(\w+\s?)*!$", "word " * 30)

# --- a catastrophic substitution : limit
import re

re.sub(r"(x+x+)+y", "", "x" * 60)

# --- powers : limit
print((10 ** (10**9)) % 7)

# --- powers of powers : limit
print(9**9**9**9)

# --- a factorial : limit
import math

print(math.factorial(10**7) % 7)

# --- an int to str : survives
print(len(str(7 ** (10**6))))

# --- a str to int : survives
print(int("7" * 10**7) % 9)

# --- a str to int by json : survives
import json

print(json.loads("7" * 10**7) % 9)

# --- fractions : limit
from fractions import Fraction

print(Fraction(1, 3) ** (10**8))

# --- decimals : limit
import decimal

decimal.getcontext().prec = 10**6
print(len(str(decimal.Decimal(2).sqrt() ** 1000)))


# --- a fib : limit
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


fib(60)

# --- an import that never ends : limit
import sys


class Finder:
    @staticmethod
    def find_spec(*args):
        while True:
            pass


sys.meta_path.insert(0, Finder)
import no_such_module


# --- a comparison that never ends : limit
class Endless:
    def __lt__(self, other):
        while True:
            pass


sorted([Endless(), Endless()])


# --- a hash that never ends : limit
class Endless:
    def __hash__(self):
        while True:
            pass


{Endless()}


# --- an answer that never ends : limit
class Endless:
    def __str__(self):
        while True:
            pass


answer = {"content": Endless(), "ready": True}


# --- a repr that never ends : limit
class Endless:
    def __repr__(self):
        while True:
            pass


Endless()


# --- a message that never ends : limit
class Endless(Exception):
    def __str__(self):
        while True:
            pass


raise Endless

# --- deep brackets in code : survives
eval("(" * 100_000 + ")" * 100_000)

# --- deep operators in code : survives
eval("-" * 100_000 + "1")

# --- deep lists in ast : survives
import ast

ast.literal_eval("[" * 100_000 + "]" * 100_000)

# --- long code : survives
exec("x = 1\n" * 10**5 + "y = " + "+".join(["1"] * 10**4))

# --- deep json : raises RecursionError
import json

json.loads("[" * 10**6)

# --- deep json objects : raises RecursionError
import json

json.loads('{"a":' * 10**6)

# --- deep json written : survives
import json

pile = []
for _ in range(10**5):
    pile = [pile]
json.dumps(pile)

# --- a bomb of threads : may lose
import threading


def more():
    while True:
        threading.Thread(target=more, daemon=True).start()


for _ in range(100):
    threading.Thread(target=more, daemon=True).start()
while True:
    pass

# --- threads that stay : may lose
import threading, time


def stay():
    while True:
        time.sleep(0.01)


for _ in range(50):
    threading.Thread(target=stay, daemon=True).start()

# --- timers that stay : may lose
import threading


def again():
    threading.Timer(0.001, again).start()


again()

# --- a pool that is never shut : survives
from concurrent.futures import ThreadPoolExecutor
import time

pool = ThreadPoolExecutor(50)
for _ in range(500):
    pool.submit(time.sleep, 0.01)

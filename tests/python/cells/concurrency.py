# --- a pool over calls
from concurrent.futures import ThreadPoolExecutor

prompts = [f"question {n}" for n in range(8)]
with ThreadPoolExecutor(max_workers=4) as pool:
    print(list(pool.map(llm_query, prompts)))

# --- futures as they are completed
from concurrent.futures import ThreadPoolExecutor, as_completed

with ThreadPoolExecutor() as pool:
    futures = {pool.submit(llm_query, p): p for p in "abc"}
    print(sorted((futures[f], f.result()) for f in as_completed(futures)))

# --- errors in futures
from concurrent.futures import ThreadPoolExecutor, wait, FIRST_EXCEPTION


def work(n):
    if n == 2:
        raise ValueError(f"bad {n}")
    return n * n


with ThreadPoolExecutor(2) as pool:
    fs = [pool.submit(work, n) for n in range(4)]
    done, left = wait(fs)
print([f.exception() or f.result() for f in fs], len(done), len(left), fs[0].done(), fs[0].cancelled())
fs[2].result()

# --- a map that fails
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(2) as pool:
    list(pool.map(int, ["1", "x"]))

# --- a timeout of a future
from concurrent.futures import ThreadPoolExecutor, TimeoutError
import time

with ThreadPoolExecutor(1) as pool:
    f = pool.submit(time.sleep, 0.2)
    try:
        f.result(timeout=0.01)
    except TimeoutError as error:
        print(type(error).__name__)

# --- callbacks
from concurrent.futures import ThreadPoolExecutor, Future

with ThreadPoolExecutor(1) as pool:
    f = pool.submit(pow, 2, 5)
    f.add_done_callback(lambda f: print("done", f.result()))
g = Future()
g.set_result(7)
print(g.result(), g.running())

# --- threads
import threading

results, lock = [], threading.Lock()


def work(n):
    with lock:
        results.append(n * n)


threads = [threading.Thread(target=work, args=(n,), name=f"t{n}") for n in range(5)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(results), threads[0].name, threads[0].is_alive(), threading.current_thread() is threading.main_thread())

# --- a producer and a consumer
import threading, queue

q, seen = queue.Queue(maxsize=2), []


def consume():
    while (item := q.get()) is not None:
        seen.append(item)
        q.task_done()


t = threading.Thread(target=consume)
t.start()
for n in range(5):
    q.put(n)
q.join()
q.put(None)
t.join()
print(seen)

# --- events, semaphores, locals
import threading

e, s, l = threading.Event(), threading.Semaphore(1), threading.local()
l.x = 5


def go():
    e.wait()
    with s:
        print(hasattr(l, "x"))


t = threading.Thread(target=go)
t.start()
e.set()
t.join()
print(e.is_set(), l.x, threading.Barrier(1).wait(), threading.RLock().__class__.__name__ != "")

# --- batches
answers = llm_query_batched([f"summarize {c}" for c in ["a", "b"]])
print(answers, len(answers))

# --- asyncio.run over calls
import asyncio


async def ask(p):
    return await asyncio.to_thread(llm_query, p)


async def main():
    return await asyncio.gather(*(ask(p) for p in ["x", "y", "z"]))


print(asyncio.run(main()))

# --- gather with errors
import asyncio


async def f(n):
    await asyncio.sleep(0)
    if n == 1:
        raise ValueError("one")
    return n


async def main():
    print(await asyncio.gather(f(0), f(1), f(2), return_exceptions=True))
    await asyncio.gather(f(0), f(1))


asyncio.run(main())

# --- a semaphore over many tasks
import asyncio


async def main():
    sem, running, most = asyncio.Semaphore(3), 0, 0

    async def work(n):
        nonlocal running, most
        async with sem:
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1
            return n

    results = await asyncio.gather(*[work(n) for n in range(10)])
    return results, most


print(asyncio.run(main()))

# --- a group of tasks
import asyncio


async def main():
    async with asyncio.TaskGroup() as tg:
        tasks = [tg.create_task(asyncio.to_thread(llm_query, c)) for c in "ab"]
    return [t.result() for t in tasks]


print(asyncio.run(main()))

# --- a group of tasks that fails
import asyncio


async def bad():
    raise KeyError("k")


async def main():
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(bad())
            tg.create_task(asyncio.sleep(10))
    except* KeyError as eg:
        print(eg.exceptions)


asyncio.run(main())

# --- wait_for
import asyncio


async def main():
    try:
        await asyncio.wait_for(asyncio.sleep(5), timeout=0.01)
    except asyncio.TimeoutError:
        print("timeout")
    print(await asyncio.wait_for(asyncio.sleep(0, "value"), 1))
    async with asyncio.timeout(1):
        print("in time")


asyncio.run(main())

# --- as_completed
import asyncio


async def f(n):
    await asyncio.sleep(n / 100)
    return n


async def main():
    return [await c for c in asyncio.as_completed([f(3), f(1), f(2)])]


print(asyncio.run(main()))

# --- waiting for the first
import asyncio


async def f(n):
    await asyncio.sleep(n)
    return n


async def main():
    done, pending = await asyncio.wait(
        [asyncio.create_task(f(0)), asyncio.create_task(f(5))], return_when=asyncio.FIRST_COMPLETED
    )
    for p in pending:
        p.cancel()
    print([d.result() for d in done], len(pending))


asyncio.run(main())

# --- tasks that are cancelled
import asyncio


async def f():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("cancelled")
        raise


async def main():
    t = asyncio.create_task(f(), name="mine")
    await asyncio.sleep(0)
    t.cancel()
    try:
        await t
    except asyncio.CancelledError:
        print(t.cancelled(), t.get_name())


asyncio.run(main())

# --- queues of asyncio
import asyncio


async def main():
    q = asyncio.Queue()

    async def worker():
        while True:
            item = await q.get()
            print("item", item)
            q.task_done()

    w = asyncio.create_task(worker())
    for n in range(3):
        q.put_nowait(n)
    await q.join()
    w.cancel()


asyncio.run(main())

# --- asynchronous generators and contexts
import asyncio
from contextlib import asynccontextmanager


@asynccontextmanager
async def res():
    print("open")
    yield 5
    print("close")


async def agen(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)


class It:
    def __aiter__(self):
        self.n = 0
        return self

    async def __anext__(self):
        self.n += 1
        if self.n > 2:
            raise StopAsyncIteration
        return self.n


async def main():
    async with res() as r:
        print(r, [i async for i in agen(3)], [i async for i in It()])


asyncio.run(main())

# --- events and locks of asyncio
import asyncio


async def main():
    e, lock, out = asyncio.Event(), asyncio.Lock(), []

    async def w(n):
        await e.wait()
        async with lock:
            out.append(n)

    ts = [asyncio.create_task(w(n)) for n in range(3)]
    await asyncio.sleep(0)
    e.set()
    await asyncio.gather(*ts)
    print(out, asyncio.current_task() in asyncio.all_tasks(), asyncio.get_running_loop().is_running())


asyncio.run(main())

# --- run_in_executor
import asyncio
from functools import partial
from concurrent.futures import ThreadPoolExecutor


async def main():
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool:
        print(
            await asyncio.gather(*[loop.run_in_executor(pool, partial(llm_query, p)) for p in "ab"]),
            await loop.run_in_executor(None, pow, 2, 3),
        )


asyncio.run(main())

# --- asyncio.run twice within
import asyncio


async def inner():
    return 1


async def main():
    coroutine = inner()
    try:
        asyncio.run(coroutine)
    finally:
        coroutine.close()


asyncio.run(main())


# --- a coroutine that is not awaited
async def f():
    return 5


c = f()
print(type(c).__name__)
try:
    c.send(None)
except StopIteration as stop:
    print(stop.value)

# --- loops by hand
import asyncio

loop = asyncio.new_event_loop()
print(loop.run_until_complete(asyncio.sleep(0, "x")))
loop.call_soon(print, "soon")
loop.run_until_complete(asyncio.sleep(0))
loop.close()
print(loop.is_closed())

# --- a runner
import asyncio

with asyncio.Runner() as r:
    print(r.run(asyncio.sleep(0, 1)), r.run(asyncio.sleep(0, 2)))

# --- shielded
import asyncio


async def main():
    t = asyncio.create_task(asyncio.sleep(0.01, "done"))
    try:
        await asyncio.wait_for(asyncio.shield(t), 0.001)
    except TimeoutError:
        print("late")
    print(await t)


asyncio.run(main())

# --- context variables
import contextvars, asyncio

v = contextvars.ContextVar("v", default=0)


async def f(n):
    v.set(n)
    await asyncio.sleep(0)
    return v.get()


async def main():
    return await asyncio.gather(f(1), f(2)), v.get()


print(asyncio.run(main()))

# --- sched and timers
import sched, time, threading

s = sched.scheduler(time.monotonic, time.sleep)
s.enterabs(0, 2, print, ("second",))
s.enterabs(0, 1, print, ("first",))
s.run()
done = threading.Event()
threading.Timer(0.001, done.set).start()
print(done.wait(5))
